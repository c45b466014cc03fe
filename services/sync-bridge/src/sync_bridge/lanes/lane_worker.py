"""Delivers the next events of leased lanes, several of one kind at once, and records the outcomes.

Each lane is judged and recorded for itself: what goes wrong with one holds up no other (B33).
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chassis.storage.lost import LOST
from chassis.telemetry.logs import get_logger
from chassis.work.database import Database
from sync_bridge.flows import BY_EVENT, Flow
from sync_bridge.identity.errors import PairTaken
from sync_bridge.inbox.received import ReceivedEvent
from sync_bridge.lanes import queries, recording
from sync_bridge.lanes.deliverer import Deliverer
from sync_bridge.lanes.deliveries import Attempt, Delivered, Delivery
from sync_bridge.lanes.leasing import Leased
from sync_bridge.lanes.rules.queue import QueueStep, next_step
from sync_bridge.lanes.stopped import (
    DeliveryStopped,
    KeyRejected,
    Parked,
    RetryLater,
    WaitsForRecord,
)
from sync_bridge.settings import BridgeSettings

__all__ = ["LaneWorker"]

AWAY = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.InvalidTransactionStateError,
    asyncpg.PostgresSystemError,
    PoolTimeout,
    DBAPIError,
)
"""What passes when the database is back, or less busy. Anything else it says is about the row."""

AGAIN_SECONDS = 1.0
"""A lane is left alone for so long when the database went away while it was delivered."""

StartAlone: TypeAlias = Callable[[Leased, Coroutine[Any, Any, None]], None]
"""Lets a lane be delivered on by itself."""
DeliverBatch: TypeAlias = Callable[
    [Sequence[Delivery]], Awaitable[Sequence[Delivered | DeliveryStopped]]
]
"""Delivers several of one flow by calls for all of them."""
log = get_logger("sync_bridge.lanes")


@dataclass(frozen=True)
class LaneStep:
    """A lane and the event that is next."""

    lane: Leased
    step: QueueStep

    @property
    def event(self) -> ReceivedEvent:
        """The event."""
        return recording.event_of_step(self.lane, self.step)


def _attempt_of(one: LaneStep) -> Attempt:
    superseded = tuple(one.lane.events[at].received for at in one.step.superseded)
    history, version = one.lane.applied
    later_history = one.event.is_state and one.event.history > history
    changed_since = any(each.history == one.event.history for each in superseded)
    restored = later_history and not changed_since and one.event.aggversion <= version
    return Attempt(
        event=one.event,
        refusals=one.lane.refusals,
        decided=one.lane.version,
        superseded=superseded,
        skipped_versions=one.step.skipped_versions,
        restored=restored,
    )


Outcome: TypeAlias = tuple[LaneStep, Delivered | DeliveryStopped]


class LaneWorker:
    """Delivers leased lanes. One for all lanes of a process."""

    def __init__(self, database: Database, deliverer: Deliverer, settings: BridgeSettings) -> None:
        self._database = database
        self._deliverer = deliverer
        self._settings = settings
        self._calls = {half: asyncio.Semaphore(settings.concurrency) for half in ("crm", "erp")}

    async def deliver(self, lanes: Sequence[Leased], start_alone: StartAlone) -> None:
        """Deliver the next event of each lane; all are of one kind.

        What one call can tell is told here, at once. A lane that needs calls of its own is handed
        to `apart`.
        """
        patience = timedelta(seconds=self._settings.gap_seconds)
        try:
            going: dict[str, list[LaneStep]] = {}
            for lane in lanes:
                step = next_step(lane.events, applied=lane.applied, patience=patience)
                if step.deliver is None:
                    await self._skip_stale(lane, step)
                else:
                    one = LaneStep(lane, step)
                    going.setdefault(one.event.type, []).append(one)
            for event_type, some in going.items():
                await self._deliver_some(event_type, some, start_alone)
        except AWAY as away:
            await self.leave(lanes, away)

    async def leave(self, lanes: Sequence[Leased], away: BaseException) -> None:
        """The database went away: when it is back, give back what was not recorded.

        Until then the lanes are kept, so that the try is not counted as one.
        """
        for lane in lanes:
            log.warning("lane_interrupted", lane=lane.key, error=type(away).__name__)
        given_back = False
        while not given_back:
            await asyncio.sleep(AGAIN_SECONDS)
            given_back = await self.give_back(lanes)

    async def give_back(self, lanes: Sequence[Leased]) -> bool:
        """Let others deliver the lanes whose leases are still held; False: the database is lost."""
        try:
            async with self._database.driver() as sql:
                await queries.release(sql, lanes)
        except LOST:
            log.warning("leases_not_given_back", lanes=len(lanes))
            return False
        return True

    async def _skip_stale(self, lane: Leased, step: QueueStep) -> None:
        try:
            async with self._database.transaction() as work:
                await recording.skip_stale(work, lane, step)
        except recording.LeaseLost:
            log.warning("lease_lost", lane=lane.key)
        except AWAY:
            raise
        except Exception as raised:
            log.exception("lane_record_fault", lane=lane.key)
            await self._hold(lane, type(raised).__name__, version=lane.applied[1])

    async def _deliver_some(
        self, event_type: str, some: Sequence[LaneStep], start_alone: StartAlone
    ) -> None:
        flow = BY_EVENT.get(event_type)
        if flow is None:
            await self._record([(one, Parked("no_such_flow", event_type)) for one in some])
            return
        try:
            planned = await self._plan(flow, some)
        except KeyRejected as rejected:
            await self._refused(some, rejected)
            return
        await self._record([(one, it) for one, it in planned if not isinstance(it, Delivery)])
        ready = [(one, it) for one, it in planned if isinstance(it, Delivery)]
        at_once = [pair for pair in ready if pair[1].is_one_upsert]
        first = [pair for pair in ready if not pair[1].is_one_upsert]
        deliver_batch = self._deliverer.deliver_batch if flow.in_batches else None
        await self._deliver_ready(at_once, deliver_batch, start_alone)
        await self._deliver_ready(
            first, self._deliverer.first_sync if flow.in_batches else None, start_alone
        )

    async def _plan(
        self, flow: Flow, some: Sequence[LaneStep]
    ) -> list[tuple[LaneStep, Delivery | Delivered | DeliveryStopped]]:
        """What is to be done for each; what was tried too often without a word is put aside."""
        most = self._settings.attempts_max
        unrecorded: list[tuple[LaneStep, Delivery | Delivered | DeliveryStopped]] = [
            (one, Parked(recording.EXHAUSTED, "no outcome was recorded"))
            for one in some
            if one.lane.refusals > most
        ]
        fit = [one for one in some if one.lane.refusals <= most]
        tries = [_attempt_of(one) for one in fit]
        found = await self._deliverer.plan(flow, tries) if tries else []
        return [*unrecorded, *zip(fit, found, strict=True)]

    async def _deliver_ready(
        self,
        some: Sequence[tuple[LaneStep, Delivery]],
        deliver_batch: DeliverBatch | None,
        start_alone: StartAlone,
    ) -> None:
        """Deliver several at once and record each; alone where that is not to be."""
        if deliver_batch and len(some) > 1 and await self._delivered_together(some, deliver_batch):
            return
        for one, delivery in some:
            start_alone(one.lane, self._deliver_alone(one, delivery))

    async def _delivered_together(
        self, some: Sequence[tuple[LaneStep, Delivery]], deliver_batch: DeliverBatch
    ) -> bool:
        """Deliver by calls for all and record each; False when each is to be delivered alone."""
        try:
            result = await deliver_batch([delivery for _, delivery in some])
        except KeyRejected as rejected:
            await self._refused([one for one, _ in some], rejected)
            return True
        except DeliveryStopped:
            return False
        except AWAY:
            raise
        except Exception:  # a fault of ours with one of them stops not the others
            log.exception("lanes_fault", lanes=len(some))
            return False
        await self._record([(one, what) for (one, _), what in zip(some, result, strict=True)])
        return True

    async def _refused(self, some: Sequence[LaneStep], rejected: KeyRejected) -> None:
        """The bridge's key is refused: said once, and nothing is counted against any lane."""
        first, *others = some
        await self._record([(first, rejected)])
        await self.give_back([one.lane for one in others])

    async def _deliver_alone(self, one: LaneStep, delivery: Delivery) -> None:
        """Deliver an event by calls of its own, outside every transaction, and record it."""
        try:
            async with self._calls[delivery.calls.flow.target]:
                result = await self._deliver_caught(one, delivery)
            await self._record_one(one, result)
        except AWAY as away:
            await self.leave([one.lane], away)

    async def _deliver_caught(
        self, one: LaneStep, delivery: Delivery
    ) -> Delivered | DeliveryStopped:
        try:
            return await self._deliverer.deliver(delivery)
        except DeliveryStopped as why:
            return why
        except AWAY:
            raise
        except Exception as raised:  # a fault of ours stops one lane, not all
            log.exception("lane_fault", lane=one.lane.key, event_id=str(one.event.event_id))
            return RetryLater("internal_error", type(raised).__name__, counts_as_refusal=True)

    async def _record(self, outcomes: Sequence[Outcome]) -> None:
        """Record what came of each: effects all at once, waits all at once, the others alone."""
        effects = [
            (one.lane, one.step, result)
            for one, result in outcomes
            if isinstance(result, Delivered)
        ]
        waits = [
            (one.lane, one.step, result)
            for one, result in outcomes
            if isinstance(result, WaitsForRecord)
        ]
        recorded = await self._record_some(effects, recording.record_effects)
        recorded |= await self._record_some(waits, recording.record_waits)
        for one, result in outcomes:
            if one.lane.key not in recorded:
                await self._record_one(one, result)

    async def _record_some(
        self, some: Sequence[tuple[Leased, QueueStep, Any]], record: Callable[..., Any]
    ) -> set[str]:
        """The keys of the lanes that are seen to; none when one of them cannot be recorded."""
        if len(some) < 2:  # noqa: PLR2004 - alone it is recorded alone
            return set()
        try:
            async with self._database.transaction() as work:
                lost = await record(work, some)
        except (PairTaken, recording.LeaseLost):
            return set()
        except AWAY:
            raise
        except Exception:
            log.exception("lanes_record_fault", lanes=len(some))
            return set()
        for lane in lost:
            log.warning("lease_lost", lane=lane.key)
        return {lane.key for lane, _, _ in some}

    async def _record_one(self, one: LaneStep, result: Delivered | DeliveryStopped) -> None:
        if isinstance(result, DeliveryStopped):
            log.info("lane_stands", lane=one.lane.key, why=result.reason)
        try:
            await self._write(one, result)
        except PairTaken as taken:
            both = " ".join(f"{name}:{value}" for name, value in taken.facts.items())
            await self._record_one(one, Parked(taken.code, both))
        except recording.LeaseLost:
            log.warning("lease_lost", lane=one.lane.key)
        except AWAY:
            raise
        except Exception as raised:  # what came of it cannot be recorded: that is recorded
            log.exception("lane_record_fault", lane=one.lane.key)
            await self._record_fault(one, type(raised).__name__)

    async def _record_fault(self, one: LaneStep, fault: str) -> None:
        """Count the try. Where not even that can be told, hold the lane without telling anyone.

        The call may have had its effect; it is repeated safely, by version and key, until the
        tries are over.
        """
        try:
            await self._write(one, RetryLater("internal_error", fault, counts_as_refusal=True))
        except recording.LeaseLost:
            log.warning("lease_lost", lane=one.lane.key)
        except AWAY:
            raise
        except Exception:
            log.exception("lane_record_fault", lane=one.lane.key)
            await self._hold(one.lane, fault, version=one.event.aggversion)

    async def _hold(self, lane: Leased, fault: str, *, version: int) -> None:
        log.error("lane_held", lane=lane.key, reason="internal_error", fault=fault)
        async with self._database.driver() as sql:
            await queries.park(sql, lane, reason="internal_error", detail=fault, version=version)

    async def _write(self, one: LaneStep, result: Delivered | DeliveryStopped) -> None:
        async with self._database.transaction(
            trace=recording.trace_of_step(one.lane, one.step)
        ) as work:
            if isinstance(result, Delivered):
                await recording.record_delivered(work, one.lane, one.step, result)
            else:
                await recording.record_stopped(
                    work, one.lane, one.step, result, settings=self._settings
                )
