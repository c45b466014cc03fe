"""Numbers of invoices: contiguous, in the order of days."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.ids import uuid7
from erp.ledger import service as ledger
from erp.receivables import service as receivables
from erp.receivables.errors import InvoiceDateOrder


class UndoneError(Exception):
    """What ends an act on purpose."""


def _command(customer, item, day):
    net = Decimal("1.00")
    line = receivables.IssueLine(
        uuid7(), UUID(item["id"]), "Bolt", Decimal(1), net, Decimal(0), net
    )
    return receivables.IssueInvoice(UUID(customer["id"]), None, day, 0, [line])


async def _issued(erp, command, *, fails=False):
    try:
        async with erp.database.transaction() as work:
            invoice = await receivables.issue(work, command)
            _end(fails=fails)
    except UndoneError:
        return None
    return invoice.number


def _end(*, fails):
    if fails:
        raise UndoneError


async def test_200_parallel_invoices_with_rollbacks_are_contiguous(sales, desk):
    """E12: every fifth act is undone; no number is missing, none is given twice."""
    customer, item = await desk.customer(), await desk.item()
    async with sales.erp.database.transaction() as work:
        day = work.today()
    turns = asyncio.Semaphore(8)

    async def one(number):
        async with turns:
            command = _command(customer, item, day)
            return await _issued(sales.erp, command, fails=number % 5 == 0)

    given = [one for one in await asyncio.gather(*(one(at) for at in range(200))) if one]
    assert len(given) == len(set(given)) == 160
    async with sales.erp.database.driver() as sql:
        series = f"INV-{day.year}"
        rows = await sql.fetch(
            "select number, effective_on from invoice where series = $1 order by number", series
        )
    assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))
    days = [row["effective_on"] for row in rows]
    assert days == sorted(days)
    assert await sales.owed(customer) == "160"
    assert await sales.booked("receivable", customer) == 160


async def test_an_earlier_day_takes_no_later_number(sales, desk):
    """E12: the order of numbers is that of days."""
    customer, item = await desk.customer(), await desk.item()
    async with sales.erp.database.transaction() as work:
        await ledger.ensure_year(work, work.today().replace(year=2011))
        day = work.today().replace(year=2011, month=3, day=9)
    assert await _issued(sales.erp, _command(customer, item, day)) == 1
    with pytest.raises(InvoiceDateOrder):
        await _issued(sales.erp, _command(customer, item, day - timedelta(days=1)))
    assert await _issued(sales.erp, _command(customer, item, day)) == 2


@pytest.mark.parametrize("table", ["invoice", "invoice_line"])
async def test_an_issued_invoice_is_never_changed(sales, desk, table):
    async with sales.erp.database.driver() as sql:
        for statement in (f"truncate {table} cascade", f"update {table} set net = 1"):
            with pytest.raises(
                (asyncpg.RestrictViolationError, asyncpg.InsufficientPrivilegeError)
            ):
                await sql.execute(statement)


async def test_an_unknown_invoice_or_bill_is_not_found(sales, problem):
    for path in ("invoices", "bills", "sales-orders", "approvals"):
        problem(await sales.erp.client.get(f"/v1/{path}/{uuid4()}"), 404, "not_found")
