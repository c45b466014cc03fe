"""Lists of documents by custom fields: sorted, in ranges, by pages; of every type."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest

from chassis.testing.cluster import TestCluster
from identity.testing.desk import Desk
from identity.testing.desk import require_problem as problem
from identity.testing.service import running
from tests.records.annotated import one_of_each
from tests.records.documents import documents_of_erp
from tests.records.kinds import HALVES, KINDS
from tests.records.test_custom_fields import FIELDS, define, pointers
from tests.records.test_custom_lists import paged
from tests.records.test_document_fields import TYPES
from tests.records.test_exports import exported, rows_of

MARKED = {"filtered": True, "sorted": True}
VALUES = ("9", "10.5", "0.5")
Halves = Mapping[str, tuple[Desk, Sequence[Mapping[str, str]]]]


@pytest.fixture(scope="module")
async def halves(cluster: TestCluster) -> AsyncIterator[Halves]:
    """A desk in each half, and four documents of each type by their collection."""
    async with AsyncExitStack() as stack:
        found = {}
        for half, service in HALVES.items():
            desk = Desk(await stack.enter_async_context(running(service, cluster)))
            more = [await another(half, desk) for _ in range(3)]
            found[half] = (desk, [await one_of_each(half, desk), *more])
        yield found


async def another(half: str, desk: Desk) -> Mapping[str, str]:
    """One more document of each type."""
    if half == "erp":
        return await documents_of_erp(desk)
    (kind,) = [one for one in KINDS if (one.half, one.path) == ("crm", "/v1/orders")]
    return {kind.path: (await kind.make(desk))["id"]}


def at(halves: Halves, path: str) -> tuple[Desk, list[str], str]:
    """The desk, four documents, and their type."""
    desk, sets = halves["crm" if path == "/v1/orders" else "erp"]
    return desk, [one[path] for one in sets], TYPES[path]


async def give(desk: Desk, path: str, record_id: str, **custom: Any) -> None:
    reply = await desk.merge(f"{path}/{record_id}/custom-fields", {"custom": custom})
    assert reply.is_success, reply.text


async def ordered(desk: Desk, path: str, ids: Sequence[str], name: str) -> tuple[str, list[str]]:
    """A field that three of the documents have, and these by its value."""
    key = (await define(desk, name, "number", **MARKED))["key"]
    for record_id, value in zip(ids, VALUES, strict=False):
        await give(desk, path, record_id, **{key: value})
    nine, ten, half = ids[:3]
    return key, [half, nine, ten]


@pytest.mark.parametrize("path", TYPES)
async def test_lists_are_sorted_and_none_is_left_out(halves, path):
    """Up and down; who has no value comes last; by pages that end anywhere; all are counted."""
    desk, ids, name = at(halves, path)
    key, ascending = await ordered(desk, path, ids, name)
    everyone = await paged(desk, path, limit="200")
    for sort, first in ((f"custom.{key}", ascending), (f"-custom.{key}", ascending[::-1])):
        whole = await paged(desk, path, sort=sort, limit="200")
        assert whole[:3] == first
        assert sorted(whole) == sorted(everyone)
        for limit in ("1", "2", "3"):
            assert await paged(desk, path, sort=sort, limit=limit) == whole
    asked = {"sort": f"custom.{key}", "include_total": "true", "limit": "2"}
    reply = await desk.client.get(path, params=asked)
    assert reply.json()["total"] == {"count": len(everyone), "is_capped": False}
    assert 'rel="next"' in reply.headers["Link"]
    wrong = asked | {"cursor": reply.json()["next_cursor"], "sort": f"-custom.{key}"}
    problem(await desk.client.get(path, params=wrong), 400, "invalid_cursor")


@pytest.mark.parametrize("path", TYPES)
async def test_lists_exports_and_views_take_ranges(halves, path):
    desk, ids, name = at(halves, path)
    key, (half, nine, ten) = await ordered(desk, path, ids, name)
    least, most = f"custom.{key}.from", f"custom.{key}.to"
    assert await desk.listed(path, **{least: "9", "sort": f"-custom.{key}"}) == [ten, nine]
    assert await desk.listed(path, **{least: "0.5", most: "8.99"}) == [half]
    assert await desk.listed(path, **{most: "0.49"}) == []
    query = {least: "1", "sort": f"-custom.{key}"}
    file = (await desk.client.get(f"{path}/export", params=query)).content
    assert list(dict.fromkeys(row["id"] for row in rows_of(file))) == [ten, nine]
    _, file = await exported(desk, record_type=name, format="csv", query=query)
    assert list(dict.fromkeys(row["id"] for row in rows_of(file))) == [ten, nine]
    view = {"name": desk.word("View"), "record_type": name, "query": {least: "1"}}
    saved = await desk.add("/v1/saved-views", **view, sort=f"-custom.{key}")
    rows = (await desk.see(saved["url"]))["items"]
    assert [row["id"] for row in rows] == [ten, nine]
    reversed_range = {least: "10", most: "9.99"}
    refused = problem(await desk.client.get(path, params=reversed_range), 422, "invalid_input")
    assert pointers(refused) == {f"/query/{least}": "range_reversed"}


@pytest.mark.parametrize("path", TYPES)
async def test_places_follow_values_and_the_mark(halves, path):
    """Marked later, the documents that have a value get a place; one taken away loses it."""
    desk, ids, name = at(halves, path)
    field = await define(desk, name, "number")
    key, sort = field["key"], {"sort": f"custom.{field['key']}"}
    for record_id, value in zip(ids, VALUES, strict=False):
        await give(desk, path, record_id, **{key: value})
    problem(await desk.client.get(path, params=sort), 422, "invalid_input")
    assert (await desk.merge(f"{FIELDS}/{field['id']}", {"sorted": True})).is_success
    nine, ten, half = ids[:3]
    assert (await desk.listed(path, **sort))[:3] == [half, nine, ten]
    await give(desk, path, half, **{key: "50"})
    await give(desk, path, nine, **{key: None})
    assert (await desk.listed(path, **sort))[:2] == [ten, half]
    kept = await desk.rows(
        "select record_id from custom_order where field_id = $1 order by value_order", field["id"]
    )
    assert [str(row["record_id"]) for row in kept] == [ten, half]
