"""An order knows what of it was credited by hand: nothing is credited twice, or lost to billing."""

import asyncio
from decimal import Decimal

import pytest

from .conftest import cny


@pytest.fixture
async def sold(sales, desk):
    """Ten pieces at 10.00, shipped and invoiced with freight of 5.00: order, customer, invoice."""
    customer, item = await desk.customer(), await sales.item("10", "4.00")
    charges = [{"kind": "freight", "amount": cny("5.00")}]
    order = await sales.order(customer, (item, "10", "10.00"), charges=charges)
    await sales.acts(order, "shipments")
    reply = await sales.act(order, "invoices")
    return await sales.seen(order), customer, reply.json()["invoice_id"]


async def credited(sales, invoice_id, quantity=None, **facts):
    lines = {} if quantity is None else {"lines": [{"position": 1, "quantity": quantity}]}
    return await sales.erp.post(f"/v1/invoices/{invoice_id}/credit", lines | facts)


async def returned(sales, order, quantity, **facts):
    line = {"order_line_id": order["lines"][0]["id"], "quantity": quantity}
    return await sales.act(order, "returns", lines=[line], **facts)


async def test_what_is_credited_before_it_comes_back_is_credited_once(sales, sold):
    """E45: four credited, the same four come back, he keeps six and owes for six."""
    order, customer, invoice_id = sold
    assert (await credited(sales, invoice_id, "4", reason="4 will come back")).status_code == 201
    assert await sales.owed(customer) == "65.00"
    assert (await returned(sales, order, "4")).status_code == 201
    assert await sales.owed(customer) == "65.00"
    assert (await returned(sales, order, "1")).status_code == 201
    assert await sales.owed(customer) == "55.00"
    assert (await sales.seen(order))["state"] == "completed"


async def test_an_invoice_credited_in_full_is_made_anew_at_the_right_price(sales, sold):
    """E45: goods and freight are invoiced again, at a price that may be corrected meanwhile."""
    order, customer, invoice_id = sold
    assert (await credited(sales, invoice_id, reason="Wrong price")).status_code == 201
    assert await sales.owed(customer) == "0.00"
    seen = await sales.seen(order)
    assert (seen["state"], seen["invoiced"]) == ("confirmed", "0.00")
    line = {
        "item_id": seen["lines"][0]["item_id"],
        "external_line_id": "L1",
        "quantity": "10",
        "unit_price": cny("9.00"),
    }
    content = {"lines": [line], "charges": [{"kind": "freight", "amount": cny("5.00")}]}
    headers = {"If-Match": f'"{seen["version"]}"'}
    path = f"/v1/sales-orders/{order['id']}/content"
    changed = await sales.erp.client.put(path, json=content, headers=headers)
    assert changed.status_code == 200, changed.text
    assert (await sales.act(order, "invoices")).status_code == 201
    assert await sales.owed(customer) == "95.00"
    assert (await sales.seen(order))["state"] == "completed"


async def test_what_is_kept_for_nothing_is_not_invoiced_again(sales, sold, problem):
    """E45: goodwill; nor is it credited when it comes back after all."""
    order, customer, invoice_id = sold
    reply = await credited(sales, invoice_id, "4", invoice_again=False, reason="Scratched")
    assert reply.status_code == 201
    problem(await sales.act(order, "invoices"), 409, "nothing_to_invoice")
    assert (await sales.seen(order))["state"] == "completed"
    await returned(sales, order, "4")
    assert await sales.owed(customer) == "65.00"
    await returned(sales, order, "6")
    assert await sales.owed(customer) == "5.00"


async def test_goods_come_back_without_a_credit_and_are_credited_later(sales, sold):
    """E45: only what is credited by hand then is credited."""
    order, customer, invoice_id = sold
    assert (await returned(sales, order, "3", credit=False)).status_code == 201
    assert await sales.owed(customer) == "105.00"
    assert (await sales.seen(order))["state"] == "completed"
    assert (await returned(sales, order, "2")).status_code == 201
    assert await sales.owed(customer) == "85.00"
    assert (await credited(sales, invoice_id, "3")).status_code == 201
    assert await sales.owed(customer) == "55.00"


async def test_credits_and_returns_side_by_side_credit_once(sales, desk):
    """E45: whoever comes first, the customer owes for what he keeps."""
    for _ in range(4):
        customer, item = await desk.customer(), await sales.item("10", "4.00")
        order = await sales.order(customer, (item, "10", "10.00"))
        await sales.acts(order, "shipments")
        invoice_id = (await sales.act(order, "invoices")).json()["invoice_id"]
        seen = await sales.seen(order)
        replies = await asyncio.gather(
            credited(sales, invoice_id, "4"), *(returned(sales, seen, "2") for _ in range(2))
        )
        assert [one.status_code for one in replies] == [201, 201, 201]
        owes = Decimal(await sales.owed(customer))
        line = (await sales.seen(order))["lines"][0]
        # Credited first, nothing more is credited; returned first, the credit came on top.
        assert owes in {Decimal(60), Decimal(40), Decimal(20)}
        assert line["returned"] == "4"


async def test_a_credit_limit_counts_what_will_be_invoiced_again(sales, desk):
    """E24: what is credited to be invoiced anew will be owed again."""
    customer = await desk.customer(credit_limit=cny("100.00"))
    item = await sales.item("20", "4.00")
    order = await sales.order(customer, (item, "10", "10.00"))
    await sales.acts(order, "shipments")
    invoice_id = (await sales.act(order, "invoices")).json()["invoice_id"]
    await credited(sales, invoice_id, reason="Wrong address")
    assert (await sales.order(customer, (item, "1", "10.00")))["state"] == "on_hold"


async def test_an_order_with_goods_out_says_why_it_is_not_cancelled(sales, sold, desk, problem):
    """E47: the reason is that goods have left, and what can be done."""
    customer, item = await desk.customer(), await sales.item("5")
    order = await sales.order(customer, (item, "5", "10.00"))
    line = {"order_line_id": order["lines"][0]["id"], "quantity": "2"}
    await sales.act(order, "shipments", lines=[line])
    refused = problem(await sales.act(order, "cancel"), 409, "goods_have_left")
    assert order["number"] in refused["detail"]
    problem(await sales.act(sold[0], "cancel"), 409, "order_closed")


async def test_a_change_that_is_refused_says_so(sales, desk, problem):
    """E46: less than was shipped is no change; nothing of it is kept."""
    customer, item = await desk.customer(), await sales.item("5")
    order = await sales.order(customer, (item, "5", "10.00"))
    await sales.acts(order, "shipments")
    seen = await sales.seen(order)
    body = sales.body(customer, (item, "3", "10.00"))
    reply = await sales.erp.client.put(
        f"/v1/sales-orders/{order['id']}/content",
        json={"lines": body["lines"]},
        headers={"If-Match": f'"{seen["version"]}"'},
    )
    refused = problem(reply, 409, "change_refused")
    assert refused["facts"]["reason"] == "already_shipped: 1"
    assert await sales.seen(order) == seen
