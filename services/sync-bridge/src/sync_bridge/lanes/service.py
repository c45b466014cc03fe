"""Acts on lanes: record what carrying an event came to, and move lanes that stand still.

Every record of an outcome is one transaction, fenced by the epoch of the lane's lease (B25).
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from chassis.telemetry.logs import get_logger
from chassis.telemetry.trace import Trace
from sync_bridge.flows import BY_EVENT
from sync_bridge.identity import service as identity
from sync_bridge.identity.errors import PairTaken
from sync_bridge.inbox import service as inbox
from sync_bridge.inbox.received import Quarantined, Received
from sync_bridge.lanes import queries
from sync_bridge.lanes.deliveries import Carried
from sync_bridge.lanes.events import LaneParked
from sync_bridge.lanes.leasing import Leased
from sync_bridge.lanes.queries import Finished, Settled
from sync_bridge.lanes.rules.order import Turn
from sync_bridge.lanes.rules.retry import backoff_seconds
from sync_bridge.lanes.standstill import Asks, Denied, Later, Loops, Standstill, Waits

if TYPE_CHECKING:
    from chassis.work.unit_of_work import Work
    from sync_bridge.settings import BridgeSettings

__all__ = [
    "EXHAUSTED",
    "LeaseLost",
    "event_of",
    "park",
    "pass_over",
    "record_carried",
    "record_effects",
    "record_standstill",
    "record_waits",
    "trace_of",
]

PAUSE_SECONDS = 15.0
EXHAUSTED = "retries_exhausted"
log = get_logger("sync_bridge.lanes")


class LeaseLost(Exception):
    """Another process carries the lane by now; what was to be recorded is not (B25)."""

    def __init__(self, lane: Leased) -> None:
        super().__init__(lane.key)


async def pass_over(work: "Work", lane: Leased, turn: Turn) -> None:
    """Settle stale events, and wait for a missing version if there is one (B20)."""
    stale = [_stale(lane.events[at].received) for at in turn.stale]
    await _finish(work, Finished(lane, lane.applied, stale))
    if turn.gap is not None:
        await queries.delay(work.sql, lane, seconds=turn.gap.total_seconds())


async def record_carried(work: "Work", lane: Leased, turn: Turn, carried: Carried) -> None:
    """Record an effect: events done, watermark, pair and shadows, and wake who waits for it.

    Raises LeaseLost, PairTaken.
    """
    if await record_effects(work, [(lane, turn, carried)]):
        raise LeaseLost(lane)


async def record_effects(
    work: "Work", came: Sequence[tuple[Leased, Turn, Carried]]
) -> list[Leased]:
    """Record effects all at once; returns the lanes whose lease was lost.

    Raises PairTaken and LeaseLost when a pair cannot be recorded: then nothing is.
    """
    joined = {lane.key: carried.joined for lane, _, carried in came if carried.joined}
    woken: list[str] = []
    if joined:
        seen = list(joined.values())
        woken = [need for one in seen for need in identity.needs_of_pair(one)]
        await identity.lock_needs(work, woken)
        taken, concerned = await identity.join_all(work, seen)
        for one in taken:
            raise PairTaken(entity=one.entity, crm_id=one.crm_id, erp_id=one.erp_id)
        woken += concerned
        await queries.lock_lanes(work.sql, list(joined), woken)
    held = await queries.finish(work.sql, [_finished(*one) for one in came])
    lost = [lane for lane, _, _ in came if lane.key not in held]
    for lane in lost:
        if lane.key in joined:
            raise LeaseLost(lane)
    if woken:
        await queries.wake(work.sql, woken)
    return lost


async def record_waits(work: "Work", waiting: Sequence[tuple[Leased, Turn, Waits]]) -> list[Leased]:
    """Let lanes wait for records, all at once; returns the lanes whose lease was lost.

    One whose record came across while this was being found out looks again (B54).
    """
    await identity.lock_needs(work, sorted({str(why.need) for _, _, why in waiting}))
    across = await identity.twins_of(work, [why.need for _, _, why in waiting])
    again = [lane for lane, _, why in waiting if (why.need.entity, why.need.id) in across]
    await queries.release(work.sql, again)
    keys = {lane.key for lane in again}
    wait = [
        queries.Wait(lane, str(why.need), why.reason, event_of(lane, turn).aggversion)
        for lane, turn, why in waiting
        if lane.key not in keys
    ]
    held = await queries.wait_all(work.sql, wait)
    return [one.lane for one in wait if one.lane.key not in held]


def _finished(lane: Leased, turn: Turn, carried: Carried) -> Finished:
    event = event_of(lane, turn)
    state = "ignored" if carried.outcome in {"not_carried", "restored"} else "done"
    settled = [*_settled(lane, turn), Settled(event, state, carried.outcome)]
    called = carried.outcome == "applied"
    version = max(event.version, carried.version)
    return Finished(lane, version, settled, carried.shadows, called)


async def _finish(work: "Work", finished: Finished) -> None:
    _held(finished.lane, bool(await queries.finish(work.sql, [finished])))


async def record_standstill(
    work: "Work", lane: Leased, turn: Turn, why: Standstill, *, settings: "BridgeSettings"
) -> None:
    """Record why the lane goes no further now. Raises LeaseLost."""
    event = event_of(lane, turn)
    match why:
        case Later():
            await _later(work, lane, event, why, settings)
        case Waits():
            if await record_waits(work, [(lane, turn, why)]):
                raise LeaseLost(lane)
        case Asks():
            await _ask(work, lane, event, why)
        case Denied():
            await _deny(work, lane, event, why)
        case Loops():
            await _loop(work, lane, turn, why)
        case _:
            await park(work, lane, event, reason=why.reason, detail=why.detail)


async def park(work: "Work", lane: Leased, event: Received, *, reason: str, detail: str) -> None:
    """Hold the lane for a person, and tell everyone (B33). Raises LeaseLost."""
    row = await queries.park(work.sql, lane, reason=reason, detail=detail, version=event.aggversion)
    if row is None:
        raise LeaseLost(lane)
    await work.record(
        LaneParked(
            id=row["id"],
            version=row["version"],
            changed=["reason"],
            lane=lane.key,
            kind=row["kind"],
            subject=row["subject"],
            applied_version=row["applied_version"],
            pending=row["pending"],
            reason=reason,
        )
    )
    log.error("lane_parked", lane=lane.key, reason=reason, event_id=str(event.event_id))


async def _later(
    work: "Work", lane: Leased, event: Received, why: Later, settings: "BridgeSettings"
) -> None:
    """Try again after a pause, unless there were enough tries or time, whatever the reasons."""
    tried_out = why.exhaustible and lane.refusals >= settings.attempts_max
    if tried_out or lane.failing >= timedelta(hours=settings.failing_hours_max):
        await park(work, lane, event, reason=EXHAUSTED, detail=why.detail or why.reason)
        return
    pause = backoff_seconds(
        lane.attempts + 1,
        cap_seconds=settings.backoff_cap_seconds,
        retry_after_seconds=why.retry_after_seconds,
    )
    done = await queries.postpone(
        work.sql,
        lane,
        seconds=pause,
        failed=True,
        refused=why.exhaustible,
        reason=why.reason,
        detail=why.detail,
        version=event.aggversion,
    )
    _held(lane, done)


async def _ask(work: "Work", lane: Leased, event: Received, why: Asks) -> None:
    """Open a review and wait for it, unless the record was joined meanwhile (B52).

    Where the other half's record is under review because of this one, that answer is waited for.
    """
    flow = BY_EVENT[event.type]
    who = (flow.entity.name, flow.sender, event.subject)
    across = {one.id: identity.review_need(who[0], flow.target, one.id) for one in why.candidates}
    need = identity.review_need(*who)
    await identity.lock_needs(work, [need, *across.values()])
    known = await identity.acquaintances(work, flow.entity.name, flow.sender, [event.subject])
    if known and not why.of_a_pair:
        await queries.release(work.sql, [lane])
        return
    asked = None if known else await identity.asked_across(work, *who, why.candidates)
    if asked is not None:
        need = across[asked]
    else:
        await identity.ask(work, *who, why.candidates)
    wait = queries.Wait(lane, need, why.reason, event.aggversion)
    _held(lane, bool(await queries.wait_all(work.sql, [wait])))


async def _deny(work: "Work", lane: Leased, event: Received, why: Denied) -> None:
    """Pause the whole flow: the fault is the bridge's key, not the event (B31)."""
    done = await queries.postpone(
        work.sql,
        lane,
        seconds=0,
        failed=False,
        refused=False,
        reason=f"http_{why.status}",
        detail="",
        version=event.aggversion,
    )
    _held(lane, done)
    await queries.pause(work.sql, lane.kind, status=why.status, seconds=PAUSE_SECONDS)
    log.error("flow_paused", kind=lane.kind, status=why.status)


