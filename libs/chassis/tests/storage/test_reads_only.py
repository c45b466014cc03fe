"""What only reads is kept from writing by PostgreSQL itself, whatever its code does."""

import asyncio
import random

import asyncpg
import pytest
from structlog.testing import CapturingLogger

from chassis.http.dependencies import InReading
from identity.testing.service import running

REFUSED = asyncpg.ReadOnlySQLTransactionError
TITLE = "update note set title = 'written by a read'"
WRITES = [
    TITLE,
    "delete from job",
    "select id from note for update",
    "with n as (update note set title = 'written by a read' returning 1) select * from n",
    "select nextval('outbox_written')",
]
CHANGES = "delete from job where false"
"""Of reads it is refused too; it changes nothing."""


@pytest.mark.parametrize("statement", WRITES)
async def test_a_read_is_refused_every_write(sample, statement):
    async with sample.database.reading() as at:
        with pytest.raises(REFUSED):
            await at.sql.execute(statement)


async def test_a_transaction_within_a_read_writes_nothing_either(sample):
    async with sample.database.reading() as at:
        with pytest.raises(REFUSED):
            async with at.sql.transaction():
                await at.sql.execute(TITLE)


async def test_a_snapshot_writes_nothing(sample):
    async with sample.database.snapshot() as at:
        with pytest.raises(REFUSED):
            await at.sql.execute(TITLE)


async def test_a_get_route_that_would_write_fails(cluster, sample_module, monkeypatch):
    """It is answered 500 and logged with its trace (ASVS 16.3.4), and nothing is written.

    The next act on that connection writes.
    """

    async def careless(reading: InReading) -> str:
        await reading.sql.execute(TITLE)
        return "written"

    log = CapturingLogger()
    monkeypatch.setattr("chassis.http.faults.log", log)
    async with running(sample_module.SERVICE, cluster, pool_size=2) as service:
        service.app.add_api_route("/v1/careless", careless, methods=["GET"])
        made = await service.post("/v1/notes", {"title": "as it was"})
        assert (await service.client.get("/v1/careless")).status_code == 500
        [(method, args, said)] = log.calls
        assert (method, args, said["path"]) == ("error", ("unexpected_error",), "/v1/careless")
        assert isinstance(said["exc_info"], REFUSED)
        path = made.headers["location"]
        assert (await service.client.get("/v1/notes")).json()["items"][0]["title"] == "as it was"
        change = {"json": {"title": "changed"}, "headers": {"If-Match": '"1"'}}
        assert (await service.client.patch(path, **change)).status_code == 200


@pytest.fixture
async def small(sample):
    """A pool of one connection, so that each use has what the one before left."""
    settings = sample.settings.model_copy(update={"pool_size": 1, "pool_reads": 0})
    database = sample.service.connect(settings, url=sample.runtime_url)
    yield database
    await database.close()


async def test_every_use_may_what_it_was_taken_for_whatever_came_before(small):
    """In any order, also where a use before was canceled at any moment."""
    order = random.Random(1)
    uses = [used_for_reads, used_for_an_act, used_bare]
    for steps in range(60):
        canceled = asyncio.create_task(order.choice(uses)(small))
        for _ in range(steps % 9):
            await asyncio.sleep(0)
        canceled.cancel()
        await asyncio.wait({canceled})
        for use in order.choices(uses, k=5):
            await use(small)


async def used_for_reads(database):
    async with database.reading() as at:
        with pytest.raises(REFUSED):
            await at.sql.execute(CHANGES)
        assert await at.sql.fetchval("select 1") == 1


async def used_for_an_act(database):
    async with database.transaction() as work:
        await work.sql.execute(CHANGES)
        async with work.savepoint():
            await work.sql.execute(CHANGES)


async def used_bare(database):
    async with database.driver() as sql:
        await sql.execute(CHANGES)
        async with sql.transaction():
            await sql.execute(CHANGES)


async def test_reads_and_acts_in_turn_cost_no_statement_more(small):
    """What a bare statement may do is said once; an act says what it may as it begins."""
    heard = []

    async def hear(record):
        heard.append(record.query)

    async with small.reading() as at:
        at.sql.add_query_logger(hear)
    for _ in range(3):
        async with small.transaction() as work:
            await work.sql.fetchval("select 1")
        async with small.reading() as at:
            await at.sql.fetchval("select 2")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert heard == ["BEGIN READ WRITE;", "select 1", "COMMIT;", "select 2"] * 3
