"""E41: suggestions follow the demand, and never double."""

import asyncio
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp.purchasing.rules.replenishing import SupplierTerms, order_quantity, requirement_of

pytestmark = pytest.mark.business_day

ORDER = "/v1/purchase-suggestions/order"


@pytest.mark.parametrize(
    ("short", "least", "multiple", "lot"),
    [("3", "1", "1", "3"), ("3", "10", "1", "10"), ("11", "10", "6", "12"), ("0.2", "1", "1", "1")],
)
def test_lots(short, least, multiple, lot):
    """E41: minimum and multiple are honoured."""
    source = SupplierTerms(uuid4(), 0, Decimal(least), Decimal(multiple))
    assert order_quantity(Decimal(short), source) == Decimal(lot)


@given(*[st.decimals("0.000001", "99999", places=6)] * 3)
def test_a_lot_covers_the_shortage_with_nothing_to_spare(short, least, multiple):
    source = SupplierTerms(uuid4(), 0, least, multiple)
    lot = order_quantity(short, source)
    assert lot >= max(short, least)
    assert lot % multiple == 0
    assert lot - multiple < max(short, least)


def test_lead_time_says_when_to_order_even_when_that_is_past():
    day = date(2026, 3, 10)
    requirement = requirement_of(
        Decimal(1), day, SupplierTerms(uuid4(), 14, Decimal(1), Decimal(1))
    )
    assert (requirement.needed_on, requirement.order_by) == (day, date(2026, 2, 24))
    assert requirement_of(Decimal(1), day, None).supplier_id is None


async def test_what_waits_is_suggested_once(buyer):
    """E41: run again, nothing changes; more demand changes the one that is there."""
    item = await buyer.item("2.50")
    await buyer.wanted(item, 7)
    [first] = await buyer.suggested(item)
    assert (first["quantity"], first["version"]) == ("7", 1)
    assert await buyer.update_suggestions(item) == {"made": 0, "changed": 0, "withdrawn": 0}
    await buyer.wanted(item, 5)
    [second] = await buyer.suggested(item)
    assert (second["id"], second["quantity"], second["version"]) == (first["id"], "12", 2)


async def test_a_suggestion_disappears_with_the_demand(buyer):
    """E41, E47: at once, in the transaction that cancels."""
    item = await buyer.item("2.50")
    line = await buyer.wanted(item, 7)
    await buyer.unwanted(line)
    assert await buyer.suggested(item) == []
    [gone] = await buyer.suggested(item, "withdrawn")
    assert gone["purchase_order_id"] is None
    await buyer.wanted(item, 1)
    [anew] = await buyer.suggested(item)
    assert anew["id"] != gone["id"]


async def test_what_is_on_order_is_not_suggested_again(buyer):
    """E41: nor after only moving the day it is due."""
    supplier = await buyer.supplier()
    item = await buyer.item("2.50", supplier=supplier)
    await buyer.wanted(item, 7)
    await buyer.buys(supplier, (item, 4))
    [rest] = await buyer.suggested(item)
    assert rest["quantity"] == "3"
    late = {"due_on": str(buyer.today + timedelta(days=90))}
    await buyer.buys(supplier, (item, 3, late))
    assert await buyer.suggested(item) == []
    assert await buyer.update_suggestions(item) == {"made": 0, "changed": 0, "withdrawn": 0}


async def test_terms_are_honoured_and_the_cheapest_active_supplier_is_asked(buyer, desk):
    """E41: minimum, multiple and lead time; new terms reach the open suggestion."""
    item, dear, cheap = await desk.item(), await buyer.supplier(), await buyer.supplier()
    await buyer.priced(item, "3.00", dear)
    terms = {"min_quantity": "10", "multiple": "6", "lead_time_days": 5}
    price = await buyer.priced(item, "2.00", cheap, **terms)
    await buyer.wanted(item, 3)
    [one] = await buyer.suggested(item)
    assert (one["quantity"], one["supplier_number"]) == ("12", cheap)
    assert one["order_by"] == str(buyer.today - timedelta(days=5))
    path = f"/v1/supplier-prices/{price['id']}"
    await desk.change(path, {"price": {"amount": "4", "currency": "CNY"}}, revision=1)
    [one] = await buyer.suggested(item)
    assert (one["quantity"], one["supplier_number"]) == ("3", dear)
    archived = buyer.suppliers[dear]["id"]
    await desk.erp.post(f"/v1/suppliers/{archived}/archive", None)
    await buyer.update_suggestions(item)
    assert (await buyer.suggested(item))[0]["supplier_number"] == cheap


