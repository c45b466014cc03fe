"""The entry point of the inbox: take events in, keep what cannot be read."""

from collections.abc import Container, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from chassis.problems.standard import NotFound
from chassis.storage.reading import Reading
from chassis.work.database import Database
from chassis.work.unit_of_work import Work
from sync_bridge.flows import BY_EVENT, FLOWS
from sync_bridge.inbox import queries
from sync_bridge.inbox.errors import NewerVersionCame, NotAnEvent, QuarantineDecided
from sync_bridge.inbox.received import BackfillPage, Cursor, Quarantined, ReadMode, ReceivedEvent
from sync_bridge.inbox.rules.positions import gapless_position
from sync_bridge.inbox.schemas import Replay, Replayed
from sync_bridge.ownership import Half, other
from sync_bridge.signals import ARRIVED, SETTLED
from sync_bridge.states import EventState, QuarantineState

__all__ = [
    "ancestors",
    "begin_backfill",
    "current_mark",
    "cursor_value",
    "dismiss_quarantined",
    "forget_cursor",
    "ingest",
    "left_cursor",
    "next_backfill",
    "purge",
    "quarantine",
    "receive",
    "release_quarantined",
    "replay_unknown",
    "sources",
]

RESTORED = "restored"
PATIENCE = timedelta(seconds=5)
"""How long a feed position may be late before it counts as gone with the source's retention."""


async def receive(
    database: Database,
    events: Sequence[ReceivedEvent],
    *,
    unreadable: Sequence[Quarantined] = (),
    cursor: Cursor | None = None,
    backfill_page: BackfillPage | None = None,
    mode: ReadMode = ReadMode.NOW,
) -> int:
    """Take a batch in, commit, then wake the lanes of this process. Returns how many were new.

    For sources: when it has returned, the broker's offsets may be committed (B16).
    Records of a back-fill are late.
    """
    mode = mode if backfill_page is None else ReadMode.LATE
    async with database.transaction() as work:
        new = await ingest(work, events, cursor=cursor, mode=mode)
        if backfill_page is not None:
            await _advance(work, backfill_page, read=len(events) + len(unreadable))
        await quarantine(work, *unreadable)
    ARRIVED.wake()
    SETTLED.wake()
    return new


async def ingest(
    work: Work,
    events: Sequence[ReceivedEvent],
    *,
    cursor: Cursor | None = None,
    mode: ReadMode = ReadMode.NOW,
) -> int:
    """Store the events and the cursor behind them in this transaction (B16 to B19).

    An event already stored changes nothing. Returns how many were new. `receive` does this and
    wakes the lanes; a caller of this one wakes `signals.ARRIVED` after its commit.
    """
    once = {one.key: one for one in events}
    fresh: set[tuple[str, UUID]] = set()
    if once:
        late = mode is ReadMode.LATE
        fresh = await queries.insert_events(work.sql, list(once.values()), late=late)
    if cursor is not None:
        await queries.store_cursor(work.sql, cursor.name, cursor.value)
    place = cursor.place if cursor is not None else None
    if moving := [one for key, one in once.items() if key in fresh or place is not None]:
        restored = await _move_positions(work, moving, fresh=fresh, place=place, mode=mode)
        for half in restored:
            await queries.delete_shadows(work.sql, other(half))
            if cursor is None and any(one.service == half and not one.is_state for one in events):
                await begin_backfill(work, half, reason=RESTORED)
    return len(fresh)


async def _advance(work: Work, page: BackfillPage, *, read: int) -> None:
    await queries.advance_backfill(work.sql, page, read=read)
    if page.upto is None:
        await queries.mark_backfilled(work.sql, page.half, history=page.history)


async def begin_backfill(
    work: Work, half: str, *, reason: str, again: bool = True, cursor: Cursor | None = None
) -> None:
    """Let all records of a half that may cross be read as they are now.

    `cursor`: where its feed is read on meanwhile. Without `again` only types are read that never
    were. What is across already changes nothing.
    """
    types = [flow.event for flow in FLOWS if flow.sender == half and not flow.erases]
    await queries.begin_backfill(work.sql, half, types, reason=reason, again=again)
    if cursor is not None:
        await queries.store_cursor(work.sql, cursor.name, cursor.value)


async def next_backfill(reading: Reading, half: str) -> BackfillPage | None:
    """Where the reading of a half's records goes on; None: all are read."""
    return await queries.next_backfill(reading.sql, half)


async def _move_positions(
    work: Work,
    moving: Sequence[ReceivedEvent],
    *,
    fresh: Container[tuple[str, UUID]],
    place: int | None,
    mode: ReadMode,
) -> list[Half]:
    """Move each source's marks over what came, and count the new events: a state is none.

    Returns the halves of which it shows that they were restored from a backup.
    """
    latest = {one.key[0]: one for one in sorted(moving, key=lambda one: one.version)}
    sources = sorted((one.source, one.service, one.history) for one in latest.values())
    rows = await queries.positions_for_update(work.sql, sources)
    as_before = mode is ReadMode.AHEAD or all(one.is_state for one in moving)
    for row in rows:
        source, history, mark = row["source"], row["history"], row["mark"]
        came = [one for one in moving if (one.source, one.history) == (source, history)]
        seen = [one.feed_seq for one in came if one.feed_seq is not None]
        in_order = row["in_order"] if as_before else place is not None
        moved = mark if place is None else place
        if not in_order:
            moved = await current_mark(work, source, mark, history=history)
        await queries.move_position(
            work.sql,
            source,
            history=history,
            mark=moved,
            head=max(*seen, place or 0, 0),
            events=sum(not one.is_state and one.key in fresh for one in came),
            in_order=in_order,
        )
    return [row["service"] for row in rows if row["restored"]]


