"""Tax on invoices of orders: by the item of each line, and given back with the goods."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest

from erp.app import SERVICE
from erp.ledger.service.years import ensure_year
from identity.testing.service import running

FREIGHT = [{"amount": {"amount": "4", "currency": "CNY"}}]


@pytest.fixture
def taxes(desk):
    """Adds tax codes by their rates."""

    async def add(*rates):
        facts = [{"code": desk.word("T"), "name": "Tax", "rate": rate} for rate in rates]
        return [(await desk.add("/v1/tax-codes", **one))["code"] for one in facts]

    return add


async def documents(sales, customer, kind="invoice"):
    """The customer's invoices or credit notes, the newest first."""
    path = f"/v1/invoices?customer_id={customer['id']}&kind={kind}"
    return (await sales.desk.see(path))["items"]


def by_code(document):
    return {one["tax_code"]: (one["base"], one["tax"]) for one in document["taxes"]}


def amounts(document):
    return document["net"], document["tax"], document["gross"]


def total(found, column):
    return sum((Decimal(one[column]) for one in found), Decimal(0))


async def ships(sales, order, quantity):
    line = {"order_line_id": order["lines"][0]["id"], "quantity": quantity}
    reply = await sales.act(order, "shipments", lines=[line])
    assert reply.status_code == 201, reply.text


async def takes_back(sales, order, quantity, line=0):
    part = {"order_line_id": order["lines"][line]["id"], "quantity": quantity}
    reply = await sales.act(order, "returns", lines=[part])
    assert reply.status_code == 201, reply.text


async def test_each_line_is_taxed_by_its_item(sales, office, desk, taxes):
    """E2, E14, E19, E29: two rates, a discount, what is not taxed, and freight; to the cent."""
    high, low = await taxes("0.13", "0.06")
    customer = await desk.customer()
    bolt, nut, plain = [await sales.item("9", tax_code=code) for code in (high, low, None)]
    lines = ((bolt, "3", "33.335", "0.05"), (nut, "7", "1.11"), (plain, "2", "5"))
    order = await sales.order(customer, *lines, charges=FREIGHT)
    assert (order["net"], order["charges"]) == ("112.77", "4.00")
    done = await sales.acts(order, "shipments", "invoices")
    [invoice] = await documents(sales, customer)
    assert by_code(invoice) == {
        high: ("95.00", "12.35"),
        low: ("7.77", "0.47"),
        "Z0": ("14.00", "0.00"),
    }
    assert amounts(invoice) == ("116.77", "12.82", "129.59")
    assert (done["state"], done["invoiced"], done["open_amount"]) == (
        "completed",
        "116.77",
        "129.59",
    )
    assert await sales.entries("invoice", party=customer) == {
        ("invoice", "receivable", "129.59", "0"),
        ("invoice", "sales", "0", "112.77"),
        ("invoice", "freight_income", "0", "4"),
        ("invoice", "tax_output", "0", "12.82"),
    }
    assert await office.owes(customer) == ("129.59", "0.00")
    assert (await sales.pays(customer, "129.59")).json()["unallocated"] == "0.00"
    paid = await sales.refreshed(order)
    assert (paid["invoiced"], paid["paid"], paid["open_amount"]) == ("116.77", "129.59", "0.00")
    assert await office.owes(customer) == ("0.00", "0.00")


async def test_what_is_not_taxed_is_invoiced_as_before(sales, office, desk):
    """E19: an item without a code, and one that names the code of no tax, are the same."""
    customer = await desk.customer()
    items = [await sales.item("1", tax_code=code) for code in (None, "Z0")]
    order = await sales.order(customer, *((item, "1", "5") for item in items), charges=FREIGHT)
    await sales.acts(order, "shipments", "invoices")
    [invoice] = await documents(sales, customer)
    assert (amounts(invoice), by_code(invoice)) == (
        ("14.00", "0.00", "14.00"),
        {"Z0": ("14.00", "0.00")},
    )
    assert {role for _, role, *_ in await sales.entries("invoice", party=customer)} == {
        "receivable",
        "sales",
        "freight_income",
    }
    assert await office.owes(customer) == ("14.00", "0.00")


async def test_the_tax_is_that_of_the_day_of_the_invoice(sales, office, desk, taxes):
    """E19: what the item says then counts, not when it was ordered; what is issued stays."""
    old, new = await taxes("0.13", "0.09")
    customer, item = await desk.customer(), await sales.item("9", tax_code=old)
    order = await sales.order(customer, (item, "3", "10"))
    version = item["version"]
    for code in (old, new, None):
        path, change = f"/v1/items/{item['id']}", {"tax_code": code}
        reply = await desk.change(path, change, revision=version)
        version = reply.json()["version"]
        await ships(sales, order, "1")
        await sales.acts(order, "invoices")
    issued = await documents(sales, customer)
    assert [amounts(one) for one in issued[::-1]] == [
        ("10.00", "1.30", "11.30"),
        ("10.00", "0.90", "10.90"),
        ("10.00", "0.00", "10.00"),
    ]
    for _ in range(3):
        await takes_back(sales, order, "1")
    notes = await documents(sales, customer, "credit_note")
    assert [one["tax"] for one in notes[::-1]] == ["0.00", "0.90", "1.30"]
    assert await office.owes(customer) == ("0.00", "0.00")


