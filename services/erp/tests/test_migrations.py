"""The tables: one linear chain that ends where the entities are, and leads back to nothing."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.storage.database import async_url, driver_url
from chassis.storage.migrate import downgrade, upgrade
from erp.app import SERVICE
from erp.ledger import service as ledger
from erp.tables import METADATA

OURS = set(METADATA.tables)


async def _in_thread(act, *arguments):
    """Alembic runs a loop of its own, so it gets a thread of its own."""
    with ThreadPoolExecutor(max_workers=1) as alone:
        await asyncio.get_running_loop().run_in_executor(alone, act, *arguments)


async def _compared(url):
    """What a migration would have to change to make the entities' tables."""
    engine = create_async_engine(async_url(url))

    def compare(connection):
        options = {"compare_type": True, "include_name": _ours}
        context = MigrationContext.configure(connection, opts=options)
        return compare_metadata(context, METADATA)

    async with engine.connect() as connection:
        found = await connection.run_sync(compare)
    await engine.dispose()
    return found


def _ours(name, kind, parents):
    return kind != "table" or name in OURS


async def _constraints(url):
    """Names and definitions of every constraint and index of our tables."""
    sql = await asyncpg.connect(driver_url(url))
    try:
        rows = await sql.fetch(
            """select conrelid::regclass::text as tab, conname as name,
                      pg_get_constraintdef(oid) as definition
                 from pg_constraint where conrelid::regclass::text = any($1) and contype <> 't'
               union all
               select tablename, indexname, indexdef from pg_indexes where tablename = any($1)
               order by 1, 2, 3""",
            sorted(OURS),
        )
        return [tuple(row) for row in rows]
    finally:
        await sql.close()


async def test_the_chain_ends_where_the_entities_are(erp):
    assert await _compared(erp.owner_url) == []


async def test_constraints_and_indexes_are_those_of_the_entities(erp, cluster):
    """What the comparison above does not see: checks, exclusions, conditions of indexes."""
    urls = await asyncio.to_thread(cluster.empty, "erp", "erp_from_entities")
    sql = await asyncpg.connect(driver_url(urls.owner))
    await sql.execute("create extension pg_trgm; create extension btree_gist")
    await sql.close()
    engine = create_async_engine(async_url(urls.owner))
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    await engine.dispose()
    assert await _constraints(erp.owner_url) == await _constraints(urls.owner)


def test_the_chain_is_linear():
    chain = ScriptDirectory(str(SERVICE.migrations))
    assert len(chain.get_heads()) == 1
    assert len(chain.get_bases()) == 1
    assert all(not revision.is_branch_point for revision in chain.walk_revisions())


async def test_up_down_and_up_again(cluster):
    """Down leads to an empty schema, and up from there to the same tables."""
    urls = await asyncio.to_thread(cluster.empty, "erp", "erp_up_and_down")
    await _in_thread(upgrade, SERVICE, urls.owner)
    before = await _constraints(urls.owner)
    await _in_thread(downgrade, SERVICE, urls.owner, "base")
    sql = await asyncpg.connect(driver_url(urls.owner))
    left = await sql.fetch(
        """select relname from pg_class c where relnamespace = 'public'::regnamespace
             and relkind in ('r', 'p', 'S', 'v') and relname <> 'alembic_version'
             and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
           union all
           select proname from pg_proc p where pronamespace = 'public'::regnamespace
             and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')"""
    )
    await sql.close()
    assert [row[0] for row in left] == []
    await _in_thread(upgrade, SERVICE, urls.owner)
    assert await _constraints(urls.owner) == before


async def test_what_was_moved_before_is_counted_once_the_proof_is_there(erp):
    """E24, E29: from moves and entries alone, as if it had been there from the start."""
    item = await erp.post("/v1/items", {"sku": f"OLD-{uuid4().hex}", "name": "Bolt"})
    async with erp.database.transaction() as work:
        await ledger.ensure_year(work, work.today())
    line = {"sku": item.json()["sku"], "quantity": "3", "value": {"amount": "1", "currency": "CNY"}}
    assert (await erp.post("/v1/stock-receipts", {"lines": [line]})).status_code == 201
    chain = ScriptDirectory(str(SERVICE.migrations))
    proof = chain.get_revision("e91").module
    sql = await asyncpg.connect(driver_url(erp.owner_url))
    at = sql.transaction()
    await at.start()
    try:
        counted = await sql.fetch(_COUNTED)
        await sql.execute("alter table stock_proof disable trigger user")
        await sql.execute("delete from stock_proof")
        await sql.execute(proof.count_moves_of("stock_move"))
        await sql.execute(proof.count_lines_of("journal_line"))
        assert await sql.fetch(_COUNTED) == counted
        assert len(counted) > 0
    finally:
        await at.rollback()
        await sql.close()


_COUNTED = """select * from stock_proof where (quantity, value, booked) <> (0, 0, 0)
  order by item_id, warehouse_id"""


@pytest.mark.parametrize("statement", ["drop table customer", "alter table item add x int"])
async def test_the_runtime_role_owns_no_table(erp, statement):
    sql = await asyncpg.connect(driver_url(erp.runtime_url))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await sql.execute(statement)
    finally:
        await sql.close()
