"""Reads of how far the bridge is."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import asyncpg

__all__ = [
    "backfills",
    "blocked_lanes",
    "conditions",
    "count_open",
    "counts",
    "followed",
    "position_of",
    "sources",
]

Sql: TypeAlias = "asyncpg.Connection[Any]"

SOURCES = """with held as materialized (
  select split_part(kind, '.', 1) as service, sum(pending)::bigint as pending from lane
    where state in ('ready', 'waiting', 'parked') group by 1)
select p.source, p.service, p.mark, p.head, p.events,
    case when count(*) over (partition by p.service) = 1
      then coalesce((select pending from held where held.service = p.service), 0)
      else (select count(*) from inbox where source = p.source and state = 'received')
    end as pending,
    coalesce(extract(epoch from now() - (select received_at from inbox
      where source = p.source and state = 'received' order by received_at limit 1)), 0)::float8
      as oldest_seconds
  from position p order by p.service, p.source"""
"""The lanes know how many events they hold; they are fewer than these."""

FOLLOWED = """select name, state, reason, missing, failures, answered_at, told_at
  from source_condition order by name"""

BACKFILLS = """select half, min(reason) as reason, min(begun_at) as begun_at,
    case when bool_and(finished_at is not null) then max(finished_at) end as finished_at,
    jsonb_agg(jsonb_build_object('type', type, 'read', read, 'finished', finished_at is not null)
      order by place) as types
  from backfill group by half order by half"""

METRICS = """select
  (select count(*) from lane where state = 'ready') as ready,
  (select count(*) from lane where state = 'waiting') as waiting,
  (select count(*) from lane where state = 'parked') as parked,
  (select count(*) from inbox where state = 'unknown') as unknown,
  (select count(*) from quarantine where state = 'open') as quarantined,
  (select count(*) from review where state = 'open') as reviews,
  (select coalesce(array_agg(kind order by kind), '{}') from pause where until > now()) as paused"""

POSITION = """select source, history, mark, in_order from position where service = $1 or source = $1
  order by updated_at desc limit 1"""

_IS_BLOCKED = """coalesce({row}.state = 'parked' or {row}.state = 'ready' and (
    {row}.failing_since < now() - make_interval(secs => $3)
    or {row}.kind in (select kind from pause where since < now() - make_interval(secs => $3))),
  false)"""

BLOCKED = f"""with recursive waiting as materialized (
  select key, waits_for, since, case when waits_for not like 'review %' then
      split_part(split_part(waits_for, ' ', 2), ':', 1) || '.' || split_part(waits_for, ' ', 1)
      || ':' || split_part(waits_for, ':', 2) end as needed
    from lane where state = 'waiting'),
standing(key) as (
  (select w.key from waiting w left join lane n on n.key = w.needed
    where {_IS_BLOCKED.format(row="n")} or w.needed is not null
      and coalesce(n.state, 'idle') = 'idle' and w.since < now() - make_interval(secs => $3)
  union all
  select w.key from review r join waiting w
    on w.waits_for = 'review ' || r.entity || ' ' || r.half || ':' || r.subject
    where r.state = 'open')
  union
  select w.key from standing s join waiting w on w.needed = s.key)"""
"""Lanes that wait for what does not move by itself: for one that is parked, failing or held for
long, for an open review, for long for what nothing brings, or for one of these. A lane whose review
was answered moves, also while the answer is yet to take effect."""

_LOOKED_AT = """(select lane from inbox
    where source = $1 and state = 'received' and feed_seq <= $2 order by received_at limit $4)"""

COUNT_OPEN = f"""{BLOCKED}
select count(*) filter (where not stands) as moving, count(*) filter (where stands) as standing
  from (select {_IS_BLOCKED.format(row="l")} or s.key is not null as stands
    from {_LOOKED_AT} i join lane l on l.key = i.lane
      left join standing s on s.key = i.lane) seen"""

LOOKED_AT = 2000
"""More open events are not looked at to say that something moves."""

BLOCKED_LANES = f"""{BLOCKED}
select l.key as lane, l.id, l.kind, l.subject, l.number, l.name, l.state,
    coalesce(l.reason, 'flow_paused') as reason, coalesce(l.failing_since, l.since) as since
  from (select distinct lane from {_LOOKED_AT} i) i join lane l on l.key = i.lane
    left join standing s on s.key = i.lane
  where {_IS_BLOCKED.format(row="l")} or s.key is not null
  order by coalesce(l.failing_since, l.since), l.key limit $5"""

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


async def counts(sql: Sql) -> asyncpg.Record:
    """Counts of what stands where."""
    (row,) = await sql.fetch(METRICS)
    found: asyncpg.Record = row
    return found


async def position_of(sql: Sql, service: str) -> asyncpg.Record | None:
    """The present source of a service with its mark; None before its first event."""
    return await sql.fetchrow(POSITION, service)


async def count_open(
    sql: Sql, source: str, feed_seq: int, *, standing_seconds: float
) -> tuple[int, int]:
    """Events up to the position that are on their way, and that are stopped.

    Of many, those are looked at that have been here for longest; all where none of these moves.
    """
    moving, standing = await _count_open(sql, source, feed_seq, standing_seconds, LOOKED_AT)
    if moving or standing < LOOKED_AT:
        return moving, standing
    return await _count_open(sql, source, feed_seq, standing_seconds, None)


async def _count_open(
    sql: Sql, source: str, feed_seq: int, standing_seconds: float, looked_at: int | None
) -> tuple[int, int]:
    (row,) = await sql.fetch(COUNT_OPEN, source, feed_seq, standing_seconds, looked_at)
    return row["moving"], row["standing"]


async def blocked_lanes(
    sql: Sql, source: str, feed_seq: int, *, standing_seconds: float, most: int
) -> list[asyncpg.Record]:
    """Lanes with events up to the position that are stopped, those first that do for longest.

    Of many events those are looked at that have been here for longest.
    """
    asked = (source, feed_seq, standing_seconds, LOOKED_AT, most)
    return await sql.fetch(BLOCKED_LANES, *asked)


async def conditions(
    sql: Sql, names: Sequence[str], *, silent_seconds: float
) -> list[asyncpg.Record]:
    """How each of the sources was when it was last told; `silent`: that was too long ago."""
    return await sql.fetch(CONDITIONS, names, silent_seconds)