async def current_mark(
    reading: Reading, source: str, mark: int, *, history: int, in_order: bool = False
) -> int:
    """The feed position up to which everything is here, known to be at least the mark.

    That is the mark itself where the feed is read in order.
    """
    if in_order:
        return mark
    seen = await queries.seen_after(reading.sql, source, mark, history=history)
    return gapless_position(mark, seen, patience=PATIENCE)


async def quarantine(work: Work, *unreadable: Quarantined) -> int:
    """Keep what could not be read as an event (B22). Returns how many were new."""
    if not unreadable:
        return 0
    return await queries.insert_quarantined(work.sql, unreadable, work.now)


async def release_quarantined(work: Work, entry: UUID, *, note: str) -> None:
    """Let an event go its ordinary way after all, as if it began here: in its lane, in its place.

    Raises NotFound, QuarantineDecided, NotAnEvent, NewerVersionCame.
    """
    found, lane = await _undecided(work, entry)
    if found["event_id"] is None or found["event_state"] != EventState.QUARANTINED or lane is None:
        raise NotAnEvent(reason=found["reason"])
    if (lane["applied_history"], lane["applied_version"]) > (found["history"], found["aggversion"]):
        raise NewerVersionCame(version=found["aggversion"], newer=lane["applied_version"])
    await queries.release(work.sql, found["source"], found["event_id"])
    await _decide(work, entry, QuarantineState.RELEASED, note)


async def dismiss_quarantined(work: Work, entry: UUID, *, note: str) -> None:
    """Leave it where it is for good. Raises NotFound, QuarantineDecided."""
    found, _ = await _undecided(work, entry)
    if found["event_id"] is not None:
        await queries.dismiss(work.sql, found["source"], found["event_id"])
    await _decide(work, entry, QuarantineState.DISMISSED, note)


async def _undecided(work: Work, entry: UUID) -> tuple[Any, Any]:
    found, lane = await queries.quarantined_for_update(work.sql, entry)
    if found is None:
        raise NotFound(entity="quarantine entry", id=str(entry))
    if found["state"] != QuarantineState.OPEN:
        raise QuarantineDecided(
            state=found["state"], by=found["decided_by"], at=found["decided_at"].isoformat()
        )
    return found, lane


async def _decide(work: Work, entry: UUID, state: QuarantineState, note: str) -> None:
    await queries.decide(
        work.sql, entry, state=state, at=work.now, by=work.actor.reference, note=note
    )


async def cursor_value(reading: Reading, name: str) -> str | None:
    """Where the source of that name reads on; None before its first batch."""
    value: str | None = await reading.sql.fetchval("select value from cursor where name = $1", name)
    return value


async def sources(reading: Reading) -> list[str]:
    """The sources events were taken in from so far."""
    rows = await reading.sql.fetch("select source from position")
    return [row["source"] for row in rows]


async def forget_cursor(work: Work, name: str) -> bool:
    """Let the source of that name read on at the oldest event there is; False: it had no place.

    What comes again is known by its id and changes nothing. How far it was is kept
    (`left_cursor`): it shows whether the half was restored meanwhile.
    """
    gone = await work.sql.fetchval("delete from cursor where name = $1 returning value", name)
    if gone is not None:
        await queries.store_cursor(work.sql, left_cursor(name), gone)
    return gone is not None


def left_cursor(name: str) -> str:
    """The name under which is kept how far a source was that reads from the oldest event on."""
    return f"left:{name}"


async def ancestors(reading: Reading, events: Sequence[ReceivedEvent]) -> dict[UUID, int]:
    """How many events of the inbox led to each of these, each the cause of the next (B47).

    The way an event really went, whatever the hops it was given say. By the event's id, for those
    that an event led to.
    """
    causes = {one.event_id: one.causationid for one in events if one.causationid}
    if not causes:
        return {}
    found = await queries.ancestors(reading.sql, list(set(causes.values())))
    return {event: found[cause] for event, cause in causes.items() if cause in found}


async def replay_unknown(work: Work, command: Replay) -> Replayed:
    """Put events of types known by now into their lanes, oldest version first (B21).

    A version that its lane has passed meanwhile changes nothing.
    """
    types = [command.type] if command.type else list(BY_EVENT)
    known = [one for one in types if one in BY_EVENT]
    replayed = await queries.replay(work.sql, known)
    left: int = await work.sql.fetchval("select count(*) from inbox where state = 'unknown'")
    return Replayed(replayed=replayed, still_unknown=left)


async def purge(work: Work, *, days: int) -> int:
    """Forget events settled more than so many days ago; how many (B17).

    Longer than any source keeps its events, and nothing of a lane in which something waits: so
    what may come again is still known.
    """
    return await queries.purge(work.sql, days)
