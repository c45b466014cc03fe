"""Reads of how far the bridge is."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import asyncpg

__all__ = [
    "backfills",
    "conditions",
    "figures",
    "followed",
    "open_upto",
    "position_of",
    "sources",
    "standing_upto",
]

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

POSITION = """select source, history, mark from position where service = $1 or source = $1
  order by updated_at desc limit 1"""

STANDING = """with recursive standing(key, kind, subject) as (
  select key, kind, subject from lane where state = 'parked'
  union
  select key, kind, subject from lane
    where state = 'ready' and failing_since < now() - make_interval(secs => $3)
  union
  select l.key, l.kind, l.subject from pause p join lane l on l.kind = p.kind and l.state = 'ready'
    where p.since < now() - make_interval(secs => $3)
  union
  select l.key, l.kind, l.subject from review r
    join lane l on l.waits_for = 'review ' || r.entity || ' ' || r.half || ':' || r.subject
    where r.state = 'open'
  union
  select l.key, l.kind, l.subject from lane l left join lane n on n.key = split_part(
      split_part(l.waits_for, ' ', 2), ':', 1) || '.' || split_part(l.waits_for, ' ', 1)
      || ':' || split_part(l.waits_for, ':', 2)
    where l.state = 'waiting' and l.since < now() - make_interval(secs => $3)
      and l.waits_for not like 'review %' and coalesce(n.state, 'idle') = 'idle'
  union
  select l.key, l.kind, l.subject from standing s join lane l on l.waits_for =
    split_part(s.kind, '.', 2) || ' ' || split_part(s.kind, '.', 1) || ':' || s.subject)"""
"""Lanes in which nothing moves by itself: parked, under review, failing or held for long, waiting
for long for what nothing brings, or for one of these. A lane whose review was answered moves, also
while the answer is yet to take effect."""

OPEN_UPTO = f"""{STANDING}
select count(*) filter (where s.key is null) as moving, count(s.key) as standing
  from inbox i left join standing s on s.key = i.lane
  where i.source = $1 and i.state = 'received' and i.feed_seq <= $2"""

STANDING_UPTO = f"""{STANDING}
select l.key as lane, l.id, l.kind, l.subject, l.number, l.name, l.state,
    coalesce(l.reason, 'flow_paused') as reason, coalesce(l.failing_since, l.since) as since
  from standing s join lane l using (key)
  where exists (select from inbox i where i.source = $1 and i.state = 'received'
    and i.feed_seq <= $2 and i.lane = l.key)
  order by coalesce(l.failing_since, l.since), l.key limit $4"""

CONDITIONS = """select n.name, c.state, c.reason, c.answered_at, c.told_at,
    c.told_at < now() - make_interval(secs => $2) as silent
  from unnest($1::text[]) as n(name) left join source_condition c using (name) order by n.name"""


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


async def open_upto(
    sql: Sql, source: str, feed_seq: int, *, standing_seconds: float
) -> tuple[int, int]:
    """Events up to the position that are on their way, and that stand still."""
    (row,) = await sql.fetch(OPEN_UPTO, source, feed_seq, standing_seconds)
    return row["moving"], row["standing"]


async def standing_upto(
    sql: Sql, source: str, feed_seq: int, *, standing_seconds: float, most: int
) -> list[asyncpg.Record]:
    """Lanes with events up to the position that stand still, those first that do for longest."""
    return await sql.fetch(STANDING_UPTO, source, feed_seq, standing_seconds, most)


async def conditions(
    sql: Sql, names: Sequence[str], *, silent_seconds: float
) -> list[asyncpg.Record]:
    """How each of the sources was when it was last told; `silent`: that was too long ago."""
    return await sql.fetch(CONDITIONS, names, silent_seconds)
