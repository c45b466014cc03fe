"""Categories of items: a tree."""

import asyncio
from uuid import uuid4

PATH = "/v1/item-categories"


async def category_of(desk, **facts):
    return await desk.add(PATH, **{"code": desk.word("CAT"), "name": "Parts"} | facts)


async def test_a_category_lies_within_another(desk):
    outer = await category_of(desk)
    inner = await category_of(desk, parent=outer["code"])
    assert inner["parent"] == outer["code"]
    assert await desk.see(f"{PATH}/{inner['id']}") == inner
    cleared = await desk.change(f"{PATH}/{inner['id']}", {"parent": None}, revision=1)
    assert (cleared.json()["parent"], cleared.headers["ETag"]) == (None, '"2"')


async def test_a_change_of_nothing_is_no_change(desk):
    """B45."""
    category = await category_of(desk)
    reply = await desk.change(f"{PATH}/{category['id']}", {"name": "Parts"}, revision=1)
    assert reply.json() == category


async def test_a_code_names_one_category(desk, problem):
    first = await category_of(desk)
    reply = await desk.erp.post(PATH, {"code": first["code"], "name": "x"})
    assert problem(reply, 409, "duplicate_code")["facts"]["existing_id"] == first["id"]


async def test_the_parent_must_exist(desk, problem):
    reply = await desk.erp.post(PATH, {"code": desk.word(), "name": "x", "parent": "no-such"})
    problem(reply, 422, "missing_reference")


async def test_a_category_cannot_lie_within_itself(desk, problem):
    """Directly or by way of others."""
    top = await category_of(desk)
    middle = await category_of(desk, parent=top["code"])
    low = await category_of(desk, parent=middle["code"])
    for parent in (top, middle, low):
        reply = await desk.change(f"{PATH}/{top['id']}", {"parent": parent["code"]}, revision=1)
        problem(reply, 422, "category_loop")
    assert await desk.see(f"{PATH}/{top['id']}") == top


async def test_two_changes_at_once_make_no_loop(desk):
    one, two = await category_of(desk), await category_of(desk)
    replies = await asyncio.gather(
        desk.change(f"{PATH}/{one['id']}", {"parent": two["code"]}, revision=1),
        desk.change(f"{PATH}/{two['id']}", {"parent": one["code"]}, revision=1),
    )
    assert sorted(reply.status_code for reply in replies) == [200, 422]


async def test_categories_of_another_system(desk, problem):
    """B41: by external id; a code once given stays."""
    key, code = desk.word(), desk.word("CAT")
    made = await desk.send(PATH, key, 1, "import", code=code, name="Drinks")
    assert (made.status_code, made.json()["external_refs"][0]["external_id"]) == (201, key)
    newer = await desk.send(PATH, key, 2, "import", code=code, name="Beverages")
    assert newer.headers["Tandem-Outcome"] == "updated"
    other = await desk.send(PATH, key, 3, "import", code=desk.word(), name="Beverages")
    problem(other, 409, "fixed_code")
    bare = problem(await desk.send(PATH, desk.word(), 1), 422, "invalid_input")
    assert [error["pointer"] for error in bare["errors"]] == ["/code", "/name"]


async def test_a_batch_may_name_parents_of_the_same_batch(desk):
    codes = [desk.word("CAT") for _ in range(3)]
    items = [
        {"external_id": code, "source_version": 1, "code": code, "name": code}
        | ({"parent": codes[at - 1]} if at else {})
        for at, code in enumerate(codes)
    ]
    reply = await desk.erp.post(f"{PATH}/by-external/import/batch", {"items": items})
    assert [item["status"] for item in reply.json()["items"]] == ["created"] * 3
    last = await desk.see(f"{PATH}/{reply.json()['items'][2]['id']}")
    assert last["parent"] == codes[1]


async def test_the_list_goes_by_name_and_what_is_missing_is_not_found(desk, problem):
    await category_of(desk, name="aaa")
    await category_of(desk, name="BBB")
    page = (await desk.client.get(PATH, params={"limit": 200})).json()["items"]
    names = [one["name"].lower() for one in page if one["name"].isascii()]
    assert names == sorted(names)
    problem(await desk.client.get(f"{PATH}/{uuid4()}"), 404, "not_found")
    missing = await desk.change(f"{PATH}/{uuid4()}", {"name": "x"}, revision=1)
    problem(missing, 404, "not_found")
    stale = await category_of(desk)
    reply = await desk.change(f"{PATH}/{stale['id']}", {"name": "x"}, revision=9)
    problem(reply, 412, "stale_revision")
