"""A return that was a mistake of the books is taken back: the customer has the goods after all."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from .conftest import cny
from .test_shipments_taken_back import lies, named, reversed_


@pytest.fixture
async def ordered(sales, desk):
    """Six of ten pieces that cost 2.00 and are sold at 10.00."""
    customer, item = await desk.customer(), await sales.item("10", "2.00")
    return await sales.order(customer, (item, "6", "10.00")), customer, item


async def back(sales, order, quantity, **facts):
    reply = await sales.act(order, "returns", lines=named(order, quantity), **facts)
    assert reply.status_code == 201, reply.text
    return reply.json()["shipment_id"]


async def test_goods_that_never_came_back_are_with_the_customer(sales, ordered, desk, problem):
    """E7, E36, E47: stock and order as before; what was credited with it is invoiced anew."""
    order, customer, item = ordered
    await sales.acts(order, "shipments", "invoices")
    before = await lies(sales, item)
    made = await back(sales, order, "2")
    assert await sales.owed(customer) == "40.00"
    reply = await reversed_(sales, made, reason="They lay at the neighbour's")
    assert reply.status_code == 200, reply.text
    taken = reply.json()
    assert (taken["kind"], taken["reversed_on"]) == ("return", taken["shipped_on"])
    assert await lies(sales, item) == before
    seen = await sales.seen(order)
    assert [(one["shipped"], one["returned"]) for one in seen["lines"]] == [("6", "0")]
    assert (seen["state"], await sales.owed(customer)) == ("confirmed", "40.00")
    shown = (await desk.events_of(order["id"]))[-1]["payload"]
    assert [one["reversed_on"] for one in shown["shipments"]] == [None, taken["reversed_on"]]
    kind = f"/v1/stock-documents?kind=return_reversal&sku={item['sku']}"
    assert len((await desk.see(kind))["items"]) == 1
    problem(await reversed_(sales, made), 409, "shipment_reversed")
    done = await sales.acts(order, "invoices")
    assert (done["state"], await sales.owed(customer)) == ("completed", "60.00")


async def test_a_return_without_credit_leaves_nothing_to_do(sales, ordered):
    """Nothing was credited: nothing is invoiced anew; and it is returned again."""
    order, customer, item = ordered
    await sales.acts(order, "shipments", "invoices")
    made = await back(sales, order, "2", credit=False)
    assert (await reversed_(sales, made)).status_code == 200
    seen = await sales.seen(order)
    assert (seen["state"], await sales.owed(customer)) == ("completed", "60.00")
    await back(sales, order, "6")
    assert await sales.owed(customer) == "0.00"
    assert await lies(sales, item) == ("10", "0", "20.00")


async def test_what_was_the_customers_for_nothing_is_so_again(sales, ordered, desk):
    """Credited by hand and kept; a return of it, undone, does not let it be invoiced."""
    order, customer, _ = ordered
    await sales.acts(order, "shipments", "invoices")
    [invoice] = (await desk.see(f"/v1/invoices?order_id={order['id']}"))["items"]
    body = {"invoice_again": False, "lines": [{"position": 1, "quantity": "2"}]}
    assert (await sales.erp.post(f"/v1/invoices/{invoice['id']}/credit", body)).is_success
    made = await back(sales, order, "3")
    assert await sales.owed(customer) == "30.00"
    assert (await reversed_(sales, made)).status_code == 200
    reply = await sales.act(order, "invoices")
    assert reply.status_code == 201, reply.text
    assert await sales.owed(customer) == "40.00"


async def test_what_others_have_by_now_they_wait_for_again(sales, ordered, desk):
    """E27, E37: it never came back, so whoever got it waits, and is promised another day."""
    order, _, item = ordered
    await sales.acts(order, "shipments")
    made = await back(sales, order, "2")
    other = await sales.order(await desk.customer(), (item, "5", "10.00"))
    assert (await reversed_(sales, made)).status_code == 200
    assert await lies(sales, item) == ("4", "4", "8.00")
    [line] = (await sales.refreshed(other))["lines"]
    assert (line["reserved"], line["waiting"]) == ("4", "1")


async def test_what_has_left_by_now_did_come_back(sales, ordered, desk, problem):
    """What another customer has got is not taken from him."""
    order, _, item = ordered
    await sales.acts(order, "shipments")
    made = await back(sales, order, "2")
    other = await sales.order(await desk.customer(), (item, "5", "10.00"))
    await sales.acts(other, "shipments")
    refused = problem(await reversed_(sales, made), 409, "goods_gone")
    assert (refused["facts"]["wanted"], refused["facts"]["on_hand"]) == ("2", "1")
    assert await lies(sales, item) == ("1", "0", "2.00")


async def test_the_shipment_of_what_came_back_is_taken_back_after_that(sales, ordered, problem):
    """A return stands in its way, until it is taken back itself."""
    order, _, item = ordered
    sent = await sales.act(order, "shipments")
    shipment = sent.json()["shipment_id"]
    made = await back(sales, order, "2")
    problem(await reversed_(sales, shipment), 409, "goods_came_back")
    assert (await reversed_(sales, made)).status_code == 200
    assert (await reversed_(sales, shipment)).status_code == 200
    assert await lies(sales, item) == ("10", "6", "20.00")


async def test_a_piece_with_a_serial_is_with_the_customer_again(sales, desk, problem):
    """E28: the one that came back; not once it is with somebody else."""
    drill = await desk.item(tracking="serial")
    numbers = [f"D{uuid4().hex[:8].upper()}" for _ in range(2)]
    line = {"sku": drill["sku"], "quantity": "2", "unit_cost": cny("5"), "serials": numbers}
    await desk.add("/v1/stock-receipts", lines=[line])
    order = await sales.order(await desk.customer(), (drill, "1", "9.00"))
    await sales.acts(order, "shipments")
    [gone] = (await sales.seen(order))["shipments"][0]["serials"]
    lines = [named(order, "1")[0] | {"serials": [gone["serial"]]}]
    for undone in (True, False):
        made = (await sales.act(order, "returns", lines=lines)).json()["shipment_id"]
        if undone:
            assert (await reversed_(sales, made)).status_code == 200
    other = await sales.order(await desk.customer(), (drill, "1", "9.00"))
    lines = [named(other, "1")[0] | {"serials": [gone["serial"]]}]
    assert (await sales.act(other, "shipments", lines=lines)).status_code == 201
    problem(await reversed_(sales, made), 409, "serial_not_in_stock")


@pytest.mark.business_day
async def test_it_is_taken_back_in_an_open_period_and_not_before(sales, ordered, office, problem):
    """E27."""
    order, _, item = ordered
    await sales.acts(order, "shipments")
    made = await back(sales, order, "2")
    yesterday = str(office.today - timedelta(days=1))
    problem(await reversed_(sales, made, effective_on=yesterday), 422, "invalid_input")
    async with office.closed(str(office.today)):
        problem(await reversed_(sales, made), 409, "period_closed")
    assert await lies(sales, item) == ("6", "0", "12.00")


async def test_of_twenty_at_once_one_undoes(sales, ordered):
    """E47: beside invoices and shipments of the same order."""
    order, customer, item = ordered
    await sales.acts(order, "shipments", "invoices")
    made = await back(sales, order, "2")
    acts = [reversed_(sales, made) if at % 2 else sales.act(order, "invoices") for at in range(20)]
    replies = await asyncio.gather(*acts)
    undone = [one.status_code for one in replies[1::2]]
    assert sorted(undone) == [200] + [409] * 9
    await sales.act(order, "invoices")
    assert await sales.owed(customer) == "60.00"
    assert await lies(sales, item) == ("4", "0", "8.00")
