"""Attachments: on records of every type and on documents, checked by content, never shown."""

import asyncio
import hashlib
import io
import zipfile
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from crm.app import SERVICE as CRM
from identity.testing.desk import require_problem as problem
from identity.testing.service import running
from records.attachments.filenames import content_disposition
from records.attachments.tables import CHUNK_BYTES
from records.file_types import recognise
from tests.records.documents import documents_of_erp
from tests.records.kinds import HALVES, KINDS

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
PDF = b"%PDF-1.7\n1 0 obj\n%%EOF\n"


def if_match(revision):
    return {"If-Match": f'"{revision}"'}


def with_attachments(half):
    """The collections whose records have attachments."""
    paths = [route.path for router in HALVES[half].routers for route in router.routes]
    return {path.partition("/{")[0] for path in paths if path.endswith("_id}/attachments")}


def with_notes(half):
    paths = [route.path for router in HALVES[half].routers for route in router.routes]
    return {path.partition("/{")[0] for path in paths if path.endswith("_id}/notes")}


async def send(client, path, content=PNG, *, name="photo.png", key=None, **headers):
    """The reply to an upload."""
    return await client.post(
        f"{path}/attachments",
        params={"filename": name},
        content=content,
        headers={"Idempotency-Key": key or str(uuid4())} | headers,
    )


async def attach(half, path, content=PNG, **options):
    reply = await send(half.client, path, content, **options)
    assert reply.status_code == 201, reply.text
    return reply.json()


