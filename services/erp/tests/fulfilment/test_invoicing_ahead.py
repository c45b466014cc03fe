"""Invoices before delivery and of chosen lines: nothing is invoiced twice, or lost to billing."""

import asyncio
from decimal import Decimal
from uuid import UUID

import asyncpg
import pytest

from .conftest import cny


def named(order, *quantities):
    lines = zip(order["lines"], quantities, strict=False)
    return [{"order_line_id": line["id"], "quantity": much} for line, much in lines if much]


@pytest.fixture
async def ordered(sales, desk):
    """Ten pieces at 10.00 and four at 5.00, with freight of 6.00: order and customer."""
    customer = await desk.customer()
    items = [await sales.item("20", "4.00"), await sales.item("20", "2.00")]
    charges = [{"kind": "freight", "amount": cny("6.00")}]
    lines = [(items[0], "10", "10.00"), (items[1], "4", "5.00")]
    return await sales.order(customer, *lines, charges=charges), customer


async def invoiced(sales, order, *quantities, **facts):
    lines = {"lines": named(order, *quantities)} if quantities else {}
    return await sales.act(order, "invoices", **lines, **facts)


async def credited(sales, invoice, **facts):
    return await sales.erp.post(f"/v1/invoices/{invoice.json()['invoice_id']}/credit", facts)


async def changed(sales, order, quantity, **facts):
    """Order so many of the first line, and the rest as it is."""
    seen = await sales.seen(order)
    lines = [
        {"id": one["id"], "item_id": one["item_id"], "quantity": one["quantity"]}
        for one in seen["lines"]
    ]
    lines[0] |= {"quantity": quantity} | facts
    body = {"lines": lines, "charges": [{"kind": "freight", "amount": cny("6.00")}]}
    headers = {"If-Match": f'"{seen["version"]}"'}
    path = f"/v1/sales-orders/{order['id']}/content"
    return await sales.erp.client.put(path, json=body, headers=headers)


async def test_an_order_is_invoiced_whole_before_it_is_shipped(sales, ordered, problem):
    """E14, E45: revenue at the invoice, cost when goods leave; a shipment is not invoiced again."""
    order, customer = ordered
    reply = await invoiced(sales, order, before_delivery=True)
    assert (reply.status_code, reply.json()["gross"]) == (201, cny("126.00"))
    assert (await sales.seen(order))["state"] == "confirmed"
    posted = await sales.entries("invoice", party=customer)
    assert ("invoice", "sales", "0", "120") in posted
    await sales.acts(order, "shipments")
    problem(await invoiced(sales, order), 409, "nothing_to_invoice")
    problem(await invoiced(sales, order, before_delivery=True), 409, "nothing_to_invoice")
    seen = await sales.seen(order)
    assert (seen["state"], seen["invoiced"]) == ("completed", "126.00")
    assert await sales.owed(customer) == "126.00"
    assert await sales.booked("receivable", customer) == Decimal(126)


async def test_a_part_is_invoiced_ahead_and_shipments_invoice_the_rest(sales, ordered, problem):
    """E45: of ten, six ahead; then four of the ten that were shipped."""
    order, customer = ordered
    assert (await invoiced(sales, order, "6", before_delivery=True)).status_code == 201
    assert await sales.owed(customer) == "66.00"
    await sales.act(order, "shipments", lines=named(order, "5"))
    problem(await invoiced(sales, order), 409, "nothing_to_invoice")
    await sales.acts(order, "shipments")
    assert (await invoiced(sales, order)).json()["gross"] == cny("60.00")
    assert await sales.owed(customer) == "126.00"
    assert (await sales.seen(order))["state"] == "completed"


async def test_only_chosen_lines_of_what_was_shipped_are_invoiced(sales, ordered, problem):
    """E45: by line and quantity; the refusal says what is in the way."""
    order, customer = ordered
    await sales.act(order, "shipments", lines=named(order, "8", "4"))
    assert (await invoiced(sales, order, "3")).json()["gross"] == cny("36.00")
    early = problem(await invoiced(sales, order, "6"), 409, "not_shipped_yet")
    assert (early["facts"]["wanted"], early["facts"]["left"]) == ("6", "5")
    beyond = await invoiced(sales, order, "8", before_delivery=True)
    assert problem(beyond, 409, "more_than_left")["facts"]["left"] == "7"
    twice = named(order, "4") + named(order, "4")
    reply = await sales.act(order, "invoices", lines=twice, before_delivery=True)
    problem(reply, 409, "more_than_left")
    problem(await invoiced(sales, order, "0.5"), 422, "fraction_of_unit")
    stranger = [{"order_line_id": order["id"], "quantity": "1"}]
    problem(await sales.act(order, "invoices", lines=stranger), 422, "unknown_line")
    assert await sales.owed(customer) == "36.00"
    assert (await invoiced(sales, order)).json()["gross"] == cny("70.00")


