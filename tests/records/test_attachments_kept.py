"""Attachments in a folder, and the virus scanner: what is kept, given and swept."""

import asyncio
import os
import struct
import sys
import time
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import pytest
from pydantic import ValidationError

from chassis.worker.jobs import Worker
from crm.app import SERVICE
from crm.settings import CrmSettings
from identity.testing.desk import require_problem as problem
from tests.records.test_attachments import PNG, another, attach, if_match, listed, send

EICAR = PNG + b"EICAR"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "files"


def files_in(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def make_old(*paths):
    """As if they had been written two hours ago."""
    for path in paths:
        os.utime(path, (time.time() - 7200,) * 2)


async def run_job(crm, kind):
    """The job as the worker runs it."""
    async with crm.database.transaction() as work:
        work.enqueue(kind, {})
    await run_jobs(crm)


async def run_jobs(crm):
    await Worker(crm.database, handlers=SERVICE.jobs).once()


async def test_a_folder_keeps_the_content(cluster, folder):
    """One file for an attachment, no rows of content; deleted with it, by a job."""
    async with another(cluster, attachment_folder=folder) as (crm, account):
        added = await attach(crm, account)
        (path,) = files_in(folder)
        assert (path.name, path.read_bytes()) == (added["id"], PNG)
        one = f"{account}/attachments/{added['id']}"
        part = await crm.client.get(f"{one}/content", headers={"Range": "bytes=4-9"})
        assert part.content == PNG[4:10]
        async with crm.database.driver() as sql:
            assert await sql.fetchval("select count(*) from attachment_chunk") == 0
        await crm.client.delete(one, headers=if_match(1))
        await run_jobs(crm)
        assert files_in(folder) == []


async def test_a_lost_file_is_said_to_be_lost(cluster, folder):
    async with another(cluster, attachment_folder=folder) as (crm, account):
        added = await attach(crm, account)
        files_in(folder)[0].unlink()
        got = await crm.client.get(f"{account}/attachments/{added['id']}/content")
        problem(got, 503, "attachment_content_missing")


async def test_what_is_refused_leaves_no_file(cluster, folder):
    settings = {"attachment_folder": folder, "attachment_count_max": 1}
    async with another(cluster, **settings) as (crm, account):
        problem(await send(crm.client, account, b"%PDF-1.7"), 422, "file_type_mismatch")
        await attach(crm, account)
        problem(await send(crm.client, account), 409, "too_many_attachments")
        assert len(files_in(folder)) == 1


async def test_an_act_that_fails_leaves_no_row_and_its_file_is_swept(cluster, folder):
    """The file is in its place before the commit; without a commit nobody needs it."""
    async with another(cluster, attachment_folder=folder) as (crm, account):
        kept = await attach(crm, account)
        await break_commits(crm)
        reply = await send(crm.client, account)
        assert reply.status_code == 409
        assert [row["id"] for row in await listed(crm, account)] == [kept["id"]]
        (left,) = [path for path in files_in(folder) if path.name != kept["id"]]
        abandoned, foreign = folder / "incoming" / "attachment-x", folder / "00" / "readme"
        foreign.parent.mkdir(exist_ok=True)
        for path in (abandoned, foreign):
            path.write_bytes(b"x")
        await run_job(crm, "attachments.sweep")
        assert len(files_in(folder)) == 4  # none is old enough: its act may still be open
        make_old(*files_in(folder))
        await run_job(crm, "attachments.sweep")
        assert {path.name for path in files_in(folder)} == {kept["id"], foreign.name}
        assert left.name not in {path.name for path in files_in(folder)}


async def break_commits(crm):
    """From now on the event of an attachment is refused at the end of its act."""
    owner = await asyncpg.connect(
        crm.settings.migration_database_url.get_secret_value().replace("+asyncpg", "")
    )
    try:
        await owner.execute(
            "alter table outbox add constraint ck_no_attachments check (topic !~ 'attachment')"
            " not valid"
        )
    finally:
        await owner.close()


@asynccontextmanager
async def clamd(answer=None):
    """A scanner that speaks clamd's protocol; its address, and the files that it was sent."""
    sent = []

    async def serve(reader, writer):
        assert await reader.readuntil(b"\0") == b"zINSTREAM\0"
        content = b""
        while size := struct.unpack(">I", await reader.readexactly(4))[0]:
            content += await reader.readexactly(size)
        sent.append(content)
        said = b"stream: Eicar-Signature FOUND" if content == EICAR else b"stream: OK"
        writer.write((answer or said) + b"\0")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"clamd://127.0.0.1:{server.sockets[0].getsockname()[1]}", sent


async def test_clamd_is_asked_about_each_file(cluster):
    async with (
        clamd() as (address, sent),
        another(cluster, attachment_scanner=address) as (crm, account),
    ):
        added = await attach(crm, account)
        infected = problem(await send(crm.client, account, EICAR), 422, "attachment_infected")
        assert infected["facts"] == {"finding": "Eicar-Signature"}
        assert sent == [PNG, EICAR]
        assert [row["id"] for row in await listed(crm, account)] == [added["id"]]
        content = await crm.client.get(f"{account}/attachments/{added['id']}/content")
        assert content.content == PNG
        assert len(sent) == 2  # what was scanned is not scanned again


async def test_a_scanner_that_refuses_is_no_scanner_that_is_away(cluster):
    async with (
        clamd(b"INSTREAM size limit exceeded. ERROR") as (address, _),
        another(cluster, attachment_scanner=address) as (crm, account),
    ):
        refused = problem(await send(crm.client, account), 422, "scan_refused")
        assert refused["facts"] == {"answer": "INSTREAM size limit exceeded. ERROR"}


async def test_without_the_scanner_nothing_is_taken_or_given_unscanned(cluster):
    """Files of before the scanner are scanned when they are first asked for."""
    async with another(cluster) as (crm, account):
        clean, bad = await attach(crm, account), await attach(crm, account, EICAR)
        urls = [f"{account}/attachments/{one['id']}/content" for one in (clean, bad)]
        async with clamd() as (address, sent):
            pass
        object.__setattr__(crm.settings, "attachment_scanner", address)
        for reply in (await send(crm.client, account), await crm.client.get(urls[0])):
            problem(reply, 503, "scanner_unavailable")
            assert reply.headers["retry-after"] == "30"
        async with clamd() as (address, sent):
            object.__setattr__(crm.settings, "attachment_scanner", address)
            for _ in "ab":
                assert (await crm.client.get(urls[0])).content == PNG
                problem(await crm.client.get(urls[1]), 422, "attachment_infected")
            assert sent == [PNG, EICAR, EICAR]


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        (0, 201, None),
        (1, 422, "attachment_infected"),
        (2, 503, "scanner_unavailable"),
    ],
)
async def test_a_command_scans(cluster, tmp_path, code, status, told):
    script = tmp_path / "scan.py"
    script.write_text(
        "import sys; content = open(sys.argv[1], 'rb').read()\n"
        f"print(sys.argv[1] + ': ' + str(len(content)) + ' bytes'); sys.exit({code})\n"
    )
    command = f"{sys.executable} {script}"
    async with another(cluster, attachment_scanner=command) as (crm, account):
        reply = await send(crm.client, account)
        assert reply.status_code == status
        if told:
            refused = problem(reply, status, told)
            assert refused["facts"] == ({"finding": f"{len(PNG)} bytes"} if code == 1 else {})