def package(**parts):
    """A package of parts, by their names with _ for /."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return held.getvalue()


DOCX = package(**{"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>"})
XLSM = package(**{"xl/workbook.xml": "<w/>", "xl/vbaProject.bin": "macros"})
ODS = package(mimetype="application/vnd.oasis.opendocument.spreadsheet", content="<o/>")


@pytest.fixture(scope="session", params=sorted(HALVES))
async def records(request, desks):
    """A half, and a record of each of its types by the path of the collection."""
    half, desk = request.param, desks[request.param]
    found = dict(await documents_of_erp(desk)) if half == "erp" else {}
    for kind in KINDS:
        if kind.half == half and kind.path in with_attachments(half) - found.keys():
            found[kind.path] = (await kind.make(desk))["id"]
    for path in with_attachments(half) - found.keys():
        found[path] = (await desk.see(path))["items"][0]["id"]
    return desk.server, found


@pytest.fixture(scope="session")
async def account(desks):
    """The path of an account."""
    return f"/v1/accounts/{(await desks['crm'].add('/v1/accounts', name='Harbour'))['id']}"


@pytest.fixture
def crm(desks):
    return desks["crm"].server


@asynccontextmanager
async def another(cluster, **settings):
    """A CRM with settings of its own, and the path of an account."""
    async with running(CRM, cluster, **settings) as crm:
        made = await crm.post("/v1/accounts", {"name": "Quay"})
        yield crm, f"/v1/accounts/{made.json()['id']}"


def test_every_type_with_notes_has_attachments():
    for half in HALVES:
        assert with_attachments(half) == with_notes(half) != set()


async def test_an_attachment_of_each_type_lives_its_life(records):
    """Added, listed, seen, downloaded, renamed, deleted; another record does not know it."""
    half, found = records
    for path, record_id in found.items():
        at, stranger = f"{path}/{record_id}", f"{path}/{uuid4()}"
        added = await attach(half, at)
        digest = hashlib.sha256(PNG).hexdigest()
        assert (added["sha256"], added["size"]) == (digest, len(PNG))
        assert added["media_type"] == "image/png"
        assert (await half.client.get(f"{at}/attachments")).json()["items"] == [added]
        one, there = (f"{place}/attachments/{added['id']}" for place in (at, stranger))
        seen = await half.client.get(one)
        assert (seen.json(), seen.headers["etag"]) == (added, '"1"')
        assert (await half.client.get(f"{one}/content")).content == PNG
        problem(await send(half.client, stranger), 404, "not_found")
        for url in (f"{stranger}/attachments", there, f"{there}/content"):
            problem(await half.client.get(url), 404, "not_found")
        name = {"filename": "报价.png"}
        problem(await half.client.patch(there, json=name, headers=if_match(1)), 404, "not_found")
        renamed = await half.client.patch(one, json=name, headers=if_match(1))
        assert (renamed.json()["filename"], renamed.headers["etag"]) == ("报价.png", '"2"')
        problem(await half.client.delete(one, headers=if_match(1)), 412, "stale_revision")
        problem(await half.client.delete(one), 428, "revision_required")
        gone = await half.client.delete(one, headers=if_match(2))
        assert (gone.status_code, gone.content) == (204, b"")
        assert (await half.client.get(f"{at}/attachments")).json()["items"] == []


async def test_a_deleted_one_says_who_and_when_and_has_no_content(crm, account):
    added = await attach(crm, account)
    one = f"{account}/attachments/{added['id']}"
    await crm.client.delete(one, headers=if_match(1))
    seen = (await crm.client.get(one)).json()
    assert seen["deleted_by"]["actor"] == added["added_by"]["actor"]
    assert seen["deleted_at"] > added["created_at"]
    problem(await crm.client.get(f"{one}/content"), 410, "attachment_deleted")
    for method, body in (("PATCH", {"json": {"filename": "x.png"}}), ("DELETE", {})):
        reply = await crm.client.request(method, one, headers=if_match(2), **body)
        problem(reply, 410, "attachment_deleted")
    listed = await crm.client.get(f"{account}/attachments", params={"deleted": "true"})
    assert added["id"] in [row["id"] for row in listed.json()["items"]]
    async with crm.database.driver() as sql:
        left = "select count(*) from attachment_chunk where attachment_id = $1"
        assert await sql.fetchval(left, added["id"]) == 0


async def test_rights_are_those_of_the_record(records):
    """Who may read such records reads their files; who may change them adds some."""
    half, found = records
    scopes = {scope for scope in half.service.permissions if scope.endswith((".read", ".write"))}
    for path, record_id in found.items():
        at = f"{path}/{record_id}"
        added = await attach(half, at)
        content = f"{at}/attachments/{added['id']}/content"
        read, write = needed(half, "GET", path), needed(half, "POST", path)
        areas = {one.rpartition(".")[0] for one in (read, write)}
        stranger = await half.as_(*(one for one in scopes if one.rpartition(".")[0] not in areas))
        reader, writer = await half.as_(read), await half.as_(write)
        for url in (f"{at}/attachments", content):
            problem(await stranger.get(url), 403, "forbidden")
            assert (await reader.get(url)).status_code == 200
        problem(await send(reader, at), 403, "forbidden")
        assert (await send(writer, at)).status_code == 201


def needed(half, method, path):
    """The scope that the attachment routes of the collection ask for."""
    (route,) = [
        one
        for one in half.app.routes
        if one.path.startswith(f"{path}/{{")
        and one.path.endswith("_id}/attachments")
        and method in one.methods
    ]
    gates = [one.call for one in route.dependant.dependencies]
    return next(one.scope for one in gates if hasattr(one, "scope"))


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.png", PNG, "png"),
        ("a.JPG", b"\xff\xd8\xff\xe0" + PNG, "jpeg"),
        ("a.gif", b"GIF89a...", "gif"),
        ("a.webp", b"RIFF\x00\x00\x00\x00WEBPVP8 ", "webp"),
        ("a.tif", b"II*\x00....", "tiff"),
        ("a.pdf", PDF, "pdf"),
        ("a.docx", DOCX, "docx"),
        ("a.ods", ODS, "ods"),
        ("a.ofd", package(**{"OFD.xml": "<o/>"}), "ofd"),
        ("a.txt", "备注\r\n".encode(), "text"),
        ("a.csv", "名称;数量\n".encode("gb18030"), "text"),
        ("a.csv", "\ufeffname\t1\n".encode("utf-16-le"), "text"),
    ],
)
async def test_content_that_fits_its_name_is_taken(crm, account, name, content, found):
    assert recognise(io.BytesIO(content)) == found
    added = await attach(crm, account, content, name=name)
    got = await crm.client.get(f"{account}/attachments/{added['id']}/content")
    assert got.content == content


@pytest.mark.parametrize(
    ("name", "content", "declared", "code"),
    [
        ("a.png", PDF, "", "file_type_mismatch"),
        ("a.png", PNG, "image/jpeg", "file_type_mismatch"),
        ("a.png", PNG, "text/html", "file_type_mismatch"),
        (
            "a.png",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            "",
            "file_type_mismatch",
        ),
        ("a.txt", b" \n<!doctype html><script>alert(1)</script>", "", "file_type_mismatch"),
        ("a.txt", "\ufeff<svg/>".encode("utf-16-le"), "", "file_type_mismatch"),
        ("a.txt", b"MZ\x90\x00\x03", "", "file_type_mismatch"),
        ("a.csv", b"a,b\x00", "", "file_type_mismatch"),
        ("a.xlsx", XLSM, "", "file_type_mismatch"),
        ("a.docx", package(**{"a.txt": "x"}), "", "file_type_mismatch"),
        ("a.docx", DOCX[:-30], "", "file_type_mismatch"),
        ("a.html", b"<p>", "", "file_type_not_allowed"),
        ("a.svg", b"<svg/>", "", "file_type_not_allowed"),
        ("a.png.exe", PNG, "", "file_type_not_allowed"),
        ("png", PNG, "", "invalid_input"),
        ("a.png", b"", "", "invalid_input"),
        ("../a.png", PNG, "", "invalid_input"),
        ("a\u202egnp.png", PNG, "", "invalid_input"),
        ("a\r\nX: 1.png", PNG, "", "invalid_input"),
        (f"{'x' * 200}.png", PNG, "", "invalid_input"),
    ],
)
async def test_what_is_not_what_it_says_is_refused(  # noqa: PLR0917 - a table's columns
    crm, account, name, content, declared, code
):
    before = await listed(crm, account)
    headers = {"Content-Type": declared} if declared else {}
    refused = await send(crm.client, account, content, name=name, **headers)
    problem(refused, 422, code)
    assert await listed(crm, account) == before


SCRIPT = b"#!/bin/sh\necho"


@pytest.mark.parametrize(
    ("content", "declared", "found"),
    [
        (SCRIPT, ["text/x-sh"], "text"),
        (SCRIPT, ["application/pdf"], "text"),
        (SCRIPT, ["text/x-sh", "text/plain"], "text"),
        (SCRIPT, ["application/pdf", "text/x-sh"], "text"),
        (PDF, ["application/pdf", "text/x-sh"], "pdf"),
        (PDF, ["text/html"], "pdf"),
        (b"MZ\x90\x00", ["application/pdf"], "of no known type"),
    ],
)
async def test_what_is_found_is_found_in_the_content(crm, account, content, declared, found):
    """Not in the name, and not in one of two headers that say different things."""
    headers = [("Idempotency-Key", str(uuid4()))] + [("Content-Type", one) for one in declared]
    refused = await crm.client.post(
        f"{account}/attachments", params={"filename": "x.pdf"}, content=content, headers=headers
    )
    told = problem(refused, 422, "file_type_mismatch")["facts"]
    assert (told["declared"], told["found"]) == (", ".join(declared), found)


async def listed(half, path):
    return (await half.client.get(f"{path}/attachments")).json()["items"]


async def test_a_file_is_saved_and_never_shown(crm, account):
    """A script in a file has no page of ours to run in."""
    added = await attach(crm, account, b"text", name="报价 (1).txt")
    got = await crm.client.get(f"{account}/attachments/{added['id']}/content")
    assert got.headers["content-disposition"] == (
        "attachment; filename=\"__ (1).txt\"; filename*=UTF-8''%E6%8A%A5%E4%BB%B7%20%281%29.txt"
    )
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers.get_list("x-content-type-options") == ["nosniff"]
    assert got.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert got.headers["cache-control"] == "private, no-cache"


def test_a_name_cannot_leave_its_header():
    assert content_disposition('a"; x.png') == (
        "attachment; filename=\"a_; x.png\"; filename*=UTF-8''a%22%3B%20x.png"
    )


async def test_parts_and_what_the_caller_has_already(crm, account):
    """A large file crosses pieces; a part is what the whole has there."""
    large = PDF + bytes(n % 251 for n in range(2 * CHUNK_BYTES + 77))
    added = await attach(crm, account, large, name="large.pdf")
    url = f"{account}/attachments/{added['id']}/content"
    whole = await crm.client.get(url)
    assert whole.content == large
    etag = whole.headers["etag"]
    assert etag == f'"{hashlib.sha256(large).hexdigest()}"'
    kept = await crm.client.get(url, headers={"If-None-Match": f'"x", W/{etag}'})
    assert (kept.status_code, kept.content) == (304, b"")
    size = len(large)
    for asked, start, end in (
        ("bytes=0-0", 0, 1),
        (f"bytes={CHUNK_BYTES - 1}-{CHUNK_BYTES}", CHUNK_BYTES - 1, CHUNK_BYTES + 1),
        (f"bytes={size - 3}-", size - 3, size),
        ("bytes=-5", size - 5, size),
        (f"bytes=7-{size + 9}", 7, size),
    ):
        part = await crm.client.get(url, headers={"Range": asked, "If-Range": etag})
        assert (part.status_code, part.content) == (206, large[start:end])
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
    for asked in ("bytes=5-3", "bytes=a-", "bytes=0-1,3-4", "lines=1-2"):
        assert (await crm.client.get(url, headers={"Range": asked})).content == large
    changed = {"Range": "bytes=0-1", "If-Range": '"other"'}
    assert (await crm.client.get(url, headers=changed)).content == large
    beyond = await crm.client.get(url, headers={"Range": f"bytes={size}-"})
    problem(beyond, 416, "range_not_satisfiable")
    assert beyond.headers["content-range"] == f"bytes */{size}"


async def test_a_repeat_adds_one_file(crm, account):
    """The lost answer is given again; the same key with another file is refused."""
    key, before = str(uuid4()), len(await listed(crm, account))
    first, again = [await send(crm.client, account, key=key) for _ in "ab"]
    assert (first.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert first.headers["location"] == f"{account}/attachments/{first.json()['id']}"
    problem(await send(crm.client, account, PNG + b"x", key=key), 422, "idempotency_key_reused")
    problem(await send(crm.client, account, name="b.png", key=key), 422, "idempotency_key_reused")
    assert len(await listed(crm, account)) == before + 1


async def test_each_change_is_one_event(crm, account):
    added = await attach(crm, account)
    one = f"{account}/attachments/{added['id']}"
    await crm.client.patch(one, json={"filename": "b.png"}, headers=if_match(1))
    await crm.client.patch(one, json={"filename": "b.png"}, headers=if_match(2))
    await crm.client.delete(one, headers=if_match(2))
    events = [one for one in await crm.feed() if one["subject"] == added["id"]]
    assert {one["type"] for one in events} == {"tandem.crm.attachment-changed.v1"}
    said = [(one["aggversion"], one["data"]["filename"], one["data"]["deleted"]) for one in events]
    assert said == [(1, "photo.png", False), (2, "b.png", False), (3, "b.png", True)]


async def test_a_name_keeps_its_type(crm, account):
    added = await attach(crm, account)
    one = f"{account}/attachments/{added['id']}"
    for name, code in (("a.pdf", "file_type_mismatch"), ("a.exe", "file_type_not_allowed")):
        reply = await crm.client.patch(one, json={"filename": name}, headers=if_match(1))
        problem(reply, 422, code)


async def test_a_file_too_large_is_refused_while_it_comes(cluster):
    """Declared or not; the rest of the body is not waited for."""
    sent = []

    async def endless():
        yield PNG
        while True:
            await asyncio.sleep(0)
            sent.append(1)
            yield b"x" * 1024

    async with another(cluster, attachment_bytes_max=4096) as (crm, account):
        told = problem(await send(crm.client, account, b"x" * 5000), 413, "too_large")
        assert told["facts"] == {"limit": 4096}
        problem(await send(crm.client, account, endless()), 413, "too_large")
        assert len(sent) < 10
        assert await listed(crm, account) == []


async def test_a_file_may_be_larger_than_other_bodies(cluster):
    large = PDF + b"x" * 10_000
    async with another(cluster, max_body_bytes=4096) as (crm, account):
        assert (await attach(crm, account, large, name="a.pdf"))["size"] == len(large)
        problem(await crm.post("/v1/accounts", {"name": "x" * 10_000}), 413, "too_large")


async def test_no_connection_is_held_while_a_file_comes(cluster):
    """More uploads than connections wait for their bodies, and others are served meanwhile."""
    go_on = asyncio.Event()

    async def slow():
        yield PNG
        await go_on.wait()
        yield b"rest"

    async with another(cluster, pool_size=2) as (crm, account):
        uploads = [asyncio.create_task(send(crm.client, account, slow())) for _ in range(5)]
        async with asyncio.timeout(20):
            for _ in range(5):
                assert (await crm.client.get(account)).status_code == 200
        go_on.set()
        assert {reply.status_code for reply in await asyncio.gather(*uploads)} == {201}


async def test_a_record_has_room_for_so_many(cluster):
    """Counted under concurrency; deleted ones give their room back."""
    settings = {"attachment_count_max": 2, "attachment_record_bytes_max": 1024}
    async with another(cluster, **settings) as (crm, account):
        replies = await asyncio.gather(*(send(crm.client, account) for _ in range(4)))
        assert sorted(reply.status_code for reply in replies) == [201, 201, 409, 409]
        full = problem(await send(crm.client, account), 409, "too_many_attachments")
        assert full["facts"]["count"] == 2
        one = (await listed(crm, account))[0]
        await crm.client.delete(f"{account}/attachments/{one['id']}", headers=if_match(1))
        problem(await send(crm.client, account, PNG + b"x" * 800), 409, "too_many_attachments")
        await attach(crm, account)
