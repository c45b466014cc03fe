"""The dispatcher: leases lanes that are due and carries several at the same time.

Lanes are independent, so a slow or failing one holds up nobody else (B33). Killed at any moment,
it leaves leases that run out and calls that are safe to repeat.
"""

import asyncio
import contextlib
from collections.abc import Coroutine
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from chassis.storage.lost import LOST
from chassis.telemetry.logs import get_logger
from sync_bridge.bells import ARRIVED, SETTLED
from sync_bridge.flows import BY_EVENT
from sync_bridge.identity.errors import PairTaken
from sync_bridge.lanes import queries, service
from sync_bridge.lanes.carrier import Carried, Carrier
from sync_bridge.lanes.queries import Leased
from sync_bridge.lanes.rules.order import Turn, next_turn
from sync_bridge.lanes.standstill import Later, Parks, Standstill

if TYPE_CHECKING:
    from chassis.storage.database import Database
    from sync_bridge.settings import BridgeSettings

__all__ = ["Dispatcher"]

T = TypeVar("T")

LOOK_SECONDS = 1.0
"""The dispatcher looks this often for what other processes took in, or left behind."""
SPARE_SECONDS = 0.002
"""A lane that is due is looked for a little later, so that it is due by the database's clock."""
STOP_SECONDS = 5.0
"""Time for calls under way to end after a stop."""

log = get_logger("sync_bridge.lanes")


class Dispatcher:
    """Carries lanes. `run` until cancelled, or `drain` until none is ready."""

    def __init__(self, database: "Database", carrier: Carrier, settings: "BridgeSettings") -> None:
        self._database = database
        self._carrier = carrier
        self._settings = settings
        self._running: dict[asyncio.Task[None], Leased] = {}
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Carry until cancelled; then let calls under way end, and give the leases back (B29)."""
        keeping = asyncio.create_task(self._keep_leases())
        try:
            while True:
                heard = ARRIVED.rings
                await ARRIVED.wait(heard, await _whole(self._look()))
        finally:
            self._stopping.set()
            await keeping
            await self._stop()

    async def drain(self) -> None:
        """Carry until nothing is ready any more; what is to be tried later is left."""
        while True:
            await self._claim()
            if not self._running:
                return
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)

    async def _look(self) -> float:
        """Lease what is due; the seconds until there may be more."""
        try:
            if await self._claim():
                return 0.0 if len(self._running) < self._settings.concurrency else LOOK_SECONDS
            async with self._database.driver() as sql:
                due = await queries.next_due(sql)
        except LOST as broken:
            log.warning("lanes_interrupted", error=type(broken).__name__)
            return LOOK_SECONDS
        if due is None or len(self._running) >= self._settings.concurrency:
            return LOOK_SECONDS
        return min(max(due, 0.0) + SPARE_SECONDS, LOOK_SECONDS)

    async def _claim(self) -> int:
        free = self._settings.concurrency - len(self._running)
        if free <= 0:
            return 0
        async with self._database.driver() as sql:
            leased = await queries.claim(
                sql, at_most=free, lease_seconds=self._settings.lease_seconds
            )
        for lane in leased:
            task = asyncio.create_task(self._carry(lane), name=f"lane {lane.key}")
            self._running[task] = lane
            task.add_done_callback(self._done)
        return len(leased)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._running.pop(task, None)
        if not task.cancelled() and (raised := task.exception()):
            log.error("lane_failed", lane=task.get_name(), exc_info=raised)
        ARRIVED.hear()
        SETTLED.hear()

    async def _carry(self, lane: Leased) -> None:
        """Carry the lane's next event, and record what came of it."""
        patience = timedelta(seconds=self._settings.gap_seconds)
        turn = next_turn(lane.events, applied=lane.applied_version, patience=patience)
        try:
            await self._carry_turn(lane, turn)
        except service.LeaseLost:
            log.warning("lease_lost", lane=lane.key)
        except LOST as broken:
            log.warning("lane_interrupted", lane=lane.key, error=type(broken).__name__)
            await asyncio.sleep(LOOK_SECONDS)
            await self._give_back([lane])

    async def _carry_turn(self, lane: Leased, turn: Turn) -> None:
        if turn.carry is None:
            async with self._database.transaction() as work:
                await service.pass_over(work, lane, turn)
            return
        came = await self._try(lane, turn)
        try:
            await self._record(lane, turn, came)
        except PairTaken as taken:
            both = " ".join(f"{name}:{value}" for name, value in taken.facts.items())
            await self._record(lane, turn, Parks(taken.code, both))

    async def _try(self, lane: Leased, turn: Turn) -> Carried | Standstill:
        """Carry the event whose turn it is, outside every transaction."""
        event = service.event_of(lane, turn)
        flow = BY_EVENT.get(event.type)
        if flow is None:
            return Parks("no_such_flow", event.type)
        try:
            return await self._carrier.carry(event, flow, attempts=lane.attempts)
        except Standstill as why:
            log.info("lane_stands", lane=lane.key, event_id=str(event.event_id), why=why.reason)
            return why
        except LOST:
            raise
        except Exception as raised:  # a fault of ours stops one lane, not all
            log.exception("lane_fault", lane=lane.key, event_id=str(event.event_id))
            return Later("internal_error", type(raised).__name__, exhaustible=True)

    async def _record(self, lane: Leased, turn: Turn, came: Carried | Standstill) -> None:
        async with self._database.transaction(trace=service.trace_of(lane, turn)) as work:
            if isinstance(came, Carried):
                await service.record_carried(work, lane, turn, came)
            else:
                await service.record_standstill(work, lane, turn, came, settings=self._settings)

    async def _keep_leases(self) -> None:
        """Say now and then that the lanes under way are still being carried."""
        while not await _set_within(self._stopping, self._settings.lease_seconds / 3):
            lanes = list(self._running.values())
            try:
                async with self._database.driver() as sql:
                    await queries.extend(sql, lanes, lease_seconds=self._settings.lease_seconds)
            except LOST as broken:
                log.warning("leases_not_extended", error=type(broken).__name__)

    async def _stop(self) -> None:
        tasks, lanes = list(self._running), list(self._running.values())
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        await self._give_back(lanes)

    async def _give_back(self, lanes: list[Leased]) -> None:
        try:
            async with self._database.driver() as sql:
                await queries.release(sql, lanes)
        except LOST:
            log.warning("leases_not_given_back", lanes=len(lanes))


async def _whole(work: Coroutine[Any, Any, T]) -> T:
    """Let the work end although a stop comes: a connection cut off half-way would be lost."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    """Whether the event is set before the time is up."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()
