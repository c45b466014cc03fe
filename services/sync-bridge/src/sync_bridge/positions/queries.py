"""Reads of how far the bridge is."""

from typing import Any, TypeAlias

import asyncpg

__all__ = ["backfills", "figures", "followed", "open_upto", "position_of", "sources"]

Sql: TypeAlias = "asyncpg.Connection[Any]"

SOURCES = """select p.source, p.service, p.mark, p.head, p.events,
    coalesce(o.pending, 0) as pending,
    coalesce(extract(epoch from now() - o.oldest), 0)::float8 as oldest_seconds
  from position p left join (
    select source, count(*) as pending, min(received_at) as oldest
      from inbox where state = 'received' group by source) o using (source)
  order by p.service, p.source"""

FOLLOWED = """select name, state, reason, missing, failures, answered_at, told_at
  from source_condition order by name"""

BACKFILLS = """select half, min(reason) as reason, min(begun_at) as begun_at,
    case when bool_and(finished_at is not null) then max(finished_at) end as finished_at,
    jsonb_agg(jsonb_build_object('type', type, 'read', read, 'finished', finished_at is not null)
      order by place) as types
  from backfill group by half order by half"""

FIGURES = """select
  (select count(*) from lane where state = 'ready') as ready,
  (select count(*) from lane where state = 'waiting') as waiting,
  (select count(*) from lane where state = 'parked') as parked,
  (select count(*) from inbox where state = 'unknown') as unknown,
  (select count(*) from quarantine where state = 'open') as quarantined,
  (select count(*) from review where state = 'open') as reviews,
  (select coalesce(array_agg(kind order by kind), '{}') from pause where until > now()) as paused"""

POSITION = """select source, mark from position where service = $1 or source = $1
  order by updated_at desc limit 1"""

OPEN_UPTO = """select
    count(*) filter (where not stands) as moving, count(*) filter (where stands) as standing
  from inbox i
  cross join lateral (
    select state = 'parked' or exists (select from review r where r.state = 'open'
        and waits_for = 'review ' || r.entity || ' ' || r.half || ':' || r.subject) as stands
      from lane where key = i.lane) l
  where i.source = $1 and i.state = 'received' and i.feed_seq <= $2"""
"""A lane whose review was answered moves, also while the answer is yet to take effect."""


async def sources(sql: Sql) -> list[asyncpg.Record]:
    """Every source with its marks and what of it is not settled."""
    return await sql.fetch(SOURCES)


async def followed(sql: Sql) -> list[asyncpg.Record]:
    """How following each source goes."""
    return await sql.fetch(FOLLOWED)


async def backfills(sql: Sql) -> list[asyncpg.Record]:
    """How far each half's records were read as they are."""
    return await sql.fetch(BACKFILLS)


async def figures(sql: Sql) -> asyncpg.Record:
    """Counts of what stands where."""
    (row,) = await sql.fetch(FIGURES)
    found: asyncpg.Record = row
    return found


async def position_of(sql: Sql, service: str) -> asyncpg.Record | None:
    """The present source of a service with its mark; None before its first event."""
    return await sql.fetchrow(POSITION, service)


async def open_upto(sql: Sql, source: str, feed_seq: int) -> tuple[int, int]:
    """Events up to the position that are on their way, and that wait for a person."""
    (row,) = await sql.fetch(OPEN_UPTO, source, feed_seq)
    return row["moving"], row["standing"]
