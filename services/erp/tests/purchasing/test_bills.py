"""Suppliers' bills: they clear what the receipt posted, once."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp.purchasing.errors import MoreThanReceived
from erp.purchasing.models.orders import PurchaseOrderLine

PATH = "/v1/purchase-orders"


def money(amount, currency="CNY"):
    return {"amount": amount, "currency": currency}


@pytest.fixture
async def received(buyer):
    """Ten pieces at 3.33 that came."""
    supplier = await buyer.supplier(payment_terms_days=45)
    item = await buyer.item("3.33", supplier=supplier)
    order = await buyer.buys(supplier, (item, 10))
    assert (await buyer.receives(order)).status_code == 201
    return order


async def billed(buyer, order, **facts):
    body = {"bill_number": buyer.desk.word("B")} | facts
    return await buyer.erp.post(f"{PATH}/{order['id']}/bills", body)


async def cleared(erp, order, account="grni"):
    """What an account holds of the order's receipts and bills."""
    async with erp.database.driver() as sql:
        return await sql.fetchval(
            """select coalesce(sum(l.debit - l.credit), 0) from journal_line l
                 join journal_entry e on e.id = l.entry_id
                 join account a on a.id = l.account_id and a.role = $1
                where e.source_id in (
                  select id from purchase_receipt where purchase_order_id = $2
                  union all select id from bill where purchase_order_id = $2)""",
            account,
            UUID(order["id"]),
        )


async def test_a_bill_of_everything_clears_what_was_received(buyer, received):
    """E44: received = billed leaves 0.00; the bill is due by the supplier's terms."""
    reply = await billed(buyer, received)
    assert reply.status_code == 201, reply.text
    bill = reply.json()
    assert (bill["net"], bill["open_amount"]) == ("33.30", "33.30")
    assert bill["due_on"] == str(buyer.today + timedelta(days=45))
    assert await cleared(buyer.erp, received) == 0
    assert await cleared(buyer.erp, received, "payable") == Decimal("-33.30")
    assert (await buyer.see(received))["lines"][0]["billed"] == "10"
    assert (await buyer.desk.events_of(received["id"]))[-1]["aggregate_version"] == 3


async def test_another_price_is_a_variance(buyer, received, problem):
    """E44, E45: in parts and at other prices, and never more than came."""
    [line] = received["lines"]
    part = {"line_id": line["id"], "quantity": "4", "unit_price": money("3.50")}
    assert (await billed(buyer, received, lines=[part])).json()["net"] == "14.00"
    assert await cleared(buyer.erp, received) == Decimal("-19.98")
    too_much = {"line_id": line["id"], "quantity": "7"}
    problem(await billed(buyer, received, lines=[too_much]), 409, "more_than_received")
    assert (await billed(buyer, received)).status_code == 201
    assert await cleared(buyer.erp, received) == 0
    assert await cleared(buyer.erp, received, "purchase_variance") == Decimal("0.68")
    problem(await billed(buyer, received), 409, "nothing_to_bill")


async def test_a_bill_of_what_came_has_its_input_tax(buyer, received, problem):
    """E44: tax is no part of what the goods cost: nothing is left uncleared, and no variance."""
    refused = await billed(buyer, received, tax=money("1", "USD"))
    problem(refused, 422, "currency_not_supported")
    bill = (await billed(buyer, received, tax=money("4.33"))).json()
    assert (bill["net"], bill["tax"], bill["gross"]) == ("33.30", "4.33", "37.63")
    assert await cleared(buyer.erp, received) == 0
    assert await cleared(buyer.erp, received, "purchase_variance") == 0
    assert await cleared(buyer.erp, received, "tax_input") == Decimal("4.33")
    assert await cleared(buyer.erp, received, "payable") == Decimal("-37.63")


async def test_the_same_bill_is_entered_once(buyer, received, problem):
    """E22, E45: parallel bills of everything are one bill."""
    replies = await asyncio.gather(*(billed(buyer, received) for _ in range(3)))
    assert sorted(reply.status_code for reply in replies) == [201, 409, 409]
    assert await cleared(buyer.erp, received) == 0


