"""`doctor` says whether the database folds letters of all scripts, and what a server needs to."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from chassis.storage.connections import driver_url
from chassis.storage.folding import FUNCTIONS

ASCII_ONLY = """create function search_fold(text) returns text language sql immutable
  return lower($1 collate "C")"""


@pytest.mark.parametrize(
    ("functions", "code", "told"),
    [
        ((), 0, "ok  search: searches nothing by words"),
        (FUNCTIONS, 0, "ok  search: folds letters of all scripts"),
        ((ASCII_ONLY,), 1, "BAD search: letters outside ASCII are found as they are written only"),
    ],
)
async def test_doctor_reports_which_letters_are_folded(  # noqa: PLR0917 - a table
    cluster, sample_module, run, monkeypatch, functions, code, told
):
    urls = cluster.migrated(sample_module.SERVICE, f"search_{uuid4().hex[:8]}")
    sql = await asyncpg.connect(driver_url(urls.owner))
    for statement in functions:
        await sql.execute(statement)
    await sql.close()
    monkeypatch.setenv("SAMPLE_DATABASE_URL", urls.runtime)
    monkeypatch.setenv("SAMPLE_MIGRATION_DATABASE_URL", urls.owner)
    found = await asyncio.to_thread(run, "doctor")
    assert told in found.stdout
    assert found.exit_code == code
    assert ("use PostgreSQL 17 or newer" in found.stdout) == bool(code)
