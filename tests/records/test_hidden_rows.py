"""C66: a row that the rule of its type hides is there on none of the library's routes.

Over all record types of both halves: whatever rule a type is given, all its routes follow it.
"""

import gc
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.storage.paging import Filter
from identity.testing.desk import Desk
from records.paths import RecordPaths, described_by
from records.reads import Reads
from tests.records.kind import Values
from tests.records.kinds import HALVES, KINDS
from tests.records.test_exports import cells_of, rows_of
from tests.records.test_exports import exported as exported_by_job
from tests.records.test_one_search import types_of

OF_ADMINISTRATORS = ("/erase", "/personal-data")
"""Paths that only they may use, who reach all."""
BODIES: Mapping[str, Any] = {
    "external-refs": {"system": "shop", "external_id": "1"},
    "notes": {"text": "Seen."},
    "{note_id}": {"text": "Seen."},
    "{attachment_id}": {"filename": "b.txt"},
    "custom-fields": {"custom": {"grade": None}},
}
NAMES = ("number", "code", "sku", "login", "name")
"""Fields of a view by which a search finds its record."""


@contextmanager
def hidden(of: RecordPaths, record_id: str) -> Iterator[None]:
    """The rule of the type hides the record, wherever the library reads it."""
    same = [one for one in gc.get_objects() if isinstance(one, Reads) and one.name == of.name]
    rules = [one.visible for one in same]
    for one in same:
        rule = _hiding(one.key, UUID(record_id))
        object.__setattr__(one, "visible", rule)
    try:
        yield
    finally:
        for one, rule in zip(same, rules, strict=True):
            object.__setattr__(one, "visible", rule)


def _hiding(key: str, record_id: UUID) -> Any:
    return lambda _at: [Filter(f"{key} <> {{}}::uuid", record_id)]


async def first_of_each(half: str, desk: Desk, found: Mapping[str, str]) -> dict[str, str]:
    """The id of a record of each type, also of those without notes, by the type's name."""
    ids = {}
    for of in types_of(half).values():
        path = of.router.prefix
        if path not in found:
            rows = (await desk.see(f"{path}?limit=1"))["items"]
            if rows:
                ids[of.name] = rows[0]["id"]
        else:
            ids[of.name] = found[path]
    return ids


def routes_of_one(of: RecordPaths) -> list[tuple[str, str]]:
    """Method and path of the library's routes of one record."""
    return sorted(
        (method, route.path)
        for route in of.router.routes
        if route.endpoint.__module__.startswith("records.")
        for method in route.methods
        if route.path.removeprefix(of.router.prefix).startswith("/{")
        and not route.path.endswith(OF_ADMINISTRATORS)
    )


async def parts_of(desk: Desk, path: str) -> dict[str, str]:
    """A note, a file and a tag of the record, by the name of the parameter of a path."""
    note = await desk.add(f"{path}/notes", text="Pays late.")
    file = await desk.server.attach(path)
    tag = await desk.add("/v1/tags", name=desk.word("Tag"))
    assert (await desk.client.put(f"{path}/tags/{tag['id']}")).is_success
    return {"note_id": note["id"], "attachment_id": file["id"], "tag_id": tag["id"]}


async def loser_for(desk: Desk, prefix: str, routes: list[tuple[str, str]]) -> Values:
    """What says which other record is merged into one, where the type has that."""
    if not any(path.endswith("/merge") for _, path in routes):
        return {}
    kind = next(one for one in KINDS if (one.half, one.path) == (desk.server.service.name, prefix))
    other = await kind.make(desk)
    return {"loser_id": other["id"], "loser_version": other["version"]}


async def test_every_route_of_one_record_says_that_there_is_none(records, desks):
    half, found = records
    desk, wrong, asked = desks[half.service.name], [], 0
    for name, record_id in (await first_of_each(half.service.name, desk, found)).items():
        of = types_of(half.service.name)[name]
        prefix = of.router.prefix
        routes = routes_of_one(of)
        has_notes = any(path.endswith("/notes") for _, path in routes)
        parts = await parts_of(desk, f"{prefix}/{record_id}") if has_notes else {}
        loser = await loser_for(desk, prefix, routes)
        with hidden(of, record_id):
            for method, path in routes:
                where = re.sub(r"\{\w+_id\}", record_id, path, count=1)
                where = where.format(system="shop", external_id="1", **parts)
                if method == "POST" and where.endswith("/attachments"):
                    where += "?filename=a.txt"
                if where.endswith("/merge-preview"):
                    where += f"?loser_id={loser['loser_id']}"
                sent = {**BODIES, "merge": loser}.get(path.rpartition("/")[2], {})
                body = None if method in {"GET", "DELETE"} else sent
                headers = {"Idempotency-Key": str(uuid4()), "If-Match": '"77"'}
                reply = await desk.client.request(method, where, json=body, headers=headers)
                facts = reply.json().get("facts", {}) if reply.content else {}
                asked += 1
                if (reply.status_code, facts.get("entity")) != (404, name):
                    wrong.append((method, path, reply.status_code, reply.text[:200]))
        if parts:
            away = await desk.client.delete(f"{prefix}/{record_id}/tags/{parts['tag_id']}")
            assert away.is_success
    assert wrong == []
    assert asked > 50


async def counted(desk: Desk, path: str) -> tuple[int, set[str]]:
    """How many rows the list has, and the ids of its first page."""
    page = await desk.see(f"{path}?include_total=true&limit=200")
    return page["total"]["count"], {one["id"] for one in page["items"]}


