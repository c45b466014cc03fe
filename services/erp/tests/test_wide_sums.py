"""Sums of many documents: refused where they come to more than the contract's numbers hold."""

from uuid import uuid4

import asyncpg
import pytest

HALF = "50000000000000"
"""Two of them have fifteen digits before the point."""

PRICES, PIECES = "/v1/prices", "/v1/stock-receipts"


def cny(amount):
    return {"amount": amount, "currency": "CNY"}


def too_large(problem, reply):
    told = problem(reply, 422, "invalid_input")
    assert [one["code"] for one in told["errors"]] == ["too_large"]


async def test_a_customer_owes_no_more_than_can_be_told(office, desk, problem):
    customer = await desk.customer()
    line = {"description": "x", "quantity": "1", "unit_price": cny(HALF)}
    body = {"customer_id": customer["id"], "lines": [line]}
    assert (await office.erp.post("/v1/invoices", body)).status_code == 201
    before = await office.owes(customer)
    too_large(problem, await office.erp.post("/v1/invoices", body))
    assert await office.owes(customer) == before
    assert await desk.count("invoice", "customer_id = $1::text::uuid", customer["id"]) == 1
    less = {"customer_id": customer["id"], "lines": [line | {"unit_price": cny("49999999999999")}]}
    assert (await office.erp.post("/v1/invoices", less)).status_code == 201


async def test_what_a_customer_paid_ahead_is_no_more_either(office, desk, problem):
    customer = await desk.customer()
    body = {"party_id": customer["id"], "direction": "in", "amount": cny(HALF), "allocations": []}
    assert (await office.erp.post("/v1/payments", body)).status_code == 201
    too_large(problem, await office.erp.post("/v1/payments", body))


async def test_the_database_keeps_balances_and_values_within(office, desk):
    customer = await desk.customer()
    await office.invoices(customer, "5")
    item = await desk.item()
    line = {"sku": item["sku"], "quantity": "1", "value": cny("5")}
    await office.does(PIECES, lines=[line])
    for table, column, owner in (
        ("customer_balance", "open_amount", ("customer_id", customer)),
        ("item_valuation", "value", ("item_id", item)),
    ):
        async with desk.erp.database.driver() as sql:
            with pytest.raises(asyncpg.CheckViolationError, match=f"ck_{table}_bookable"):
                await sql.execute(
                    f"update {table} set {column} = 1e14 where {owner[0]} = $1", owner[1]["id"]
                )


@pytest.mark.parametrize(("quantity", "value"), [("1", HALF), (HALF, "1")])
async def test_an_item_is_no_more_on_hand_and_worth_no_more(office, desk, problem, quantity, value):
    item = await desk.item()
    body = {"lines": [{"sku": item["sku"], "quantity": quantity, "value": cny(value)}]}
    assert (await office.erp.post(PIECES, body)).status_code == 201
    too_large(problem, await office.erp.post(PIECES, body))
    seen = await desk.see(f"/v1/availability?sku={item['sku']}")
    assert seen["on_hand"] == quantity


async def test_customers_wait_for_no_more_than_can_be_told(office, desk, problem):
    item, customer = await desk.item(), await desk.customer()
    line = {"sku": item["sku"], "quantity": HALF, "unit_price": cny("0.01")}
    body = {"customer_id": customer["id"], "lines": [line]}
    assert (await office.erp.post("/v1/sales-orders", body)).status_code == 201
    too_large(problem, await office.erp.post("/v1/sales-orders", body))


async def test_suppliers_are_to_deliver_no_more_than_can_be_told(office, desk, problem):
    item, supplier = await desk.item(), await office.supplier()
    line = {"sku": item["sku"], "quantity": HALF, "unit_price": cny("0.01")}
    body = {"supplier_number": supplier["number"], "lines": [line]}
    reply = await office.erp.post("/v1/purchase-orders", body)
    assert reply.status_code == 201, reply.text
    too_large(problem, await office.erp.post("/v1/purchase-orders", body))
    assert await desk.count("purchase_order_line", "item_id = $1::text::uuid", item["id"]) == 1


async def test_a_report_tells_sums_of_any_size(office, desk):
    """Accounts grow with every entry; to refuse one for that would stop the business."""
    lines = [{"account": "6403", "debit": HALF}, {"account": "1002", "credit": HALF}]
    for _ in range(3):
        await office.does("/v1/journal-entries", memo=str(uuid4()), lines=lines)
    told = (await desk.client.get("/v1/reports/trial-balance")).json()
    [rent] = [one for one in told["accounts"] if one["code"] == "6403"]
    assert len(rent["balance"].partition(".")[0]) >= len("100000000000000")
    assert told["debit"] == told["credit"]
