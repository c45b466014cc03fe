"""One search finds records of all types: by words, by number, and by the id of another system."""

from typing import Any
from urllib.parse import urlencode

import pytest

from identity.testing.desk import Desk
from records.paths import RecordPaths, record_types_of
from tests.records.kind import Kind, Values
from tests.records.kinds import HALVES, KINDS

NAMED = [kind for kind in KINDS if kind.new is not None and "name" in kind.fields]


def types_of(half: str) -> dict[str, RecordPaths]:
    """The record types of a half."""
    return record_types_of(router for one in HALVES[half].modules for router in one.routers)


LINKED = {
    (half, of.router.prefix)
    for half in HALVES
    for of in types_of(half).values()
    if of.reads.searched and "external_refs" in of.reads.view.model_fields
}
SENT = [kind for kind in KINDS if kind.sent is not None and (kind.half, kind.path) in LINKED]


async def found(desk: Desk, q: str, **wanted: str) -> list[Values]:
    """The groups that the search answers."""
    result = await desk.see(f"/v1/search?{urlencode({'q': q, **wanted})}")
    groups: list[Values] = result["groups"]
    return groups


def group_of(groups: list[Values], path: str) -> Values:
    """The group of the records of a list."""
    return next(one for one in groups if one["path"] == path)


@pytest.mark.parametrize("kind", NAMED, ids=str)
async def test_a_record_is_found_by_its_name(desks, kind: Kind):
    desk = desks[kind.half]
    name = f"{desk.word('Zinnober')} works"
    assert kind.new is not None
    record = await desk.add(kind.path, **await kind.new(desk) | {"name": name})
    group = group_of(await found(desk, f"works {name.split(maxsplit=1)[0]}"), kind.path)
    [hit] = group["items"]
    assert (hit["id"], hit["title"], hit["found_by"]) == (record["id"], name, "text")
    assert group["has_more"] is False


@pytest.mark.parametrize("kind", SENT, ids=str)
async def test_a_record_is_found_by_what_another_system_calls_it(desks, kind: Kind):
    """Such a group comes before those that only have the words."""
    desk = desks[kind.half]
    external_id = desk.word("EXT")
    content = await kind.content(desk)
    reply = await desk.send(kind.path, external_id, 1, system="shop", **content)
    assert reply.is_success, reply.text
    groups = await found(desk, external_id)
    assert groups[0]["path"] == kind.path
    [hit] = groups[0]["items"]
    assert (hit["id"], hit["found_by"]) == (reply.json()["id"], "external_id")
    assert hit["title"]


async def test_a_number_comes_first_whatever_else_has_the_words(desks):
    desk = desks["erp"]
    customer = await desk.add("/v1/customers", name="Canal mill")
    number = customer["number"]
    for _ in range(3):
        await desk.add("/v1/customers", name=f"Once {number} more")
    for spelling in (number, number.lower()):
        group = (await found(desk, spelling, limit="2"))[0]
        assert group["path"] == "/v1/customers"
        assert (group["items"][0]["id"], group["items"][0]["found_by"]) == (
            customer["id"],
            "number",
        )
        assert (len(group["items"]), group["has_more"]) == (2, True)


async def test_what_belongs_to_a_record_says_so(desks):
    """A contact is found by its account's name, and says that it was."""
    desk = desks["crm"]
    name = desk.word("Quartz")
    account = await desk.add("/v1/accounts", name=name)
    await desk.add("/v1/contacts", account_id=account["id"], name="Lin")
    groups = await found(desk, name, types="contact,account")
    assert [one["type"] for one in groups] == ["account", "contact"]
    [hit] = groups[1]["items"]
    assert (hit["title"], hit["found_by"]) == ("Lin", "account")
    both = await found(desk, f"{name} lin", types="contact")
    assert both[0]["items"][0]["found_by"] == "several"


@pytest.mark.parametrize("half", ["crm", "erp"])
async def test_only_types_that_the_caller_may_read_are_searched(desks, problem, half):
    desk = desks[half]
    types = types_of(half)
    permitted = next(of for of in types.values() if of.reads.searched)
    forbidden = next(of for of in types.values() if of.reads.searched and of.read != permitted.read)
    reader = await desk.server.as_(permitted.read)

    async def searched(**wanted: str) -> Any:
        return await reader.get("/v1/search", params=wanted)

    reply = await searched(q="a")
    readable = {of.name for of in types.values() if of.read == permitted.read}
    assert {one["type"] for one in reply.json()["groups"]} <= readable
    problem(await searched(q="a", types=forbidden.name), 403, "forbidden")
    [error] = problem(await searched(q="a", types="nobody"), 422, "invalid_input")["errors"]
    assert (error["pointer"], error["code"]) == ("/query/types", "literal_error")
    problem(await searched(q="-"), 422, "invalid_input")


@pytest.mark.parametrize("half", ["crm", "erp"])
async def test_every_type_with_texts_is_searched_and_has_a_title(desks, half):
    """A new type joins by its routes alone."""
    types = types_of(half)
    assert all(of.reads.titles[0] for of in types.values() if of.reads.searched)
    assert len(types) > 7