async def test_a_number_of_the_supplier_is_taken_once_a_year(buyer, received, problem):
    """E22: the refused bill leaves its lines unbilled."""
    [line] = received["lines"]
    part = [{"line_id": line["id"], "quantity": "1"}]
    await billed(buyer, received, bill_number="B-1", lines=part)
    again = await billed(buyer, received, bill_number="B-1", lines=part)
    problem(again, 409, "duplicate_bill")
    assert (await buyer.see(received))["lines"][0]["billed"] == "1"


async def test_a_wrong_bill_is_refused(buyer, received, problem):
    stranger = [{"line_id": str(uuid4()), "quantity": "1"}]
    problem(await billed(buyer, received, lines=stranger), 422, "not_a_line")
    problem(await billed(buyer, {"id": uuid4()}), 404, "not_found")
    problem(await billed(buyer, received, effective_on="1900-01-01"), 422, "no_period")
    assert await cleared(buyer.erp, received) == Decimal("-33.30")


def line_of(quantity, price):
    nothing = Decimal(0)
    return PurchaseOrderLine(
        quantity=quantity,
        unit_price=price,
        received=nothing,
        received_value=nothing,
        billed=nothing,
        billed_value=nothing,
        returned=nothing,
        credited=nothing,
    )


@given(
    st.decimals("0", "99", places=6),
    st.lists(st.integers(1, 40), min_size=1, max_size=6),
    st.lists(st.integers(1, 60), max_size=9),
)
def test_billed_in_any_parts_the_value_is_cleared_to_the_cent(price, receipts, bills):
    """E44, E45: whatever comes and is billed in whichever parts."""
    line = line_of(Decimal(sum(receipts)), price)
    for at, quantity in enumerate(receipts):
        line.receive(Decimal(quantity), sku="A", decimals=2)
        for part in bills[at::2]:
            if part <= line.unbilled:
                line.bill(Decimal(part), sku="A", decimals=2)
                assert 0 <= line.billed_value <= line.received_value
    if line.unbilled:
        line.bill(line.unbilled, sku="A", decimals=2)
    assert line.billed_value == line.received_value
    with pytest.raises(MoreThanReceived):
        line.bill(Decimal(1), sku="A", decimals=2)


async def test_goods_billed_at_nothing_clear_what_was_received(buyer, received, problem):
    """E44: the supplier waives the price: no debt, GRNI cleared, and the gain is a variance."""
    [line] = received["lines"]
    free = [{"line_id": line["id"], "quantity": "10", "unit_price": money("0")}]
    bill = (await billed(buyer, received, lines=free)).json()
    assert (bill["net"], bill["gross"], bill["open_amount"]) == ("0.00", "0.00", "0.00")
    assert (bill["received"], bill["lines"][0]["received"]) == ("33.30", "33.30")
    assert await cleared(buyer.erp, received) == 0
    assert await cleared(buyer.erp, received, "purchase_variance") == Decimal("-33.30")
    problem(await billed(buyer, received), 409, "nothing_to_bill")


async def test_a_bill_that_rounds_to_nothing_clears_what_was_received(buyer, received):
    """E44: so little that no coin is small enough."""
    [line] = received["lines"]
    little = [{"line_id": line["id"], "quantity": "10", "unit_price": money("0.0001")}]
    assert (await billed(buyer, received, lines=little)).json()["gross"] == "0.00"
    assert await cleared(buyer.erp, received) == 0


async def test_lines_of_a_bill_taken_back_are_billed_anew(buyer, received, problem):
    """E44, E45: GRNI is owed for the goods again, and the same bill may come once more."""
    [line] = received["lines"]
    part = [{"line_id": line["id"], "quantity": "4", "unit_price": money("3.50")}]
    wrong = (await billed(buyer, received, bill_number="B-7", lines=part)).json()
    rest = (await billed(buyer, received)).json()
    path = f"/v1/bills/{wrong['id']}/reverse"
    assert (await buyer.erp.post(path, {"reason": "Wrong price"})).status_code == 200
    assert (await buyer.see(received))["lines"][0]["billed"] == "6"
    assert await cleared(buyer.erp, received) == Decimal("-13.32")
    assert await cleared(buyer.erp, received, "payable") == Decimal("-19.98")
    assert (await billed(buyer, received, bill_number="b-7")).json()["net"] == "13.32"
    assert await cleared(buyer.erp, received) == 0
    await buyer.erp.post(f"/v1/bills/{rest['id']}/reverse", {"reason": "Not ours"})
    assert await cleared(buyer.erp, received) == Decimal("-19.98")
