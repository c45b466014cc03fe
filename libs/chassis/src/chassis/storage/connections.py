"""The pooled connections of a service to its database, for reads and plain statements.

Connections start nothing by themselves: the engine is in AUTOCOMMIT, and only
`chassis.work.database` says BEGIN and COMMIT. So driver calls and ORM calls of one act share one
transaction.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

import asyncpg
import orjson
from sqlalchemy import URL, Connection, PoolProxiedConnection, event, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.orm import configure_mappers

from chassis.actor import SYSTEM, Actor
from chassis.settings import ServiceSettings
from chassis.storage.reading import Reading, Setting

__all__ = [
    "ASYNC_URL",
    "SESSION",
    "Connections",
    "connecting",
    "driver_of",
    "driver_url",
    "engine_for",
    "give_back",
    "milliseconds",
    "opened",
]

SESSION = {
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
    "idle_in_transaction_session_timeout": "60s",
}
"""Generic plans: the hot path asks the same key look-ups again and again."""

CUT_OFF = (asyncio.CancelledError, asyncpg.DataError, UnicodeEncodeError)
"""What may end a statement between two messages to the server."""

ASYNC_URL = "postgresql+asyncpg://"
"""Names the dialect; where the server is, the connections' own maker knows."""


class PooledConnection(asyncpg.Connection):
    """A connection of the pool: PostgreSQL itself refuses writes while it is taken for reads.

    What bare statements may do is said to the server only where it changed since the last use;
    transactions that may write say so as they begin.
    """

    writes = True
    bare_writes: bool | None = True

    async def allow(self, *, writes: bool) -> None:
        """Let bare statements write, or only read."""
        self.writes = writes
        if self.bare_writes is not writes:
            self.bare_writes = None  # unknown where this is canceled
            await self.execute(f"set default_transaction_read_only = {not writes}")
            self.bare_writes = writes

    async def execute(self, query: str, *args: object, **more: Any) -> str:
        """As the driver does it, but for how transactions begin that may write."""
        begins = query == "BEGIN;" and self.writes
        return await super().execute("BEGIN READ WRITE;" if begins else query, *args, **more)


class Connections:
    """The runtime role's connections to one service's database."""

    def __init__(self, engine: AsyncEngine, setting: Setting, url: str) -> None:
        self.engine = engine
        self.url = driver_url(url)
        self.setting = setting
        settings = setting.settings
        self._changing = asyncio.Semaphore(max(1, settings.pool_size - settings.pool_reads))

    async def connect_driver(self) -> "asyncpg.Connection[Any]":
        """A connection of the caller's own, outside the pool: for listening and for locks."""
        return await asyncpg.connect(self.url, timeout=10)

    async def close(self) -> None:
        """Give every connection back to the server."""
        await self.engine.dispose()

    async def check_out(self) -> PoolProxiedConnection:
        """A pooled connection. Raises ConnectionError when the server is away or takes none.

        It is given back by `give_back`, which waits for nothing: the pool resets nothing.
        """
        try:
            return await self.engine.raw_connection()
        except FileNotFoundError as no_socket:
            message = "the database server does not run"
            raise ConnectionRefusedError(message) from no_socket
        except self.engine.dialect.loaded_dbapi.Error as refused:  # such as one that starts up
            message = f"the database server takes no connection: {refused}"
            raise ConnectionRefusedError(message) from refused

    @asynccontextmanager
    async def place_for_changes(self) -> AsyncIterator[None]:
        """One of the connections that changes may take; the other ones are kept for reads.

        Raises TimeoutError of SQLAlchemy where none is given back in time.
        """
        try:
            async with asyncio.timeout(self.setting.settings.pool_wait_seconds):
                await self._changing.acquire()
        except TimeoutError as all_taken:
            message = "as many changes are made as may be at once"
            raise PoolTimeoutError(message) from all_taken
        try:
            yield
        finally:
            self._changing.release()

    def orm_connection(self, pooled: PoolProxiedConnection) -> Callable[[], AsyncConnection]:
        """What makes the ORM's own connection of a pooled one, for acts that need it."""
        engine = self.engine
        return lambda: AsyncConnection(engine, Connection(engine.sync_engine, pooled))

    @asynccontextmanager
    async def reading(self, *, actor: Actor = SYSTEM) -> AsyncIterator[Reading]:
        """A connection without a transaction, for reads of the actor; writes are refused."""
        pooled = await self.check_out()
        sql = driver_of(pooled)
        try:
            await sql.allow(writes=False)
            yield Reading(sql, self.orm_connection(pooled), setting=self.setting, actor=actor)
        finally:
            give_back(pooled, sql)

    @asynccontextmanager
    async def driver(self) -> AsyncIterator["asyncpg.Connection[Any]"]:
        """The bare driver connection, each statement its own transaction, which may write."""
        pooled = await self.check_out()
        sql = driver_of(pooled)
        try:
            await sql.allow(writes=True)
            yield sql
        finally:
            give_back(pooled, sql)


