"""The migrations: one linear chain that ends in what the entities say, up, down and up again."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from uuid import uuid4

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.schema.migrate import downgrade, upgrade
from chassis.schema.rights import PIN_FUNCTIONS
from chassis.storage.connections import ASYNC_URL, connecting, driver_url
from chassis.storage.folding import FUNCTIONS
from crm.app import SERVICE
from crm.searched import KEPT


def ours(thing, name, kind, _reflected, _compare_to):
    """Only tables of the CRM; the chassis compares its own."""
    if kind == "table":
        return name in SERVICE.metadata.tables and thing.info.get("owner") != "chassis"
    return True


def differences(connection):
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "include_object": ours}
    )
    return compare_metadata(context, SERVICE.metadata)


async def in_thread(act, *arguments):
    """Alembic starts an event loop of its own, which needs a thread without one."""
    with ThreadPoolExecutor(max_workers=1) as alone:
        return await asyncio.get_running_loop().run_in_executor(alone, act, *arguments)


async def tables_at(url):
    sql = await asyncpg.connect(driver_url(url))
    try:
        rows = await sql.fetch("select tablename from pg_tables where schemaname = 'public'")
        return {row["tablename"] for row in rows} - {"alembic_version"}
    finally:
        await sql.close()


async def test_the_newest_revision_is_what_the_entities_say(crm):
    engine = create_async_engine(ASYNC_URL, async_creator=connecting(crm.owner_url))
    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()
    assert found == []


DESCRIBED = {
    "columns": """select c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod)
        || ' ' || a.attnotnull || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
        || ' ' || coalesce(l.collname, '')
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
      left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
      left join pg_collation l on l.oid = a.attcollation
      where c.relname = any($1) and not a.attisdropped""",
    "constraints": """select conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
      from pg_constraint where conrelid::regclass::text = any($1) and contype <> 't'""",
    "functions": """select proname, pg_get_functiondef(oid) from pg_proc
      where proname ~ 'search' and pronamespace = 'public'::regnamespace
        and cardinality($1::text[]) > 0""",
    "triggers": """select tgrelid::regclass || '.' || tgname, pg_get_triggerdef(oid) from pg_trigger
      where tgname ~ '_search_of_' and tgrelid::regclass::text = any($1)""",
    "indexes": "select indexname, indexdef from pg_indexes where tablename = any($1)",
}
"""What a database says of tables: a name and its full description."""


async def described(url, kind):
    """The description of our tables, by name."""
    tables = [name for name, table in SERVICE.metadata.tables.items() if not table.info]
    sql = await asyncpg.connect(driver_url(url))
    try:
        return dict(tuple(row) for row in await sql.fetch(DESCRIBED[kind], tables))
    finally:
        await sql.close()


@pytest.fixture(scope="module")
async def from_entities(cluster):
    """A database whose tables are made from the entities, without a migration."""
    urls = cluster.empty("crm", f"crm_entities_{uuid4().hex[:8]}")
    await in_thread(upgrade, SERVICE, urls.owner, "0001")
    engine = create_async_engine(ASYNC_URL, async_creator=connecting(urls.owner))
    async with engine.begin() as connection:
        for statement in FUNCTIONS:
            await connection.exec_driver_sql(statement)
        await connection.run_sync(SERVICE.metadata.create_all)
        for statement in chain.from_iterable(one.statements for one in KEPT):
            await connection.exec_driver_sql(statement)
        await connection.exec_driver_sql(PIN_FUNCTIONS)
    await engine.dispose()
    return urls.owner


@pytest.mark.parametrize("kind", DESCRIBED)
async def test_both_ways_to_the_tables_end_in_the_same(crm, from_entities, kind):
    """Migrations and entities agree to the last CHECK, WHERE and generated column."""
    made = await described(from_entities, kind)
    assert await described(crm.owner_url, kind) == made
    assert made


async def test_down_to_nothing_and_up_again(cluster):
    urls = cluster.empty("crm", f"crm_updown_{uuid4().hex[:8]}")
    await in_thread(upgrade, SERVICE, urls.owner)
    made = await tables_at(urls.owner)
    assert SERVICE.metadata.tables.keys() <= made
    await in_thread(downgrade, SERVICE, urls.owner, "base")
    assert await tables_at(urls.owner) == set()
    await in_thread(upgrade, SERVICE, urls.owner)
    assert await tables_at(urls.owner) == made
