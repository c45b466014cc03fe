"""Roles and rights: what the runtime role may do, and what it must not."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from chassis.schema.rights import grant
from chassis.storage.bootstrap import (
    Roles,
    create_roles,
    drop_databases,
    ensure_database,
    in_own_loop,
    owns_tables,
)


async def run(url, *statements):
    sql = await asyncpg.connect(url)
    try:
        for statement in statements:
            await sql.execute(statement)
    finally:
        await sql.close()


@pytest.fixture
def urls(cluster):
    return cluster.empty("books", f"books_{uuid4().hex[:8]}")


ALL = "select, insert, update, delete"
LEDGER = (
    "create table entry (id bigint generated always as identity primary key, amount numeric)",
    "create sequence number",
    "create table alembic_version (version_num text)",
)


async def test_the_runtime_role_works_with_rows_and_with_nothing_else(urls):
    await run(urls.owner, *LEDGER)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await run(urls.runtime, "select * from entry")
    await grant(urls.owner, "test_books", {"entry": ALL, "alembic_version": "select"})
    await run(
        urls.runtime,
        "insert into entry (amount) values (12.30)",
        "update entry set amount = 12.40",
        "select nextval('number')",
        "select version_num from alembic_version",
        "delete from entry",
    )
    for forbidden in (
        "truncate entry",
        "drop table entry",
        "alter table entry disable trigger all",
        "create table mine (id int)",
        "insert into alembic_version values ('0001')",
        "create role friend",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await run(urls.runtime, forbidden)


async def test_the_role_may_do_what_is_declared_now_and_nothing_of_before(urls):
    await run(urls.owner, *LEDGER)
    await grant(urls.owner, "test_books", {"entry": ALL, "missing": ALL})
    await run(urls.runtime, "insert into entry (amount) values (1)", "select nextval('number')")
    await grant(urls.owner, "test_books", {"entry": "select, insert, update (amount)"})
    await run(urls.runtime, "update entry set amount = 2")
    for forbidden in (
        "delete from entry",
        "update entry set id = default",
        "select setval('number', 1)",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await run(urls.runtime, forbidden)


async def test_tables_of_the_runtime_role_are_found(cluster, urls):
    await run(urls.owner, *LEDGER)
    assert await owns_tables(urls.runtime) == []
    await run(urls.owner, "grant create on schema public to test_books")
    await run(urls.runtime, "create table loose (id int)")
    assert await owns_tables(urls.runtime) == ["loose"]
    assert await owns_tables(urls.owner) == ["alembic_version", "entry"]


async def test_strangers_may_not_connect(cluster, urls):
    stranger = cluster.empty("strangers", f"strangers_{uuid4().hex[:8]}")
    books = urls.runtime.rsplit("/", 1)[1]
    theirs = stranger.runtime.rsplit("/", 1)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await run(f"{theirs[0]}/{books}", "select 1")


async def test_a_database_that_stands_is_left_alone_and_a_password_is_renewed(cluster):
    name = f"kept_{uuid4().hex[:8]}"
    old = Roles(name, runtime_password="it's \\old", owner_password="old")
    await ensure_database(cluster.admin_url, name, old)
    await run(old.urls(cluster.admin_url, name).owner, "create table kept (id int)")
    await ensure_database(cluster.admin_url, name, old)
    new = Roles(name, runtime_password="new", owner_password="new")
    await create_roles(cluster.admin_url, new)
    await run(new.urls(cluster.admin_url, name).owner, "select * from kept")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await run(old.urls(cluster.admin_url, name).runtime, "select 1")
    await drop_databases(cluster.admin_url, [name, name])
    await run(cluster.admin_url, f'drop role "{name}", "{name}_owner"')


async def test_plain_code_can_wait_for_a_coroutine_even_inside_a_loop():
    async def answer():
        await asyncio.sleep(0)
        return 42

    assert in_own_loop(answer()) == 42
    assert await asyncio.to_thread(lambda: in_own_loop(answer())) == 42