async def test_parts_of_a_line_come_to_its_net(sales, desk):
    """E19: thirds of 10.00, ahead and after, are 10.00 together."""
    customer, item = await desk.customer(), await sales.item("3")
    order = await sales.order(customer, (item, "3", "3.333333"))
    assert order["net"] == "10.00"
    await invoiced(sales, order, "1", before_delivery=True)
    await sales.act(order, "shipments", lines=named(order, "2"))
    await invoiced(sales, order)
    await sales.acts(order, "shipments", "invoices")
    assert await sales.owed(customer) == "10.00"


async def test_two_invoices_of_the_same_lines_at_once_are_one(sales, ordered):
    """E45: whoever comes second finds less left."""
    order, customer = ordered
    replies = await asyncio.gather(
        *(invoiced(sales, order, "4", "4", before_delivery=True) for _ in range(4)),
        *(sales.act(order, "shipments", lines=named(order, "2")) for _ in range(2)),
    )
    statuses = [reply.status_code for reply in replies]
    assert sorted(statuses) == [201, 201, 201, 409, 409, 409]
    assert await sales.owed(customer) == "66.00"
    assert await sales.booked("receivable", customer) == Decimal(66)


async def test_cancelling_asks_for_a_credit_note_first(sales, ordered, problem):
    """E47: what is invoiced and never shipped is credited; then the order is cancelled."""
    order, customer = ordered
    invoice = await invoiced(sales, order, before_delivery=True)
    refused = problem(await sales.act(order, "cancel"), 409, "order_invoiced")
    assert order["number"] in refused["detail"]
    assert (await credited(sales, invoice)).status_code == 201
    assert (await sales.act(order, "cancel")).status_code == 200
    assert await sales.owed(customer) == "0.00"
    assert (await sales.seen(order))["state"] == "cancelled"


async def test_what_is_invoiced_ahead_keeps_quantity_and_price(sales, ordered, problem):
    """E46: fewer or at another price only after a credit note."""
    order, _ = ordered
    invoice = await invoiced(sales, order, "6", before_delivery=True)
    for facts in ({"quantity": "5"}, {"quantity": "10", "unit_price": cny("9.00")}):
        refused = problem(await changed(sales, order, **facts), 409, "change_refused")
        assert refused["facts"]["reason"] == "already_invoiced: 1"
    assert (await changed(sales, order, "6")).status_code == 200
    assert (await credited(sales, invoice)).status_code == 201
    reply = await changed(sales, order, "5", unit_price=cny("9.00"))
    assert reply.status_code == 200, reply.text


async def test_what_comes_back_of_prepaid_goods_is_credited_at_once(sales, ordered):
    """E45: ten invoiced ahead, four shipped, two come back: he pays for eight, and no more go."""
    order, customer = ordered
    await invoiced(sales, order, "10", before_delivery=True)
    await sales.act(order, "shipments", lines=named(order, "4"))
    assert (await sales.act(order, "returns", lines=named(order, "2"))).status_code == 201
    assert await sales.owed(customer) == "86.00"
    await sales.acts(order, "shipments", "invoices")
    assert await sales.owed(customer) == "106.00"
    assert (await sales.seen(order))["state"] == "completed"


async def test_what_is_given_for_nothing_ahead_is_never_invoiced(sales, ordered, problem):
    """E45: credited before it is shipped, and not to be invoiced again."""
    order, customer = ordered
    invoice = await invoiced(sales, order, "10", before_delivery=True)
    await credited(sales, invoice, invoice_again=False, lines=[{"position": 1, "quantity": "4"}])
    await sales.acts(order, "shipments", "invoices")
    assert await sales.owed(customer) == "86.00"
    problem(await invoiced(sales, order, before_delivery=True), 409, "nothing_to_invoice")


async def test_the_credit_limit_counts_what_is_invoiced_ahead_once(sales, desk):
    """E24: an order of 60, invoiced ahead, leaves 40 of 100."""
    customer, item = await desk.customer(credit_limit=cny("100")), await sales.item("20")
    order = await sales.order(customer, (item, "6", "10.00"))
    await invoiced(sales, order, before_delivery=True)
    assert (await sales.order(customer, (item, "4", "10.00")))["state"] == "confirmed"
    assert (await sales.order(customer, (item, "1", "10.00")))["state"] == "on_hold"


async def test_only_confirmed_orders_are_invoiced_ahead(sales, desk, problem):
    customer, item = await desk.customer(), await sales.item("2")
    order = await sales.order(customer, (item, "1", "1"), draft=True)
    problem(await invoiced(sales, order, before_delivery=True), 409, "order_not_confirmed")


async def test_the_database_lets_no_more_be_invoiced_than_is_ordered(sales, ordered):
    """E45: by whatever path."""
    order, _ = ordered
    await invoiced(sales, order, "10", before_delivery=True)
    async with sales.erp.database.driver() as sql:
        with pytest.raises(asyncpg.CheckViolationError, match="within_ordered"):
            await sql.execute(
                "update sales_order_line set invoiced = 10.000001 where id = $1",
                UUID(order["lines"][0]["id"]),
            )
