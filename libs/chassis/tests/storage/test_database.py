"""Connections of a service: how one that cannot be had is told, and how one is given back."""

import asyncio

import asyncpg
import pytest
from sqlalchemy import make_url

from chassis.problems.standard import InvalidCursor


async def test_a_server_that_takes_no_connection_is_told_as_one_that_is_away(sample):
    """Whoever works for good, behind the API, waits for it in both cases."""
    elsewhere = make_url(sample.runtime_url).set(database="no_such_database")
    url = elsewhere.render_as_string(hide_password=False)
    database = sample.service.connect(sample.settings, url=url)
    try:
        for asked in (database.transaction, database.reading, database.driver):
            with pytest.raises(ConnectionError, match="no_such_database"):
                async with asked():
                    pass
    finally:
        await database.close()


REFUSED_BY_DRIVER = [
    ("select $1::text", 1),
    ("select $1::integer", 2**40),
    ("select $1::text", "\ud800"),
]


@pytest.mark.parametrize(("statement", "value"), REFUSED_BY_DRIVER)
@pytest.mark.parametrize("reads", ["reading", "driver"])
async def test_a_value_that_cannot_be_sent_leaves_no_transaction(sample, statement, value, reads):
    """Whatever is raised because of it: the next act, at the same place in the pool, is whole."""
    settings = sample.settings.model_copy(update={"pool_size": 1})
    database = sample.service.connect(settings, url=sample.runtime_url)
    refused = (asyncpg.DataError, UnicodeEncodeError)
    try:
        with pytest.raises(refused):
            await ask(getattr(database, reads), statement, value)
        assert await its_own_transactions(database)
        with pytest.raises(InvalidCursor):
            await ask(getattr(database, reads), statement, value, refused)
        assert await its_own_transactions(database)
    finally:
        await database.close()


async def ask(reads, statement, value, expected=()):
    """Send a value; what is expected to be raised is answered as a problem."""
    async with reads() as at:
        try:
            await getattr(at, "sql", at).fetch(statement, value)
        except expected as wrong:
            raise InvalidCursor from wrong


CUT_OFF = {
    "as it begins": ("", 1),
    "as it commits": ("select 1", 1),
    "as it is rolled back": ("select 1 / 0", 1),
    "in a statement": ("select pg_sleep(30)", 1),
    "in a statement and again as it is rolled back": ("select pg_sleep(30)", 2),
}


@pytest.mark.parametrize("moment", CUT_OFF)
async def test_what_an_act_does_is_its_own_whenever_the_one_before_was_canceled(sample, moment):
    """The next act gets the same place in the pool; it is committed, at every step of the loop."""
    statement, times = CUT_OFF[moment]
    for steps in range(12):
        settings = sample.settings.model_copy(update={"pool_size": 1})
        database = sample.service.connect(settings, url=sample.runtime_url)
        try:
            await canceled(database, statement, after_steps=steps, times=times)
            assert await its_own_transactions(database), f"after {steps} steps"
        finally:
            await database.close()


async def canceled(database, statement, *, after_steps, times):
    """An act, canceled so many steps of the loop after it has a connection, or its statement."""
    async with database.driver() as sql:
        assert await sql.fetchval("select 1") == 1
    reached = asyncio.Event()

    async def act():
        async with database.transaction() as work:
            if statement:
                asyncio.get_running_loop().call_later(0.02, reached.set)
                await work.sql.execute(statement)

    acting = asyncio.create_task(act())
    if statement:
        await reached.wait()
    for _ in range(after_steps):
        await asyncio.sleep(0)
    for _ in range(times):
        acting.cancel()
        await asyncio.sleep(0)
    await asyncio.wait({acting})


async def its_own_transactions(database):
    """Whether acts and bare statements that follow are transactions of their own."""
    told = "select pg_current_xact_id()::text"
    async with database.transaction() as work:
        first = await work.sql.fetchval(told)
    async with database.transaction() as work:
        second = await work.sql.fetchval(told)
    async with database.driver() as sql:
        others = [await sql.fetchval(told), await sql.fetchval(told)]
    return len({first, second, *others}) == 4
