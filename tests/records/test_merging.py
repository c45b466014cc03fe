"""A change is a JSON merge patch (RFC 7396), and an upsert merges likewise: on every route."""

from typing import Any

import pytest

from tests.records.kind import CNY, NEVER_EMPTY, Kind
from tests.records.kinds import HALVES, KINDS

PATCHED = [kind for kind in KINDS if kind.fields]
_OF_BOTH = ("/v1/approval-rules", "/v1/custom-fields", "/v1/saved-views", "/v1/tags")
ELSEWHERE = {("erp", "/v1/periods")} | {(half, path) for half in HALVES for path in _OF_BOTH}
"""A period has a state only, which is needed; the others are no records of the business."""
PARTS = ("/notes/{note_id}", "/attachments/{attachment_id}", "/custom-fields", "/stage")
OBJECTS = [
    (kind, name)
    for kind in PATCHED
    for name, (value, empty) in kind.fields.items()
    if isinstance(value, dict) and isinstance(empty, dict)
]
SENT_OBJECTS = [(kind, name) for kind, name in OBJECTS if kind.sent and name != "ship_to"]
AMOUNTS = [
    (kind, name)
    for kind in PATCHED
    for name in ("list_price", "credit_limit", "price")
    if name in kind.fields
]
FREIGHT: list[tuple[Kind, str]] = [(kind, "freight") for kind in PATCHED if "freight" in kind.apart]
WRONG_AMOUNTS: list[tuple[dict[str, Any], str, str]] = [
    ({"amount": None}, "/amount", "never_empty"),
    ({"currency": None}, "/currency", "never_empty"),
    ({"amount": "-1"}, "/amount", "below_zero"),
    ({"currency": "QQQ"}, "/currency", "unknown_currency"),
    ({"currency": "cny"}, "/currency", "unknown_currency"),
    ({"tax": "1"}, "/tax", "extra_forbidden"),
    ({"amount": "1.0000001"}, "/amount", "decimal_form"),
]


def _patched():
    """Every PATCH of a record, by half and collection; those of its parts have their own tests."""
    return {
        (half, route.path.partition("/{")[0]): route.path
        for half, service in HALVES.items()
        for router in service.routers
        for route in router.routes
        if "PATCH" in route.methods and not route.path.endswith(PARTS)
    }


async def _fields(desk, kind):
    """The fields of a change as the contract has them; custom ones have tests of their own."""
    document = await desk.see("/openapi.json")
    path = _patched()[kind.half, kind.path]
    content = document["paths"][path]["patch"]["requestBody"]["content"]
    name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
    return document["components"]["schemas"][name]["properties"].keys() - {"custom"}


def _errors(refusal):
    return [(one["pointer"], one["code"]) for one in refusal["errors"]]


def test_every_patch_is_known_here():
    """A new route is checked by the tests below, or this one fails."""
    assert _patched().keys() == {(kind.half, kind.path) for kind in PATCHED} | ELSEWHERE


@pytest.mark.parametrize("kind", PATCHED, ids=str)
async def test_each_field_changes_alone_and_null_empties_it(desks, problem, kind):
    """What is left out stays; null empties what may be empty, and is refused elsewhere."""
    desk, fields = desks[kind.half], kind.fields
    assert fields.keys() | kind.apart == await _fields(desk, kind)
    at = f"{kind.path}/{(await kind.make(desk))['id']}"
    for name, (value, empty) in fields.items():
        before = await desk.see(at)
        reply = await desk.merge(at, {name: value})
        assert reply.status_code == 200, reply.text
        shown = reply.json()
        assert shown[name] == value
        others = fields.keys() - {name}
        assert {one: shown[one] for one in others} == {one: before[one] for one in others}
        reply = await desk.merge(at, {name: None})
        if empty is NEVER_EMPTY:
            refusal = problem(reply, 422, "invalid_input")
            assert set(_errors(refusal)) == {(f"/{name}", "never_empty")}
            assert (await desk.see(at)).items() >= shown.items()
        else:
            assert reply.status_code == 200, reply.text
            assert reply.json()[name] == empty


