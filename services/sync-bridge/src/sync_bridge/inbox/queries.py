"""The inbox's statements: set-based, one for each batch."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import asyncpg

from chassis.ids import uuid7
from chassis.storage.bulk import Bulk
from sync_bridge.flows import BY_EVENT, NOT_CARRIED, PERSONAL
from sync_bridge.inbox.models import Quarantine
from sync_bridge.inbox.received import BackfillPage, Quarantined, ReceivedEvent
from sync_bridge.labels import NOTHING, label_of, search_key
from sync_bridge.states import EventOutcome, EventState

__all__ = [
    "advance_backfill",
    "ancestors",
    "begin_backfill",
    "decide",
    "delete_shadows",
    "dismiss",
    "insert_events",
    "insert_quarantined",
    "mark_backfilled",
    "move_position",
    "next_backfill",
    "positions_for_update",
    "purge",
    "quarantined_for_update",
    "release",
    "replay",
    "seen_after",
    "store_cursor",
]

Sql: TypeAlias = "asyncpg.Connection[Any]"


class Arrived(NamedTuple):
    """A row of the inbox, and what its lane is called."""

    source: str
    event_id: UUID
    type: str
    lane: str | None
    subject: UUID
    aggversion: int
    occurred_at: datetime
    origin: str
    hops: int
    correlationid: UUID
    causationid: UUID | None
    traceparent: str | None
    feed_seq: int | None
    data: bytes
    is_state: bool
    history: int
    state: str
    outcome: str | None
    lane_id: UUID
    kind: str | None
    number: str
    name: str
    number_key: str
    name_key: str


PURGE = """delete from inbox i where i.state in ('done', 'ignored', 'skipped')
  and i.received_at < now() - make_interval(days => $1)
  and not exists (select from lane l where l.key = i.lane and l.pending > 0)"""

_PERSONAL = ", ".join(f"'{one}'" for one in sorted(PERSONAL))
STORE_EVENTS = f"""insert into inbox (source, event_id, type, lane, subject, aggversion,
    occurred_at, origin, hops, correlationid, causationid, traceparent, feed_seq, data, is_state,
    history, state, settled_at, outcome)
  select a.source, a.event_id, a.type, case when e.subject is null then a.lane end, a.subject,
    a.aggversion, a.occurred_at, a.origin, a.hops, a.correlationid, a.causationid, a.traceparent,
    a.feed_seq, case when e.subject is null then a.data else '\\x7b7d' end, a.is_state, a.history,
    case when e.subject is null then a.state else 'ignored' end,
    case when a.lane is null or e.subject is not null then now() end,
    case when e.subject is null then a.outcome else 'not_carried' end
   from arrived a left join erased_subject e on e.subject = a.subject and a.type in ({_PERSONAL})
   order by a.at
  on conflict do nothing
  returning source, event_id, lane"""

LINE_UP = """insert into lane (key, id, kind, subject, pending, state, next_at, since, late, number,
    name, number_key, name_key, label_version, label_history)
  select f.lane, (array_agg(k.lane_id))[1], min(k.kind), (array_agg(k.subject))[1], count(*),
      'ready', now(), now(), {late},
      (array_agg(k.number order by k.history desc, k.aggversion desc))[1],
      (array_agg(k.name order by k.history desc, k.aggversion desc))[1],
      (array_agg(k.number_key order by k.history desc, k.aggversion desc))[1],
      (array_agg(k.name_key order by k.history desc, k.aggversion desc))[1],
      (array_agg(k.aggversion order by k.history desc, k.aggversion desc))[1], max(k.history)
    from fresh f join arrived k using (source, event_id)
   where f.lane is not null group by f.lane order by f.lane
  on conflict (key) do update set
    pending = lane.pending + excluded.pending,
    next_at = case when lane.state in ('idle', 'waiting') then now() else lane.next_at end,
    since = case when lane.state in ('idle', 'waiting') then now() else lane.since end,
    late = excluded.late and (lane.late or lane.state = 'idle'),
    waits_for = null,
    state = case when lane.state in ('idle', 'waiting') then 'ready' else lane.state end,
    (number, name, number_key, name_key) = (
      select l.number, l.name, l.number_key, l.name_key from (values
          (excluded.label_history, excluded.label_version, excluded.number, excluded.name,
            excluded.number_key, excluded.name_key),
          (lane.label_history, lane.label_version, lane.number, lane.name, lane.number_key,
            lane.name_key))
        as l(history, version, number, name, number_key, name_key)
       order by l.number = '' and l.name = '', l.history desc, l.version desc limit 1),
    label_version = case when excluded.label_history > lane.label_history
      then excluded.label_version when excluded.label_history < lane.label_history
      then lane.label_version else greatest(lane.label_version, excluded.label_version) end,
    label_history = greatest(lane.label_history, excluded.label_history)"""
"""New events, each behind the others of its lane. A lane that waits looks again: the new state
may no longer need what it waited for. A parked lane stays parked (B33). A lane is called what the
newest version of its record is called. What comes of an erased person is not kept."""

STORE_CURSOR = """insert into cursor (name, value) values ($1, $2)
  on conflict (name) do update set value = excluded.value, updated_at = now()"""

POSITIONS = """with before as (select source, history from position where source = any($1))
  insert into position as p (source, service, history)
  select * from unnest($1::text[], $2::text[], $3::integer[]) order by 1
  on conflict (source) do update set updated_at = now(),
    mark = case when excluded.history > p.history then 0 else p.mark end,
    head = case when excluded.history > p.history then 0 else p.head end,
    history = greatest(p.history, excluded.history)
  returning source, service, history, mark, in_order,
    history > (select b.history from before b where b.source = p.source) as restored"""
"""In a later history the places in the feed are given anew."""

DELETE_SHADOWS = "delete from shadow where half = $1"

SEEN_AFTER = """select feed_seq, now() - received_at as age from inbox
  where source = $1 and history = $2 and feed_seq > $3 order by feed_seq limit 5000"""

MOVE_POSITION = """update position
  set mark = greatest(mark, $2), head = greatest(head, $3), events = events + $4, in_order = $6
  where source = $1 and history = $5"""

BEGIN_BACKFILL = """insert into backfill as b (half, type, place, reason, begun_at)
  select $1, w.type, w.place, $3, clock_timestamp()
    from unnest($2::text[]) with ordinality as w(type, place) order by w.place
  on conflict (half, type) do """
AGAIN = """update set place = excluded.place, reason = excluded.reason, after = null, read = 0,
    low = null, begun_at = excluded.begun_at, finished_at = null"""

NEXT_BACKFILL = """select type, begun_at, after from backfill
  where half = $1 and finished_at is null order by place limit 1"""

ADVANCE_BACKFILL = """update backfill set after = coalesce($5, after), read = read + $6,
    low = coalesce(low, $7), finished_at = case when $5::uuid is null then now() end
  where half = $1 and type = $2 and begun_at = $3 and finished_at is null
    and after is not distinct from $4"""

MARK_BACKFILLED = """update position p
  set mark = case when $2 > p.history then b.low else greatest(p.mark, b.low) end,
    head = case when $2 > p.history then b.low else greatest(p.head, b.low) end,
    history = greatest(p.history, $2)
  from (select min(low) as low from backfill where half = $1
    having bool_and(finished_at is not null)) b
  where p.source = (select source from position where service = $1
    order by updated_at desc limit 1) and $2 >= p.history"""

REPLAY = """with again as (
  update inbox i set state = 'received', outcome = null, settled_at = null,
    lane = f.kind || ':' || i.subject
  from unnest($1::text[], $2::text[]) as f(type, kind)
  where i.state = 'unknown' and i.type = f.type returning i.lane, i.subject, f.kind),