async def _loop(work: "Work", lane: Leased, turn: Turn, why: Loops) -> None:
    """Quarantine the event and go on behind it (B47)."""
    event = event_of(lane, turn)
    settled = _settled(lane, turn)
    settled.append(Settled(event, "quarantined", why.reason))
    await _finish(work, Finished(lane, event.version, settled))
    await inbox.quarantine(
        work,
        Quarantined(
            source=event.source,
            place=str(event.event_id),
            reason=why.reason,
            raw=event.data,
            headers={
                "type": event.type,
                "origin": event.origin,
                "hops": str(event.hops),
                "causationid": str(event.causationid),
                "correlationid": str(event.correlationid),
            },
            event=event,
        ),
    )


def event_of(lane: Leased, turn: Turn) -> Received:
    """The event whose turn it is. Raises ValueError when none has its turn."""
    if turn.carry is None:
        message = f"{lane.key}: no event has its turn"
        raise ValueError(message)
    return lane.events[turn.carry].received


def trace_of(lane: Leased, turn: Turn) -> Trace:
    """The trace of recording what came of the event."""
    event = event_of(lane, turn)
    return Trace.from_headers(
        {
            "traceparent": event.traceparent or "",
            "tandem-correlation-id": str(event.correlationid),
            "tandem-causation-id": str(event.event_id),
        }
    )


def _settled(lane: Leased, turn: Turn) -> list[Settled]:
    """What becomes of the events before the one that was carried."""
    stale = [_stale(lane.events[at].received) for at in turn.stale]
    return stale + [
        Settled(lane.events[at].received, "ignored", "superseded") for at in turn.superseded
    ]


def _stale(event: Received) -> Settled:
    return Settled(event, "ignored", "stale")


def _held(lane: Leased, done: bool) -> None:  # noqa: FBT001 - a statement's answer
    if not done:
        raise LeaseLost(lane)
