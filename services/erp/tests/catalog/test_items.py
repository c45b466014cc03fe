"""Items and units: what the company buys, makes and sells."""

import asyncio
from uuid import uuid4

import pytest

PATH = "/v1/items"
BOX = {"unit": "BX", "numerator": 12, "denominator": 1}


async def test_a_new_item_is_a_piece_of_goods_bought_and_sold(desk):
    reply = await desk.erp.post(PATH, {"sku": desk.word("SKU"), "name": "Bolt"})
    item = reply.json()
    assert (reply.status_code, reply.headers["ETag"]) == (201, '"1"')
    assert reply.headers["Location"] == f"{PATH}/{item['id']}"
    assert (item["kind"], item["unit"], item["sold"], item["bought"]) == (
        "goods",
        "C62",
        True,
        True,
    )
    assert (item["category"], item["conversions"], item["discontinued_on"]) == (None, [], None)
    assert await desk.see(f"{PATH}/{item['id']}") == item


async def test_all_that_was_told_is_kept(desk):
    category = desk.word("CAT")
    await desk.add("/v1/item-categories", code=category, name="Parts")
    told = {
        "sku": desk.word("SKU"),
        "name": "电缆",
        "description": "two\nlines",
        "category": category,
        "kind": "service",
        "unit": "MTR",
        "conversions": [
            {"unit": "RO", "numerator": 50, "denominator": 1},
            {"unit": "CMT", "numerator": 1, "denominator": 100},
        ],
        "barcode": "6901234567892",
        "sold": False,
        "bought": False,
        "discontinued_on": "2027-01-31",
    }
    item = await desk.item(**told)
    told["conversions"].reverse()
    assert {name: item[name] for name in told} == told


async def test_a_new_item_is_told_with_the_whole_state(desk):
    """B03, C67: the event carries what the API shows."""
    item = await desk.item(conversions=[BOX])
    [event] = await desk.events_of(item["id"])
    assert (event["type"], event["topic"]) == ("tandem.erp.item-changed.v1", "erp.item.v1")
    of_the_view = {"external_refs", "revision", "created_at", "updated_at", "tags", "included"}
    shown = item.keys() - of_the_view
    assert {name: event["payload"][name] for name in shown} == {name: item[name] for name in shown}
    assert event["payload"]["changed"] == sorted(shown - {"id", "version"})


async def test_a_change_touches_the_given_fields_only(desk):
    category = desk.word("CAT")
    await desk.add("/v1/item-categories", code=category, name="Parts")
    item = await desk.item(name="Bolt", conversions=[BOX])
    path = f"{PATH}/{item['id']}"
    changed = (await desk.change(path, {"category": category}, revision=1)).json()
    assert (changed["category"], changed["name"], changed["version"]) == (category, "Bolt", 2)
    assert changed["conversions"] == [BOX]
    cleared = (await desk.change(path, {"category": None, "sold": False}, revision=2)).json()
    assert (cleared["category"], cleared["sold"]) == (None, False)
    told = [event["payload"]["changed"] for event in (await desk.events_of(item["id"]))[1:]]
    assert told == [["category"], ["category", "sold"]]


async def test_conversions_are_replaced_as_a_whole(desk):
    item = await desk.item(conversions=[BOX, {"unit": "PK", "numerator": 6}])
    path = f"{PATH}/{item['id']}"
    wanted = [
        {"unit": "BX", "numerator": 10, "denominator": 1},
        {"unit": "DZN", "numerator": 12, "denominator": 1},
    ]
    reply = await desk.change(path, {"conversions": wanted}, revision=1)
    assert reply.json()["conversions"] == wanted
    same = await desk.change(path, {"conversions": wanted[::-1]}, revision=2)
    assert same.json()["version"] == 2
    assert (await desk.change(path, {"conversions": []}, revision=2)).json()["conversions"] == []


async def test_a_change_of_nothing_is_no_change(desk):
    """B45: neither a version nor an event."""
    item = await desk.item(description="x", conversions=[BOX])
    facts = {"description": " x ", "conversions": [BOX], "discontinued_on": None, "unit": "C62"}
    reply = await desk.change(f"{PATH}/{item['id']}", facts, revision=1)
    assert reply.json() == item
    assert len(await desk.events_of(item["id"])) == 1


async def test_discontinuing_is_a_date(desk):
    item = await desk.item()
    path = f"{PATH}/{item['id']}"
    reply = await desk.change(path, {"discontinued_on": "1998-05-06"}, revision=1)
    assert reply.json()["discontinued_on"] == "1998-05-06"
    assert (await desk.events_of(item["id"]))[1]["payload"]["discontinued_on"] == "1998-05-06"


