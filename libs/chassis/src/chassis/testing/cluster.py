"""A server for making databases in tests: empty ones, and copies of migrated templates.

Every test database is its own, so processes that test at the same time do not meet.
"""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import asyncpg

import chassis
from chassis.schema.migrate import upgrade
from chassis.schema.rights import grant
from chassis.service import Service
from chassis.storage.bootstrap import (
    DatabaseUrls,
    Roles,
    create_database,
    create_roles,
    drop_databases,
    in_own_loop,
)
from chassis.storage.connections import driver_url
from chassis.testing.clock import DATABASE_ZONE

__all__ = ["Passwords", "TestCluster"]


class Passwords(Protocol):
    """Where the passwords of roles come from."""

    def __call__(self, role: str) -> str:
        """The role's password, the same for every process."""


class TestCluster:
    """A server with an administrator's rights, for making databases in tests."""

    __test__ = False

    def __init__(self, admin_url: str, prefix: str, passwords: Passwords, room: Path) -> None:
        self.admin_url = admin_url
        self.prefix = prefix
        self.passwords = passwords
        self.room = room
        self._made: list[str] = []

    def empty(self, role: str, name: str) -> DatabaseUrls:
        """A new database without a table, with the roles `test_<role>` and `test_<role>_owner`."""
        with self._in_line():
            in_own_loop(create_roles(self.admin_url, self._roles(role)))
            return self._create(role, self.prefix + name, template="template0")

    def migrated(self, service: Service, name: str) -> DatabaseUrls:
        """A new database with all tables of the service: a copy of a template made once."""
        with self._in_line():
            template = self._template(service)
            return self._create(service.name, self.prefix + name, template=template)

    def drop_all(self) -> None:
        """Drop what this process made, except templates that others may be copying."""
        in_own_loop(drop_databases(self.admin_url, self._made))

    def drop_prefixed(self) -> None:
        """Drop every database of this prefix, templates too, on a server that stays."""
        names = in_own_loop(_test_databases(self.admin_url))
        ours = [name for name in names if name.startswith(self.prefix)]
        in_own_loop(drop_databases(self.admin_url, ours))

    def drop_leftovers(self) -> None:
        """Drop databases of tests that ended before this server started."""
        with self._in_line():
            names = in_own_loop(_test_databases(self.admin_url))
            earlier = [name for name in names if name[1].isdigit()]
            left = [name for name in earlier if not name.startswith(self.prefix)]
            in_own_loop(drop_databases(self.admin_url, left))

    def _roles(self, name: str) -> Roles:
        """Roles of tests alone, so that a server's real roles keep their passwords."""
        role = f"test_{name}"
        return Roles(
            name=role,
            runtime_password=self.passwords(role),
            owner_password=self.passwords(f"{role}_owner"),
        )

    def _create(self, role: str, name: str, *, template: str) -> DatabaseUrls:
        roles = self._roles(role)
        in_own_loop(create_database(self.admin_url, name, roles, template=template))
        self._made.append(name)
        if os.environ.get(DATABASE_ZONE):
            in_own_loop(_set_zone(self.admin_url, name, os.environ[DATABASE_ZONE]))
        return roles.urls(self.admin_url, name)

    def _template(self, service: Service) -> str:
        name = f"{self.prefix}{service.name}_{_fingerprint(service)}"
        if name in in_own_loop(_test_databases(self.admin_url)):
            return name
        roles = self._roles(service.name)
        unfinished = f"{name}_new"
        in_own_loop(drop_databases(self.admin_url, [unfinished]))
        in_own_loop(create_roles(self.admin_url, roles))
        in_own_loop(create_database(self.admin_url, unfinished, roles))
        urls = roles.urls(self.admin_url, unfinished)
        _in_own_thread(lambda: upgrade(service, urls.owner))
        in_own_loop(grant(urls.owner, roles.name, service.rights))
        in_own_loop(_rename(self.admin_url, unfinished, name))
        return name

    @contextmanager
    def _in_line(self) -> Iterator[None]:
        """One test process at a time makes roles, templates and copies of them."""
        with (self.room / "line.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _fingerprint(service: Service) -> str:
    """Changes with any file that could change the tables, and with the rights on them."""
    libraries = (one.parent for one in service.shared_locales)
    folders = (Path(chassis.__file__).parent, *libraries, service.migrations)
    parts = (str(service.migrations), sorted(service.rights.items()))
    digest = hashlib.sha256(repr(parts).encode())
    for path in sorted(path for folder in folders for path in folder.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _in_own_thread(act: Callable[[], None]) -> None:
    """Alembic starts an event loop of its own, which needs a thread without one."""
    with ThreadPoolExecutor(max_workers=1) as alone:
        alone.submit(act).result()


async def _test_databases(url: str) -> list[str]:
    sql = await asyncpg.connect(driver_url(url))
    try:
        rows = await sql.fetch("select datname from pg_database where datname ~ '^tx?[0-9a-f]+_'")
        return [row["datname"] for row in rows]
    finally:
        await sql.close()


async def _set_zone(url: str, name: str, zone: str) -> None:
    """What a server reads days in, where a session asks for no zone of its own."""
    sql = await asyncpg.connect(driver_url(url))
    try:
        await sql.execute(f"""alter database "{name}" set timezone = '{zone}'""")
    finally:
        await sql.close()


async def _rename(url: str, old: str, new: str) -> None:
    sql = await asyncpg.connect(driver_url(url))
    try:
        await sql.execute(f'alter database "{old}" rename to "{new}"')
    finally:
        await sql.close()