async def test_a_scanner_that_hangs_is_away(cluster, tmp_path):
    script = tmp_path / "scan.py"
    script.write_text("import time; time.sleep(60)")
    settings = {
        "attachment_scanner": f"{sys.executable} {script}",
        "attachment_scan_seconds": 0.2,
    }
    async with another(cluster, **settings) as (crm, account):
        problem(await send(crm.client, account), 503, "scanner_unavailable")


@pytest.mark.parametrize(
    "settings",
    [
        {"attachment_types": "png,exe"},
        {"attachment_scanner": "clamd:localhost"},
        {"attachment_scanner": "clamscan"},
    ],
)
def test_settings_that_cannot_work_are_refused(settings):
    with pytest.raises(ValidationError):
        CrmSettings(**settings)


def test_production_sends_no_file_to_a_scanner_on_another_machine():
    """What is sent to clamd has no TLS."""
    given = {
        "environment": "production",
        "database_url": "postgresql://crm@db.example.com/crm?sslmode=verify-full",
        "attachment_scanner": "clamd://scanner.example.com:3310",
    }
    with pytest.raises(ValidationError, match="CRM_ATTACHMENT_SCANNER is clamd://scanner"):
        CrmSettings(**given)
    for taken in (
        {"private_network": True},
        {"attachment_scanner": "clamd://127.0.0.1:3310"},
        {"attachment_scanner": "clamd:///run/clamd.sock"},
        {"attachment_scanner": "/usr/bin/clamdscan --fdpass"},
    ):
        assert CrmSettings(**(given | taken)).unsafe() == []


async def test_types_by_setting(cluster):
    async with another(cluster, attachment_types="pdf") as (crm, account):
        refused = problem(await send(crm.client, account), 422, "file_type_not_allowed")
        assert refused["facts"]["allowed"] == "pdf"
        key = str(uuid4())
        assert (await send(crm.client, account, b"%PDF-1.4", name="a.pdf", key=key)).is_success
