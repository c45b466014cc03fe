"""The worker: runs jobs, each in a transaction of its own.

A job is marked done in the transaction of its effects, so it is tried at least once and takes
effect once, whatever dies at whichever moment.
"""

import asyncio
from collections.abc import Mapping, Sequence

from chassis.actor import SYSTEM
from chassis.clock import utc_now
from chassis.events.wakeup import Signal
from chassis.jobs import queue
from chassis.service import JobHandler, Schedule
from chassis.storage.connections import milliseconds
from chassis.storage.lost import LOST, DatabaseLost
from chassis.telemetry.logs import get_logger
from chassis.telemetry.metrics import Metrics
from chassis.work.database import Database
from chassis.worker import schedules

__all__ = ["Worker"]

CONCURRENCY = 4
POLL_SECONDS = 1.0
CLOCK_SECONDS = 5.0
_TIMEOUT = "select set_config('statement_timeout', $1, true)"
log = get_logger("chassis.jobs")


class Lost(Exception):
    """Another worker has the job; everything done here for it is rolled back."""


class Worker:
    """Runs the jobs and the clock of a service. `run` until cancelled."""

    def __init__(
        self,
        database: Database,
        *,
        handlers: Mapping[str, JobHandler],
        schedules: Sequence[Schedule] = (),
        signal: Signal | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._database = database
        self._handlers = handlers
        self._schedules = schedules
        self._signal = signal or Signal()
        self._metrics = metrics

    async def run(self) -> None:
        """Work until cancelled; a lost database connection is waited for."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._run_jobs())
            both.create_task(self._run_clock())

    async def once(self) -> int:
        """Run every job that is due now; how many were tried."""
        tried = 0
        while claimed := await self._claim():
            async with asyncio.TaskGroup() as attempts:
                for job in claimed:
                    attempts.create_task(self._attempt(job))
            tried += len(claimed)
        return tried

    async def _run_jobs(self) -> None:
        while True:
            seen = self._signal.count
            try:
                await self.once()
            except LOST as broken:
                log.warning("jobs_interrupted", error=repr(broken))
            await self._signal.wait(seen, POLL_SECONDS)

    async def _run_clock(self) -> None:
        while True:
            try:
                async with self._database.driver() as sql:
                    due = await schedules.enqueue_due(sql, self._schedules, now=utc_now())
            except LOST as broken:
                log.warning("clock_interrupted", error=repr(broken))
            else:
                if due:
                    self._signal.wake()
            await asyncio.sleep(CLOCK_SECONDS)

    async def _claim(self) -> list[queue.ClaimedJob]:
        async with self._database.driver() as sql:
            kinds = list(self._handlers)
            return await queue.claim(sql, kinds=kinds, now=utc_now(), limit=CONCURRENCY)

    async def _attempt(self, job: queue.ClaimedJob) -> None:
        try:
            await self._act(job)
            outcome = "done"
        except Lost:
            outcome = "lost"
        except DatabaseLost as away:
            outcome = await self._wait_for_database(job, away)
        except asyncio.CancelledError:
            await asyncio.shield(self._give_back(job))
            raise
        except Exception as raised:  # noqa: BLE001 - whatever a handler raises is its job's failure
            outcome = await self._note_failure(job, raised)
        if self._metrics:
            self._metrics.job(job.kind, outcome)
        log.info("job", kind=job.kind, job_id=str(job.id), attempt=job.attempt, outcome=outcome)

    async def _act(self, job: queue.ClaimedJob) -> None:
        begun = False
        try:
            async with self._database.transaction(actor=SYSTEM, trace=job.trace) as work:
                begun = True
                longer = milliseconds(work.setting.settings.job_timeout_seconds)
                await work.sql.execute(_TIMEOUT, longer)
                if not await queue.finish(work.sql, job, now=utc_now()):
                    raise Lost
                await self._handlers[job.kind](work, job.payload)
        except LOST as away:
            if begun:  # the job's own trouble, unless its connection is gone
                raise
            raise DatabaseLost from away

    async def _wait_for_database(self, job: queue.ClaimedJob, away: DatabaseLost) -> str:
        """Give the job back when the database is there again: its loss is no failure of a job."""
        why = repr(away.__cause__)
        log.warning("job_interrupted", kind=job.kind, job_id=str(job.id), error=why)
        given_back = await self._give_back(job)
        while not given_back:
            await asyncio.sleep(POLL_SECONDS)
            given_back = await self._give_back(job)
        return "lost"

    async def _give_back(self, job: queue.ClaimedJob) -> bool:
        """Let any worker have the job at once; False: the database is not there."""
        try:
            async with self._database.driver() as sql:
                await queue.give_back(sql, job)
        except LOST:
            log.warning("job_not_given_back", kind=job.kind, job_id=str(job.id))
            return False
        return True

    async def _note_failure(self, job: queue.ClaimedJob, raised: Exception) -> str:
        log.warning("job_failed", kind=job.kind, job_id=str(job.id), exc_info=raised)
        error = f"{type(raised).__name__}: {raised}"
        try:
            async with self._database.driver() as sql:
                state = await queue.postpone(sql, job, error=error, now=utc_now())
        except LOST:
            return "lost"  # its lease runs out, then it is claimed again
        return {"queued": "retry", "dead": "dead", "done": "done"}.get(state or "", "lost")
