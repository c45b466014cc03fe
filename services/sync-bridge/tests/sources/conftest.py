"""What the tests of the sources share: the inbox of a bridge, and a topic."""

import asyncio
from contextlib import asynccontextmanager, suppress
from functools import partial
from uuid import uuid4

import pytest

from brokers.connection import Brokers
from chassis.events.topics import ensure_topics
from chassis.testing.waiting import until
from sync_bridge.inbox import service as inbox
from tests.sources.publishing import Topic


class Killed(Exception):
    """Our process ends here."""


class Inbox:
    """The bridge's inbox, and what is in it."""

    def __init__(self, bridge):
        self.database = bridge.database
        self.receive = partial(inbox.receive, bridge.database)

    async def fetch(self, query, *arguments):
        async with self.database.driver() as sql:
            return [dict(row) for row in await sql.fetch(query, *arguments)]

    async def ids(self):
        rows = await self.fetch("select event_id from inbox order by received_at, event_id")
        return [str(row["event_id"]) for row in rows]

    async def holds(self, count):
        """Wait until so many events are stored."""

        async def enough():
            (row,) = await self.fetch("select count(*) as n from inbox")
            return row["n"] >= count

        await until(enough, within_seconds=60)

    async def cursor(self, name):
        async with self.database.reading() as reading:
            return await inbox.cursor_value(reading, name)

    async def forgets_cursor(self, name):
        async with self.database.transaction() as work:
            assert await inbox.forget_cursor(work, name)

    async def begin_backfill(self, half, *, reason, cursor=None):
        async with self.database.transaction() as work:
            await inbox.begin_backfill(work, half, reason=reason, cursor=cursor)

    async def dies_before(self, *_page, **_rest):
        raise Killed

    async def dies_after(self, events, **rest):
        if events:
            await self.receive(events, **rest)
            raise Killed
        return 0


@asynccontextmanager
async def at_work(source):
    """The source runs; it must end within 10 s when told to (B29)."""
    task = asyncio.create_task(source.run())
    try:
        yield task
    finally:
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=10)
        assert done, "the source did not stop in time"
        with suppress(asyncio.CancelledError, Killed):
            await task


@pytest.fixture
def stored(bridge):
    return Inbox(bridge)


@pytest.fixture
def working():
    return at_work


@pytest.fixture
def killed():
    return Killed


@pytest.fixture
async def topic(kafka):
    name = f"erp.t{uuid4().hex[:8]}.v1"
    await ensure_topics(Brokers(kafka.bootstrap), [name], partitions=3)
    return Topic(kafka.bootstrap, name)