async def test_what_is_not_bought_is_not_suggested(buyer, desk):
    item = await desk.item(bought=False)
    await buyer.wanted(item, 3)
    assert await buyer.suggested(item) == []


async def test_many_orders_at_once_make_one_suggestion(buyer):
    """E41 under concurrency."""
    item = await buyer.item("1.00")
    await asyncio.gather(*(buyer.wanted(item, 2) for _ in range(10)))
    [one] = await buyer.suggested(item)
    assert one["quantity"] == "20"


async def test_ordering_groups_by_supplier(buyer):
    """One order a supplier; the goods are expected, nothing is suggested any more."""
    first, second = await buyer.supplier(), await buyer.supplier()
    bolts = await buyer.item("1.10", supplier=first, lead_time_days=3)
    nuts = await buyer.item("0.333333", supplier=first)
    washers = await buyer.item("5", supplier=second)
    for item in (bolts, nuts, washers):
        await buyer.wanted(item, 3)
    suggestions = [(await buyer.suggested(item))[0] for item in (bolts, nuts, washers)]
    orders = await buyer.orders(*suggestions)
    answer = {order["supplier_number"]: order for order in orders}
    assert {line["sku"] for line in answer[first]["lines"]} == {bolts["sku"], nuts["sku"]}
    assert (answer[first]["net"], answer[second]["net"]) == ("4.30", "15.00")
    due = {line["sku"]: line["due_on"] for line in answer[first]["lines"]}
    assert due[bolts["sku"]] == str(buyer.today + timedelta(days=3))
    for item in (bolts, nuts, washers):
        assert await buyer.suggested(item) == []
        [ordered] = await buyer.suggested(item, "ordered")
        assert ordered["purchase_order_id"] in {order["id"] for order in orders}
        assert await buyer.availability(item) == (0, 0, 3, 3)


async def test_a_suggestion_is_ordered_once(buyer, problem):
    item = await buyer.item("1.00")
    await buyer.wanted(item, 3)
    [one] = await buyer.suggested(item)
    replies = await asyncio.gather(*(buyer.erp.post(ORDER, {"ids": [one["id"]]}) for _ in range(3)))
    assert sorted(reply.status_code for reply in replies) == [201, 409, 409]
    problem(await buyer.erp.post(ORDER, {"ids": [one["id"]]}), 409, "suggestion_not_open")
    problem(await buyer.erp.post(ORDER, {"ids": [str(uuid4())]}), 409, "suggestion_not_open")
    assert await buyer.availability(item) == (0, 0, 3, 3)


async def test_what_nobody_sells_stays_suggested(buyer, problem):
    item, other = await buyer.item(), await buyer.item("1")
    await buyer.wanted(item, 3)
    await buyer.wanted(other, 3)
    [unsold] = await buyer.suggested(item)
    assert unsold["supplier_id"] is None
    problem(await buyer.erp.post(ORDER, {"ids": [unsold["id"]]}), 422, "no_supplier_price")
    made = (await buyer.erp.post(ORDER, {})).json()
    assert unsold["id"] in made["left"]
    assert other["sku"] in {line["sku"] for order in made["orders"] for line in order["lines"]}
    assert (await buyer.erp.post(ORDER, {})).json()["orders"] == []


async def test_refresh_of_everything_and_of_something_unknown(buyer, problem):
    item = await buyer.item("1")
    await buyer.wanted(item, 3)
    path = "/v1/purchase-suggestions/refresh"
    reply = await buyer.erp.post(path, {})
    assert reply.json()["made"] == 0
    problem(await buyer.erp.post(path, {"skus": ["NOWHERE"]}), 422, "missing_reference")
