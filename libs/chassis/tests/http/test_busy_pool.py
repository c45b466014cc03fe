"""One locked row does not take the service: changes wait, reads go on, who waits long is told."""

import asyncio
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.testing.waiting import until
from identity.testing.service import running

WAITING = """select count(*) from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'"""
PATIENT = {"pool_size": 4, "lock_timeout_seconds": 60, "pool_wait_seconds": 60}
WRITERS = 100


@asynccontextmanager
async def locked_note(service):
    """The path of a note that another connection has locked, and what lets it go."""
    made = await service.post("/v1/notes", {"title": f"locked {uuid4()}"})
    path = made.headers["location"]
    sql = await asyncpg.connect(service.owner_url)
    transaction = sql.transaction()
    await transaction.start()
    note_id = UUID(path.rsplit("/", 1)[1])
    await sql.execute("select from note where id = $1 for update", note_id)
    try:
        yield path, transaction.rollback
    finally:
        await sql.close()


def changes(service, path, count):
    """So many callers who change the note, all based on its first version."""
    change = {"json": {"title": "changed"}, "headers": {"If-Match": '"1"'}}
    return [asyncio.create_task(service.client.patch(path, **change)) for _ in range(count)]


async def waiting_for_locks(service, count):
    """Return once so many connections of the service wait for a lock; only their role sees that."""
    watching = await asyncpg.connect(service.runtime_url)
    try:

        async def so_many():
            return await watching.fetchval(WAITING) == count

        await until(so_many)
    finally:
        await watching.close()


@pytest.mark.parametrize(("kept", "at_work"), [(2, 2), (1, 3), (9, 1)])
async def test_lists_answer_while_a_hundred_changes_wait_for_one_row(
    cluster, sample_module, kept, at_work
):
    """Of four connections some are kept for reads; changes have one at least."""
    async with (
        running(sample_module.SERVICE, cluster, **PATIENT, pool_reads=kept) as service,
        locked_note(service) as (path, let_go),
    ):
        writing = changes(service, path, WRITERS)
        await waiting_for_locks(service, at_work)
        async with asyncio.timeout(60):
            lists = await asyncio.gather(*(service.client.get("/v1/notes") for _ in range(20)))
        assert {one.status_code for one in lists} == {200}
        assert not any(one.done() for one in writing)
        await let_go()
        replies = [one.status_code for one in await asyncio.gather(*writing)]
        assert sorted(replies) == [200] + [412] * (WRITERS - 1)


async def test_waiting_too_long_for_a_row_is_answered_busy(cluster, sample_module):
    async with (
        running(
            sample_module.SERVICE, cluster, **PATIENT | {"lock_timeout_seconds": 0.05}
        ) as service,
        locked_note(service) as (path, _),
    ):
        for reply in await asyncio.gather(*changes(service, path, 8)):
            assert (reply.status_code, reply.json()["code"]) == (409, "busy")
            assert reply.headers["retry-after"] == "1"


async def test_waiting_too_long_for_a_connection_is_answered_busy(cluster, sample_module):
    async with (
        running(sample_module.SERVICE, cluster, **PATIENT | {"pool_wait_seconds": 0.5}) as service,
        locked_note(service) as (path, let_go),
    ):
        first = changes(service, path, 2)
        await waiting_for_locks(service, 2)
        for reply in await asyncio.gather(*changes(service, path, 8)):
            assert (reply.status_code, reply.json()["code"]) == (503, "connections_busy")
            assert reply.headers["retry-after"] == "2"
        await let_go()
        assert sorted(one.status_code for one in await asyncio.gather(*first)) == [200, 412]


async def test_a_statement_that_takes_too_long_is_ended(cluster, sample_module):
    async with (
        running(
            sample_module.SERVICE, cluster, **PATIENT, statement_timeout_seconds=0.3
        ) as service,
        locked_note(service) as (path, let_go),
    ):
        [reply] = await asyncio.gather(*changes(service, path, 1))
        assert (reply.status_code, reply.json()["code"]) == (503, "took_too_long")
        assert reply.headers["retry-after"] == "5"
        await let_go()
        assert [one.status_code for one in await asyncio.gather(*changes(service, path, 1))] == [
            200
        ]


async def test_worker_and_commands_may_take_longer(sample):
    """Requests have half a minute for a statement, jobs and commands an hour."""
    settings = sample.service.settings()
    assert (settings.lock_timeout_seconds, settings.statement_timeout_seconds) == (5, 30)
    shown = {}
    for name, chosen in (("request", settings), ("command", settings.unhurried())):
        database = sample.service.connect(chosen, url=sample.runtime_url)
        try:
            async with database.driver() as sql:
                shown[name] = await sql.fetchval("show statement_timeout")
        finally:
            await database.close()
    assert shown == {"request": "30s", "command": "1h"}
