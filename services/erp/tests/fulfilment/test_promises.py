"""For when an order is promised: once goods are expected, and once the customer asks anew (E37)."""

import asyncio
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from erp.stock.rules.rescheduling import QueuePosition, Supply, reschedule

pytestmark = pytest.mark.business_day

TODAY = date(2026, 1, 5)


def later(order, days):
    """So many days after the order was placed."""
    return str(date.fromisoformat(order["ordered_on"]) + timedelta(days=days))


async def test_an_order_that_waits_is_promised_when_its_goods_are_ordered(sales, desk):
    """E37, E48: the seller learns the confirmed day; what is reserved at last keeps it."""
    customer, item = await desk.customer(), await sales.item()
    supplier = await sales.supplied(item)
    order = await sales.order(customer, (item, "5", "10"))
    assert order["promised_on"] is None
    bought = await sales.buys(supplier, item, "5")
    assert (await sales.refreshed(order))["promised_on"] == later(order, 5)
    await sales.erp.post(f"/v1/purchase-orders/{bought['id']}/receipts", {})
    shown = await sales.refreshed(order)
    assert (shown["promised_on"], shown["lines"][0]["reserved"]) == (later(order, 5), "5")
    event = (await desk.events_of(order["id"]))[-1]
    assert event["payload"]["promised_on"] == later(order, 5)


async def test_of_twenty_orders_at_once_those_are_promised_a_day_that_get_goods(sales, desk):
    """E37, V9: whoever is promised today's pieces has them."""
    customer, item = await desk.customer(), await sales.item("10")
    body = sales.body(customer, (item, "1", "10"))
    replies = await asyncio.gather(*(sales.send(body, uuid4()) for _ in range(20)))
    orders = [reply.json() for reply in replies]
    shown = [(order["promised_on"], order["lines"][0]["reserved"]) for order in orders]
    assert shown.count((orders[0]["ordered_on"], "1")) == 10
    assert shown.count((None, "0")) == 10


async def test_goods_that_come_unexpected_promise_the_order_for_today(sales, desk):
    customer, item = await desk.customer(), await sales.item("2")
    order = await sales.order(customer, (item, "5", "10"))
    await sales.receives(item, "2")
    assert (await sales.refreshed(order))["promised_on"] is None
    await sales.receives(item, "1")
    assert (await sales.refreshed(order))["promised_on"] == order["ordered_on"]


async def test_a_change_is_promised_anew(sales, desk):
    """E37: for more than is there, for another day, and back again."""
    customer, item = await desk.customer(), await sales.item("5")
    await sales.buys(await sales.supplied(item), item, "5")
    body, order_id = sales.body(customer, (item, "5", "10")), uuid4()
    order = (await sales.send(body, order_id)).json()
    assert order["promised_on"] == order["ordered_on"]
    body["lines"][0]["quantity"] = "6"
    more = (await sales.send(body, order_id, 2)).json()
    assert more["promised_on"] == later(order, 5)
    dated = body | {"requested_on": later(order, 30)}
    moved = (await sales.send(dated, order_id, 3)).json()
    assert moved["promised_on"] == later(order, 30)
    body["lines"][0]["quantity"], body["requested_on"] = "11", None
    beyond = (await sales.send(body, order_id, 4)).json()
    assert beyond["promised_on"] is None
    [wish] = (await desk.see(f"/v1/purchase-suggestions?sku={item['sku']}&state=open"))["items"]
    assert (wish["quantity"], wish["needed_on"]) == ("1", order["ordered_on"])
    body["lines"][0]["unit_price"]["amount"] = "9"
    assert (await sales.send(body, order_id, 5)).json()["promised_on"] is None


async def test_changes_of_orders_that_swap_their_items_never_deadlock(sales, desk):
    """E26, E47: each takes up what the other gives up, many times at once."""
    customer, items = await desk.customer(), [await sales.item("50") for _ in range(4)]
    orders = [uuid4() for _ in range(6)]
    for order_id in orders:
        assert (await sales.send(sales.body(customer, (items[0], "1", "1")), order_id)).is_success

    async def change(at, order_id):
        for version in range(2, 8):
            turned = [items[(at + version + step) % 4] for step in range(3)][:: 1 if at % 2 else -1]
            body = sales.body(customer, *((item, "1", "1") for item in turned))
            for line in body["lines"]:
                line["external_line_id"] = line["item_id"]
            reply = await sales.send(body, order_id, version)
            assert reply.status_code == 200, reply.text
            assert reply.json()["last_change"]["state"] == "accepted"

    await asyncio.gather(*(change(at, order_id) for at, order_id in enumerate(orders)))
    held = 0
    for item in items:
        level = (await desk.see(f"/v1/stock-levels?sku={item['sku']}"))["items"][0]
        held += int(level["reserved"])
    assert held == 3 * len(orders)


def _turn(order, item, quantity, place, promised=None):
    return QueuePosition(order, item, Decimal(quantity), TODAY, promised, place)


def test_nobody_is_promised_what_an_older_order_waits_for():
    """E37: first come, first promised; who has a promise keeps it, whenever he came."""
    item, (first, second, promised) = uuid4(), (uuid4() for _ in range(3))
    due = TODAY + timedelta(days=3)
    turns = [
        _turn(first, item, 6, 1),
        _turn(second, item, 4, 2),
        _turn(promised, item, 2, 3, promised=due),
    ]

    def days(*asked, expected):
        supply = {item: Supply(Decimal(0), [(due, Decimal(expected))])}
        return reschedule(asked, turns, supply, today=TODAY)

    assert days(second, first, expected=12) == {first: due, second: due}
    assert days(second, first, expected=11) == {first: due, second: None}
    assert days(second, expected=8) == {second: None}
    assert days(first, expected=8) == {first: due}


def test_an_order_is_promised_for_the_day_its_last_goods_are_there():
    """E37: and for no day while one of them is not known."""
    order, bolt, nut = uuid4(), uuid4(), uuid4()
    due = date(2026, 1, 9)
    turns = [_turn(order, bolt, 0, 1), _turn(order, nut, 2, 2)]
    supply = {bolt: Supply(Decimal(9), []), nut: Supply(Decimal(0), [(due, Decimal(2))])}
    assert reschedule([order], turns, supply, today=TODAY) == {order: due}
    nothing = supply | {nut: Supply(Decimal(1), [])}
    assert reschedule([order], turns, nothing, today=TODAY) == {order: None}
