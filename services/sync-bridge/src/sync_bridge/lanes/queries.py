"""The lanes' statements. Every one that settles a lane checks the epoch of its lease."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import asyncpg

from chassis.storage.bulk import Bulk
from sync_bridge.inbox.received import ReceivedEvent
from sync_bridge.lanes.leasing import Leased
from sync_bridge.ownership import Half
from sync_bridge.states import EventOutcome, EventState

__all__ = [
    "Finished",
    "Settled",
    "Shadow",
    "Wait",
    "delay",
    "extend",
    "finish",
    "level",
    "levelled",
    "lift_pauses",
    "lock_lanes",
    "lock_unleased",
    "park",
    "pause",
    "paused",
    "postpone",
    "redeliver",
    "release",
    "unpause",
    "wait_all",
    "wake",
]

Sql: TypeAlias = "asyncpg.Connection[Any]"


@dataclass(frozen=True)
class Settled:
    """What became of one event."""

    received: ReceivedEvent
    state: EventState
    outcome: EventOutcome


@dataclass(frozen=True)
class Shadow:
    """The hash of what the other half now holds of what `half` owns of its record."""

    entity: str
    half: Half
    id: UUID
    digest: bytes


@dataclass(frozen=True)
class Finished:
    """What of a lane is settled. `called`: the other half took a call, so no pause is needed."""

    lane: Leased
    applied: tuple[int, int]
    settled: Sequence[Settled]
    shadows: Sequence[Shadow] = ()
    called: bool = False


@dataclass(frozen=True)
class Wait:
    """A lane that waits, for what and why, and the version that is to be delivered then."""

    lane: Leased
    need: str
    reason: str
    version: int


class _Finished(NamedTuple):
    key: str
    epoch: int
    history: int
    applied: int
    settled: int


class _Settled(NamedTuple):
    key: str
    source: str
    event_id: UUID
    state: str
    outcome: str


class _Shadow(NamedTuple):
    key: str
    entity: str
    half: str
    id: UUID
    digest: bytes
    history: int
    version: int


class _Kind(NamedTuple):
    kind: str


class _Waiting(NamedTuple):
    key: str
    epoch: int
    need: str
    reason: str
    version: int


class _State(NamedTuple):
    key: str
    event_id: UUID
    history: int
    version: int


HELD = """select t.* from (select * from {rows} order by key) t cross join lateral (
    select lease_epoch, state from lane where key = t.key offset 0 for no key update) l
  where l.lease_epoch = t.epoch and l.state = 'ready'"""
LINE_UP = """update lane l set (applied_history, applied_version) = (
      select a.history, a.version
        from (values (l.applied_history, l.applied_version), (t.history, t.applied))
          as a(history, version)
       order by a.history desc, a.version desc limit 1),
    pending = l.pending - t.settled,
    state = case when l.pending > t.settled then 'ready' else 'idle' end,
    next_at = now(), since = case when l.pending > t.settled then l.since else now() end,
    attempts = 0, refusals = 0, failing_since = null,
    reason = null, detail = null, blocked_version = null, lease_until = null
  from held t where l.key = t.key returning l.key"""
SETTLE = """update inbox i set state = n.state, outcome = n.outcome, settled_at = now()
  from {rows} join lined using (key)
  where i.source = n.source and i.event_id = n.event_id and i.state = {open}"""
"""That an event is open is asked by a parameter: then no index of open events is taken for the
primary key."""
KEEP_SHADOWS = """insert into shadow (entity, half, id, digest, source_version, source_history)
  select n.entity, n.half, n.id, n.digest, n.version, n.history from {rows} join lined using (key)
   order by 1, 2, 3
  on conflict (entity, half, id) do update
    set digest = excluded.digest, source_version = excluded.source_version,
      source_history = excluded.source_history"""
UNPAUSE = (
    "delete from pause where kind in (select n.kind from {rows}) and exists (select from lined)"
)
"""The flows were proven to work."""
OPEN = EventState.RECEIVED

_HELD = "where key = $1 and lease_epoch = $2 and state = 'ready'"

POSTPONE = f"""update lane set next_at = now() + make_interval(secs => $3),
  attempts = attempts + $4::int, refusals = refusals - 1 + $5::int,
  failing_since = case when $4 = 1 then coalesce(failing_since, now()) else failing_since end,
  late = late or $4 = 1,
  reason = $6, detail = $7, blocked_version = $8, lease_until = null {_HELD} returning true"""

WAIT = """update lane l set state = 'waiting', waits_for = w.need, reason = w.reason,
    since = now(), detail = null, blocked_version = w.version, attempts = 0,
    refusals = refusals - 1, failing_since = null, lease_until = null
  from (select * from {rows} order by key) w
  where l.key = w.key and l.lease_epoch = w.epoch and l.state = 'ready' returning l.key"""

PARK = f"""update lane set state = 'parked', reason = $3, detail = $4, blocked_version = $5,
  since = now(), lease_until = null, version = version + 1 {_HELD}
  returning id, version, kind, subject, applied_version, pending"""

DELAY = """update lane set next_at = now() + make_interval(secs => $3)
  where key = $1 and lease_epoch = $2 and state = 'ready'"""

RELEASE = """update lane set lease_until = null, refusals = refusals - 1
  from unnest($1::text[], $2::bigint[]) as h(k, e)
  where key = h.k and lease_epoch = h.e and lease_until is not null"""

EXTEND = """update lane set lease_until = now() + make_interval(secs => $3)
  from unnest($1::text[], $2::bigint[]) as h(k, e)
  where key = h.k and lease_epoch = h.e and lease_until is not null"""

LOCK = """select key from lane
  where key = any($1::text[]) or waits_for = any($2::text[]) or left_for = any($2::text[])
  order by key for no key update"""

WAKE = """update lane set state = 'ready', waits_for = null, reason = null, next_at = now(),
  since = now() where waits_for = any($1::text[])"""

LEASED_NOW = """select key from (select key, lease_until from lane
    where key = any($1::text[]) order by key for update) l
  where lease_until > now() order by key"""

REDELIVER = """with newest as (
    select source, event_id from inbox
      where subject = $2 and lane = $1 order by history desc, aggversion desc limit 1),
  again as (
    update inbox i set state = 'received', outcome = null, settled_at = null, hops = 0
      from newest n
      where i.source = n.source and i.event_id = n.event_id and i.state <> 'received'
      returning i.history, i.aggversion)
  update lane l set state = 'ready', next_at = now(), since = now(), waits_for = null,
      reason = null, detail = null, attempts = 0, refusals = 0, failing_since = null,
      pending = l.pending + (select count(*) from again), version = l.version + 1,
      (applied_history, applied_version) = (select a.history, a.version
        from (select l.applied_history as history, l.applied_version as version
            union all select history, aggversion - 1 from again) a
       order by a.version = l.applied_version and a.history = l.applied_history,
         a.history, a.version limit 1)
    where l.key = $1 and exists (select from newest) returning true"""

MARK_LEVELLED = """insert into levelled_state (event_id)
  select n.event_id from {rows} on conflict do nothing"""
LEVEL = """update lane l set state = 'ready', next_at = now(), since = now(), waits_for = null,
    reason = null, detail = null, attempts = 0, refusals = 0, failing_since = null,
    version = l.version + 1, (applied_history, applied_version) = (select a.history, a.version
      from (values (l.applied_history, l.applied_version), (w.history, w.version - 1))
        as a(history, version) order by a.history, a.version limit 1)
  from (select * from {rows} order by key) w where l.key = w.key"""

LEVELLED = "select event_id from levelled_state where event_id = any($1::uuid[])"
PAUSE = """insert into pause (kind, status, refusals, since, until)
  values ($1, $2, 1, now(), now() + make_interval(secs => $3))
  on conflict (kind) do update set status = excluded.status, refusals = pause.refusals + 1,
    until = now() + make_interval(secs => least($3 * 2 ^ least(pause.refusals, 6), 600))"""


LIFT = """update pause p set until = now() from (
    select kind from pause where kind = any($1::text[]) order by kind for update) k
  where p.kind = k.kind"""


async def finish(sql: Sql, lanes: Sequence[Finished]) -> set[str]:
    """Settle events, move watermarks, note shadows; the keys of the lanes whose lease was held.

    Of a lane whose lease was lost nothing is recorded.
    """
    finished = [
        _Finished(one.lane.key, one.lane.epoch, *one.applied, len(one.settled)) for one in lanes
    ]
    settled = [
        _Settled(one.lane.key, *each.received.key, each.state, each.outcome)
        for one in lanes
        for each in one.settled
    ]
    shadows = [
        _Shadow(one.lane.key, each.entity, each.half, each.id, each.digest, *one.applied)
        for one in lanes
        for each in one.shadows
    ]
    kinds = [_Kind(kind) for kind in {one.lane.kind for one in lanes if one.called}]
    write = Bulk()
    write.run(HELD, _Finished, finished, *_Finished._fields, cte="held")
    write.run(LINE_UP, cte="lined")
    write.run(SETTLE, _Settled, settled, *_Settled._fields, open=OPEN)
    write.run(KEEP_SHADOWS, _Shadow, shadows, *_Shadow._fields)
    write.run(UNPAUSE, _Kind, kinds, *_Kind._fields)
    return {row["key"] for row in await write.fetch(sql, "select key from lined")}


async def delay(sql: Sql, lane: Leased, *, seconds: float) -> None:
    """Leave a lane that was just finished alone for that time."""
    await sql.execute(DELAY, lane.key, lane.epoch, seconds)


async def postpone(
    sql: Sql,
    lane: Leased,
    *,
    seconds: float,
    failed: bool,
    refused: bool,
    reason: str,
    detail: str,
    version: int,
) -> bool:
    """Look at the lane again after that time; False when the lease was lost.

    `failed`: the try counts for the pause before the next one; `refused`: it may have been the
    event's own fault.
    """
    done = await sql.fetchval(
        POSTPONE,
        lane.key,
        lane.epoch,
        seconds,
        int(failed),
        int(refused),
        reason,
        detail,
        version,
    )
    return bool(done)


async def wait_all(sql: Sql, waits: Sequence[Wait]) -> set[str]:
    """Let lanes wait for what they name; the keys of those whose lease was held."""
    if not waits:
        return set()
    await sql.execute(LOCK, [one.lane.key for one in waits], [])
    rows = [
        _Waiting(one.lane.key, one.lane.epoch, one.need, one.reason, one.version) for one in waits
    ]
    found = await Bulk().fetch(sql, WAIT, _Waiting, rows, *_Waiting._fields)
    return {row["key"] for row in found}


async def park(
    sql: Sql, lane: Leased, *, reason: str, detail: str, version: int
) -> asyncpg.Record | None:
    """Park the lane; the lane as it is then, or None when the lease was lost."""
    return await sql.fetchrow(PARK, lane.key, lane.epoch, reason, detail, version)


async def release(sql: Sql, lanes: Sequence[Leased]) -> None:
    """Give leases back without a word on the events."""
    await sql.execute(RELEASE, [one.key for one in lanes], [one.epoch for one in lanes])


async def extend(sql: Sql, lanes: Sequence[Leased], *, lease_seconds: float) -> None:
    """Say that these lanes are still being delivered."""
    await sql.execute(
        EXTEND, [one.key for one in lanes], [one.epoch for one in lanes], lease_seconds
    )


async def lock_lanes(sql: Sql, keys: Sequence[str], needs: Sequence[str]) -> None:
    """Lock lanes and all that wait for those needs, in the order in which the inbox does."""
    await sql.execute(LOCK, keys, needs)


async def wake(sql: Sql, needs: Sequence[str]) -> None:
    """Make every lane ready that waits for one of those (B54)."""
    await sql.execute(WAKE, needs)


async def pause(sql: Sql, kind: str, *, status: int, seconds: float) -> None:
    """Hold every lane of a kind for a while; longer each time it is refused again."""
    await sql.execute(PAUSE, kind, status, seconds)


async def unpause(sql: Sql, kind: str) -> bool:
    """Let the lanes of a kind move again; False when they were not held."""
    return bool(await sql.fetchval("delete from pause where kind = $1 returning true", kind))


async def paused(sql: Sql, kinds: Sequence[str]) -> set[str]:
    """Those of the kinds whose lanes are held now."""
    rows = await sql.fetch(
        "select kind from pause where kind = any($1::text[]) and until > now()", kinds
    )
    return {row["kind"] for row in rows}


async def lift_pauses(sql: Sql, kinds: Sequence[str]) -> None:
    """Let lanes of those kinds be tried now; where the key is refused again, the pause goes on."""
    if kinds:
        await sql.execute(LIFT, kinds)


async def lock_unleased(sql: Sql, keys: Sequence[str]) -> list[str]:
    """Lock the lanes, in key order, until the act ends; those that are being delivered now."""
    return [row["key"] for row in await sql.fetch(LEASED_NOW, keys)]


async def redeliver(sql: Sql, key: str, subject: UUID) -> bool:
    """Put the newest event of the lane to be delivered once more; False when none is kept."""
    return bool(await sql.fetchval(REDELIVER, key, subject))


async def level(sql: Sql, states: Sequence[tuple[str, ReceivedEvent]]) -> None:
    """Let states that are in the inbox be put, each in its lane, whatever was sent before."""
    rows = [_State(key, one.event_id, one.history, one.aggversion) for key, one in states]
    write = Bulk()
    write.run(MARK_LEVELLED, _State, rows, "event_id")
    write.run(LEVEL, _State, rows, "key", "history", "version")
    await write.execute(sql)


async def levelled(sql: Sql, events: Sequence[UUID]) -> frozenset[UUID]:
    """Those of the events that bring a state whatever was sent before."""
    return frozenset(row["event_id"] for row in await sql.fetch(LEVELLED, events))
