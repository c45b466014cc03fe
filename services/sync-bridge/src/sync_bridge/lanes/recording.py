"""Acts on lanes: record what delivering an event came to, and move lanes that are stopped.

Every record of an outcome is one transaction, fenced by the epoch of the lane's lease (B25).
"""

from collections.abc import Sequence
from datetime import timedelta

from chassis.telemetry.logs import get_logger
from chassis.telemetry.trace import Trace
from chassis.work.unit_of_work import Work
from sync_bridge.flows import BY_EVENT
from sync_bridge.identity import service as identity
from sync_bridge.identity.errors import PairTaken
from sync_bridge.inbox import service as inbox
from sync_bridge.inbox.received import Quarantined, ReceivedEvent
from sync_bridge.lanes import left as left_lanes
from sync_bridge.lanes import queries
from sync_bridge.lanes.deliveries import Delivered
from sync_bridge.lanes.erasing import forget_persons
from sync_bridge.lanes.events import LaneParked
from sync_bridge.lanes.leasing import Leased
from sync_bridge.lanes.queries import Finished, Settled
from sync_bridge.lanes.rules.queue import QueueStep
from sync_bridge.lanes.rules.retry import backoff_seconds
from sync_bridge.lanes.stopped import (
    DeliveryStopped,
    KeyRejected,
    LoopDetected,
    RetryLater,
    ReviewNeeded,
    WaitsForRecord,
)
from sync_bridge.settings import BridgeSettings
from sync_bridge.states import EventOutcome, EventState

__all__ = [
    "EXHAUSTED",
    "LeaseLost",
    "event_of_step",
    "park",
    "record_delivered",
    "record_effects",
    "record_stopped",
    "record_waits",
    "skip_stale",
    "trace_of_step",
]

PAUSE_SECONDS = 15.0
EXHAUSTED = "retries_exhausted"
log = get_logger("sync_bridge.lanes")


class LeaseLost(Exception):
    """Another process delivers the lane by now; what was to be recorded is not (B25)."""

    def __init__(self, lane: Leased) -> None:
        super().__init__(lane.key)


async def skip_stale(work: Work, lane: Leased, step: QueueStep) -> None:
    """Settle stale events, and wait for a missing version if there is one (B20)."""
    stale = [_stale(lane.events[at].received) for at in step.stale]
    await _finish(work, Finished(lane, lane.applied, stale))
    if step.gap is not None:
        await queries.delay(work.sql, lane, seconds=step.gap.total_seconds())


async def record_delivered(work: Work, lane: Leased, step: QueueStep, delivered: Delivered) -> None:
    """Record an effect: events done, watermark, pair and shadows, and wake who waits for it.

    Raises LeaseLost, PairTaken.
    """
    if await record_effects(work, [(lane, step, delivered)]):
        raise LeaseLost(lane)


async def record_effects(
    work: Work, results: Sequence[tuple[Leased, QueueStep, Delivered]]
) -> list[Leased]:
    """Record effects all at once; returns the lanes whose lease was lost.

    Raises PairTaken and LeaseLost when a pair cannot be recorded: then nothing is.
    """
    joined = {lane.key: delivered.joined for lane, _, delivered in results if delivered.joined}
    woken: list[str] = []
    if joined:
        pairs = list(joined.values())
        woken = [need for one in pairs for need in identity.needs_of_pair(one)]
        await identity.lock_needs(work, woken)
        taken, affected = await identity.record_pairs(work, pairs)
        for one in taken:
            raise PairTaken(entity=one.entity, crm_id=one.crm_id, erp_id=one.erp_id)
        woken += affected
        await queries.lock_lanes(work.sql, list(joined), woken)
    if erased := [one for _, _, delivered in results for one in delivered.erased]:
        await forget_persons(work, erased)
    held = await queries.finish(work.sql, [_finished(*one) for one in results])
    lost = [lane for lane, _, _ in results if lane.key not in held]
    for lane in lost:
        if lane.key in joined:
            raise LeaseLost(lane)
    if woken:
        await queries.wake(work.sql, woken)
        await left_lanes.take_up(work.sql, woken)
    return lost


async def record_waits(
    work: Work, waiting: Sequence[tuple[Leased, QueueStep, WaitsForRecord]]
) -> list[Leased]:
    """Let lanes wait for records, all at once; returns the lanes whose lease was lost.

    One whose record came across while this was being found out looks again (B54). What is told of
    a record that does not cross, such as the stock of an item that is not sold, does not either.
    """
    await identity.lock_needs(work, sorted({str(why.need) for _, _, why in waiting}))
    across = await identity.twins_of(work, [why.need for _, _, why in waiting])
    again = [lane for lane, _, why in waiting if (why.need.entity, why.need.id) in across]
    await queries.release(work.sql, again)
    left = await _left(work, [one for one in waiting if one[0] not in again])
    keys = {lane.key for lane in (*again, *left)}
    wait = [
        queries.Wait(lane, str(why.need), why.reason, event_of_step(lane, step).aggversion)
        for lane, step, why in waiting
        if lane.key not in keys
    ]
    held = await queries.wait_all(work.sql, wait)
    return [one.lane for one in wait if one.lane.key not in held]


