"""Plans and production orders: what is made counts once, and what is planned is made once."""

import asyncio

import pytest

from erp.planning.rules.messages import receipt_messages
from erp.planning.rules.snapshot import Receipt
from erp.planning.states import ReceiptKind

from .test_plans import ORDERS, Shop, shown

pytestmark = pytest.mark.business_day

MAKE, MADE = f"{ORDERS}/make", "/v1/production-orders"


@pytest.fixture
async def shop(office):
    made = Shop(office.desk)
    await made.set_up()
    return made


async def act(shop, order_id, name, **body):
    reply = await shop.erp.post(f"{MADE}/{order_id}/{name}", body)
    assert reply.is_success, reply.text
    return reply.json()


async def received(shop, item, quantity):
    line = {
        "sku": item["sku"],
        "quantity": quantity,
        "unit_cost": {"amount": "1.00", "currency": "CNY"},
    }
    reply = await shop.erp.post("/v1/stock-receipts", {"lines": [line]})
    assert reply.is_success, reply.text


async def test_what_is_planned_is_made_once_and_not_planned_again(shop, problem):
    """E41, E57, E58: two planners, one firm order; it is a receipt, its parts are needed once."""
    await shop.wanted(shop.table, 5, 30)
    soon, table = await shop.planned(shop.table)
    replies = await asyncio.gather(*(shop.erp.post(MAKE, {"ids": [table["id"]]}) for _ in range(2)))
    assert sorted(one.status_code for one in replies) == [201, 409]
    problem(max(replies, key=lambda one: one.status_code), 409, "not_planned_to_make")
    [made] = min(replies, key=lambda one: one.status_code).json()["production_order_ids"]
    order = await shop.desk.see(f"{MADE}/{made}")
    assert (order["state"], order["quantity"], order["start_on"], order["due_on"]) == (
        *("firm", "6", str(shop.day(27)), str(shop.day(30))),
    )
    _, ordered = await shop.orders(shop.table)
    assert (ordered["state"], ordered["production_order_id"]) == ("ordered", made)
    [leg] = [one for one in await shop.orders(shop.leg) if one["start_quantity"] == "30"]
    problem(await shop.erp.post(MAKE, {"ids": [leg["id"]]}), 409, "not_planned_to_make")

    assert shown(await shop.planned(shop.table)) == shown([soon])
    [_, leg] = await shop.orders(shop.leg)
    assert shown([leg]) == [("30", str(shop.day(22)), str(shop.day(27)))]
    why = await shop.desk.see(f"{ORDERS}/{leg['id']}/reasons")
    assert [(one["kind"], one["needed_by_production_order"]) for one in why["demands"]] == [
        ("production_order", order["number"])
    ]

    # An order by hand is one that the plan does not know.
    days = {"start_on": str(shop.today), "due_on": str(shop.today)}
    await shop.desk.add(MADE, sku=shop.table["sku"], quantity="1", **days)
    [soon] = await shop.orders(shop.table)
    problem(await shop.erp.post(MAKE, {"ids": [soon["id"]]}), 409, "plan_outdated")
    # That one is only planned, and still a receipt: 1 of the 2 of the safety stock is lacking.
    assert [one["quantity"] for one in await shop.planned(shop.table)] == ["2"]


async def test_an_order_in_work_is_a_receipt_of_the_rest_and_needs_what_was_not_issued(shop):
    """E53, E58: 6 tables, 4 of them good: 2 come, and 10 legs are still needed; none is moved."""
    desk = shop.desk
    await desk.merge(f"/v1/planning-parameters/{shop.parameters['id']}", {"safety_stock": "0"})
    await received(shop, shop.leg, "20")
    days = {"start_on": str(shop.today), "due_on": str(shop.day(2))}
    order = await desk.add(MADE, sku=shop.table["sku"], quantity="6", **days)
    await act(shop, order["id"], "release")
    await act(shop, order["id"], "report", good="4")
    await shop.wanted(shop.table, 7, 30)
    assert shown(await shop.planned(shop.table)) == [
        ("2", str(shop.day(27)), str(shop.day(30)))
    ]  # 7 - 4 in stock - 2 in work = 1, in multiples of 2
    [leg, later] = await shop.orders(shop.leg)
    assert (leg["start_quantity"], later["start_quantity"]) == ("10", "10")
    messages = (await desk.see(f"/v1/plan-messages?sku={shop.table['sku']}"))["items"]
    messages_of = [
        (one["kind"], one["needed_on"], one["quantity"])
        for one in messages
        if one["production_order_number"] == order["number"]
    ]
    assert messages_of == [("reschedule_out", str(shop.day(30)), "2")]
    after = await desk.see(f"{MADE}/{order['id']}")
    assert (after["due_on"], after["open_quantity"]) == (str(shop.day(2)), "2")


async def test_stock_that_may_not_be_used_covers_nothing(shop):
    """E40: of 10 in stock 4 are blocked: the plan has 6 of them."""
    desk = shop.desk
    item = await desk.item(name="Paint", tracking="lot")
    for number, quantity, quality in (("L1", "6", "released"), ("L2", "4", "blocked")):
        line = {
            "sku": item["sku"],
            "quantity": quantity,
            "unit_cost": {"amount": "1.00", "currency": "CNY"},
            "lots": [{"number": number, "quantity": quantity, "quality": quality}],
        }
        reply = await shop.erp.post("/v1/stock-receipts", {"lines": [line]})
        assert reply.is_success, reply.text
    await shop.wanted(item, 10, 5)
    assert [one["quantity"] for one in await shop.planned(item)] == ["4"]


def test_a_by_product_covers_needs_and_is_in_no_message():
    """E58: it comes with its order; nobody is asked to cancel it."""
    coming = [Receipt("a", "x", 5, 3, ReceiptKind.BY_PRODUCT)]
    assert not list(receipt_messages(coming, (), on_hand=0, safety_stock=0, today=1))
    coming = [Receipt("a", "x", 5, 3, ReceiptKind.PRODUCTION_ORDER)]
    [message] = receipt_messages(coming, (), on_hand=0, safety_stock=0, today=1)
    assert message.kind == "cancel"
