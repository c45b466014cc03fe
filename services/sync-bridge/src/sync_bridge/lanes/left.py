"""Lanes that are left: what they tell follows records that do not cross."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import asyncpg

__all__ = ["leave", "settled_lanes", "take_up"]

Sql: TypeAlias = "asyncpg.Connection[Any]"

SETTLED = """select key from lane
  where key = any($1::text[]) and state = 'idle' and applied_version > 0"""
"""Lanes all of whose events took effect, or were found not to cross."""

LEAVE = """update lane l set left_for = w.need
  from unnest($1::text[], $2::text[]) as w(key, need) where l.key = w.key"""

TAKE_UP = """with newest as (
    select distinct on (i.lane) i.lane, i.source, i.event_id
      from lane l join inbox i on i.lane = l.key and i.subject = l.subject
      where l.left_for = any($1::text[])
      order by i.lane, i.history desc, i.aggversion desc),
  again as (
    update inbox i set state = 'received', outcome = null, settled_at = null, hops = 0
      from newest n
      where i.source = n.source and i.event_id = n.event_id and i.state <> 'received'
      returning i.lane, i.history, i.aggversion)
  update lane l set left_for = null, pending = l.pending + x.events,
      state = case when l.pending + x.events > 0 then 'ready' else l.state end,
      next_at = now(), since = now(),
      (applied_history, applied_version) = (select a.history, a.version
        from (values (l.applied_history, l.applied_version), (x.history, x.version))
          as a(history, version) order by a.history, a.version limit 1)
    from (select l.key, count(a.lane) as events,
        coalesce(min(a.history), l.applied_history) as history,
        coalesce(min(a.aggversion) - 1, l.applied_version) as version
      from lane l left join again a on a.lane = l.key
      where l.left_for = any($1::text[]) group by l.key) x
    where l.key = x.key"""
"""What such a lane knew last is to be delivered after all."""


async def settled_lanes(sql: Sql, keys: Sequence[str]) -> set[str]:
    """Those of the lanes in which nothing is to be delivered any more."""
    return {row["key"] for row in await sql.fetch(SETTLED, keys)}


async def leave(sql: Sql, needs: Mapping[str, str]) -> None:
    """Note of lanes, by key, for want of what they were left: that wakes them, should it cross."""
    await sql.execute(LEAVE, list(needs), list(needs.values()))


async def take_up(sql: Sql, needs: Sequence[str]) -> None:
    """Have the newest event of every lane delivered that was left for one of those (B54)."""
    await sql.execute(TAKE_UP, needs)
