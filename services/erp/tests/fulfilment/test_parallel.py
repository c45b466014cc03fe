"""Many clients at once on the same goods and customers: promises hold, nobody sees a deadlock."""

import asyncio
import random
from decimal import Decimal
from typing import Any
from uuid import uuid4


async def test_twenty_orders_for_ten_pieces_reserve_ten(sales, desk):
    """E26, V9: reserved <= on hand, exactly 10 pieces are reserved."""
    customer, item = await desk.customer(), await sales.item("10")
    bodies = [sales.body(customer, (item, "1", "1")) for _ in range(20)]
    replies = await asyncio.gather(*(sales.send(body, uuid4()) for body in bodies))
    assert {reply.status_code for reply in replies} == {201}
    got = [reply.json()["lines"][0]["reserved"] for reply in replies]
    assert sorted(got) == ["0"] * 10 + ["1"] * 10
    level = (await desk.see(f"/v1/stock-levels?sku={item['sku']}"))["items"][0]
    assert (level["on_hand"], level["reserved"]) == ("10", "10")


async def test_orders_at_once_never_go_beyond_the_credit_limit(sales, desk):
    customer = await desk.customer(credit_limit={"amount": "50", "currency": "CNY"})
    item = await sales.item("100")
    bodies = [sales.body(customer, (item, "1", "10")) for _ in range(12)]
    replies = await asyncio.gather(*(sales.send(body, uuid4()) for body in bodies))
    states = [reply.json()["state"] for reply in replies]
    assert (states.count("confirmed"), states.count("on_hold")) == (5, 7)


async def test_a_storm_of_acts_leaves_no_error_and_true_books(sales, desk):
    """E14, E26: confirm, ship, invoice, pay, return, cancel, batches, on the same three items."""
    chance = random.Random(7)
    customers = [await desk.customer() for _ in range(2)]
    items = [await sales.item("40") for _ in range(3)]
    statuses: list[Any] = []

    async def one(number):
        customer = customers[number % 2]
        lines = [(item, "1", "3.33") for item in chance.sample(items, 3)]
        if number % 4 == 0:
            many = [
                sales.body(customer, *lines) | {"external_id": str(uuid4()), "source_version": 1}
                for _ in range(2)
            ]
            path = "/v1/sales-orders/by-external/crm/batch"
            reply = await sales.erp.post(path, {"items": many})
            assert {one["status"] for one in reply.json()["items"]} == {"created"}, reply.text
        order = (await sales.send(sales.body(customer, *lines), uuid4())).json()
        acts = chance.choice(
            [("shipments", "invoices"), ("cancel",), ("shipments",), ("shipments", "cancel")]
        )
        replies = [await sales.act(order, act) for act in acts]
        statuses.extend(reply.status_code for reply in replies)
        back = [{"order_line_id": order["lines"][0]["id"], "quantity": "1"}]
        statuses.append((await sales.act(order, "returns", lines=back)).status_code)
        statuses.append((await sales.pays(customer, "5.55")).status_code)

    await asyncio.gather(*(one(number) for number in range(24)))
    assert set(statuses) <= {200, 201, 409}, statuses
    for customer in customers:
        assert await sales.booked("receivable", customer) == Decimal(await sales.owed(customer))
    for item in items:
        level = (await desk.see(f"/v1/stock-levels?sku={item['sku']}"))["items"][0]
        assert Decimal(0) <= Decimal(level["reserved"]) <= Decimal(level["on_hand"])


async def test_approving_and_cancelling_at_once_ends_in_one_of_both(sales, desk):
    """Orders are locked before approvals by both: no deadlock."""
    limit = {"amount": "1", "currency": "CNY"}
    item, boss = await sales.item("99"), await sales.erp.as_("sales.approve")
    for _ in range(6):
        order = await sales.order(await desk.customer(credit_limit=limit), (item, "2", "1"))
        asked = (await desk.see(f"/v1/approvals?subject_id={order['id']}"))["items"][0]
        path, headers = f"/v1/approvals/{asked['id']}/approve", {"Idempotency-Key": str(uuid4())}
        replies = await asyncio.gather(
            boss.post(path, json={}, headers=headers), sales.act(order, "cancel")
        )
        assert {reply.status_code for reply in replies} <= {200, 409}
        assert (await sales.seen(order))["state"] == "cancelled"
