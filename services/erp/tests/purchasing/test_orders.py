"""Purchase orders: placed, received at the agreed price, given up."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

PATH = "/v1/purchase-orders"


def money(amount, currency="CNY"):
    return {"amount": amount, "currency": currency}


@pytest.fixture
async def ordered(buyer):
    """Ten pieces at 3.33 that customers wait for, on order."""
    supplier = await buyer.supplier()
    item = await buyer.item("3.33", supplier=supplier)
    await buyer.wanted(item, 10)
    [suggestion] = await buyer.suggested(item)
    [order] = await buyer.orders(suggestion)
    return item, order


async def test_a_receipt_fills_who_waits_and_is_posted(buyer, ordered):
    """E29, E47: stock at the agreed price, against goods received and not billed."""
    item, order = ordered
    reply = await buyer.receives(order)
    assert reply.status_code == 201, reply.text
    assert reply.json()["number"].startswith("GR-")
    assert await buyer.availability(item) == (10, 10, 0, 0)
    assert f"{await buyer.balance('inventory', item):.2f}" == "33.30"
    assert f"{await buyer.balance('grni', item):.2f}" == "-33.30"
    view = await buyer.see(order)
    assert (view["state"], view["lines"][0]["received"]) == ("received", "10")
    assert await buyer.suggested(item) == []


async def test_goods_come_in_parts(buyer, ordered, problem):
    item, order = ordered
    [line] = order["lines"]
    part = {"lines": [{"line_id": line["id"], "quantity": "4"}]}
    assert (await buyer.receives(order, **part)).status_code == 201
    assert (await buyer.see(order))["state"] == "partly_received"
    assert await buyer.availability(item) == (4, 4, 6, 6)
    assert await buyer.suggested(item) == []
    part["lines"][0]["quantity"] = "7"
    problem(await buyer.receives(order, **part), 409, "more_than_ordered")
    assert await buyer.availability(item) == (4, 4, 6, 6)
    assert (await buyer.receives(order)).status_code == 201
    problem(await buyer.receives(order), 409, "purchase_order_closed")
    assert await buyer.availability(item) == (10, 10, 0, 0)


async def test_the_same_goods_are_received_once(buyer, ordered):
    """E45: parallel receipts of everything book it once."""
    item, order = ordered
    replies = await asyncio.gather(*(buyer.receives(order) for _ in range(4)))
    assert sorted(reply.status_code for reply in replies) == [201, 409, 409, 409]
    assert await buyer.availability(item) == (10, 10, 0, 0)


async def test_a_line_of_another_order_is_refused(buyer, ordered, problem):
    _, order = ordered
    lines = [{"line_id": str(uuid4()), "quantity": "1"}]
    problem(await buyer.receives(order, lines=lines), 422, "not_a_line")
    problem(await buyer.receives({"id": uuid4()}), 404, "not_found")


async def test_many_orders_are_received_at_once(buyer, desk):
    """One call, a receipt and an entry for each order, all or none."""
    items = [await buyer.item("1.01") for _ in range(3)]
    for item in items:
        await buyer.wanted(item, 2)
    suggestions = [(await buyer.suggested(item))[0] for item in items]
    orders = await buyer.orders(*suggestions, ordered_on="1996-07-04")
    ids = [order["id"] for order in orders]
    assert len(ids) == 3
    made = await desk.add(f"{PATH}/receive-all", order_ids=ids, effective_on="1996-07-04")
    assert {one["purchase_order_id"] for one in made["receipts"]} == set(ids)
    for receipt in made["receipts"]:
        [entry] = (await desk.see(f"/v1/journal-entries?source_id={receipt['id']}"))["items"]
        assert entry["effective_on"] == "1996-07-04"
    for item in items:
        assert await buyer.availability(item) == (2, 2, 0, 0)


async def test_receiving_all_is_all_or_none(buyer, ordered, problem):
    item, order = ordered
    body: dict[str, Any] = {"order_ids": [order["id"], str(uuid4())]}
    problem(await buyer.erp.post(f"{PATH}/receive-all", body), 404, "not_found")
    body = {"order_ids": [order["id"]], "effective_on": "1900-01-01"}
    problem(await buyer.erp.post(f"{PATH}/receive-all", body), 422, "no_period")
    assert await buyer.availability(item) == (0, 0, 10, 10)
    assert (await buyer.see(order))["version"] == 1


async def test_closing_gives_up_the_rest_and_suggests_it_anew(buyer, ordered, problem):
    """E42: what was on order is released."""
    item, order = ordered
    [line] = order["lines"]
    await buyer.receives(order, lines=[{"line_id": line["id"], "quantity": "4"}])
    reply = await buyer.erp.post(f"{PATH}/{order['id']}/close", None)
    assert (reply.status_code, reply.json()["state"]) == (200, "closed")
    assert await buyer.availability(item) == (4, 4, 0, 6)
    [anew] = await buyer.suggested(item)
    assert anew["quantity"] == "6"
    problem(await buyer.erp.post(f"{PATH}/{order['id']}/close", None), 409, "purchase_order_closed")
    problem(await buyer.erp.post(f"{PATH}/{uuid4()}/close", None), 404, "not_found")


async def test_every_change_of_an_order_is_published(buyer, desk, ordered):
    """The whole order, its version counting on without a gap."""
    _, order = ordered
    [line] = order["lines"]
    await buyer.receives(order, lines=[{"line_id": line["id"], "quantity": "4"}])
    await buyer.receives(order)
    events = await desk.events_of(order["id"])
    assert [event["aggregate_version"] for event in events] == [1, 2, 3]
    assert [event["payload"]["state"] for event in events] == [
        "ordered",
        "partly_received",
        "received",
    ]
    assert events[0]["type"] == "tandem.erp.purchase-changed.v1"
    assert (events[0]["topic"], events[0]["payload"]["net"]) == ("erp.purchase.v1", "33.30")
    assert events[1]["payload"]["lines"][0]["received"] == "4"


async def test_a_buyer_orders_at_a_price_of_his_own(buyer, desk, problem):
    supplier = await buyer.supplier()
    item, other = await buyer.item("9", supplier=supplier, lead_time_days=2), await desk.item()
    price = {"unit_price": money("0.125")}
    order = await buyer.buys(supplier, (item, 3), (other, 3, price))
    assert [(line["unit_price"], line["net"]) for line in order["lines"]] == [
        ("9.00", "27.00"),
        ("0.125", "0.38"),
    ]
    assert (order["net"], order["number"][:3]) == ("27.38", "PO-")
    listed = await desk.see(f"{PATH}?state=ordered&supplier_id={order['supplier_id']}")
    assert listed["items"] == [order | {"tags": [], "included": None}]
    assert await desk.see(f"{PATH}?number={order['number']}") == listed
    assert [await buyer.see(order)] == listed["items"]
    problem(await desk.client.get(f"{PATH}/{uuid4()}"), 404, "not_found")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"quantity": "1"}, "no_supplier_price"),
        ({"quantity": "0"}, "invalid_input"),
        ({"quantity": "1", "unit_price": money("1"), "due_on": "0001-01-01"}, "invalid_input"),
        ({"quantity": "1", "unit_price": money("1"), "due_on": "9999-12-31"}, "invalid_input"),
        ({"quantity": "1.5", "unit_price": money("1")}, "fraction_of_unit"),
        ({"quantity": "1", "unit_price": money("1", "USD")}, "currency_not_supported"),
        ({"quantity": "1", "unit_price": money("1"), "sku": "NOWHERE"}, "missing_reference"),
    ],
)
async def test_a_wrong_order_is_refused(buyer, desk, problem, line, code):
    item, supplier = await desk.item(), await buyer.supplier()
    body = {"supplier_number": supplier, "lines": [{"sku": item["sku"]} | line]}
    problem(await buyer.erp.post(PATH, body), 422, code)
    body = {"supplier_number": "S-X", "lines": [{"sku": item["sku"], "quantity": "1"}]}
    problem(await buyer.erp.post(PATH, body), 422, "missing_reference")
    assert await buyer.availability(item) == (0, 0, 0, 0)


async def test_an_order_beyond_what_can_be_booked_is_refused(buyer, desk, problem):
    """E3: in one line, or in all of them."""
    supplier, item = await buyer.supplier(), await buyer.item()
    huge = {"unit_price": {"amount": "99999999999999", "currency": "CNY"}}
    for quantities in (["2"], ["1", "1"]):
        lines = [{"sku": item["sku"], "quantity": quantity} | huge for quantity in quantities]
        body = {"supplier_number": supplier, "lines": lines}
        refusal = problem(await buyer.erp.post("/v1/purchase-orders", body), 422, "invalid_input")
        assert refusal["errors"][0]["code"] == "too_large"
    count = await desk.count("purchase_order_line", "item_id = $1", item["id"])
    assert count == 0


async def test_who_may_only_look_buys_nothing(desk, problem):
    reader = await desk.erp.as_("purchasing.read")
    assert (await reader.get(PATH)).status_code == 200
    headers = {"Idempotency-Key": str(uuid4())}
    reply = await reader.post("/v1/purchase-suggestions/order", json={}, headers=headers)
    problem(reply, 403, "forbidden")


async def test_ordering_receiving_and_selling_side_by_side(buyer):
    """Documents are locked first, then items in key order: nobody deadlocks, nothing doubles."""
    supplier = await buyer.supplier()
    items = [await buyer.item("1.01", supplier=supplier) for _ in range(4)]

    async def sells(sequence):
        for item in sequence:
            await buyer.wanted(item, 2)

    async def buys():
        for item in items:
            found = await buyer.suggested(item)
            await buyer.erp.post(
                "/v1/purchase-suggestions/order", {"ids": [one["id"] for one in found]}
            )
        listed = await buyer.desk.see(f"{PATH}?state=ordered&limit=200")
        known = {item["id"] for item in items}
        ids = [
            order["id"]
            for order in listed["items"]
            if {line["item_id"] for line in order["lines"]} <= known
        ]
        if not ids:
            return 201
        return (await buyer.erp.post(f"{PATH}/receive-all", {"order_ids": ids})).status_code

    for _ in range(3):
        answer = await asyncio.gather(
            *(sells(items[::-1] if n % 2 else items) for n in range(4)), buys(), buys()
        )
        assert set(answer) <= {None, 201, 409}
    assert await buys() == 201
    for item in items:
        assert await buyer.availability(item) == (24, 24, 0, 0)
        assert await buyer.balance("inventory", item) == -await buyer.balance("grni", item)