async def exported(desk: Desk, path: str) -> str:
    """The list as a file; empty: it leaves as none."""
    reply = await desk.client.get(f"{path}/export", params={"fields": "id"})
    return reply.text if reply.is_success else ""


async def searched(desk: Desk, path: str, words: str) -> set[str]:
    """Ids of the records of a list that the one search finds."""
    reply = await desk.client.get("/v1/search", params={"q": words})
    groups = [one for one in reply.json()["groups"] if one["path"] == path]
    return {hit["id"] for group in groups for hit in group["items"]}


async def test_lists_counts_files_and_the_search_are_without_it(records, desks):
    half, found = records
    desk, wrong = desks[half.service.name], []
    for name, record_id in (await first_of_each(half.service.name, desk, found)).items():
        of = types_of(half.service.name)[name]
        path = of.router.prefix
        [row] = [
            one for one in (await desk.see(f"{path}?limit=200"))["items"] if one["id"] == record_id
        ] or [{}]
        words = next((str(row[one]) for one in NAMES if row.get(one)), None)
        count, _ = await counted(desk, path)
        file, hits = await exported(desk, path), set()
        if words and of.reads.searched:
            hits = await searched(desk, path, words)
        with hidden(of, record_id):
            left, shown = await counted(desk, path)
            if left != count - 1 or record_id in shown:
                wrong.append((name, "list", count, left))
            if file and record_id in await exported(desk, path):
                wrong.append((name, "export"))
            if record_id in hits and record_id in await searched(desk, path, words):
                wrong.append((name, "search"))
            tags = await desk.client.get(f"{path}/tags/batch", params={"id": record_id})
            if tags.is_success and record_id in tags.text:
                wrong.append((name, "tags"))
            links = await desk.client.get(f"{path}/external-refs", params={"id": record_id})
            if links.is_success and record_id in links.text:
                wrong.append((name, "links"))
    assert wrong == []


async def files_of(desk: Desk, of: RecordPaths) -> dict[str, set[str]]:
    """Ids in the files of the list: a workbook at once, and by jobs; empty: it leaves as none."""
    reply = await desk.client.get(f"{of.router.prefix}/export?format=xlsx&fields=id")
    if not reply.is_success:
        return {}
    asked = {"record_type": of.name, "fields": "id"}
    _, text = await exported_by_job(desk, format="csv", **asked)
    _, book = await exported_by_job(desk, format="xlsx", **asked)
    return {
        "workbook": {str(row[0]) for row in cells_of(reply.content)[1:]},
        "job": {row["id"] for row in rows_of(text)},
        "workbook of a job": {str(row[0]) for row in cells_of(book)[1:]},
    }


async def test_workbooks_and_jobs_are_without_it(records, desks):
    half, found = records
    desk, wrong, asked = desks[half.service.name], [], 0
    for name, record_id in (await first_of_each(half.service.name, desk, found)).items():
        of = types_of(half.service.name)[name]
        before = await files_of(desk, of)
        with hidden(of, record_id):
            after = await files_of(desk, of)
        for file, ids in before.items():
            asked += 1
            assert record_id in ids, (name, file)
            if after[file] != ids - {record_id}:
                wrong.append((name, file))
    assert wrong == []
    assert asked


def ids_in(value: Any) -> set[str]:
    """The ids of the records that stand in what is included."""
    many = value if isinstance(value, list) else [value]
    return {one["id"] for one in many if one}


async def test_what_refers_to_it_does_not_bring_it_along(records, desks):
    half, found = records
    desk, wrong, asked = desks[half.service.name], [], 0
    ids = await first_of_each(half.service.name, desk, found)
    for of in types_of(half.service.name).values():
        for name, include in of.reads.includes.items():
            path = f"{of.router.prefix}?include={name}&limit=200"
            rows = (await desk.see(path))["items"]
            there = set[str]().union(*(ids_in(one["included"][name]) for one in rows))
            if not there or of.name not in ids:
                continue
            other = min(there)
            asked += 1
            with hidden(described_by(include.view), other):
                rows = (await desk.see(path))["items"]
            if other in set[str]().union(*(ids_in(one["included"][name]) for one in rows)):
                wrong.append((of.name, name))
    assert wrong == []
    assert asked


ALONE = {"/v1/price-lists"}
"""Sent one by one only."""
BY_PATH = {(half, of.router.prefix): of for half in HALVES for of in types_of(half).values()}
SENT = [
    kind
    for kind in KINDS
    if kind.sent is not None and (kind.half, kind.path) in BY_PATH
    if BY_PATH[kind.half, kind.path].kind is not None and kind.path not in ALONE
]
"""Types that other systems send and the library writes; modules write their documents."""


@pytest.mark.parametrize("kind", SENT, ids=str)
async def test_what_another_system_sends_of_it_is_refused(desks, kind):
    """Under a newer version too; a route for one declares it where its rows may be hidden."""
    desk: Desk = desks[kind.half]
    key, content = desk.word("EXT"), await kind.content(desk)
    made: Values = (await desk.send(kind.path, key, 1, system="shop", **content)).json()
    with hidden(BY_PATH[kind.half, kind.path], made["id"]):
        items = [content | {"external_id": key, "source_version": 2}]
        reply = await desk.client.post(
            f"{kind.path}/by-external/shop/batch",
            json={"items": items},
            headers={"Idempotency-Key": str(uuid4())},
        )
        [done] = reply.json()["items"]
        assert (done["status"], done["problem"]["code"]) == ("failed", "not_found")
        assert made["id"] not in str(done)
