"""What a worker process runs: sequencer, relay, jobs, clock, and the service's own lanes."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable

from chassis.events.sequencer import Sequencer
from chassis.events.wakeup import Wakeups
from chassis.service import Schedule, ServiceContext
from chassis.storage.lost import LOST
from chassis.telemetry.logs import get_logger
from chassis.telemetry.metrics import Metrics
from chassis.worker import housekeeping
from chassis.worker.jobs import Worker
from chassis.worker.outbox_upkeep import UPKEEP_EVERY, UPKEEP_KIND, outbox_upkeep
from chassis.worker.relaying import relay_for

__all__ = ["jobs_worker", "run_worker"]

AGAIN_SECONDS = 1.0
log = get_logger("chassis.worker")


async def run_worker(here: ServiceContext, wakeups: Wakeups, metrics: Metrics | None) -> None:
    """Run everything behind the API until cancelled; an unforeseen error of one part ends all.

    Any number of workers may run: sequencer and relay work in one of them, jobs in all.
    """
    service, connect = here.service, here.database.connect_driver
    holder = f"{socket.gethostname()}:{os.getpid()}"
    relay = relay_for(service, here.settings, connect, wakeups)
    log.info("worker_started", holder=holder, relay=relay is not None)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(Sequencer(connect, wakeups, holder=holder).run(), name="sequencer")
        tasks.create_task(jobs_worker(here, wakeups, metrics).run(), name="jobs")
        if relay:
            tasks.create_task(relay.run(), name="relay")
        for run in service.background:
            tasks.create_task(_forever(run, here))


async def _forever(
    run: Callable[[ServiceContext], Awaitable[None]], context: ServiceContext
) -> None:
    """Run a part of the service; a database lost while it begins is waited for."""
    while True:
        try:
            return await run(context)
        except LOST as lost:
            log.warning("background_interrupted", task=run.__name__, error=repr(lost))
            await asyncio.sleep(AGAIN_SECONDS)


def jobs_worker(here: ServiceContext, wakeups: Wakeups, metrics: Metrics | None = None) -> Worker:
    """The worker of the service's jobs and schedules, and of those every service has."""
    service, settings = here.service, here.settings
    handlers = {
        housekeeping.KIND: housekeeping.housekeeping(settings.idempotency_days),
        UPKEEP_KIND: outbox_upkeep(
            settings.outbox_retention_days,
            consumer_days=settings.feed_consumer_days,
            relays=settings.brokers is not None,
        ),
        **service.jobs,
    }
    schedules = (
        Schedule(housekeeping.KIND, housekeeping.EVERY, housekeeping.KIND),
        Schedule(UPKEEP_KIND, UPKEEP_EVERY, UPKEEP_KIND),
        *service.schedules,
    )
    return Worker(
        here.database,
        handlers=handlers,
        schedules=schedules,
        signal=wakeups.asked,
        metrics=metrics,
    )