async def _left(
    work: Work, waiting: Sequence[tuple[Leased, QueueStep, WaitsForRecord]]
) -> list[Leased]:
    """Settle what follows a record that does not cross; the lanes of which that is all."""
    follows = [one for one in waiting if BY_EVENT[event_of_step(*one[:2]).type].follows]
    keys = {one[0].key: one[2].need.lane for one in follows}
    settled = await left_lanes.settled_lanes(work.sql, list(keys.values()))
    left = [one for one in follows if keys[one[0].key] in settled]
    finished = []
    for lane, step, _ in left:
        version = event_of_step(lane, step).version
        finished.append(_finished(lane, step, Delivered(EventOutcome.NOT_CARRIED, version)))
    if finished:
        done = await queries.finish(work.sql, finished)
        needs = {lane.key: str(why.need) for lane, _, why in left if lane.key in done}
        await left_lanes.leave(work.sql, needs)
    return [lane for lane, _, _ in left]


def _finished(lane: Leased, step: QueueStep, delivered: Delivered) -> Finished:
    event = event_of_step(lane, step)
    passed = {EventOutcome.NOT_CARRIED, EventOutcome.RESTORED}
    state = EventState.IGNORED if delivered.outcome in passed else EventState.DONE
    settled = [*_settled(lane, step), Settled(event, state, delivered.outcome)]
    called = delivered.outcome == EventOutcome.APPLIED
    version = max(event.version, delivered.version)
    return Finished(lane, version, settled, delivered.shadows, called)


async def _finish(work: Work, finished: Finished) -> None:
    _require_lease(finished.lane, bool(await queries.finish(work.sql, [finished])))


async def record_stopped(
    work: Work, lane: Leased, step: QueueStep, why: DeliveryStopped, *, settings: BridgeSettings
) -> None:
    """Record why the lane goes no further now. Raises LeaseLost."""
    event = event_of_step(lane, step)
    match why:
        case RetryLater():
            await _later(work, lane, event, why, settings)
        case WaitsForRecord():
            if await record_waits(work, [(lane, step, why)]):
                raise LeaseLost(lane)
        case ReviewNeeded():
            await _ask(work, lane, event, why)
        case KeyRejected():
            await _deny(work, lane, event, why)
        case LoopDetected():
            await _loop(work, lane, step, why)
        case _:
            await park(work, lane, event, reason=why.reason, detail=why.detail)


async def park(work: Work, lane: Leased, event: ReceivedEvent, *, reason: str, detail: str) -> None:
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
    work: Work, lane: Leased, event: ReceivedEvent, why: RetryLater, settings: BridgeSettings
) -> None:
    """Try again after a pause, unless there were enough tries or time, whatever the reasons."""
    exhausted = why.counts_as_refusal and lane.refusals >= settings.attempts_max
    if exhausted or lane.failing >= timedelta(hours=settings.failing_hours_max):
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
        refused=why.counts_as_refusal,
        reason=why.reason,
        detail=why.detail,
        version=event.aggversion,
    )
    _require_lease(lane, done)


async def _ask(work: Work, lane: Leased, event: ReceivedEvent, why: ReviewNeeded) -> None:
    """Open a review and wait for it, unless the record was joined meanwhile (B52).

    Where the other half's record is under review because of this one, that answer is waited for.
    """
    flow = BY_EVENT[event.type]
    who = (flow.entity.name, flow.sender, event.subject)
    across = {one.id: identity.review_need(who[0], flow.target, one.id) for one in why.candidates}
    need = identity.review_need(*who)
    await identity.lock_needs(work, [need, *across.values()])
    known = await identity.linked_records(work, flow.entity.name, flow.sender, [event.subject])
    if known and not why.already_linked:
        await queries.release(work.sql, [lane])
        return
    asked = None if known else await identity.review_across(work, *who, why.candidates)
    if asked is not None:
        need = across[asked]
    else:
        await identity.open_review(work, *who, why.candidates)
    wait = queries.Wait(lane, need, why.reason, event.aggversion)
    _require_lease(lane, bool(await queries.wait_all(work.sql, [wait])))


async def _deny(work: Work, lane: Leased, event: ReceivedEvent, why: KeyRejected) -> None:
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
    _require_lease(lane, done)
    await queries.pause(work.sql, lane.kind, status=why.status, seconds=PAUSE_SECONDS)
    log.error("flow_paused", kind=lane.kind, status=why.status)


async def _loop(work: Work, lane: Leased, step: QueueStep, why: LoopDetected) -> None:
    """Quarantine the event and go on behind it (B47)."""
    event = event_of_step(lane, step)
    settled = _settled(lane, step)
    settled.append(Settled(event, EventState.QUARANTINED, why.outcome))
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


def event_of_step(lane: Leased, step: QueueStep) -> ReceivedEvent:
    """The event that is next. Raises ValueError when none is next."""
    if step.deliver is None:
        message = f"{lane.key}: no event has its turn"
        raise ValueError(message)
    return lane.events[step.deliver].received


def trace_of_step(lane: Leased, step: QueueStep) -> Trace:
    """The trace of recording what came of the event."""
    event = event_of_step(lane, step)
    return Trace.from_headers(
        {
            "traceparent": event.traceparent or "",
            "tandem-correlation-id": str(event.correlationid),
            "tandem-causation-id": str(event.event_id),
        }
    )


def _settled(lane: Leased, step: QueueStep) -> list[Settled]:
    """What becomes of the events before the one that was delivered."""
    stale = [_stale(lane.events[at].received) for at in step.stale]
    return stale + [
        Settled(lane.events[at].received, EventState.IGNORED, EventOutcome.SUPERSEDED)
        for at in step.superseded
    ]


def _stale(event: ReceivedEvent) -> Settled:
    return Settled(event, EventState.IGNORED, EventOutcome.STALE)


def _require_lease(lane: Leased, done: bool) -> None:  # noqa: FBT001 - a statement's answer
    if not done:
        raise LeaseLost(lane)