async def test_a_sku_names_one_item(desk, problem):
    first, second = await desk.item(), await desk.item()
    told = problem(
        await desk.erp.post(PATH, {"sku": first["sku"], "name": "x"}), 409, "duplicate_sku"
    )
    assert told["facts"]["existing_id"] == first["id"]
    path = f"{PATH}/{second['id']}"
    problem(await desk.change(path, {"sku": first["sku"]}, revision=1), 409, "duplicate_sku")
    free = desk.word("SKU")
    assert (await desk.change(path, {"sku": free}, revision=1)).json()["sku"] == free


async def test_one_of_eight_gets_the_sku(desk):
    sku = desk.word("SKU")
    replies = await asyncio.gather(
        *(desk.erp.post(PATH, {"sku": sku, "name": "x"}) for _ in range(8))
    )
    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 7


@pytest.mark.parametrize(
    ("facts", "entity"),
    [
        ({"unit": "ZZ9"}, "unit"),
        ({"conversions": [{"unit": "ZZ9", "numerator": 1}]}, "unit"),
        ({"category": "no-such"}, "item_category"),
    ],
)
async def test_what_it_refers_to_must_exist(desk, problem, facts, entity):
    """B54: the sender may wait for it."""
    reply = await desk.erp.post(PATH, {"sku": desk.word("SKU"), "name": "x"} | facts)
    assert problem(reply, 422, "missing_reference")["facts"]["entity"] == entity


@pytest.mark.parametrize(
    "conversions", [[BOX, BOX], [{"unit": "C62", "numerator": 2}]], ids=["twice", "own"]
)
async def test_a_conversion_is_to_another_unit_once(desk, problem, conversions):
    facts = {"sku": desk.word("SKU"), "name": "x", "conversions": conversions}
    problem(await desk.erp.post(PATH, facts), 422, "unsuitable_conversion")


async def test_the_own_unit_cannot_become_another_one_by_change(desk, problem):
    item = await desk.item(conversions=[BOX])
    reply = await desk.change(f"{PATH}/{item['id']}", {"unit": "BX"}, revision=1)
    problem(reply, 422, "unsuitable_conversion")


async def test_an_item_with_prices_keeps_its_unit(desk, problem):
    item = await desk.item()
    path = f"{PATH}/{item['id']}"
    assert (await desk.change(path, {"unit": "KGM"}, revision=1)).json()["unit"] == "KGM"
    await desk.price(item["sku"], "5.00")
    problem(await desk.change(path, {"unit": "C62"}, revision=2), 409, "unit_in_use")


@pytest.mark.parametrize(
    ("facts", "pointer"),
    [
        ({"sku": "has space", "name": "x"}, "/sku"),
        ({"sku": "", "name": "x"}, "/sku"),
        ({"sku": "a", "name": ""}, "/name"),
        ({"sku": "a", "name": "x", "kind": "thing"}, "/kind"),
        ({"sku": "a", "name": "x", "unit": "kg"}, "/unit"),
        ({"sku": "a", "name": "x", "sold": "yes"}, "/sold"),
        ({"sku": "a", "name": "x", "discontinued_on": "tomorrow"}, "/discontinued_on"),
        (
            {"sku": "a", "name": "x", "conversions": [{"unit": "BX", "numerator": 0}]},
            "/conversions/0/numerator",
        ),
        (
            {"sku": "a", "name": "x", "conversions": [{"unit": "BX", "numerator": 1.5}]},
            "/conversions/0/numerator",
        ),
    ],
)
async def test_wrong_fields_are_named(desk, problem, facts, pointer):
    told = problem(await desk.erp.post(PATH, facts), 422, "invalid_input")
    assert [error["pointer"] for error in told["errors"]] == [pointer]


async def test_a_change_needs_the_version_it_is_based_on(desk, problem):
    item = await desk.item()
    path = f"{PATH}/{item['id']}"
    problem(await desk.change(path, {"name": "y"}), 428, "revision_required")
    problem(await desk.change(path, {"name": "y"}, revision=2), 412, "stale_revision")
    problem(await desk.change(f"{PATH}/{uuid4()}", {"name": "y"}, revision=1), 404, "not_found")
    problem(await desk.client.get(f"{PATH}/{uuid4()}"), 404, "not_found")


async def test_archiving_and_restoring(desk):
    item = await desk.item()
    path = f"{PATH}/{item['id']}"
    assert (await desk.erp.post(f"{path}/archive", None)).json()["status"] == "archived"
    assert (await desk.erp.post(f"{path}/restore", None)).json()["status"] == "active"
    assert len(await desk.events_of(item["id"])) == 3


async def test_items_are_found_by_what_people_know_of_them(desk):
    category = desk.word("CAT")
    await desk.add("/v1/item-categories", code=category, name="Parts")
    barcode = desk.word("690")
    item = await desk.item(name="落地灯", category=category, barcode=barcode)
    await desk.item(category=category)

    async def found(**query):
        reply = await desk.client.get(PATH, params=query)
        assert reply.status_code == 200, reply.text
        return [one["id"] for one in reply.json()["items"]]

    assert await found(sku=item["sku"]) == [item["id"]]
    assert await found(q=item["sku"].lower()) == [item["id"]]
    assert await found(barcode=barcode) == [item["id"]]
    assert await found(category=category, q="luodideng") == [item["id"]]
    assert len(await found(category=category, sort="name")) == 2
    assert await found(category=category, status="archived") == []
    assert await found(category=desk.word()) == []