lined as (
insert into lane (key, id, kind, subject, pending, state, next_at, since)
  select lane, gen_random_uuid(), min(kind), (array_agg(subject))[1], count(*), 'ready',
    now(), now() from again group by lane order by lane
  on conflict (key) do update set
    pending = lane.pending + excluded.pending,
    state = case when lane.state = 'idle' then 'ready' else lane.state end,
    next_at = case when lane.state = 'idle' then now() else lane.next_at end)
select count(*) from again"""

ANCESTORS = """with recursive chain(first, causationid, length) as (
  select i.event_id, i.causationid, 1 from position p
    join inbox i on i.source = p.source and i.event_id = any($1::uuid[])
  union all
  select c.first, i.causationid, c.length + 1 from chain c cross join position p
    join inbox i on i.source = p.source and i.event_id = c.causationid
   where c.length < 8)
select first, max(length) as length from chain group by first"""

LOCK_LANE_OF = """select l.key, l.applied_history, l.applied_version from lane l
  where l.key = (select lane from quarantine where id = $1) for no key update"""
"""The lane before the entry, as those do that put an event aside."""

LOCK_QUARANTINED = """select q.*, i.history, i.aggversion, i.state as event_state from quarantine q
  left join inbox i on i.source = q.source and i.event_id = q.event_id
  where q.id = $1 for update of q"""

DECIDE = """update quarantine set state = $2, decided_at = $3, decided_by = $4, note = $5
  where id = $1"""

RELEASE = """with again as (
  update inbox set state = 'received', outcome = null, settled_at = null, hops = 0,
    causationid = null
  where source = $1 and event_id = $2 and state = 'quarantined' returning lane, history, aggversion)
