"""What is refused changes nothing: closed periods, wrong input, missing permission."""

from datetime import date
from uuid import uuid4

import pytest

from erp.ledger.service.years import ensure_year

READS = {
    "/v1/sales-orders": "sales.read",
    "/v1/approvals": "sales.read",
    "/v1/invoices": "receivables.read",
    "/v1/bills": "payables.read",
    "/v1/payments": "settlement.read",
    "/v1/open-items": "settlement.read",
    "/v1/reports/receivables": "settlement.read",
}
TABLES = ("journal_entry", "shipment", "invoice", "payment", "bill", "stock_move")


@pytest.fixture
async def closed_day(sales, desk):
    """A day of a period that is closed."""
    day = date(2013, 5, 7)
    async with sales.erp.database.transaction() as work:
        await ensure_year(work, day)
    periods = (await desk.see("/v1/periods?limit=200"))["items"]
    may = next(one for one in periods if one["starts_on"] == "2013-05-01")
    if may["state"] == "open":
        path = f"/v1/periods/{may['id']}"
        await desk.change(path, {"state": "closed"}, revision=may["version"])
    return day


async def _counts(desk):
    return [await desk.count(table, "true") for table in TABLES]


async def test_a_closed_period_takes_no_document(sales, desk, problem, closed_day):
    """E6: shipment, invoice, payment, return with its credit: each refused whole."""
    customer, item = await desk.customer(), await sales.item("5")
    order = await sales.order(customer, (item, "5", "1"))
    on = {"effective_on": closed_day.isoformat()}
    part = [{"order_line_id": order["lines"][0]["id"], "quantity": "2"}]
    before, state = await _counts(desk), await sales.seen(order)
    problem(await sales.act(order, "shipments", **on), 409, "period_closed")
    problem(await sales.pays(customer, "1", **on), 409, "period_closed")
    assert (await _counts(desk), await sales.seen(order)) == (before, state)
    await sales.act(order, "shipments")
    before, state = await _counts(desk), await sales.seen(order)
    problem(await sales.act(order, "invoices", **on), 409, "period_closed")
    problem(await sales.act(order, "returns", lines=part, **on), 409, "period_closed")
    assert (await _counts(desk), await sales.seen(order)) == (before, state)


@pytest.mark.parametrize(("path", "scope"), READS.items())
async def test_reading_needs_a_key_and_the_permission(desk, problem, path, scope):
    problem(await desk.erp.with_key("td_wrong_key").get(path), 401, "unauthorized")
    outsider = await desk.erp.as_("events.read")
    assert problem(await outsider.get(path), 403, "forbidden")["facts"] == {"scope": scope}
    assert (await (await desk.erp.as_(scope)).get(path)).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"quantity": "-1"},
        {"quantity": "0"},
        {"quantity": 1},
        {"discount": "1.01"},
        {"unit_price": {"amount": "-1", "currency": "CNY"}},
        {"quantity": "99999999999999", "unit_price": {"amount": "9999", "currency": "CNY"}},
    ],
)
async def test_a_wrong_line_is_refused_and_no_order_is_kept(sales, desk, problem, wrong):
    customer, item = await desk.customer(), await desk.item()
    body = sales.body(customer, (item, "1", "1"))
    body["lines"][0] |= wrong
    problem(await sales.send(body, uuid4()), 422, "invalid_input")
    assert await desk.count("sales_order", "customer_id = $1::text::uuid", customer["id"]) == 0


async def test_an_item_without_a_price_is_refused(sales, desk, problem):
    customer, item = await desk.customer(), await desk.item()
    body = sales.body(customer, (item, "1", "1"))
    del body["lines"][0]["unit_price"]
    reply = await sales.erp.post("/v1/sales-orders", body)
    problem(reply, 422, "price_missing")
