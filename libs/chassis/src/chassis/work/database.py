"""The database of a service: its connections and its transactions."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.actor import SYSTEM, Actor
from chassis.events.event import Event
from chassis.settings import ServiceSettings
from chassis.storage.connections import Connections, driver_of, engine_for, give_back
from chassis.storage.lost import DatabaseLost
from chassis.storage.reading import Reading, Setting
from chassis.telemetry.trace import Trace
from chassis.work.unit_of_work import Handler, Work

__all__ = ["Database"]


class Abandoned(Exception):
    """Ends a dry run's transaction; the edge swallows it."""


class Database(Connections):
    """The runtime role's connections to one service's database, and its acts.

    `handlers` act on recorded events, in the act's own transaction.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        setting: Setting,
        url: str,
        handlers: Mapping[type[Event], Sequence[Handler]],
    ) -> None:
        super().__init__(engine, setting, url)
        self.handlers = handlers
        self.after_events: Callable[[], None] = lambda: None
        self.after_jobs: Callable[[], None] = lambda: None

    @classmethod
    def connect(
        cls,
        settings: ServiceSettings,
        *,
        url: str | None = None,
        session: Mapping[str, str] | None = None,
        handlers: Mapping[type[Event], Sequence[Handler]] | None = None,
        roles: Mapping[str, frozenset[str]] | None = None,
    ) -> "Database":
        """Prepare the engine; the first use opens a connection.

        `url` is used instead of the settings' own, `session` are more settings of PostgreSQL,
        `roles` are the roles of the service with their permissions.
        Raises ValueError when neither a URL is given nor one stands in the settings.
        """
        known = url or (settings.database_url and settings.database_url.get_secret_value())
        if not known:
            message = f"no database URL for {settings.service}"
            raise ValueError(message)
        setting = Setting(
            service=settings.service,
            zone=settings.time_zone,
            currency=settings.currency,
            settings=settings,
            roles=roles or {},
        )
        return cls(engine_for(known, settings, session or {}), setting, known, handlers or {})

    @asynccontextmanager
    async def transaction(
        self, *, actor: Actor = SYSTEM, trace: Trace | None = None
    ) -> AsyncIterator[Work]:
        """One act: committed when the block ends, rolled back whole when it raises.

        Raises DatabaseLost, whatever the driver says of it, when its connection is gone; what
        `place_for_changes` raises.
        """
        async with self.place_for_changes():
            pooled = await self.check_out()
            sql = driver_of(pooled)
            sql.writes = True
            try:
                async with sql.transaction():
                    work = Work(
                        sql,
                        self.orm_connection(pooled),
                        setting=self.setting,
                        actor=actor,
                        trace=trace,
                        handlers=self.handlers,
                    )
                    yield work
                    if work.abandoned:
                        raise Abandoned  # noqa: TRY301 - the only way to end it by rollback
                    await work.settle()
            except Abandoned:
                return
            except Exception as raised:
                if sql.is_closed():
                    raise DatabaseLost from raised
                raise
            finally:
                give_back(pooled, sql)
        if work.events:
            self.after_events()
        if work.jobs:
            self.after_jobs()

    def wake(self, *, for_events: Callable[[], None], for_jobs: Callable[[], None]) -> None:
        """Say who is to be woken after an act with events, and after one that asked for jobs."""
        self.after_events, self.after_jobs = for_events, for_jobs

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Reading]:
        """One view of everything, for reads that must agree with each other. Nothing is kept."""
        pooled = await self.check_out()
        sql = driver_of(pooled)
        try:
            async with sql.transaction(isolation="repeatable_read", readonly=True):
                yield Reading(sql, self.orm_connection(pooled), setting=self.setting)
        finally:
            give_back(pooled, sql)