update lane l set pending = l.pending + 1,
  applied_version = case when a.history = l.applied_history
    then least(l.applied_version, a.aggversion - 1) else l.applied_version end,
  next_at = case when l.state in ('idle', 'waiting') then now() else l.next_at end,
  since = case when l.state in ('idle', 'waiting') then now() else l.since end,
  waits_for = null,
  state = case when l.state in ('idle', 'waiting') then 'ready' else l.state end
from again a where l.key = a.lane returning l.key"""
"""Puts an event back to its place, with nothing that led to it: a person stands for it now."""

DISMISS = """update inbox set state = 'skipped', outcome = 'dismissed'
  where source = $1 and event_id = $2 and state = 'quarantined'"""


async def insert_events(
    sql: Sql, events: Sequence[ReceivedEvent], *, late: bool = False
) -> set[tuple[str, UUID]]:
    """Store the events, each given once, and line up their lanes; the keys of the new ones."""
    write = Bulk()
    write.run(
        "select * from {rows}",
        Arrived,
        [_arrived(one) for one in events],
        *Arrived._fields,
        cte="arrived",
    )
    write.run(STORE_EVENTS, cte="fresh")
    write.run(LINE_UP, late=late)
    rows = await write.fetch(sql, "select source, event_id from fresh")
    return {(row["source"], row["event_id"]) for row in rows}


def _arrived(event: ReceivedEvent) -> Arrived:
    flow = BY_EVENT.get(event.type)
    label = label_of(event.data) if flow else NOTHING
    state, outcome = EventState.RECEIVED, None
    if flow is None and event.type in NOT_CARRIED:
        state, outcome = EventState.IGNORED, EventOutcome.NOT_CARRIED
    elif flow is None:
        state, outcome = EventState.UNKNOWN, EventOutcome.UNKNOWN_TYPE
    return Arrived(
        source=event.source,
        event_id=event.event_id,
        type=event.type,
        lane=flow.lane(event.subject) if flow else None,
        subject=event.subject,
        aggversion=event.aggversion,
        occurred_at=event.time,
        origin=event.origin,
        hops=event.hops,
        correlationid=event.correlationid,
        causationid=event.causationid,
        traceparent=event.traceparent,
        feed_seq=event.feed_seq,
        data=event.data,
        is_state=event.is_state,
        history=event.history,
        state=state,
        outcome=outcome,
        lane_id=uuid7(),
        kind=flow.kind if flow else None,
        number=label.number,
        name=label.name,
        number_key=search_key(label.number),
        name_key=search_key(label.name),
    )


async def purge(sql: Sql, days: int) -> int:
    """Forget events settled long ago, but none of a lane in which something still waits."""
    return int((await sql.execute(PURGE, days)).split()[-1])


async def store_cursor(sql: Sql, name: str, value: str) -> None:
    """Note where a source reads on."""
    await sql.execute(STORE_CURSOR, name, value)


async def begin_backfill(
    sql: Sql, half: str, types: Sequence[str], *, reason: str, again: bool
) -> None:
    """Let the states of these types be read from a half; `again`: also what was read before."""
    await sql.execute(BEGIN_BACKFILL + (AGAIN if again else "nothing"), half, types, reason)


async def next_backfill(sql: Sql, half: str) -> BackfillPage | None:
    """Where the reading of a half's states goes on; None: all are read."""
    row = await sql.fetchrow(NEXT_BACKFILL, half)
    return BackfillPage(half=half, **dict(row)) if row else None


