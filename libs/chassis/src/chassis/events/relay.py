"""The relay: carries events to Kafka in feed order and marks how far it has come.

One process of a service holds the relay's lock. It reads by `feed_seq`, sends, and moves the mark
only after every broker copy is acknowledged (B10): what a crash leaves unmarked is sent again, with
the same event id. At any failure the publisher is abandoned and a new one begins at the mark (B11,
B12). Without `KAFKA_BOOTSTRAP_SERVERS` there is no relay and no Kafka client is imported (B62).
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import asyncpg
import structlog

from chassis.events.broker import BrokerTrouble, Outgoing, Publisher, PublishingFailed
from chassis.events.envelope import RECORDS_AFTER, to_kafka
from chassis.events.wakeup import Connect, Wakeups
from chassis.storage.lost import LOST

__all__ = ["ANSWER_SECONDS", "Relay"]

PAGE = 2000
"""Events read and sent at a time."""

ANSWER_SECONDS = 15.0
"""A send without an answer for so long ends the publisher."""

POLL_SECONDS = 1.0
TAKEOVER_SECONDS = 1.0
PAUSE_SECONDS_MIN = 0.2
PAUSE_SECONDS_MAX = 10.0
_log = structlog.get_logger(__name__)

_SESSION = """set plan_cache_mode = force_custom_plan; set jit = off;
  set max_parallel_workers_per_gather = 0; set tcp_keepalives_idle = 5;
  set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3;
  set statement_timeout = '60s'; set application_name = 'tandem-relay'"""
_TAKE_LOCK = "select pg_try_advisory_lock(hashtextextended('outbox_relay', 0))"
# Kafka added to a service that already has a history is given all that the feed still has.
_FIRST_MARK = """insert into relay_mark (feed_seq) select feed_seq from feed_floor
  on conflict do nothing"""
_READ_MARK = "select feed_seq from relay_mark"
_MOVE_MARK = "update relay_mark set feed_seq = $1 where feed_seq < $1"
_MARK_AND_READ = f"with moved as ({_MOVE_MARK}) {RECORDS_AFTER}"


Compare: TypeAlias = Callable[["asyncpg.Connection[Any]"], Awaitable[None]]
"""Compares what is in Kafka with the outbox before anything is sent. Raises BrokerTrouble."""


class Relay:
    """Sends a service's events to Kafka while it holds the lock. `run` takes it, or waits."""

    def __init__(
        self,
        connect: Connect,
        wakeups: Wakeups,
        make_publisher: Callable[[], Publisher],
        *,
        base_url: str,
        page: int = PAGE,
        restarted: Callable[[], None] = lambda: None,
        compare: Compare | None = None,
    ) -> None:
        self._connect = connect
        self._wakeups = wakeups
        self._make_publisher = make_publisher
        self._base_url = base_url
        self._page = page
        self._restarted = restarted
        self._compare = compare
        self._connection: asyncpg.Connection[Any] | None = None
        self._publisher: Publisher | None = None
        self._failures = 0

    async def run(self) -> None:
        """Relay until cancelled; survive a lost broker and a lost database."""
        while True:
            try:
                await self._hold()
            except BrokerTrouble as trouble:
                _log.error("relay_interrupted", reason=str(trouble), failures=self._failures)
            except LOST as broken:
                _log.warning("relay_interrupted", reason=repr(broken), failures=self._failures)
            finally:
                await self._release()
            self._failures += 1
            self._restarted()
            await asyncio.sleep(pause_seconds(self._failures))

    async def _hold(self) -> None:
        connection = self._connection = await self._connect()
        await connection.execute(_SESSION)
        while not await connection.fetchval(_TAKE_LOCK):  # noqa: ASYNC110 - another process's lock
            await asyncio.sleep(TAKEOVER_SECONDS)
        publisher = self._publisher = self._make_publisher()
        await publisher.start()
        if self._compare is not None:
            await self._compare(connection)
        await connection.execute(_FIRST_MARK)
        mark: int = await connection.fetchval(_READ_MARK)
        _log.info("relay_leads", mark=mark)
        signal = self._wakeups.sequenced
        seen, rows = signal.count, await self._read(connection, mark)
        while True:
            if rows:
                seen, mark = signal.count, rows[-1]["feed_seq"]
                rows = await self._send(connection, publisher, rows)
            else:
                await signal.wait(seen, POLL_SECONDS)
                seen, rows = signal.count, await self._read(connection, mark)

    async def _read(self, connection: "asyncpg.Connection[Any]", after: int) -> list[Any]:
        return await connection.fetch(RECORDS_AFTER, after, self._page)

    async def _send(
        self, connection: "asyncpg.Connection[Any]", publisher: Publisher, rows: list[Any]
    ) -> list[Any]:
        """Publish, then mark; the rows that follow.

        Behind a full page there are more: they are read meanwhile. What is only being written is
        read as late as can be, with the mark, or it would wait for the next page but one. The mark
        also keeps what was safe before a failure.
        """
        events = [Outgoing(*to_kafka(row, self._base_url)) for row in rows]
        ahead = self._read(connection, events[-1].feed_seq) if len(rows) == self._page else _none()
        async with _meanwhile(ahead) as reading:
            try:
                mark = await publisher.publish(events)
            except PublishingFailed as failure:
                await reading
                await connection.execute(_MOVE_MARK, failure.acknowledged)
                raise
            following = await reading
        if following:
            await connection.execute(_MOVE_MARK, mark)
        else:
            following = await connection.fetch(_MARK_AND_READ, mark, self._page)
        self._failures = 0
        return following

    async def _release(self) -> None:
        """Drop publisher and lock, whatever state they are in; the lock last."""
        publisher, self._publisher = self._publisher, None
        connection, self._connection = self._connection, None
        try:
            if publisher is not None:
                await publisher.abandon()
        finally:
            if connection is not None:
                connection.terminate()


async def _none() -> list[Any]:
    return []


@asynccontextmanager
async def _meanwhile(act: Coroutine[Any, Any, list[Any]]) -> AsyncIterator[Awaitable[list[Any]]]:
    """Let an act run beside the block; whatever ends the block ends the act."""
    task = asyncio.ensure_future(act)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def pause_seconds(failures: int) -> float:
    """How long to wait after so many failures in a row: doubling, capped, anywhere below."""
    ceiling = min(PAUSE_SECONDS_MAX, PAUSE_SECONDS_MIN * 2 ** min(failures, 10))
    return random.uniform(PAUSE_SECONDS_MIN / 2, ceiling)  # noqa: S311 - jitter, not a secret
