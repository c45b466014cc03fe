"""A mistaken shipment is taken back whole: stock, books and order are as if it had never left."""

import asyncio
from decimal import Decimal
from uuid import UUID

import asyncpg
import pytest

from .conftest import cny


def named(order, *quantities):
    lines = zip(order["lines"], quantities, strict=False)
    return [{"order_line_id": line["id"], "quantity": much} for line, much in lines if much]


async def shipped(sales, order, *quantities, **facts):
    lines = {"lines": named(order, *quantities)} if quantities else {}
    reply = await sales.act(order, "shipments", **lines, **facts)
    assert reply.status_code == 201, reply.text
    return reply.json()["shipment_id"]


async def reversed_(sales, shipment_id, **facts):
    path = f"/v1/shipments/{shipment_id}/reverse"
    return await sales.erp.post(path, {"reason": "Wrong parcel"} | facts)


async def lies(sales, item):
    """On hand, reserved and worth of an item; worth by the books is the same."""
    [level] = (await sales.desk.see(f"/v1/stock-levels?sku={item['sku']}"))["items"]
    async with sales.erp.database.driver() as sql:
        worth, booked = await sql.fetchrow(
            """select value, (select coalesce(sum(l.debit - l.credit), 0) from journal_line l
                 join account a on a.id = l.account_id and a.role = 'inventory'
                where l.item_id = $1) from item_valuation where item_id = $1""",
            UUID(item["id"]),
        )
    assert worth == booked
    return level["on_hand"], level["reserved"], f"{worth:.2f}"


@pytest.fixture
async def ordered(sales, desk):
    """Six of ten pieces that cost 1.00 and 3.00, and two hours of a service."""
    customer, item = await desk.customer(), await sales.item("4", "1.00")
    await sales.receives(item, "6", "3.00")
    service = await desk.item(kind="service")
    lines = [(item, "6", "10.00"), (service, "2", "50.00")]
    return await sales.order(customer, *lines), customer, item


async def test_a_shipment_is_taken_back_as_if_it_had_never_left(sales, ordered, desk):
    """E7, E36, E47: at the cost it left at, though goods have become dearer meanwhile."""
    order, customer, item = ordered
    before = await lies(sales, item)
    shipment = await shipped(sales, order)
    await sales.receives(item, "1", "90.00")
    reply = await reversed_(sales, shipment)
    assert reply.status_code == 200, reply.text
    taken = reply.json()
    assert (taken["reversed_on"], taken["reversal_reason"]) == (taken["shipped_on"], "Wrong parcel")
    assert before == ("10", "6", "22.00")
    assert await lies(sales, item) == ("11", "6", "112.00")
    seen = await sales.seen(order)
    assert [(one["shipped"], one["reserved"]) for one in seen["lines"]] == [("0", "6"), ("0", "0")]
    assert (seen["state"], seen["shipments"][0]["reversed_on"]) == (
        "confirmed",
        taken["reversed_on"],
    )
    shown = (await desk.events_of(order["id"]))[-1]["payload"]
    assert (shown["lines"][0]["shipped"], shown["version"]) == ("0", seen["revision"])
    entries = (await desk.see(f"/v1/journal-entries?source_id={shipment}"))["items"]
    assert {one["reverses_id"] for one in entries} == {None, entries[-1]["id"]}
    done = await sales.acts(order, "shipments", "invoices")
    assert (done["state"], await sales.owed(customer)) == ("completed", "160.00")


async def test_what_is_invoiced_is_credited_first(sales, ordered, problem):
    """E45: the customer would pay for what he never got."""
    order, customer, item = ordered
    shipment = await shipped(sales, order)
    invoice = (await sales.act(order, "invoices")).json()["invoice_id"]
    refused = problem(await reversed_(sales, shipment), 409, "shipment_invoiced")
    assert refused["facts"]["invoiced"] == "6"
    part = {"lines": [{"position": 1, "quantity": "6"}]}
    assert (await sales.erp.post(f"/v1/invoices/{invoice}/credit", part)).status_code == 201
    refused = problem(await reversed_(sales, shipment), 409, "shipment_invoiced")
    assert refused["facts"]["invoiced"] == "2"
    assert (await lies(sales, item))[0] == "4"
    await sales.erp.post(f"/v1/invoices/{invoice}/credit", {"invoice_again": False})
    assert (await reversed_(sales, shipment)).status_code == 200
    assert await sales.owed(customer) == "0.00"
    # What was given for nothing was never had: it is invoiced when it goes out after all.
    await sales.acts(order, "shipments", "invoices")
    assert await sales.owed(customer) == "160.00"


async def test_only_as_much_as_was_not_invoiced_is_taken_back(sales, ordered, problem):
    """E45: of two shipments of three, one is invoiced: the other one can be taken back."""
    order, customer, _ = ordered
    first, second = await shipped(sales, order, "3"), None
    await sales.acts(order, "invoices")
    second = await shipped(sales, order, "3")
    assert (await reversed_(sales, second)).status_code == 200
    problem(await reversed_(sales, first), 409, "shipment_invoiced")
    await sales.acts(order, "shipments", "invoices")
    assert await sales.owed(customer) == "160.00"