async def advance_backfill(sql: Sql, page: BackfillPage, *, read: int) -> None:
    """Note that a page was read, unless another process did, or the reading began anew."""
    facts = (page.half, page.type, page.begun_at, page.after, page.upto, read, page.low)
    await sql.execute(ADVANCE_BACKFILL, *facts)


async def mark_backfilled(sql: Sql, half: str, *, history: int) -> None:
    """Once all states of a half are read, nothing is missing up to where that began."""
    await sql.execute(MARK_BACKFILLED, half, history)


async def positions_for_update(
    sql: Sql, sources: Sequence[tuple[str, str, int]]
) -> list[asyncpg.Record]:
    """History and marks of the sources (name, service, history), locked until the act ends.

    One that is new is made. `restored`: this history is a later one, so the marks begin anew.
    """
    columns = zip(*sources, strict=True)
    return await sql.fetch(POSITIONS, *columns)


async def delete_shadows(sql: Sql, half: str) -> None:
    """Forget what of that half's records the other half was known to hold: it was restored."""
    await sql.execute(DELETE_SHADOWS, half)


async def seen_after(
    sql: Sql, source: str, mark: int, *, history: int
) -> list[tuple[int, timedelta]]:
    """Feed positions beyond the mark that are here, in order, with how long they have been."""
    rows = await sql.fetch(SEEN_AFTER, source, history, mark)
    return [(row["feed_seq"], row["age"]) for row in rows]


async def move_position(
    sql: Sql, source: str, *, history: int, mark: int, head: int, events: int, in_order: bool
) -> None:
    """Move a source's marks forward and count its new events."""
    await sql.execute(MOVE_POSITION, source, mark, head, events, history, in_order)


async def replay(sql: Sql, types: Sequence[str]) -> int:
    """Put unknown events of these types, known by now, into their lanes; how many."""
    return int(await sql.fetchval(REPLAY, types, [BY_EVENT[one].kind for one in types]))


async def ancestors(sql: Sql, causes: Sequence[UUID]) -> dict[UUID, int]:
    """The lengths of the chains of causes that end with these; at most a few are counted."""
    return {row["first"]: row["length"] for row in await sql.fetch(ANCESTORS, causes)}


async def insert_quarantined(sql: Sql, found: Sequence[Quarantined], now: datetime) -> int:
    """Keep the unreadable; how many were new."""
    rows = [_quarantined(one, now) for one in found]
    columns = ("id", "source", "place", "reason", "raw", "headers", "received_at")
    event = ("event_id", "type", "lane", "subject")
    write = Bulk()
    write.insert(Quarantine, rows, *columns, *event, conflict="do nothing returning id", cte="kept")
    return len(await write.fetch(sql, "select from kept"))


def _quarantined(found: Quarantined, now: datetime) -> Quarantine:
    event = found.event
    return Quarantine(
        id=uuid7(),
        source=found.source,
        place=found.place,
        reason=found.reason,
        raw=found.raw,
        headers=found.headers,
        received_at=now,
        event_id=event and event.event_id,
        type=event and event.type,
        lane=event and BY_EVENT[event.type].lane(event.subject),
        subject=event and event.subject,
    )


async def quarantined_for_update(
    sql: Sql, entry: UUID
) -> tuple[asyncpg.Record | None, asyncpg.Record | None]:
    """What is in quarantine, with the lane it came from if there is one; both locked."""
    lane = await sql.fetchrow(LOCK_LANE_OF, entry)
    return await sql.fetchrow(LOCK_QUARANTINED, entry), lane


async def decide(sql: Sql, entry: UUID, *, state: str, at: datetime, by: str, note: str) -> None:
    """Note what a person decided."""
    await sql.execute(DECIDE, entry, state, at, by, note)


async def release(sql: Sql, source: str, event: UUID) -> None:
    """Put an event that was put aside back into its lane."""
    await sql.execute(RELEASE, source, event)


async def dismiss(sql: Sql, source: str, event: UUID) -> None:
    """Settle an event that was put aside for good."""
    await sql.execute(DISMISS, source, event)
