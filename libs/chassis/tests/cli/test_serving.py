"""The service as a process: it serves, works, imports, exports and stops in order."""

import asyncio
import csv
import json
import os
import signal
import socket
import sys
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
import pytest

from chassis.clock import utc_now
from chassis.storage.connections import driver_url
from identity import keys

PROGRAM = [sys.executable, str(Path(__file__).parent / "run_sample.py")]
READY_SECONDS = 30


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def start(installed, *arguments):
    return await asyncio.create_subprocess_exec(
        *PROGRAM,
        *arguments,
        env=os.environ | installed.variables,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def call(installed, *arguments):
    process = await start(installed, *arguments)
    out, stderr = await process.communicate()
    return process.returncode, out.decode(), stderr.decode()


async def line_with(process, words):
    """The first line of the process's log that has the words."""
    async with asyncio.timeout(READY_SECONDS):
        async for line in process.stdout:
            if words in line.decode():
                return json.loads(line)
    said = (await process.stderr.read()).decode()
    pytest.fail(f"the process ended without saying {words}: {said}")


async def stopped(process, number=signal.SIGTERM):
    process.send_signal(number)
    out, stderr = await asyncio.wait_for(process.communicate(), READY_SECONDS)
    return process.returncode, out.decode(), stderr.decode()


@pytest.fixture(scope="module")
async def key(installed, sample_module):
    sql = await asyncpg.connect(driver_url(installed.urls.runtime))
    issued = await keys.issue(
        sql,
        service="sample",
        name="test",
        scopes=["admin"],
        permissions=sample_module.SERVICE.permissions,
        created_by="system:test",
        now=utc_now(),
    )
    await sql.close()
    return issued.secret


@pytest.fixture(scope="module")
async def serving(installed):
    port = free_port()
    process = await start(installed, "serve", "--with-worker", "--port", str(port))
    await line_with(process, "Application startup complete")
    yield f"http://127.0.0.1:{port}"
    code, out, stderr = await stopped(process)
    assert code == 0, stderr
    assert stderr == ""
    assert all(json.loads(line) for line in out.splitlines())


async def test_with_worker_events_reach_the_feed(serving, key):
    """B01: the sequencer runs beside the API and gives each event its place."""
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": str(uuid4())}
    async with httpx.AsyncClient(base_url=serving, headers=headers) as client:
        assert (await client.get("/readyz")).json()["status"] == "ready"
        note = (await client.post("/v1/notes", json={"title": "from outside"})).json()
        async with asyncio.timeout(READY_SECONDS):
            subjects = []
            while note["id"] not in subjects:
                feed = await client.get("/v1/events", params={"limit": 500, "wait": 1})
                subjects = [event["subject"] for event in feed.json()]


async def test_import_and_export_go_through_the_api(run, serving, key, tmp_path):
    async def call(*arguments):
        # A command has an event loop of its own, which needs a thread without one.
        result = await asyncio.to_thread(run, *arguments)
        return result.exit_code, result.stdout, result.stderr

    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        """
resources:
  - name: notes
    file: Notes.csv
    target: /v1/notes/by-external/other/batch
    external_id: ID
    fields: {title: Title}
"""
    )
    mark = uuid4().hex[:8]
    rows = f"ID,Title\n{mark}-1,=1+1 {mark}\n{mark}-2,unwanted\n{mark}-3,茶 {mark}\n"
    (tmp_path / "Notes.csv").write_text(rows, encoding="utf-8")
    errors = str(tmp_path / "errors")
    shared = ["--source", str(tmp_path), "--url", serving, "--key", key, "--errors", errors]
    code, out, stderr = await call("import", str(mapping), *shared, "--json")
    assert code == 1, stderr
    (resource,) = json.loads(out)["resources"]
    assert resource["counts"] == {"created": 2, "failed": 1}
    assert resource["errors"][0]["row"] == 3
    code, out, _ = await call("import", str(mapping), *shared)
    assert code == 1
    assert f"row 3 [{mark}-2] row: " in out

    exported = tmp_path / "out.csv"
    key_file = tmp_path / "key"
    key_file.write_text(key)
    arguments = ["--out", str(exported), "--url", serving, "--key-file", str(key_file)]
    code, out, stderr = await call("export", "notes", *arguments, "--json")
    assert code == 0, stderr
    with exported.open(encoding="utf-8-sig", newline="") as file:
        titles = [row["title"] for row in csv.DictReader(file)]
    assert f"'=1+1 {mark}" in titles
    assert f"茶 {mark}" in titles
    assert json.loads(out)["records"] == len(titles)
    assert (await call("export", "nothing", *arguments))[0] == 2
    code, _, stderr = await call(
        "export", "../readyz", "--out", str(tmp_path / "x.csv"), *arguments[2:]
    )
    assert (code, "nothing to export" in stderr) == (2, True)
    assert not (tmp_path / "x.csv").exists()


async def test_production_takes_no_key_from_a_file_that_everybody_reads(
    run, serving, key, tmp_path, monkeypatch
):
    monkeypatch.setenv("TANDEM_ENV", "production")
    key_file = tmp_path / "key"
    key_file.write_text(key)
    arguments = ["export", "notes", "--out", str(tmp_path / "x.csv"), "--url", serving]
    for mode, code in ((0o644, 2), (0o640, 0)):
        key_file.chmod(mode)
        done = await asyncio.to_thread(lambda: run(*arguments, "--key-file", str(key_file)))
        assert done.exit_code == code, done.stderr
        assert (code == 0) != (f"chmod 640 {key_file}" in done.stderr)


async def test_metrics_have_a_port_of_their_own(installed, monkeypatch):
    """What is measured stands there, and nothing else; the API's port has none of it."""
    port, inside = free_port(), free_port()
    monkeypatch.setenv("SAMPLE_METRICS_PORT", str(inside))
    process = await start(installed, "serve", "--port", str(port))
    await line_with(process, "Application startup complete")
    async with httpx.AsyncClient() as client:
        for path, status in (("/livez", 200), ("/metrics", 404)):
            reply = await client.get(f"http://127.0.0.1:{port}{path}")
            assert reply.status_code == status
        page = await client.get(f"http://127.0.0.1:{inside}/metrics")
        assert page.headers["content-type"].startswith("text/plain")
        assert 'route="/livez"' in page.text
        for path in ("/livez", "/v1/notes", "/openapi.json", "/docs"):
            assert (await client.get(f"http://127.0.0.1:{inside}{path}")).status_code == 404
    code, _, stderr = await stopped(process)
    assert (code, stderr) == (0, "")


async def test_without_a_key_nothing_is_imported(installed, tmp_path):
    code, _, stderr = await call(installed, "export", "notes", "--out", str(tmp_path / "x.csv"))
    assert code == 2
    assert "SAMPLE_API_KEY" in stderr


async def test_a_taken_port_is_told(installed, serving):
    port = serving.rsplit(":", 1)[1]
    code, _, stderr = await call(installed, "serve", "--port", port)
    assert code == 2
    assert f"cannot listen on 127.0.0.1:{port}" in stderr
    assert "--port" in stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_worker_alone_starts_and_stops_in_order(installed, number):
    process = await start(installed, "worker")
    await line_with(process, "worker_started")
    code, _, stderr = await stopped(process, number)
    assert code == 0, stderr
    assert stderr == ""
