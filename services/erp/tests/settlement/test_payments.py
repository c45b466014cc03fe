"""Payments: what they settle, never more than is open."""

import asyncio
import random
from decimal import Decimal
from uuid import uuid4

import pytest

from erp.settlement.errors import OverAllocated
from erp.settlement.models import OpenItem, Payment
from erp.settlement.rules.allocating import oldest_first

D = Decimal


async def _invoiced(sales, customer, item, quantity, price="1"):
    order = await sales.order(customer, (item, quantity, price))
    assert (await sales.act(order, "shipments")).status_code == 201
    return (await sales.act(order, "invoices")).json()["invoice_id"]


def test_the_oldest_is_settled_first():
    one, two, three = uuid4(), uuid4(), uuid4()
    shares = oldest_first(D(5), [(one, D(3)), (two, D(0)), (three, D(4))])
    assert [(share.item_id, share.amount) for share in shares] == [(one, 3), (three, 2)]


def test_nothing_is_settled_beyond_what_is_open():
    """E15: both sides refuse."""
    with pytest.raises(OverAllocated):
        OpenItem(document_number="I", open_amount=D(1)).settle(D("1.01"))
    with pytest.raises(OverAllocated):
        Payment(number="P", unallocated=D(1)).allocate(D("1.01"))


async def test_parallel_payments_never_settle_more_than_is_open(sales, desk):
    """E15: ten payers of one invoice of 10; six of 2 named, so one or more must be refused."""
    customer, item = await desk.customer(), await sales.item("10")
    invoice = await _invoiced(sales, customer, item, "10")
    share = {"document_id": invoice, "amount": {"amount": "3", "currency": "CNY"}}
    replies = await asyncio.gather(
        *(sales.pays(customer, "3", allocations=[share]) for _ in range(8))
    )
    statuses = sorted(reply.status_code for reply in replies)
    assert statuses == [201] * 3 + [409] * 5
    seen = await desk.see(f"/v1/invoices/{invoice}")
    assert (seen["open_amount"], await sales.owed(customer)) == ("1", "1")


async def test_payments_by_name_and_by_age_at_once_do_not_deadlock(sales, desk):
    """E14, E15."""
    customer, item = await desk.customer(), await sales.item("60")
    invoices = [await _invoiced(sales, customer, item, "6") for _ in range(6)]
    chance = random.Random(3)

    async def pay(number):
        if number % 2:
            return await sales.pays(customer, "2")
        named = chance.sample(invoices, 3)
        items = [
            {
                "party_id": customer["id"],
                "amount": {"amount": "1", "currency": "CNY"},
                "allocations": [{"document_id": one}],
            }
            for one in named
        ] + [{"party_id": customer["id"], "amount": {"amount": "1", "currency": "CNY"}}]
        return await sales.erp.post("/v1/payments/batch", {"items": items})

    replies = await asyncio.gather(*(pay(number) for number in range(16)))
    assert {reply.status_code for reply in replies} == {201}
    assert await sales.booked("receivable", customer) == D(await sales.owed(customer))


@pytest.mark.parametrize("seed", range(6))
async def test_the_control_account_is_what_is_open_less_what_is_unused(sales, desk, seed):
    """E14: after any sequence of invoices, payments and returns."""
    chance, customer, item = random.Random(seed), await desk.customer(), await sales.item("200")
    orders = []
    for _ in range(8):
        act = chance.choice("ipr")
        if act == "i" or not orders:
            price = f"{chance.randint(1, 999) / 100:.2f}"
            order = await sales.order(customer, (item, str(chance.randint(1, 5)), price))
            orders.append(await sales.acts(order, "shipments", "invoices"))
        elif act == "p":
            await sales.pays(customer, f"{chance.randint(1, 3000) / 100:.2f}")
        else:
            line = {"order_line_id": chance.choice(orders)["lines"][0]["id"], "quantity": "1"}
            await sales.act(chance.choice(orders), "returns", lines=[line])
        assert await sales.booked("receivable", customer) == D(await sales.owed(customer))


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"amount": {"amount": "0", "currency": "CNY"}}, "invalid_input"),
        ({"amount": {"amount": "-1", "currency": "CNY"}}, "invalid_input"),
        ({"amount": {"amount": "1", "currency": "USD"}}, "currency_not_supported"),
        ({"party_id": str(uuid4())}, "missing_reference"),
        ({"allocations": [{"document_id": str(uuid4())}]}, "missing_reference"),
        ({"effective_on": "2999-01-01"}, "invalid_input"),
        ({"effective_on": "1901-01-01"}, "no_period"),
    ],
)
async def test_a_wrong_payment_is_refused_and_nothing_is_booked(sales, desk, problem, facts, code):
    customer = await desk.customer()
    problem(await sales.pays(customer, "1", **facts), 422, code)
    assert await desk.count("payment", "party_id = $1::text::uuid", customer["id"]) == 0


async def test_another_customers_invoice_is_not_settled(sales, desk, problem):
    customer, item = await desk.customer(), await sales.item("1")
    invoice = await _invoiced(sales, customer, item, "1")
    other = await desk.customer()
    reply = await sales.pays(other, "1", allocations=[{"document_id": invoice}])
    problem(reply, 422, "missing_reference")
