"""Whoever has the runtime role's password deletes no record but by the undo of its own import."""

from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.ids import uuid7
from tests.records.kinds import HALVES
from tests.records.test_imports import ORDER, brought, csv_of, started

TRIGGERS = """select tgrelid::regclass::text from pg_trigger
  where tgfoid = 'refuse_deletion'::regproc and tgdeferrable and tginitdeferred"""
DELETE = "delete from {} where id = $1"
REPORT = """insert into record_import_undo (id, import_id, record_id, outcome, fields)
  values ($1, $2, $3, 'deleted', '{}')"""
UNDOING = "update record_import set state = 'undoing', problem = null where id = $1"
MADE_ONCE_MORE = """insert into record_change (id, record_type, record_id, version, revision,
    changed_at, actor, actor_name, way, import_id, correlation_id, is_new, changes)
  select $1, record_type, record_id, 1, 1, now(), 'key:x', '', 'import', $2, correlation_id, true,
    '{}' from record_change where record_id = $3 and is_new"""


@asynccontextmanager
async def acting(url):
    """One transaction by SQL."""
    sql = await asyncpg.connect(url)
    try:
        async with sql.transaction():
            yield sql
    finally:
        await sql.close()


@pytest.mark.parametrize("half", HALVES)
async def test_records_that_may_be_deleted_are_asked_for_their_import(desks, half):
    """Of all other types the role has no right to delete a row at all."""
    server = desks[half].server
    may = {name for name in ORDER[half] if "delete" in server.service.rights[name]}
    async with acting(server.runtime_url) as sql:
        assert {row[0] for row in await sql.fetch(TRIGGERS)} == may
    for name in set(ORDER[half]) - may:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with acting(server.runtime_url) as sql:
                await sql.execute(f"delete from {name}")


@pytest.fixture(params=HALVES)
async def desk(request, desks):
    return desks[request.param]


async def imported(desk):
    """A price list that a file brought: the import, and the record's id."""
    code = desk.word()
    made = await brought(desk, "price_list", csv_of({"code": code, "name": code}))
    assert (await started(desk, made, "run"))["state"] == "done"
    async with acting(desk.server.runtime_url) as sql:
        record_id = await sql.fetchval("select id from price_list where code = $1", code)
    return UUID(made["id"]), record_id


async def refused(desk, record_id, *before, table="price_list"):
    """The deletion is refused at COMMIT, whatever was done before it; the record is there."""
    done = (*before, (DELETE.format(table), record_id))
    with pytest.raises(asyncpg.RestrictViolationError, match="is not deleted") as error:
        await by_sql(desk, done)
    assert error.value.constraint_name == f"{table}_deleted_by_undo"
    async with acting(desk.server.runtime_url) as sql:
        assert await sql.fetchval(f"select true from {table} where id = $1", record_id)


async def by_sql(desk, done):
    """These statements in one transaction, as the application."""
    async with acting(desk.server.runtime_url) as sql:
        for statement, *values in done:
            await sql.execute(statement, *values)


@pytest.mark.parametrize(
    ("half", "table", "path"),
    [
        ("crm", "account", "/v1/accounts"),
        ("erp", "price_list", "/v1/price-lists"),
        ("erp", "item_category", "/v1/item-categories"),
    ],
)
async def test_what_a_person_made_is_never_deleted(desks, half, table, path):
    desk, word = desks[half], desks[half].word()
    made = await desk.add(path, name=word, **({} if half == "crm" else {"code": word}))
    await refused(desk, UUID(made["id"]), table=table)


async def test_what_a_file_brought_is_deleted_by_the_undo_alone(desk):
    """Not before it, not by a report without its import's undo; and by the undo it is."""
    import_id, record_id = await imported(desk)
    await refused(desk, record_id)
    await refused(desk, record_id, (REPORT, uuid4(), import_id, record_id))
    await refused(desk, record_id, (UNDOING, import_id))
    undone = await started(desk, {"id": str(import_id)}, "undo")
    assert undone["undo"] == {"deleted": 1}
    async with acting(desk.server.runtime_url) as sql:
        assert not await sql.fetchval("select true from price_list where id = $1", record_id)


async def test_the_undo_of_another_import_deletes_nothing_of_it(desk):
    """Neither with a report, nor with a second row of the history that says so."""
    (other, _), (_, record_id) = await imported(desk), await imported(desk)
    forged = (UNDOING, other), (REPORT, uuid4(), other, record_id)
    await refused(desk, record_id, *forged)
    await refused(desk, record_id, *forged, (MADE_ONCE_MORE, uuid7(), other, record_id))