async def test_what_was_invoiced_before_delivery_stays_invoiced(sales, ordered, problem):
    """E45: prepaid goods that went to the wrong place are shipped again, and cost nothing more."""
    order, customer, _ = ordered
    prepaid = {"lines": named(order, "4"), "before_delivery": True}
    await sales.act(order, "invoices", **prepaid)
    first, second = [await shipped(sales, order, much) for much in ("3", "3")]
    assert (await reversed_(sales, first)).status_code == 200
    assert (await reversed_(sales, second)).status_code == 200
    assert await sales.owed(customer) == "40.00"
    third = await shipped(sales, order, "6")
    await sales.acts(order, "invoices")
    assert await sales.owed(customer) == "60.00"
    problem(await reversed_(sales, third), 409, "shipment_invoiced")


async def test_it_is_taken_back_once_and_only_whole(sales, ordered, desk, problem):
    """E7: once; not when goods came back after it."""
    order, customer, item = ordered
    first = await shipped(sales, order, "2")
    await sales.act(order, "returns", lines=named(order, "1"))
    assert problem(await reversed_(sales, first), 409, "goods_came_back")["facts"]["number"]
    second = await shipped(sales, order, "4")
    replies = await asyncio.gather(*(reversed_(sales, second) for _ in range(3)))
    assert sorted(one.status_code for one in replies) == [200, 409, 409]
    problem(await reversed_(sales, second), 409, "shipment_reversed")
    problem(await reversed_(sales, customer["id"]), 404, "not_found")
    assert (await lies(sales, item))[:2] == ("9", "4")
    path = f"/v1/shipments?order_id={order['id']}&kind=delivery&reversed="
    assert [one["id"] for one in (await desk.see(f"{path}true"))["items"]] == [second]
    assert [one["id"] for one in (await desk.see(f"{path}false"))["items"]] == [first]
    async with sales.erp.database.driver() as sql:
        query = "update shipment set reversed_on = null where id = $1"
        with pytest.raises(asyncpg.RestrictViolationError):
            await sql.execute(query, UUID(second))


async def test_serials_come_back_to_where_they_lay(sales, desk):
    """E28: the same pieces may leave again, for this order or another."""
    customer, item = await desk.customer(), await sales.item(tracking="serial")
    await sales.receives(
        item,
        "2",
        "5.00",
        lines=[
            {"sku": item["sku"], "quantity": "2", "unit_cost": cny("5.00"), "serials": ["A1", "A2"]}
        ],
    )
    order = await sales.order(customer, (item, "2", "10.00"))
    shipment = await shipped(sales, order)
    taken = (await reversed_(sales, shipment)).json()
    assert sorted(taken["lines"][0]["serials"]) == ["A1", "A2"]
    serials = (await desk.see(f"/v1/serials?sku={item['sku']}&in_stock=true"))["items"]
    assert [one["number"] for one in serials] == ["A1", "A2"]
    assert await lies(sales, item) == ("2", "2", "10.00")
    await shipped(sales, order)
    assert await lies(sales, item) == ("0", "0", "0.00")


async def test_taking_back_and_invoicing_at_once_ends_in_one_of_both(sales, desk):
    """E45: nothing is invoiced that never left, and nothing invoiced is taken back."""
    for _ in range(4):
        customer, item = await desk.customer(), await sales.item("5", "2.00")
        order = await sales.order(customer, (item, "5", "10.00"))
        shipment = await shipped(sales, order)
        replies = await asyncio.gather(
            sales.act(order, "invoices"), reversed_(sales, shipment), reversed_(sales, shipment)
        )
        assert sum(one.is_success for one in replies) == 1, [one.text for one in replies]
        owed, (on_hand, *_) = await sales.owed(customer), await lies(sales, item)
        assert (owed, on_hand) in {("50.00", "0"), ("0.00", "5")}
        assert await sales.booked("receivable", customer) == Decimal(owed)


async def test_bad_input_changes_nothing(sales, ordered, problem):
    """E6: also for a day before it left, or in no fiscal year."""
    order, _, item = ordered
    shipment = await shipped(sales, order)
    problem(await reversed_(sales, shipment, reason=""), 422, "invalid_input")
    problem(await reversed_(sales, shipment, effective_on="2014-01-01"), 422, "invalid_input")
    assert (await lies(sales, item))[0] == "4"
    seller = await sales.erp.as_("sales.write")
    path, headers = f"/v1/shipments/{shipment}/reverse", {"Idempotency-Key": shipment}
    reply = await seller.post(path, json={"reason": "x"}, headers=headers)
    problem(reply, 403, "forbidden")


async def test_a_line_of_a_shipment_that_was_taken_back_stays(sales, ordered, desk, problem):
    """The shipment names it for ever: fewer are ordered, or the order is cancelled."""
    order, _, _ = ordered
    shipment = await shipped(sales, order, "2")
    assert (await reversed_(sales, shipment)).status_code == 200
    seen = await sales.seen(order)
    goods, service = seen["lines"]
    other = {"lines": [{"id": service["id"], "item_id": service["item_id"], "quantity": "2"}]}
    path, headers = f"/v1/sales-orders/{order['id']}/content", {"If-Match": f'"{seen["version"]}"'}
    refused = await sales.erp.client.put(path, json=other, headers=headers)
    assert problem(refused, 409, "change_refused")["facts"]["reason"] == "taken_back: 1"
    seen = await sales.seen(order)
    fewer = {"id": goods["id"], "item_id": goods["item_id"], "quantity": "1"}
    headers = {"If-Match": f'"{seen["version"]}"'}
    reply = await sales.erp.client.put(path, json={"lines": [fewer]}, headers=headers)
    assert reply.is_success, reply.text
    assert (await sales.acts(order, "cancel"))["state"] == "cancelled"
