"""Roles and databases: what stands before the first migration.

Each service has two roles. The owner owns the tables and migrates; the runtime role reads and
writes rows. So no request, however wrong, can drop a trigger that guards a ledger.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import make_url

from chassis.storage.connections import opened

__all__ = [
    "DatabaseUrls",
    "Roles",
    "create_database",
    "create_roles",
    "drop_databases",
    "ensure_database",
    "in_own_loop",
    "owns_tables",
]

T = TypeVar("T")


@dataclass(frozen=True)
class DatabaseUrls:
    """How one service reaches its database in its two roles; both carry a password."""

    runtime: str
    owner: str


@dataclass(frozen=True)
class Roles:
    """The two roles of a service and their passwords."""

    name: str
    runtime_password: str
    owner_password: str

    @property
    def owner(self) -> str:
        """The role that owns the tables."""
        return f"{self.name}_owner"

    def urls(self, server_url: str, database: str) -> DatabaseUrls:
        """URLs of both roles to a database of the server that `server_url` names."""
        server = make_url(server_url).set(database=database)
        runtime = server.set(username=self.name, password=self.runtime_password)
        owner = server.set(username=self.owner, password=self.owner_password)
        return DatabaseUrls(
            runtime=runtime.render_as_string(hide_password=False),
            owner=owner.render_as_string(hide_password=False),
        )


def in_own_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end from plain code, whether or not a loop runs in this thread."""
    with ThreadPoolExecutor(max_workers=1) as alone:
        return alone.submit(asyncio.run, work).result()


async def create_roles(admin_url: str, roles: Roles) -> None:
    """Create both roles, or set the passwords of those that stand."""
    async with opened(admin_url) as sql:
        passwords = {roles.name: roles.runtime_password, roles.owner: roles.owner_password}
        for role, password in passwords.items():
            exists = await sql.fetchval("select true from pg_roles where rolname = $1", role)
            verb = "alter" if exists else "create"
            literal = await sql.fetchval("select quote_literal($1::text)", password)
            await sql.execute(f'{verb} role "{role}" login password {literal}')
        # A server's ordinary administrator may hand a database only to a role it is member of.
        if not await sql.fetchval("select usesuper from pg_user where usename = current_user"):
            await sql.execute(f'grant "{roles.owner}" to current_user')


async def create_database(
    admin_url: str, name: str, roles: Roles, *, template: str = "template0"
) -> None:
    """Create a database that only its two roles may enter.

    A template of our own is copied file by file: through the WAL its 11 MB take four times as long.
    """
    async with opened(admin_url) as sql:
        how = "encoding 'UTF8'" if template == "template0" else "strategy file_copy"
        await sql.execute(
            f'create database "{name}" owner "{roles.owner}" template "{template}" {how}'
        )
        await sql.execute(f'revoke all on database "{name}" from public')
        await sql.execute(f'grant connect on database "{name}" to "{roles.name}"')


async def ensure_database(admin_url: str, name: str, roles: Roles) -> None:
    """Create the database and its roles unless the database stands."""
    async with opened(admin_url) as sql:
        stands = await sql.fetchval("select true from pg_database where datname = $1", name)
    if not stands:
        await create_roles(admin_url, roles)
        await create_database(admin_url, name, roles)


async def drop_databases(admin_url: str, names: Iterable[str]) -> None:
    """Drop databases with all connections to them; none of a name is fine."""
    async with opened(admin_url) as sql:
        for name in names:
            await sql.execute(f'drop database if exists "{name}" with (force)')


async def owns_tables(runtime_url: str) -> list[str]:
    """The tables whose guards this role could remove, as owner, as member of it or as superuser.

    Empty in a sound installation.
    """
    async with opened(runtime_url) as sql:
        rows = await sql.fetch(
            """
            select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where c.relkind in ('r', 'p') and n.nspname = 'public'
              and pg_has_role(current_user, c.relowner, 'MEMBER')
            order by c.relname
            """
        )
        return [row["relname"] for row in rows]