@pytest.mark.parametrize("price", ["0.50", "33.335", "0.04", "17.77"])
async def test_parts_are_taxed_as_the_whole_but_for_what_each_rounds(
    sales, office, desk, taxes, price
):
    """C26, E19: nets come to the line's net; each document rounds by half a cent at most."""
    [code] = await taxes("0.13")
    customer, item = await desk.customer(), await sales.item("7", tax_code=code)
    order = await sales.order(customer, (item, "7", price, "0.05"))
    for quantity in ("1", "1", "2", "3"):
        await ships(sales, order, quantity)
        await sales.acts(order, "invoices")
    parts = await documents(sales, customer)
    net, tax = total(parts, "net"), total(parts, "tax")
    assert net == Decimal(order["net"]) == Decimal((await sales.seen(order))["invoiced"])
    assert abs(tax - net * Decimal("0.13")) <= len(parts) * Decimal("0.005")
    assert (await sales.seen(order))["state"] == "completed"
    assert await office.owes(customer) == (f"{net + tax:.2f}", "0.00")


@pytest.mark.parametrize("paid", [False, True])
async def test_what_comes_back_brings_its_tax_back(sales, office, desk, taxes, paid):
    """E2, E14, E19: piece by piece it comes to what was invoiced, to the cent, at every rate."""
    high, low = await taxes("0.13", "0.06")
    customer = await desk.customer()
    bolt, nut = [await sales.item("3", tax_code=code) for code in (high, low)]
    order = await sales.order(customer, (bolt, "3", "33.335", "0.05"), (nut, "3", "0.17"))
    await sales.acts(order, "shipments", "invoices")
    [invoice] = await documents(sales, customer)
    assert amounts(invoice) == ("95.51", "12.38", "107.89")
    if paid:
        assert (await sales.pays(customer, "107.89")).status_code == 201
    for line in (0, 1, 0, 1, 0, 1):
        await takes_back(sales, order, "1", line)
    notes = await documents(sales, customer, "credit_note")
    assert {code for one in notes for code in by_code(one)} == {high, low}
    for column in ("net", "tax", "gross"):
        assert total(notes, column) == Decimal(invoice[column])
    if paid:
        assert await office.owes(customer) == ("0.00", "107.89")
        for one in (await desk.see(f"/v1/payments?party_id={customer['id']}"))["items"]:
            if one["unallocated"] != "0.00":
                await office.does(f"/v1/payments/{one['id']}/refund")
    else:
        [credited] = await documents(sales, customer)
        assert (credited["state"], credited["credited"]) == ("credited", "107.89")
    assert await office.owes(customer) == ("0.00", "0.00")
    assert await sales.owed(customer) == "0.00"


async def test_an_order_counts_before_tax_against_the_limit_until_it_is_invoiced(
    sales, desk, taxes
):
    """Then the customer owes what the invoice asks for."""
    [code] = await taxes("0.13")
    limit = {"amount": "210", "currency": "CNY"}
    customer = await desk.customer(credit_limit=limit)
    item = await sales.item("50", tax_code=code)
    order = await sales.order(customer, (item, "10", "10"))
    inside = await sales.order(customer, (item, "10", "10"))
    assert (order["state"], inside["state"]) == ("confirmed", "confirmed")
    await sales.erp.post(f"/v1/sales-orders/{inside['id']}/cancel", {})
    await sales.acts(order, "shipments", "invoices")
    assert await sales.owed(customer) == "113.00"
    assert (await sales.order(customer, (item, "10", "10")))["state"] == "on_hold"
    assert (await sales.order(customer, (item, "1", "97")))["state"] == "confirmed"


@pytest.fixture
def shop_with(cluster, sales, desk):
    """Opens a shop of its own whose charges have a tax code."""

    @asynccontextmanager
    async def open_shop(code: str) -> AsyncIterator[object]:
        async with running(SERVICE, cluster, charge_tax_code=code) as erp:
            async with erp.database.transaction() as work:
                await ensure_year(work, work.today())
            yield type(sales)(type(desk)(erp))

    return open_shop


async def test_freight_is_taxed_by_the_setting(shop_with, problem):
    """E2, E19: by its own code; with one that there is not, nothing is invoiced."""
    async with shop_with("VAT6") as sales:
        customer, item = await sales.desk.customer(), await sales.item("2")
        order = await sales.order(customer, (item, "2", "5"), charges=FREIGHT)
        before = await sales.acts(order, "shipments")
        refused = problem(await sales.act(order, "invoices"), 422, "missing_reference")
        assert refused["facts"] == {"entity": "tax_code", "reference": "VAT6"}
        assert await sales.seen(order) == before
        assert await documents(sales, customer) == []
        await sales.desk.add("/v1/tax-codes", code="VAT6", name="Tax", rate="0.06")
        await sales.acts(order, "invoices")
        [invoice] = await documents(sales, customer)
        assert by_code(invoice) == {"VAT6": ("4.00", "0.24"), "Z0": ("10.00", "0.00")}
        await takes_back(sales, order, "2")
        assert await sales.owed(customer) == "4.24"
        assert await sales.booked("receivable", customer) == Decimal("4.24")
        balance = await sales.desk.see("/v1/reports/trial-balance?on=2999-12-31")
        assert balance["debit"] == balance["credit"]
        held = {one["role"]: Decimal(one["balance"]) for one in balance["accounts"]}
        assert (held["tax_output"], held["receivable"]) == (Decimal("-0.24"), Decimal("4.24"))