@pytest.mark.parametrize(("kind", "name"), OBJECTS, ids=str)
async def test_a_part_of_an_object_keeps_the_other_parts(desks, problem, kind, name):
    desk, (whole, empty) = desks[kind.half], kind.fields[name]
    at = f"{kind.path}/{(await kind.make(desk))['id']}"
    await desk.merge(at, {name: whole})
    for part in whole:
        reply = await desk.merge(at, {name: {part: None}})
        assert reply.json()[name] == whole | {part: empty[part]}
        reply = await desk.merge(at, {name: {part: whole[part]}})
        assert reply.json()[name] == whole
    problem(await desk.merge(at, {name: {"floor": "2"}}), 422, "invalid_input")


@pytest.mark.parametrize(("kind", "name"), SENT_OBJECTS, ids=str)
async def test_an_upsert_merges_likewise(desks, kind, name):
    desk, (whole, empty) = desks[kind.half], kind.fields[name]
    first, *others = whole
    key, body = desk.word(), await kind.sent(desk)
    made = await desk.send(kind.path, key, 1, **body | {name: {first: whole[first]}})
    assert made.status_code == 201, made.text
    assert made.json()[name] == empty | {first: whole[first]}
    rest = {part: whole[part] for part in others}
    for version, values, shown in (
        (2, {name: rest}, whole),
        (3, {}, whole),
        (4, {name: {others[0]: None}}, whole | {others[0]: empty[others[0]]}),
        (5, {name: None}, empty),
    ):
        reply = await desk.send(kind.path, key, version, **values)
        assert reply.status_code == 200, reply.text
        assert reply.json()[name] == shown
    last = {first: whole[first]}
    await desk.send_many(kind.path, [{"external_id": key, "source_version": 6, name: last}])
    assert (await desk.see(f"{kind.path}/{made.json()['id']}"))[name] == empty | last


def _amount(shown):
    """Freight is shown as a number alone."""
    return shown["amount"] if isinstance(shown, dict) else shown


@pytest.mark.parametrize(("kind", "name"), [*AMOUNTS, *FREIGHT], ids=str)
async def test_a_part_of_an_amount_keeps_the_other_part(desks, problem, kind, name):
    """`{"amount": "5"}` is 5 of the currency that it had; what was never said cannot be kept."""
    desk = desks[kind.half]
    at = f"{kind.path}/{(await kind.make(desk))['id']}"
    await desk.merge(at, {name: CNY})
    parts: list[dict[str, Any]] = [{"amount": "5"}, {"currency": "CNY"}, {}]
    for part in parts:
        reply = await desk.merge(at, {name: part})
        assert reply.status_code == 200, reply.text
        assert _amount(reply.json()[name]) == "5.00"
    for part, where, code in WRONG_AMOUNTS:
        refusal = problem(await desk.merge(at, {name: part}), 422, "invalid_input")
        assert _errors(refusal) == [(f"/{name}{where}", code)]
    problem(await desk.merge(at, {name: {"currency": "JPY"}}), 422, "currency_not_supported")
    if name in kind.apart or kind.fields[name][1] is NEVER_EMPTY:
        return
    await desk.merge(at, {name: None})
    refusal = problem(await desk.merge(at, {name: {"amount": "5"}}), 422, "invalid_input")
    assert [one["pointer"] for one in refusal["errors"]] == [f"/{name}/currency"]
    assert (await desk.see(at))[name] is None


@pytest.mark.parametrize(("kind", "name"), AMOUNTS, ids=str)
async def test_an_upsert_keeps_the_other_part_of_an_amount_too(desks, problem, kind, name):
    desk = desks[kind.half]
    key, body = desk.word(), await kind.sent(desk)
    part = await desk.send(kind.path, key, 1, **body | {name: {"amount": "5"}})
    refusal = problem(part, 422, "invalid_input")
    assert refusal["errors"][0]["pointer"] == f"/{name}/currency"
    made = await desk.send(kind.path, key, 1, **body | {name: CNY})
    assert made.status_code == 201, made.text
    kept = await desk.send(kind.path, key, 2, **{name: {"amount": "5"}})
    assert kept.json()[name] == {"amount": "5.00", "currency": "CNY"}
    changed = {"external_id": key, "source_version": 3, name: {"amount": "6"}}
    await desk.send_many(kind.path, [changed])
    shown = await desk.see(f"{kind.path}/{made.json()['id']}")
    assert shown[name] == {"amount": "6.00", "currency": "CNY"}
