"""Products: our own, and read copies of the ERP's."""

import asyncio

import pytest

PATH = "/v1/products"
PRICE = {"amount": "129.00", "currency": "CNY"}


async def test_a_product_is_added_whole(desk):
    facts = {
        "code": desk.word("LAMP"),
        "name": "落地灯",
        "description": "Tall.\nWarm light.",
        "category": "LAMPS",
        "unit": "H87",
        "active": False,
        "discontinued_on": "2026-12-31",
        "list_price": PRICE,
    }
    reply = await desk.crm.post(PATH, facts)
    product = reply.json()
    assert reply.headers["Location"] == f"{PATH}/{product['id']}"
    assert {name: product[name] for name in facts} == facts
    assert (product["master"], product["version"]) == ("own", 1)
    assert await desk.see(f"{PATH}/{product['id']}") == product


async def test_code_and_name_are_enough(desk):
    product = await desk.product()
    assert (product["unit"], product["active"], product["list_price"]) == ("C62", True, None)


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("code", "", "/code"),
        ("code", "two words", "/code"),
        ("name", "", "/name"),
        ("unit", "piece", "/unit"),
        ("active", "yes", "/active"),
        ("discontinued_on", "tomorrow", "/discontinued_on"),
        ("list_price", {"amount": "-1.00", "currency": "CNY"}, "/list_price/amount"),
        ("list_price", {"amount": 129.0, "currency": "CNY"}, "/list_price/amount"),
        ("list_price", {"amount": "1.00"}, "/list_price/currency"),
        ("master", "erp", "/master"),
    ],
)
async def test_wrong_facts_are_refused_where_they_stand(desk, problem, field, value, pointer):
    """E3: a float is no price; nor is a negative one."""
    reply = await desk.crm.post(PATH, {"code": desk.word(), "name": "Lamp"} | {field: value})
    told = problem(reply, 422, "invalid_input")
    assert [error["pointer"] for error in told["errors"]] == [pointer]


async def test_two_products_never_have_one_code(desk, problem):
    product, other = await desk.product(), await desk.product()
    again = await desk.crm.post(PATH, {"code": product["code"], "name": "Other"})
    assert problem(again, 409, "duplicate_code")["facts"]["existing_id"] == product["id"]
    path = f"{PATH}/{other['id']}"
    changed = await desk.change(path, {"code": product["code"]}, revision=1)
    problem(changed, 409, "duplicate_code")
    assert await desk.see(path) == other


async def test_of_ten_who_take_a_code_at_once_one_gets_it(desk):
    code = desk.word()
    replies = await asyncio.gather(
        *(desk.crm.post(PATH, {"code": code, "name": str(at)}) for at in range(10))
    )
    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 9
    assert len(await desk.listed(PATH, code=code)) == 1


async def test_a_list_price_in_another_currency_is_not_supported_yet(desk, problem):
    price = {"amount": "1.00", "currency": "USD"}
    reply = await desk.crm.post(PATH, {"code": desk.word(), "name": "X", "list_price": price})
    problem(reply, 422, "currency_not_supported")


async def test_a_change_counts_and_a_repeat_of_it_does_not(desk, problem):
    product = await desk.product(list_price=PRICE)
    path = f"{PATH}/{product['id']}"
    facts = {"name": "Desk lamp", "list_price": None, "discontinued_on": "2026-12-31"}
    changed = (await desk.change(path, facts, revision=1)).json()
    assert {name: changed[name] for name in facts} == facts
    assert changed["version"] == 2
    assert (await desk.change(path, facts, revision=2)).json() == changed
    problem(await desk.change(path, facts, revision=1), 412, "stale_revision")


async def test_filters_find_what_they_say(desk):
    word, category = desk.word("find"), desk.word("CAT")
    one = await desk.product(name=f"{word} 台灯", category=category)
    two = await desk.product(name=f"{word} b", active=False)
    assert await desk.listed(PATH, q=f"{word}taideng") == [one["id"]]
    assert await desk.listed(PATH, code=two["code"]) == [two["id"]]
    assert await desk.listed(PATH, category=category) == [one["id"]]
    assert await desk.listed(PATH, q=word, active=False) == [two["id"]]
    assert await desk.listed(PATH, q=word, master="erp") == []
    assert await desk.listed(PATH, q=word, sort="name") == [two["id"], one["id"]]
    assert await desk.listed(PATH, q=word, sort="code", limit=1) == [min(
        (one, two), key=lambda product: product["code"]
    )["id"]]  # fmt: skip


async def test_the_erp_is_master_of_what_it_sends(desk, problem):
    """B48: a user's edit is refused with 409; the ERP's goes through."""
    key, code = desk.word(), desk.word()
    made = await desk.send(PATH, key, 1, system="erp", code=code, name="Lamp")
    product = made.json()
    assert (made.status_code, product["master"]) == (201, "erp")
    path = f"{PATH}/{product['id']}"
    told = problem(await desk.change(path, {"name": "Ours"}, revision=1), 409, "managed_by_erp")
    assert told["facts"] == {"fields": "name", "entity": "product"}
    assert (await desk.change(path, {"name": "Lamp"}, revision=1)).json() == product
    newer = await desk.send(PATH, key, 2, system="erp", name="Desk lamp", active=False)
    assert (newer.json()["name"], newer.json()["version"]) == ("Desk lamp", 2)
    assert newer.headers["Tandem-Outcome"] == "updated"