def engine_for(url: str, settings: ServiceSettings, session: Mapping[str, str]) -> AsyncEngine:
    """The engine; its first use opens a connection. `session`: more settings of PostgreSQL."""
    configure_mappers()
    timeouts = {
        "lock_timeout": milliseconds(settings.lock_timeout_seconds),
        "statement_timeout": milliseconds(settings.statement_timeout_seconds),
    }
    engine = create_async_engine(
        ASYNC_URL,
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.pool_wait_seconds,
        isolation_level="AUTOCOMMIT",
        pool_reset_on_return=None,
        json_deserializer=orjson.loads,
        async_creator=connecting(
            url,
            SESSION | dict(session) | timeouts | {"application_name": f"tandem-{settings.service}"},
        ),
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def milliseconds(seconds: float) -> str:
    """A time as settings of PostgreSQL have it; never 0, which would mean without end."""
    return f"{max(1, int(seconds * 1000))}ms"


def _refuse_closed(dbapi_connection: Any, _record: Any, _proxy: Any) -> None:
    """A connection that the server closed meanwhile is not handed out: the pool makes another."""
    if dbapi_connection.driver_connection.is_closed():
        raise DisconnectionError


def give_back(pooled: PoolProxiedConnection, sql: Any) -> None:
    """Let the pool have the connection again, closed if a transaction of its last act is left.

    An act that was canceled while it began or ended may leave one. What the next act did would
    be done inside of it, reported as done, and never committed. A read leaves one too, which
    nothing shows, when after its statement was prepared it was canceled or a value was not sent.
    """
    left = sql._top_xact is not None or sql.is_in_transaction()  # noqa: SLF001 - no public way
    raised = sys.exception()
    if left or isinstance(raised, CUT_OFF) or isinstance(getattr(raised, "__cause__", 0), CUT_OFF):
        sql.terminate()
    pooled.close()


def driver_of(pooled: PoolProxiedConnection) -> PooledConnection:
    """The driver's own connection below a pooled one."""
    driver: Any = pooled.driver_connection
    return cast("PooledConnection", driver)


def connecting(
    url: str, session: Mapping[str, str] | None = None
) -> Callable[[], Awaitable["asyncpg.Connection[Any]"]]:
    """What opens connections for SQLAlchemy, by the driver itself: it knows `sslmode` and more."""

    async def connect() -> "asyncpg.Connection[Any]":
        return await asyncpg.connect(
            driver_url(url),
            server_settings=dict(session or {}),
            connection_class=PooledConnection,
        )

    return connect


@asynccontextmanager
async def opened(
    url: str, *, seconds: float = 60
) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    """A connection of the caller's own to a URL, opened within seconds, for a few statements."""
    sql = await asyncpg.connect(driver_url(url), timeout=seconds, statement_cache_size=0)
    try:
        yield sql
    finally:
        await sql.close()


def driver_url(url: str | URL) -> str:
    """The URL as the driver itself takes it, password included; `ssl` is another word of others."""
    plain = make_url(url).set(drivername="postgresql")
    if "ssl" in plain.query:
        said = plain.query["ssl"]
        plain = plain.difference_update_query(["ssl"]).update_query_dict({"sslmode": said})
    return plain.render_as_string(hide_password=False)
