"""What suppliers ask: by hand, and taken over from another system."""

from uuid import uuid4

PATH = "/v1/supplier-prices"


def money(amount, currency="CNY"):
    return {"amount": amount, "currency": currency}


async def test_a_price_is_noted_once_and_changed(buyer, desk, problem):
    item, supplier = await desk.item(), await buyer.supplier()
    price = await buyer.priced(item, "1.234567", supplier)
    assert (price["price"]["amount"], price["lead_time_days"]) == ("1.234567", 0)
    assert (price["min_quantity"], price["multiple"]) == ("1", "1")
    body = {"supplier_number": supplier, "sku": item["sku"], "price": money("2")}
    refusal = problem(await desk.erp.post(PATH, body), 409, "duplicate_supplier_price")
    assert refusal["facts"]["existing_id"] == price["id"]
    path = f"{PATH}/{price['id']}"
    changed = await desk.change(path, {"lead_time_days": 4}, revision=1)
    assert (changed.json()["lead_time_days"], changed.json()["version"]) == (4, 2)
    assert (await desk.change(path, {"lead_time_days": 4}, revision=2)).json()["version"] == 2
    problem(await desk.change(path, {"lead_time_days": 5}, revision=1), 412, "stale_revision")
    problem(
        await desk.change(path, {"price": money("1", "USD")}, revision=2),
        422,
        "currency_not_supported",
    )
    listed = await desk.see(f"{PATH}?sku={item['sku']}&supplier_id={price['supplier_id']}")
    assert [one["id"] for one in listed["items"]] == [price["id"]]


async def test_an_unknown_price_supplier_or_item(buyer, desk, problem):
    missing = f"{PATH}/{uuid4()}"
    problem(await desk.client.get(missing), 404, "not_found")
    problem(await desk.change(missing, {}, revision=1), 404, "not_found")
    item, supplier = await desk.item(), await buyer.supplier()
    for body in ({"supplier_number": "S-X"}, {"sku": "NOWHERE"}):
        known = {"supplier_number": supplier, "sku": item["sku"], "price": money("2")}
        problem(await desk.erp.post(PATH, known | body), 422, "missing_reference")


def sent(external_id, version=1, **facts):
    return {"external_id": external_id, "source_version": version} | facts


async def batch(desk, *items):
    reply = await desk.erp.post(f"{PATH}/by-external/shop/batch", {"items": items})
    assert reply.status_code == 200, reply.text
    return reply.json()["items"]


async def test_prices_of_another_system_are_taken_over_once(buyer, desk):
    """E13, B41: named by the sender's supplier, however often they are sent."""
    theirs, ours = desk.word("supplier"), desk.word("price")
    made = await desk.send("/v1/suppliers", theirs, 1, system="shop", name="Brightworks")
    item = await desk.item()
    known = {"supplier_external_id": theirs, "sku": item["sku"], "price": money("12.6")}
    first = sent(ours, **known)
    answer = await batch(desk, first, first, sent(ours, 2, **known | {"price": money("13")}))
    assert [one["status"] for one in answer] == ["created", "unchanged", "updated"]
    view = await desk.see(f"{PATH}/{answer[0]['id']}")
    assert (view["price"]["amount"], view["supplier_id"]) == ("13.00", made.json()["id"])
    assert view["external_refs"] == [{"system": "shop", "external_id": ours}]
    reply = await desk.send(PATH, ours, 3, system="shop", multiple="6")
    assert (reply.headers["Tandem-Outcome"], reply.json()["multiple"]) == ("updated", "6")


async def test_a_refused_price_leaves_the_others(buyer, desk):
    theirs = desk.word("supplier")
    await desk.send("/v1/suppliers", theirs, 1, system="shop", name="Brightworks")
    item = await desk.item()
    known = {"supplier_external_id": theirs, "sku": item["sku"], "price": money("12.6")}
    answer = await batch(
        desk,
        sent(desk.word("price"), **known | {"supplier_external_id": "nobody"}),
        sent(desk.word("price"), **known | {"sku": "NOWHERE"}),
        sent(desk.word("price"), sku=item["sku"]),
        sent(desk.word("price"), **known),
        sent(desk.word("price"), **known),
    )
    assert [one["problem"] and one["problem"]["code"] for one in answer] == [
        "missing_reference",
        "missing_reference",
        "invalid_input",
        None,
        "duplicate_supplier_price",
    ]