async def test_another_system_does_not_overrule_the_erp(desk, problem):
    """B48."""
    product = (
        await desk.send(PATH, desk.word(), 1, system="erp", code=desk.word(), name="Lamp")
    ).json()
    key = desk.word()
    ref = {"system": "shop", "external_id": key}
    assert (await desk.crm.post(f"{PATH}/{product['id']}/external-refs", ref)).status_code == 200
    problem(await desk.send(PATH, key, 1, name="Shop's"), 409, "managed_by_erp")
    same = await desk.send(PATH, key, 1, name="Lamp")
    assert same.headers["Tandem-Outcome"] == "unchanged"


async def test_a_linked_product_is_handed_over_with_its_prices(desk, problem):
    """When the second half arrives, the ERP prices what it has; ours end."""
    product = await desk.product(list_price=PRICE)
    price = await desk.add("/v1/product-prices", product=product["code"], price=PRICE)
    path, key = f"{PATH}/{product['id']}", desk.word()
    ref = {"system": "erp", "external_id": key}
    for _ in range(2):
        linked = (await desk.crm.post(f"{path}/external-refs", ref)).json()
        assert (linked["master"], linked["list_price"], linked["version"]) == ("erp", None, 2)
    ended = await desk.see(f"/v1/product-prices/{price['id']}")
    assert (ended["status"], ended["version"]) == ("withdrawn", 2)
    problem(await desk.client.get(f"{path}/price"), 404, "no_price")
    problem(await desk.change(path, {"list_price": PRICE}, revision=2), 409, "managed_by_erp")
    sent = await desk.send(PATH, key, 1, system="erp", code=product["code"], name=product["name"])
    assert sent.headers["Tandem-Outcome"] == "unchanged"


async def test_an_unlinked_product_is_ours_again(desk):
    """Of what the ERP had, this half is master; the list price is to be given anew."""
    key, code = desk.word(), desk.word()
    product = (await desk.send(PATH, key, 1, system="erp", code=code, name="Lamp")).json()
    path = f"{PATH}/{product['id']}"
    for _ in range(2):
        reply = await desk.client.delete(f"{path}/external-refs/erp/{key}")
        left = reply.json()
        assert (left["master"], left["external_refs"], left["version"]) == ("own", [], 2)
    changed = await desk.change(path, {"list_price": PRICE}, revision=2)
    assert changed.json()["list_price"] == PRICE
    price = await desk.add("/v1/product-prices", product=code, price=PRICE)
    assert (await desk.see(f"/v1/product-prices/{price['id']}"))["status"] == "active"


async def test_twenty_identical_puts_at_once_make_one_product(desk):
    """B43."""
    key, code = desk.word(), desk.word()
    replies = await asyncio.gather(
        *(desk.send(PATH, key, 1, system="erp", code=code, name="Lamp") for _ in range(20))
    )
    assert sorted(reply.status_code for reply in replies) == [200] * 19 + [201]
    assert len(await desk.listed(PATH, code=code)) == 1


async def test_versions_that_come_late_change_nothing(desk, problem):
    """B41, B45."""
    key = desk.word()
    told = problem(await desk.send(PATH, key, 1, unit="C62"), 422, "invalid_input")
    assert [error["pointer"] for error in told["errors"]] == ["/code", "/name"]
    facts = {"code": desk.word(), "name": "Lamp"}
    sent = [
        await desk.send(PATH, key, version, **facts | more)
        for version, more in ((2, {}), (1, {"name": "Old"}), (2, {}), (3, {}), (4, {"unit": "H87"}))
    ]
    assert [reply.headers["Tandem-Outcome"] for reply in sent] == [
        "created", "stale", "unchanged", "unchanged", "updated",
    ]  # fmt: skip
    assert (sent[-1].json()["version"], sent[-1].json()["name"]) == (2, "Lamp")


async def test_a_batch_judges_each_product_alone(desk):
    """B44."""
    code = desk.word()
    items = [
        {"external_id": f"{code}-{at}", "source_version": 1, "code": code, "name": "Lamp"}
        for at in range(2)
    ]
    reply = await desk.crm.post(f"{PATH}/by-external/shop/batch", {"items": items})
    told = reply.json()["items"]
    assert [one["status"] for one in told] == ["created", "failed"]
    assert told[1]["problem"]["code"] == "duplicate_code"


@pytest.mark.parametrize(("order", "told"), [(1, ["updated"] * 2), (-1, ["failed", "updated"])])
async def test_a_code_passes_on_in_a_batch_as_it_would_one_by_one(desk, order, told):
    """Who gives it up has to come first."""
    code, other = desk.word(), desk.word()
    for sent in (code, other):
        await desk.send("/v1/products", sent, 1, code=sent, name="Lamp")
    items = [
        {"external_id": code, "source_version": 2, "code": desk.word()},
        {"external_id": other, "source_version": 2, "code": code},
    ][::order]
    reply = await desk.crm.post("/v1/products/by-external/shop/batch", {"items": items})
    assert [one["status"] for one in reply.json()["items"]] == told


async def test_products_are_told_to_nobody(desk):
    """Products and prices are the ERP's to publish."""
    product = await desk.product()
    assert await desk.events_of(product["id"]) == []
