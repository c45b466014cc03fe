"""Lists, exports and saved views by custom fields, over the record types of both halves."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import pytest

from identity.testing.desk import Desk
from identity.testing.desk import require_problem as problem
from identity.testing.service import running
from records.reads import Reads
from tests.records.kind import Kind, Values
from tests.records.kinds import HALVES
from tests.records.test_custom_fields import FIELDS, MADE, define, new_of, pointers
from tests.records.test_exports import exported, rows_of
from tests.records.test_history import has
from tests.records.test_one_search import types_of

LISTED = [one for one in MADE if one.new]
EXPORTED = [one for one in LISTED if has(one, "/export")]
VIEWS = "/v1/saved-views"
MARKED = {"filtered": True, "sorted": True}


@pytest.fixture(scope="module")
async def halves(cluster):
    """A desk in each half, of databases that only these tests use."""
    async with running(HALVES["crm"], cluster) as crm, running(HALVES["erp"], cluster) as erp:
        yield {"crm": Desk(crm), "erp": Desk(erp)}


async def ordered(
    kind: Kind, desk: Desk, others: Sequence[Values] = ({}, {}, {})
) -> tuple[str, dict[str, str]]:
    """A field that lists are filtered and sorted by, and the id of a record with each value.

    `others`: values of other fields that they have.
    """
    key = (await define(desk, kind.table, "number", **MARKED))["key"]
    made = {}
    for value, more in zip(("9", "10.5", "0.5"), others, strict=True):
        custom = {key: value, **more}
        record = await desk.add(kind.path, **await new_of(kind, desk), custom=custom)
        made[value] = record["id"]
    return key, made


def test_every_type_with_custom_fields_is_listed_by_them():
    """By being described: no module says so."""
    for half in HALVES:
        reads: list[Reads[Any]] = [of.reads for of in types_of(half).values()]
        by_fields = {one.name for one in reads if one.has_custom_fields}
        assert by_fields >= {one.table for one in LISTED if one.half == half}


@pytest.mark.parametrize("kind", LISTED, ids=str)
async def test_lists_are_filtered_and_sorted_where_fields_say_so(halves, kind):
    """By the exact value, by one of several choices, by a range; with pages; none is left out."""
    desk = halves[kind.half]
    before = await kind.make(desk)
    colours = (await define(desk, kind.table, "choices", filtered=True))["key"]
    chosen = [{colours: ["S"]}, {colours: ["L", "S"]}, {colours: ["L"]}]
    size, made = await ordered(kind, desk, chosen)
    listed = desk.listed
    assert await listed(kind.path, **{f"custom.{size}": "10.50"}) == [made["10.5"]]
    assert set(await listed(kind.path, **{f"custom.{colours}": "L"})) == {made["10.5"], made["0.5"]}
    least, greatest = f"custom.{size}.from", f"custom.{size}.to"
    assert set(await listed(kind.path, **{least: "9"})) == {made["9"], made["10.5"]}
    assert await listed(kind.path, **{least: "0.5", greatest: "8.99"}) == [made["0.5"]]
    descending = [made["10.5"], made["9"], made["0.5"]]
    assert (await listed(kind.path, sort=f"-custom.{size}"))[:3] == descending
    found = await paged(desk, kind.path, sort=f"custom.{size}", limit="2")
    assert found[-3:] == descending[::-1]
    assert before["id"] in found
    [count] = await desk.rows(f"select count(*) as n from {kind.table}")
    assert len(found) == len(set(found)) == count["n"]


async def paged(desk: Desk, path: str, **asked: str) -> list[str]:
    """Ids of the records of all pages."""
    found: list[str] = []
    while True:
        page = (await desk.client.get(path, params=asked)).json()
        found += [one["id"] for one in page["items"]]
        if not page["next_cursor"]:
            return found
        asked["cursor"] = page["next_cursor"]


@pytest.mark.parametrize("kind", LISTED, ids=str)
async def test_what_a_field_is_not_marked_for_is_refused(halves, kind):
    """By lists, exports and views alike, naming the parameter."""
    desk = halves[kind.half]
    size = (await define(desk, kind.table, "number", **MARKED))["key"]
    plain = (await define(desk, kind.table, "number"))["key"]
    wrong = {
        f"custom.{plain}": ("1", "not_filterable"),
        f"custom.{plain}.from": ("1", "no_range"),
        f"custom.{size}.below": ("1", "no_range"),
        "custom.nobody": ("1", "unknown_custom_field"),
        f"custom.{size}": ("big", "decimal_form"),
    }
    reversed_range = {f"custom.{size}.from": "10", f"custom.{size}.to": "9.99"}
    reply = await desk.client.get(kind.path, params=reversed_range)
    assert refused(reply) == {f"/query/custom.{size}.from": "range_reversed"}
    query = {name: value for name, (value, _) in wrong.items()}
    expected = {f"/query/{name}": code for name, (_, code) in wrong.items()}
    assert refused(await desk.client.get(kind.path, params=query)) == expected
    by_plain = {"sort": f"custom.{plain}"}
    reply = await desk.client.get(kind.path, params=by_plain)
    assert refused(reply) == {"/query/sort": "unknown_sort"}
    view = {"record_type": kind.table, "name": desk.word("View"), "query": query} | by_plain
    reply = await desk.server.post(VIEWS, view)
    assert refused(reply) == expected | {"/sort": "unknown_sort"}
    if kind in EXPORTED:
        assert refused(await desk.client.get(f"{kind.path}/export", params=query)) == expected
        job = {"record_type": kind.table, "format": "csv", "query": query}
        assert refused(await desk.server.post("/v1/exports", job)) == expected


def refused(reply: Any) -> Mapping[str, str]:
    found: Mapping[str, str] = pointers(problem(reply, 422, "invalid_input"))
    return found


@pytest.mark.parametrize("kind", EXPORTED, ids=str)
async def test_exports_take_them_at_once_and_by_a_job(halves, kind):
    desk = halves[kind.half]
    key, made = await ordered(kind, desk)
    query = {f"custom.{key}.from": "1", "sort": f"-custom.{key}"}
    expected = [made["10.5"], made["9"]]
    reply = await desk.client.get(f"{kind.path}/export", params=query)
    assert [row["id"] for row in rows_of(reply.content)] == expected
    _, file = await exported(desk, record_type=kind.table, format="csv", query=query)
    assert [row["id"] for row in rows_of(file)] == expected


@pytest.mark.parametrize("kind", LISTED, ids=str)
async def test_views_keep_them_and_say_when_a_field_takes_them_no_more(halves, kind):
    desk = halves[kind.half]
    key, made = await ordered(kind, desk)
    view = await kept(desk, kind, {f"custom.{key}.from": "1"}, f"-custom.{key}")
    assert view["errors"] == []
    rows = (await desk.see(view["url"]))["items"]
    assert [one["id"] for one in rows] == [made["10.5"], made["9"]]
    [field] = await desk.rows("select id from custom_field where key = $1", key)
    at = f"{FIELDS}/{field['id']}"
    assert (await desk.merge(at, {"sorted": False})).is_success
    seen = await desk.see(f"{VIEWS}/{view['id']}")
    codes = {one["pointer"]: one["code"] for one in seen["errors"]}
    assert codes == {f"/query/custom.{key}.from": "no_range", "/sort": "unknown_sort"}
    listed = (await desk.see(f"{VIEWS}?record_type={kind.table}&limit=200"))["items"]
    assert seen in listed


async def kept(desk: Desk, kind: Kind, query: Values, sort: str | None = None) -> Values:
    named = {"name": f"View {uuid4().hex}", "record_type": kind.table}
    return await desk.add(VIEWS, **named, query=query, sort=sort)


async def test_a_field_that_a_view_asks_for_is_not_deleted(halves):
    desk = halves["crm"]
    (kind,) = [one for one in LISTED if one.path == "/v1/teams"]
    field = await define(desk, "team", "number", **MARKED)
    for view in (
        await kept(desk, kind, {f"custom.{field['key']}.to": "1"}),
        await kept(desk, kind, {}, f"-custom.{field['key']}"),
    ):
        at, seen = f"{FIELDS}/{field['id']}", {"If-Match": '"1"'}
        in_use = problem(await desk.client.delete(at, headers=seen), 409, "custom_field_in_use")
        assert f"view {view['name']}" in in_use["facts"]["users"]
        gone = await desk.client.delete(f"{VIEWS}/{view['id']}", headers=seen)
        assert gone.status_code == 204
    assert (await desk.client.delete(at, headers=seen)).status_code == 204
