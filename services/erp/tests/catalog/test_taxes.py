"""Which tax an item is sold with."""

import pytest

PATH = "/v1/items"


@pytest.fixture
async def code(desk):
    """A tax of 13 %."""
    added = await desk.add("/v1/tax-codes", code=desk.word("T"), name="Tax", rate="0.13")
    return added["code"]


async def test_an_item_is_not_taxed_unless_it_names_a_code(desk, code):
    """B45: naming it is one change, told once; naming it again is none."""
    item = await desk.item()
    path = f"{PATH}/{item['id']}"
    assert item["tax_code"] is None
    named = (await desk.change(path, {"tax_code": code}, revision=1)).json()
    assert (named["tax_code"], named["version"]) == (code, 2)
    assert (await desk.change(path, {"tax_code": code}, revision=2)).json() == named
    renamed = (await desk.change(path, {"name": "Nut"}, revision=2)).json()
    assert renamed["tax_code"] == code
    cleared = (await desk.change(path, {"tax_code": None}, revision=3)).json()
    assert cleared["tax_code"] is None
    told = [one["payload"] for one in await desk.events_of(item["id"])]
    assert [one["tax_code"] for one in told] == [None, code, code, None]
    assert [one["changed"] for one in told[1:]] == [["tax_code"], ["name"], ["tax_code"]]


async def test_another_system_may_name_it_or_leave_it(desk, code):
    """What is left out stays as it is here."""
    key = desk.word("ITEM")
    first = await desk.send(PATH, key, 1, sku=key, name="Bolt", tax_code=code)
    assert (first.status_code, first.json()["tax_code"]) == (201, code)
    assert (await desk.send(PATH, key, 2, name="Nut")).json()["tax_code"] == code
    assert (await desk.send(PATH, key, 3, tax_code=None)).json()["tax_code"] is None


async def test_a_code_that_there_is_not_is_refused_and_nothing_changes(desk, problem, code):
    """B54: the sender may wait for it."""
    unknown, sku, key = desk.word("NONE"), desk.word("SKU"), desk.word("ITEM")
    asked = {"sku": sku, "name": "x", "tax_code": unknown}
    told = problem(await desk.erp.post(PATH, asked), 422, "missing_reference")
    assert told["facts"] == {"entity": "tax_code", "reference": unknown}
    sent = await desk.send(PATH, key, 1, system="shop", **asked)
    problem(sent, 422, "missing_reference")
    assert await desk.count("item", "sku = $1", sku) == 0
    assert await desk.count("external_reference", "external_id = $1", key) == 0
    item = await desk.item(tax_code=code)
    path = f"{PATH}/{item['id']}"
    wrong = {"name": "y", "tax_code": unknown}
    problem(await desk.change(path, wrong, revision=1), 422, "missing_reference")
    assert await desk.see(path) == item
    blank = await desk.change(path, {"tax_code": ""}, revision=1)
    assert problem(blank, 422, "invalid_input")["errors"][0]["pointer"] == "/tax_code"


async def test_in_a_batch_only_the_item_with_the_unknown_code_is_refused(desk, code):
    """B44: the others are taken over with theirs."""
    skus = [desk.word("SKU") for _ in range(5)]
    codes = [code, None, desk.word("NONE"), "Z0", code]
    items = [
        {"external_id": sku, "source_version": 1, "sku": sku, "name": "x", "tax_code": named}
        for sku, named in zip(skus, codes, strict=True)
    ]
    reply = await desk.erp.post(f"{PATH}/by-external/shop/batch", {"items": items})
    outcomes = reply.json()["items"]
    assert [one["status"] for one in outcomes] == ["created"] * 2 + ["failed"] + ["created"] * 2
    assert outcomes[2]["problem"]["code"] == "missing_reference"
    made = [await desk.see(f"{PATH}/{one['id']}") for one in outcomes if one["id"]]
    assert [one["tax_code"] for one in made] == [code, None, "Z0", code]


async def test_the_database_knows_every_code_that_items_name(desk):
    item = await desk.item()
    async with desk.erp.database.driver() as sql:
        with pytest.raises(Exception, match="fk_item_tax_code_tax_code"):
            await sql.execute("update item set tax_code = 'NONE' where id = $1", item["id"])