async def test_items_of_another_system(desk, problem):
    """B41, B43, B45: made once, changed by newer versions, quiet when nothing differs."""
    key, sku = desk.word(), desk.word("SKU")
    made = await asyncio.gather(
        *(desk.send(PATH, key, 1, "pim", sku=sku, name="A") for _ in range(8))
    )
    assert len({reply.json()["id"] for reply in made}) == 1
    newer = await desk.send(PATH, key, 2, "pim", name="B", conversions=[BOX])
    assert (newer.headers["Tandem-Outcome"], newer.json()["name"]) == ("updated", "B")
    same = await desk.send(PATH, key, 3, "pim", name="B", conversions=[BOX])
    assert (same.headers["Tandem-Outcome"], same.json()["version"]) == ("unchanged", 2)
    bare = await desk.send(PATH, desk.word(), 1, "pim", name="C")
    told = problem(bare, 422, "invalid_input")
    assert [error["pointer"] for error in told["errors"]] == ["/sku"]
    taken = await desk.send(PATH, desk.word(), 1, "pim", sku=sku, name="C")
    problem(taken, 409, "duplicate_sku")


async def test_a_batch_of_items(desk):
    """B44: the bad one alone fails."""
    items = [
        {"external_id": desk.word(), "source_version": 1, "sku": desk.word("SKU"), "name": "A"},
        {"external_id": desk.word(), "source_version": 1, "sku": desk.word("SKU"), "name": "B"}
        | {"unit": "ZZ9"},
        {"external_id": desk.word(), "source_version": 1, "sku": desk.word("SKU"), "name": "C"}
        | {"conversions": [BOX]},
    ]
    reply = await desk.erp.post(f"{PATH}/by-external/pim/batch", {"items": items})
    done = reply.json()["items"]
    assert [item["status"] for item in done] == ["created", "failed", "created"]
    assert done[1]["problem"]["code"] == "missing_reference"
    assert (await desk.see(f"{PATH}/{done[2]['id']}"))["conversions"] == [BOX]


async def test_a_link_can_be_told_afterwards(desk):
    item, link = await desk.item(), {"system": "shop", "external_id": desk.word()}
    reply = await desk.erp.post(f"{PATH}/{item['id']}/external-refs", link)
    assert reply.json()["external_refs"] == [link]
    found = await desk.client.get(PATH, params={"external_id": link["external_id"]})
    assert [one["id"] for one in found.json()["items"]] == [item["id"]]


async def test_the_usual_units_are_there(desk):
    reply = await desk.client.get("/v1/units")
    decimals = {unit["code"]: unit["decimals"] for unit in reply.json()["items"]}
    assert {"C62", "KGM", "GRM", "LTR", "MTR", "BX"} <= decimals.keys()
    assert (decimals["C62"], decimals["BX"], decimals["KGM"]) == (0, 0, 6)


async def test_a_unit_of_ones_own(desk, problem):
    code = f"X{uuid4().hex[:2].upper()}"
    unit = {"code": code, "name": "barrel", "decimals": 2}
    reply = await desk.erp.post("/v1/units", unit)
    assert (reply.status_code, reply.json()) == (201, unit)
    assert await desk.see(f"/v1/units/{code}") == unit
    problem(await desk.erp.post("/v1/units", unit), 409, "duplicate_code")
    problem(await desk.client.get("/v1/units/NO"), 404, "not_found")
    problem(await desk.erp.post("/v1/units", unit | {"decimals": 7}), 422, "invalid_input")


async def test_of_two_new_items_with_one_sku_the_first_is_taken(desk):
    """B41: neither the second of the batch nor one of an unknown unit is in the others' way."""
    sku, other, third = (desk.word("SKU") for _ in range(3))
    skus = [(sku, "C62"), (other, "C62"), (sku, "C62"), (desk.word("SKU"), "ZZZ"), (third, "C62")]
    items = [
        {
            "external_id": desk.word(),
            "source_version": 1,
            "sku": one,
            "name": "Bolt",
            "unit": unit,
        }
        for one, unit in skus
    ]
    reply = await desk.erp.post("/v1/items/by-external/shop/batch", {"items": items})
    told = reply.json()["items"]
    wanted = ["created", "created", "failed", "failed", "created"]
    assert [one["status"] for one in told] == wanted
    codes = [one["problem"]["code"] for one in told if one["problem"]]
    assert codes == ["duplicate_sku", "missing_reference"]
    for one in (sku, other, third):
        levels = await desk.see(f"/v1/stock-levels?sku={one}")
        assert [level["on_hand"] for level in levels["items"]] == ["0"]
