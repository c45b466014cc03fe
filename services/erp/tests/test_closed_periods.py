"""E6: nothing enters a closed period, by whatever path, also what posts nothing."""

import asyncio
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from erp.ledger.errors import PeriodClosed
from erp.ledger.posting import Posting, credit, debit
from erp.ledger.service.entries import post

DAY = "2015-11-10"
KEPT = ("stock_move", "journal_entry", "invoice", "open_item", "shipment", "purchase_receipt")


def cny(amount):
    return {"amount": amount, "currency": "CNY"}


@pytest.fixture
async def shop(office, desk):
    """A customer, samples that cost nothing, on hand and on order, and what was done with them."""
    customer, item, supplier = await desk.customer(), await desk.item(), await office.supplier()
    goods = {"sku": item["sku"], "quantity": "9"}
    await office.does("/v1/stock-receipts", lines=[goods | {"unit_cost": cny("0")}])
    line = {"item_id": item["id"], "quantity": "2", "unit_price": cny("0")}
    orders = [
        await desk.add("/v1/sales-orders", customer_id=customer["id"], lines=[line])
        for _ in range(2)
    ]
    await office.does(f"/v1/sales-orders/{orders[1]['id']}/shipments")
    bought = await desk.add(
        "/v1/purchase-orders",
        supplier_number=supplier["number"],
        lines=[goods | {"unit_price": cny("0")}],
    )
    free = await office.invoices(customer, ("10", "1", "1"))
    back = [{"order_line_id": orders[1]["lines"][0]["id"], "quantity": "1"}]
    worthless = {"description": "Advice", "unit_price": cny("0")}
    return {
        "/v1/stock-receipts": {"lines": [goods | {"unit_cost": cny("0")}]},
        "/v1/stock-adjustments": {
            "reason": "count",
            "lines": [{"sku": item["sku"], "quantity": "-1"}],
        },
        f"/v1/sales-orders/{orders[0]['id']}/shipments": {},
        f"/v1/sales-orders/{orders[1]['id']}/returns": {"lines": back},
        f"/v1/sales-orders/{orders[1]['id']}/invoices": {},
        f"/v1/purchase-orders/{bought['id']}/receipts": {},
        "/v1/invoices": {"customer_id": customer["id"], "lines": [worthless]},
        f"/v1/invoices/{free['id']}/credit": {},
    }


async def test_what_is_worth_nothing_enters_no_closed_period(office, desk, problem, shop):
    """E6: goods that cost nothing and documents of nothing move neither; in no year, neither."""
    before = [await desk.count(table, "true") for table in KEPT]
    async with office.closed(DAY):
        for path, facts in shop.items():
            if path.endswith("/credit"):  # It cannot be dated before its invoice anyway.
                continue
            refused = await office.erp.post(path, facts | {"effective_on": DAY})
            problem(refused, 409, "period_closed")
            nowhere = await office.erp.post(path, facts | {"effective_on": "1900-01-01"})
            problem(nowhere, 422, "no_period")
        assert [await desk.count(table, "true") for table in KEPT] == before
    async with office.closed(str(office.today)):
        for path, facts in shop.items():
            problem(await office.erp.post(path, facts), 409, "period_closed")
    assert [await desk.count(table, "true") for table in KEPT] == before
    for path, facts in shop.items():
        assert (await office.erp.post(path, facts)).is_success, path


async def test_opening_stock_of_nothing_enters_no_closed_period(office, desk):
    """E6: by the import's path, each item is refused alone."""
    item = await desk.item()
    stock = {"sku": item["sku"], "quantity": "1", "unit_cost": cny("0"), "effective_on": DAY}
    sent = stock | {"external_id": desk.word(), "source_version": 1}
    path = "/v1/opening-stock/by-external/old/batch"
    async with office.closed(DAY):
        reply = await office.erp.post(path, {"items": [sent]})
    [told] = reply.json()["items"]
    assert (told["status"], told["problem"]["code"]) == ("failed", "period_closed"), reply.text
    assert await desk.count("stock_move", "item_id = $1", item["id"]) == 0


def _posting(day):
    lines = (debit("bank", Decimal(1)), credit("sales", Decimal(1)))
    return Posting(uuid4(), day, "test", uuid4(), "race", lines)


@asynccontextmanager
async def _waits(erp, act):
    """The act waits for the transaction at hand, which ends with the block."""
    task = asyncio.create_task(act)
    async with erp.database.driver() as sql:
        while not await sql.fetchval(
            "select count(*) from pg_locks where not granted and locktype = 'transactionid'"
        ):
            assert not task.done(), task
    yield task


async def test_a_period_is_closed_after_what_was_being_posted_and_before_what_comes(
    office, desk, problem
):
    """E6 under concurrency: closing waits for entries under way; entries wait for the closing."""
    day = date(2015, 12, 12)
    [period] = [
        one
        for one in (await desk.see("/v1/periods?limit=200"))["items"]
        if one["starts_on"] <= str(day) <= one["ends_on"]
    ]
    path, erp = f"/v1/periods/{period['id']}", office.erp
    async with erp.database.transaction() as work:
        await post(work, [_posting(day)])
        closing = desk.change(path, {"state": "closed"}, revision=period["version"])
        async with _waits(erp, closing) as closed:
            pass
    assert (await closed).status_code == 200

    async def late():
        async with erp.database.transaction() as work:
            await post(work, [_posting(day)])

    async with erp.database.transaction() as work:
        await work.sql.execute("update period set state = 'open' where id = $1", period["id"])
        await work.sql.execute("update period set state = 'closed' where id = $1", period["id"])
        async with _waits(erp, late()) as posting:
            pass
    with pytest.raises(PeriodClosed):
        await posting
    revision = (await closed).json()["version"]
    assert (await desk.change(path, {"state": "open"}, revision=revision)).status_code == 200
