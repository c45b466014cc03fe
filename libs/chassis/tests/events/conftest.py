"""A virgin history for each test: its own database, writers, sequencers and a reader."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.events.sequencer import Sequencer
from chassis.events.wakeup import Wakeups
from chassis.ids import uuid7
from chassis.storage.connections import driver_url


class History:
    """One service's events: what tests write, number and read."""

    def __init__(self, service, module, urls, stack):
        self.service, self.module, self.urls = service, module, urls
        self.settings = service.settings.model_validate({"database_url": urls.runtime})
        self.database = service.connect(self.settings)
        self.wakeups = Wakeups(self.connect)
        self.database.after_events = self.wakeups.committed.notify
        self._stack = stack

    async def connect(self) -> asyncpg.Connection:
        """A connection of the runtime role; closed with the test."""
        return await self._opened(self.urls.runtime)

    async def as_owner(self) -> asyncpg.Connection:
        """A connection of the role that owns the tables."""
        return await self._opened(self.urls.owner)

    async def _opened(self, url: str) -> asyncpg.Connection:
        connection = await asyncpg.connect(driver_url(url))
        self._stack.callback(connection.terminate)
        return connection

    def sequencer(self, holder: str = "test", batch: int = 1000) -> Sequencer:
        made = Sequencer(self.connect, self.wakeups, holder=holder, batch=batch)
        self._stack.callback(made.release)
        return made

    def noted(self, note_id: UUID, version: int = 1, title: str = "a"):
        return self.module.NoteWritten(id=note_id, version=version, changed=["title"], title=title)

    async def publish(self, *notes: tuple[UUID, int]) -> None:
        """One act that publishes these versions of notes."""
        async with self.database.transaction() as work:
            await work.record(*(self.noted(note, version) for note, version in notes))

    async def write_notes(self, count: int) -> list[UUID]:
        """So many acts of one event each; the notes they wrote, in order."""
        notes = [uuid4() for _ in range(count)]
        for note in notes:
            await self.publish((note, 1))
        return notes

    async def numbered(self) -> Sequence[asyncpg.Record]:
        """The rows of the feed in its order."""
        async with self.database.driver() as sql:
            return await sql.fetch(
                """select s.feed_seq, s.epoch, o.aggregate_id, o.aggregate_version
                     from outbox_sequence s join outbox o on o.id = s.outbox_id
                    order by s.feed_seq"""
            )

    async def written(self) -> Sequence[asyncpg.Record]:
        """The committed rows of the outbox, in no order."""
        async with self.database.driver() as sql:
            return await sql.fetch("select * from outbox")


RAW_ROW = """insert into outbox (id, topic, type, aggregate_type, aggregate_id, aggregate_version,
    occurred_at, origin, correlation_id, hops, traceparent, actor, payload)
  values ($1, 'sample.note.v1', 'tandem.sample.note-written.v1', 'note', $2, $3, now(), 'sample',
    $2, 0, '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'system:system', '{}')"""


async def insert_row(
    sql: asyncpg.Connection, note: UUID | None = None, version: int = 1, row_id: UUID | None = None
) -> UUID:
    """An outbox row as SQL alone writes it; its id."""
    row_id = row_id or uuid7()
    await sql.execute(RAW_ROW, row_id, note or uuid4(), version)
    return row_id


@pytest.fixture
async def history(cluster, sample_module):
    service = sample_module.SERVICE
    urls = await asyncio.to_thread(cluster.migrated, service, f"events_{uuid4().hex[:8]}")
    async with AsyncExitStack() as stack:
        made = History(service, sample_module, urls, stack)
        yield made
        await made.database.close()


@pytest.fixture
def insert():
    return insert_row
