"""The dispatcher: leases lanes that are due and lets them be delivered side by side.

Lanes are independent, so a slow or failing one holds up nobody else (B33). Of each kind one batch
of lanes is under way at a time, and one of late lanes beside it: what becomes due meanwhile is the
next batch, which is larger the busier the bridge is. Killed at any moment, it leaves leases that
run out and calls that are safe to repeat.
"""

import asyncio
import contextlib
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any, TypeVar, cast

from chassis.service import ServiceContext
from chassis.storage.lost import LOST
from chassis.telemetry.logs import get_logger
from chassis.work.database import Database
from sync_bridge.lanes import leasing, queries
from sync_bridge.lanes.calls import Halves
from sync_bridge.lanes.deliverer import Deliverer
from sync_bridge.lanes.lane_worker import LaneWorker
from sync_bridge.lanes.leasing import LaneClass, Leased
from sync_bridge.settings import BridgeSettings
from sync_bridge.signals import ARRIVED, SETTLED
from sync_bridge.targets import HttpTarget

__all__ = ["Dispatcher", "deliver_lanes", "dispatcher"]

T = TypeVar("T")

LOOK_SECONDS = 1.0
"""The dispatcher looks this often for what other processes took in, or left behind."""
SPARE_SECONDS = 0.002
"""A lane that is due is looked for a little later, so that it is due by the database's clock."""
STOP_SECONDS = 5.0
"""Time for calls under way to end after a stop."""
BATCH_SIZE = 100
"""Lanes taken at a time."""
BATCHES_MAX = 4
"""Lanes leased at a time, in batches."""

log = get_logger("sync_bridge.lanes")


class Dispatcher:
    """Delivers lanes. `run` until cancelled, or `drain` until none is ready."""

    def __init__(
        self, database: Database, deliverer: "Deliverer", settings: BridgeSettings
    ) -> None:
        self._database = database
        self._settings = settings
        self._worker = LaneWorker(database, deliverer, settings)
        self._running: dict[asyncio.Task[None], Sequence[Leased]] = {}
        self._busy: set[LaneClass] = set()
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Deliver until cancelled; then let calls under way end, and give the leases back (B29)."""
        keeping = asyncio.create_task(self._keep_leases())
        try:
            while True:
                seen = ARRIVED.count
                await ARRIVED.wait(seen, await _whole(self._lease_due()))
        finally:
            self._stopping.set()
            await keeping
            await self._stop()

    async def drain(self) -> None:
        """Deliver until nothing is ready any more; what is to be tried later is left."""
        while True:
            await self._claim()
            if not self._running:
                return
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)

    async def _lease_due(self) -> float:
        """Lease what is due; the seconds until there may be more."""
        try:
            if await self._claim():
                return 0.0 if self._free else LOOK_SECONDS
            async with self._database.driver() as sql:
                due = await leasing.next_due(sql, excluding=self._busy)
        except LOST as broken:
            log.warning("lanes_interrupted", error=type(broken).__name__)
            return LOOK_SECONDS
        if due is None or not self._free:
            return LOOK_SECONDS
        return min(max(due, 0.0) + SPARE_SECONDS, LOOK_SECONDS)

    @property
    def _free(self) -> int:
        """How many lanes may be leased now."""
        return min(BATCH_SIZE, BATCH_SIZE * BATCHES_MAX - sum(map(len, self._running.values())))

    async def _claim(self) -> int:
        """Lease lanes and let them be delivered: fresh ones of a kind together, others alone."""
        if self._free <= 0:
            return 0
        async with self._database.driver() as sql:
            leased = await leasing.claim(
                sql,
                at_most=self._free,
                lease_seconds=self._settings.lease_seconds,
                excluding=self._busy,
            )
        fresh: dict[LaneClass, list[Leased]] = {}
        for lane in leased:
            if lane.fresh:
                fresh.setdefault((lane.kind, lane.late), []).append(lane)
            else:
                self._start([lane], self._worker.deliver([lane], self._apart))
        for one, lanes in fresh.items():
            self._busy.add(one)
            self._start(lanes, self._deliver_batch(one, lanes))
        return len(leased)

    async def _deliver_batch(self, of: LaneClass, lanes: Sequence[Leased]) -> None:
        try:
            await self._worker.deliver(lanes, self._apart)
        finally:
            self._busy.discard(of)

    def _apart(self, lane: Leased, delivering: Coroutine[Any, Any, None]) -> None:
        self._start([lane], delivering)

    def _start(self, lanes: Sequence[Leased], delivering: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(delivering, name=", ".join(lane.key for lane in lanes))
        self._running[task] = lanes
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._running.pop(task, None)
        if not task.cancelled() and (raised := task.exception()):
            log.error("lane_failed", lane=task.get_name(), exc_info=raised)
        ARRIVED.wake()
        SETTLED.wake()

    async def _keep_leases(self) -> None:
        """Say now and then that the lanes under way are still being delivered."""
        while not await _set_within(self._stopping, self._settings.lease_seconds / 3):
            lanes = _all(self._running.values())
            try:
                async with self._database.driver() as sql:
                    await queries.extend(sql, lanes, lease_seconds=self._settings.lease_seconds)
            except LOST as broken:
                log.warning("leases_not_extended", error=type(broken).__name__)

    async def _stop(self) -> None:
        """Let what is under way end for a while; then cut it off and give its leases back."""
        lanes = _all(self._running.values())
        deadline = asyncio.get_running_loop().time() + STOP_SECONDS
        while self._running and (left := deadline - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(list(self._running), timeout=left)
        late = list(self._running)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        if lanes:
            await self._worker.give_back(lanes)


def _all(batches: Iterable[Sequence[Leased]]) -> list[Leased]:
    return [lane for batch in batches for lane in batch]


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


async def deliver_lanes(context: ServiceContext) -> None:
    """Deliver lanes until cancelled; with a half unknown there is nothing to do."""
    settings = cast("BridgeSettings", context.settings)
    crm, erp = HttpTarget.of(settings, "crm"), HttpTarget.of(settings, "erp")
    if crm is None or erp is None:
        return
    try:
        await (await dispatcher(context.database, {"crm": crm, "erp": erp}, settings)).run()
    finally:
        await crm.close()
        await erp.close()


async def dispatcher(database: Database, halves: Halves, settings: BridgeSettings) -> Dispatcher:
    """A dispatcher for the two halves, known by the installation's own id."""
    async with database.driver() as sql:
        bridge = await sql.fetchval("select id from installation")
    return Dispatcher(database, Deliverer(database, halves, bridge=bridge), settings)
