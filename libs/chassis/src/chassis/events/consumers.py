"""The readers of the feed that told their names: events are kept for them."""

from typing import Any, TypeAlias

import asyncpg

__all__ = ["consumers", "forget"]

Sql: TypeAlias = "asyncpg.Connection[Any]"

_CONSUMERS = """select c.name, c.feed_seq as sequence, c.seen_at,
    greatest((select max(feed_seq) from outbox_sequence) - c.feed_seq, 0) as behind,
    extract(epoch from now() - c.seen_at)::float8 as age_seconds
  from feed_consumer c order by c.name"""
_FORGET = "delete from feed_consumer where name = $1 returning true"


async def consumers(sql: Sql) -> list[asyncpg.Record]:
    """Each with how far it has read, how far that is behind, and how long it has not come."""
    return await sql.fetch(_CONSUMERS)


async def forget(sql: Sql, name: str) -> bool:
    """Keep events for it no longer; False: there is none of that name."""
    return bool(await sql.fetchval(_FORGET, name))
