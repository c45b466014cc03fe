"""The worker is killed by SIGKILL in the middle of an import: a real process, a real PostgreSQL."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from chassis.storage.connections import driver_url
from chassis.testing.waiting import until
from identity.testing.desk import Desk
from identity.testing.service import running
from records.imports.job import ROWS_A_STEP
from tests.records.kinds import HALVES
from tests.records.test_imports import brought, counts, csv_of

ROWS = 2 * ROWS_A_STEP + 100
FINISHED = {"done", "failed", "undone"}


@asynccontextmanager
async def worker(desk: Desk) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker as a process of its own, which is killed at the end if it still runs."""
    server = desk.server
    variables = {
        "CRM_DATABASE_URL": server.runtime_url,
        "CRM_MIGRATION_DATABASE_URL": server.owner_url,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "crm", "worker"),
        env=os.environ | variables,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()


@asynccontextmanager
async def nobody_writes_history(desk: Desk) -> "AsyncIterator[asyncpg.Connection[Any]]":
    """Steps stop in their last statement, when all their records are written, none committed."""
    sql = await asyncpg.connect(driver_url(desk.server.owner_url))
    try:
        async with sql.transaction():
            await sql.execute("lock table record_change in share mode")
            yield sql
    finally:
        await sql.close()


async def is_stopped(sql: "asyncpg.Connection[Any]") -> bool:
    """Whether somebody waits to write history."""
    waits = "select exists (select from pg_locks where not granted and relation = $1::regclass)"
    waiting: bool = await sql.fetchval(waits, "record_change")
    return waiting


async def finished(desk: Desk, path: str) -> dict[str, Any]:
    """The import once its job has ended."""

    async def ended() -> bool:
        return (await desk.see(path))["state"] in FINISHED

    await until(ended, within_seconds=120)
    return await desk.see(path)


@pytest.mark.parametrize("rows_done", [0, ROWS_A_STEP])
async def test_an_import_goes_on_when_its_worker_was_killed(cluster, rows_done):
    """In the first step or a later one: every row once, counts right, and undone afterwards."""
    async with running(HALVES["crm"], cluster) as server:
        desk = Desk(server)
        rows = [{"external_id": f"K{at}", "name": f"Firm {at}"} for at in range(ROWS)]
        made = await brought(desk, "account", csv_of(*rows))
        path = f"/v1/imports/{made['id']}"

        async def come_so_far() -> bool:
            return (await desk.see(path))["rows_done"] >= rows_done

        async with worker(desk) as first:
            if rows_done:
                assert (await server.post(f"{path}/run", {})).is_success
                await until(come_so_far, within_seconds=60)
            async with nobody_writes_history(desk) as sql:
                if not rows_done:
                    assert (await server.post(f"{path}/run", {})).is_success
                await until(lambda: is_stopped(sql), within_seconds=60)
                before = await desk.see(path)
                first.send_signal(signal.SIGKILL)
                assert await first.wait() == -signal.SIGKILL
        assert before["state"] == "running"
        assert rows_done <= before["rows_done"] < ROWS
        assert len(await desk.rows("select from account")) == before["rows_done"]

        async with worker(desk):
            done = await finished(desk, path)
            assert (done["state"], counts(done)) == ("done", (ROWS, 0, 0, 0))
            assert done["rows_done"] == done["rows_total"] == ROWS
            links = await desk.rows(
                "select entity_id, external_id from external_reference where system = 'legacy'"
            )
            assert {one["external_id"] for one in links} == {f"K{at}" for at in range(ROWS)}
            assert len(links) == len({one["entity_id"] for one in links}) == ROWS
            for question in (
                "select from account",
                "select from record_change where record_type = 'account' and is_new",
                "select from outbox where type = 'tandem.crm.account-changed.v1'",
                "select from record_import_row where outcome = 'created'",
            ):
                assert len(await desk.rows(question)) == ROWS, question
            assert (await server.post(f"{path}/undo", None)).is_success
            undone = await finished(desk, path)
        assert (undone["state"], undone["undo"]) == ("undone", {"put_away": ROWS})
        left = await desk.rows("select from account where status <> 'archived'")
        assert left == []
