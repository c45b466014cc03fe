"""The database of a service: its engine, its transactions, its plain reads.

Connections start nothing by themselves: the engine is in AUTOCOMMIT and this module alone says
BEGIN and COMMIT. So driver calls and ORM calls of one act share one transaction.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

import asyncpg
import orjson
from sqlalchemy import URL, Connection, PoolProxiedConnection, event, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.orm import configure_mappers

from chassis.identity.actor import SYSTEM, Actor
from chassis.storage.lost import DatabaseLost
from chassis.storage.work import Reading, Setting, Work
from chassis.telemetry.trace import Trace

if TYPE_CHECKING:
    from chassis.service import Service
    from chassis.settings import ServiceSettings

__all__ = ["Abandoned", "Database", "driver_url"]

SESSION = {
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
    "idle_in_transaction_session_timeout": "60s",
}
"""Generic plans: the hot path asks the same key look-ups again and again."""


class Abandoned(Exception):
    """Ends a dry run's transaction; the edge swallows it."""


class Database:
    """The runtime role's connections to one service's database."""

    def __init__(self, engine: AsyncEngine, setting: Setting) -> None:
        self.engine = engine
        self.url = driver_url(engine.url)
        self.setting = setting
        self.after_events: Callable[[], None] = lambda: None
        self.after_jobs: Callable[[], None] = lambda: None

    @classmethod
    def connect(
        cls, service: "Service", settings: "ServiceSettings", *, url: str | None = None
    ) -> "Database":
        """Prepare the engine; the first use opens a connection.

        Raises ValueError when neither a URL is given nor one stands in the settings.
        """
        configure_mappers()
        known = url or (settings.database_url and settings.database_url.get_secret_value())
        if not known:
            message = f"no database URL for {service.name}"
            raise ValueError(message)
        lock_timeout = f"{int(settings.lock_timeout_seconds * 1000)}ms"
        engine = create_async_engine(
            async_url(known),
            pool_size=settings.pool_size,
            max_overflow=0,
            isolation_level="AUTOCOMMIT",
            pool_reset_on_return=None,
            json_deserializer=orjson.loads,
            connect_args={
                "server_settings": SESSION
                | dict(service.session)
                | {"lock_timeout": lock_timeout, "application_name": f"tandem-{service.name}"}
            },
        )
        event.listen(engine.sync_engine, "checkout", _refuse_closed)
        setting = Setting(
            service=service.name,
            zone=settings.time_zone,
            currency=settings.currency,
            settings=settings,
            handlers=service.handlers,
        )
        return cls(engine, setting)

    async def connect_driver(self) -> "asyncpg.Connection[Any]":
        """A connection of the caller's own, outside the pool: for listening and for locks."""
        return await asyncpg.connect(self.url, timeout=10)

    async def close(self) -> None:
        """Give every connection back to the server."""
        await self.engine.dispose()

    async def _take(self) -> PoolProxiedConnection:
        """A pooled connection. Raises ConnectionError when the server is away or takes none.

        It is given back by `_give_back`, which waits for nothing: the pool resets nothing.
        """
        try:
            return await self.engine.raw_connection()
        except FileNotFoundError as no_socket:
            message = "the database server does not run"
            raise ConnectionRefusedError(message) from no_socket
        except self.engine.dialect.loaded_dbapi.Error as refused:  # such as one that starts up
            message = f"the database server takes no connection: {refused}"
            raise ConnectionRefusedError(message) from refused

    def _of_orm(self, taken: PoolProxiedConnection) -> Callable[[], AsyncConnection]:
        """What makes the ORM's own connection of the taken one, for acts that need it."""
        engine = self.engine
        return lambda: AsyncConnection(engine, Connection(engine.sync_engine, taken))

    @asynccontextmanager
    async def transaction(
        self, *, actor: Actor = SYSTEM, trace: Trace | None = None
    ) -> AsyncIterator[Work]:
        """One act: committed when the block ends, rolled back whole when it raises.

        Raises DatabaseLost, whatever the driver says of it, when its connection is gone.
        """
        taken = await self._take()
        sql = _driver(taken)
        try:
            async with sql.transaction():
                work = Work(
                    sql, self._of_orm(taken), setting=self.setting, actor=actor, trace=trace
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
            _give_back(taken, sql)
        if work.events:
            self.after_events()
        if work.jobs:
            self.after_jobs()

    def wake(self, *, for_events: Callable[[], None], for_jobs: Callable[[], None]) -> None:
        """Say who is to be woken after an act with events, and after one that asked for jobs."""
        self.after_events, self.after_jobs = for_events, for_jobs

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Reading]:
        """A connection without a transaction, for reads."""
        taken = await self._take()
        sql = _driver(taken)
        try:
            yield Reading(sql, self._of_orm(taken))
        finally:
            _give_back(taken, sql)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Work]:
        """One view of everything, for reads that must agree with each other. Nothing is kept."""
        taken = await self._take()
        sql = _driver(taken)
        try:
            async with sql.transaction(isolation="repeatable_read", readonly=True):
                yield Work(sql, self._of_orm(taken), setting=self.setting)
        finally:
            _give_back(taken, sql)

    @asynccontextmanager
    async def driver(self) -> AsyncIterator["asyncpg.Connection[Any]"]:
        """The bare driver connection, each statement its own transaction."""
        taken = await self._take()
        sql = _driver(taken)
        try:
            yield sql
        finally:
            _give_back(taken, sql)


def _refuse_closed(dbapi_connection: Any, _record: Any, _proxy: Any) -> None:
    """A connection that the server closed meanwhile is not handed out: the pool makes another."""
    if dbapi_connection.driver_connection.is_closed():
        raise DisconnectionError


def _give_back(taken: PoolProxiedConnection, sql: Any) -> None:
    """Let the pool have the connection again, closed if a transaction of its last act is left.

    An act that was canceled while it began or ended may leave one. What the next act did would
    be done inside of it, told as done, and never committed.
    """
    if sql._top_xact is not None or sql.is_in_transaction():  # noqa: SLF001 - no public way
        sql.terminate()
    taken.close()


def _driver(taken: PoolProxiedConnection) -> "asyncpg.Connection[Any]":
    driver: Any = taken.driver_connection
    return cast("asyncpg.Connection[Any]", driver)


def async_url(url: str) -> URL:
    """The URL as SQLAlchemy's asyncpg dialect takes it."""
    return make_url(url).set(drivername="postgresql+asyncpg")


def driver_url(url: str | URL) -> str:
    """The URL as the driver itself takes it, password included."""
    plain = make_url(url).set(drivername="postgresql")
    return plain.render_as_string(hide_password=False)
