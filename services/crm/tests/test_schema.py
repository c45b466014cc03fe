"""The migrations: one linear chain that ends in what the entities say, up, down and up again."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.storage.database import async_url, driver_url
from chassis.storage.migrate import downgrade, upgrade
from crm.app import SERVICE
from crm.tables import METADATA


def ours(thing, name, kind, _reflected, _compare_to):
    """Only tables of the CRM; the chassis compares its own."""
    if kind == "table":
        return name in METADATA.tables and thing.info.get("owner") != "chassis"
    return True


def differences(connection):
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "include_object": ours}
    )
    return compare_metadata(context, METADATA)


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
    engine = create_async_engine(async_url(crm.owner_url))
    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()
    assert found == []


@pytest.mark.parametrize(
    "table", [name for name, table in METADATA.tables.items() if not table.info]
)
async def test_checks_and_generated_columns_are_those_of_the_entities(crm, table):
    """What the comparison above does not see: CHECK, EXCLUDE and generated columns."""
    named = {
        constraint.name
        for constraint in METADATA.tables[table].constraints
        if constraint.name and not str(constraint.name).startswith(("pk_", "uq_", "fk_"))
    }
    async with crm.database.driver() as sql:
        rows = await sql.fetch(
            """select conname from pg_constraint
                where conrelid = $1::text::regclass and contype in ('c', 'x')""",
            table,
        )
        generated = await sql.fetch(
            """select attname from pg_attribute
                where attrelid = $1::text::regclass and attgenerated = 's'""",
            table,
        )
    prefix = f"ck_{table}_"
    known = {row["conname"].removeprefix(prefix) for row in rows}
    assert known == {str(name).removeprefix(prefix) for name in named}
    columns = METADATA.tables[table].columns
    assert {row["attname"] for row in generated} == {one.name for one in columns if one.computed}


async def test_down_to_nothing_and_up_again(cluster):
    urls = cluster.empty("crm", f"crm_updown_{uuid4().hex[:8]}")
    await in_thread(upgrade, SERVICE, urls.owner)
    made = await tables_at(urls.owner)
    assert METADATA.tables.keys() <= made
    await in_thread(downgrade, SERVICE, urls.owner, "base")
    assert await tables_at(urls.owner) == set()
    await in_thread(upgrade, SERVICE, urls.owner)
    assert await tables_at(urls.owner) == made
