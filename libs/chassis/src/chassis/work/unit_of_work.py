"""The unit of work of one request."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.actor import SYSTEM, Actor
from chassis.events.event import Event
from chassis.events.outbox import Recorded, insert_events
from chassis.jobs.queue import NewJob, insert_jobs
from chassis.storage.reading import Reading, Setting
from chassis.telemetry.trace import Trace
from chassis.work.settle import Part, Reply, settle
from chassis.work.ways import Way, way_of

__all__ = ["Handler", "LastAct", "RowsPart", "Work"]

Handler: TypeAlias = "Callable[[Work, Any], Awaitable[None]]"
"""What is done at once, in the same transaction, when an event of its type is recorded."""

LastAct: TypeAlias = "Callable[[Work, list[Any]], Awaitable[None]]"
"""What is done once, at the end of an act, with all the facts that were left for it."""

RowsPart: TypeAlias = "Callable[[Work, Sequence[Any]], Part]"
"""What makes rows that an act left a part of its last statement."""


class Work(Reading):
    """One transaction: the rows an act writes, the events it records, the jobs it asks for.

    `sql` is the driver's connection inside the transaction; `session` an ORM session on the
    same connection. Nothing below the edge commits.
    """

    def __init__(
        self,
        sql: "asyncpg.Connection[Any]",
        connection: Callable[[], AsyncConnection],
        *,
        setting: Setting,
        actor: Actor = SYSTEM,
        trace: Trace | None = None,
        handlers: Mapping[type[Event], Sequence[Handler]] | None = None,
    ) -> None:
        super().__init__(sql, connection, setting=setting, actor=actor)
        self.trace = trace or Trace.new()
        self.handlers = handlers or {}
        self.events: list[Recorded] = []
        self._own_traces: Mapping[UUID, Trace] = {}
        self.jobs: list[NewJob] = []
        self.last: list[tuple[LastAct, Any]] = []
        self.rows: list[tuple[RowsPart, Any]] = []
        self.failures: list[Callable[[Exception], None]] = []
        self.reply: Reply | None = None
        self.abandoned = False
        self.import_id = self.trace.import_id
        self.own_way: Way | None = None

    @property
    def way(self) -> Way:
        """By which way the act came."""
        return self.own_way or way_of(self.actor, self.import_id)

    def trace_of(self, record: UUID) -> Trace:
        """The trace of what is done to that record."""
        return self._own_traces.get(record, self.trace)

    async def record(self, *events: Event) -> None:
        """Say what happened: handlers run now, in order; public events go to the outbox."""
        for event in events:
            if event.public:
                self.events.append(Recorded(event, self.trace_of(event.id)))
            for handler in self.handlers.get(type(event), ()):
                await handler(self, event)

    def enqueue(
        self,
        kind: str,
        payload: Mapping[str, Any],
        *,
        run_at: datetime | None = None,
        key: str | None = None,
    ) -> None:
        """Ask for work after the commit; of jobs with one kind and key, one waits at a time."""
        self.jobs.append(NewJob(kind, payload, run_at or self.now, key=key, trace=self.trace))

    def at_last(self, act: LastAct, fact: Any) -> None:
        """Leave a fact for `act`, which is done once, just before the commit, for all its facts.

        For rows that many acts share, such as legal numbers: locked last, they are held shortly,
        and in one order. `act` may refuse, which ends everything, and may record events.
        """
        self.last.append((act, fact))

    def write_at_settle(self, part_of: RowsPart, row: Any) -> None:
        """Leave a row for the last statement; `part_of` makes one part of all that it is left."""
        self.rows.append((part_of, row))

    def on_failure(self, act: Callable[[Exception], None]) -> None:
        """Call `act` with what is raised if the last statement is refused."""
        self.failures.append(act)

    async def flush(self) -> None:
        """Write what the ORM session holds."""
        if self._session is not None:
            await self._session.flush()

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """One item of a batch: when it fails, its rows, events and jobs are gone, no others."""
        await self.flush()
        left: tuple[list[Any], ...] = (self.events, self.jobs, self.last, self.rows)
        before = [len(one) for one in left]
        try:
            async with self.sql.transaction():
                yield
                await self.flush()
        except BaseException:
            for one, length in zip(left, before, strict=True):
                del one[length:]
            if self._session is not None:
                self._session.expunge_all()
            raise

    @contextmanager
    def traced(self, trace: Trace, own: Mapping[UUID, Trace] | None = None) -> Iterator[None]:
        """One item of a batch that has a trace of its own: its events and jobs carry that one.

        Of several items done at once, events of the aggregates in `own` carry the trace there.
        """
        before = self.trace, self._own_traces
        self.trace, self._own_traces = trace, own or {}
        try:
            yield
        finally:
            self.trace, self._own_traces = before

    def abandon(self) -> None:
        """Roll everything back at the end although the act succeeded: a dry run."""
        self.abandoned = True

    async def settle(self) -> None:
        """Write what the act left to be written: entities, then events, jobs and reply at once."""
        await self.flush()
        facts: dict[LastAct, list[Any]] = {}
        for act, fact in self.last:
            facts.setdefault(act, []).append(fact)
        for act, left in facts.items():
            await act(self, left)
        try:
            await settle(self.sql, self._parts())
        except Exception as refused:
            for on_failure in self.failures:
                on_failure(refused)
            raise

    def _parts(self) -> list[Part]:
        parts: list[Part] = []
        if self.events:
            service, actor = self.setting.service, self.actor.reference
            parts.append(insert_events(self.events, service=service, now=self.now, actor=actor))
        if self.jobs:
            parts.append(insert_jobs(self.jobs))
        rows: dict[RowsPart, list[Any]] = {}
        for part_of, row in self.rows:
            rows.setdefault(part_of, []).append(row)
        parts += [part_of(self, of_part) for part_of, of_part in rows.items()]
        if self.reply:
            parts.append(self.reply.part())
        return parts
