"""The ERP under test: one migrated database for each test process, and a desk to work at."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings

from erp.app import SERVICE
from erp.ledger.service.years import ensure_year
from identity.testing.desk import Desk as AnyDesk
from identity.testing.desk import require_problem
from identity.testing.service import ServiceUnderTest, running

# The same examples on every run, however busy the machine is.
settings.register_profile("erp", deadline=None, derandomize=True, database=None)
settings.load_profile("erp")


class Desk(AnyDesk):
    """What a clerk does all day, by the API."""

    sender = "crm"

    def __init__(self, erp: ServiceUnderTest) -> None:
        super().__init__(erp)
        self.erp = erp

    async def customer(self, **facts: Any) -> dict[str, Any]:
        return await self.add("/v1/customers", **{"name": self.word("Customer")} | facts)

    async def item(self, **facts: Any) -> dict[str, Any]:
        return await self.add("/v1/items", **{"sku": self.word("SKU"), "name": "Bolt"} | facts)

    async def price(self, sku: str, amount: str, **facts: Any) -> dict[str, Any]:
        money = {"amount": amount, "currency": "CNY"}
        return await self.add("/v1/prices", sku=sku, price=money, **facts)

    async def events_of(self, record_id: str) -> list[dict[str, Any]]:
        """The public events of a record, in the order of its versions."""
        async with self.erp.database.driver() as sql:
            rows = await sql.fetch(
                """select o.type, o.topic, o.aggregate_version, o.payload, o.origin
                     from outbox o where aggregate_id = $1 order by aggregate_version""",
                record_id,
            )
        return [dict(row) for row in rows]

    async def count(self, table: str, condition: str, *values: Any) -> int:
        async with self.erp.database.driver() as sql:
            found: int = await sql.fetchval(
                f"select count(*) from {table} where {condition}", *values
            )
            return found


@pytest.fixture(scope="session")
async def erp(cluster):
    """The running ERP, its database shared by the tests of this process: use data of your own."""
    async with running(SERVICE, cluster) as service:
        yield service


@pytest.fixture
def desk(erp):
    return Desk(erp)


@pytest.fixture(scope="session")
def problem():
    """Checks that a reply is the problem expected; gives its document."""
    return require_problem


@pytest.fixture
def ahead(erp, monkeypatch):
    """Sets how many days ahead of the need goods are reserved, until the test ends."""
    kept = erp.database.setting

    def set_days(days):
        settings = kept.settings.model_copy(update={"reserve_days_ahead": days})
        monkeypatch.setattr(erp.database, "setting", replace(kept, settings=settings))

    return set_days


class Office:
    """An accountant at work; every customer and supplier is new, so a test knows all of it."""

    def __init__(self, desk: Desk, today: Any) -> None:
        self.desk, self.erp, self.today = desk, desk.erp, today

    async def does(self, path: str, **facts: Any) -> dict[str, Any]:
        """An act that must be accepted."""
        reply = await self.erp.post(path, facts)
        assert reply.status_code in {200, 201}, reply.text
        told: dict[str, Any] = reply.json()
        return told

    async def supplier(self, **facts: Any) -> dict[str, Any]:
        return await self.does("/v1/suppliers", **{"name": self.desk.word("Supplier")} | facts)

    async def invoices(self, customer: dict[str, Any], *lines: Any, **facts: Any) -> dict[str, Any]:
        """Invoice lines (price, quantity, discount, tax code) by hand; the invoice."""
        asked = [
            {"description": "Advice", "unit_price": money(price)}
            | dict(zip(("quantity", "discount", "tax_code"), rest, strict=False))
            for price, *rest in ((line,) if isinstance(line, str) else line for line in lines)
        ]
        made = await self.does("/v1/invoices", customer_id=customer["id"], lines=asked, **facts)
        return await self.desk.see(f"/v1/invoices/{made['id']}")

    async def credits(self, invoice: dict[str, Any], **facts: Any) -> dict[str, Any]:
        """Credit an invoice, or (line, quantity) of it; the credit note."""
        made = await self.does(f"/v1/invoices/{invoice['id']}/credit", **facts)
        return await self.desk.see(f"/v1/invoices/{made['id']}")

    async def books(self, party: dict[str, Any], amount: str, **facts: Any) -> dict[str, Any]:
        """Book a payment from (or to) a party."""
        return await self.does("/v1/payments", party_id=party["id"], amount=money(amount), **facts)

    async def entries(self, source: dict[str, Any]) -> list[str]:
        """What a document posted, as a ledger reads: `Dr receivable 12.30`."""
        async with self.erp.database.driver() as sql:
            rows = await sql.fetch(
                """select a.role, a.code, l.debit, l.credit from journal_entry e
                     join journal_line l on l.entry_id = e.id
                     join account a on a.id = l.account_id
                    where e.source_id = $1 order by e.id, l.position""",
                source["id"],
            )
        return [
            f"{'Dr' if row['debit'] else 'Cr'} {row['role'] or row['code']}"
            f" {row['debit'] + row['credit']:.2f}"
            for row in rows
        ]

    async def owes(self, party: dict[str, Any], side: str = "receivable") -> tuple[str, str]:
        """Open and unallocated of a party, once they are proven.

        E14: open items less unused payments are the control account, on every day on which
        anything happened, and today the balance we tell. E15: what is open of an item and left
        of a payment is what allocations left of it.
        """
        async with self.erp.database.driver() as sql:
            told = dict(await sql.fetchrow(BALANCE_PROOF, party["id"], side))
            days = [row["day"] for row in await sql.fetch(DAYS, party["id"])]
        assert told["open"] == told["open_by_allocations"]
        assert told["unallocated"] == told["unallocated_by_allocations"]
        assert told["open"] - told["unallocated"] == told["account"]
        if side == "receivable":
            assert (told["told_open"], told["told_unallocated"]) == (
                told["open"],
                told["unallocated"],
            )
        for day in days:
            path = f"/v1/reports/{side}s?party_id={party['id']}&on={day}"
            report = await self.desk.see(path)
            assert Decimal(report["total"]) == Decimal(report["control_account"]), day
        return f"{told['open']:.2f}", f"{told['unallocated']:.2f}"

    @asynccontextmanager
    async def closed(self, day: str) -> AsyncIterator[None]:
        """The day's period is closed meanwhile."""
        [period] = [
            one
            for one in (await self.desk.see("/v1/periods"))["items"]
            if one["starts_on"] <= day <= one["ends_on"]
        ]
        path = f"/v1/periods/{period['id']}"
        closed = await self.desk.change(path, {"state": "closed"}, revision=period["version"])
        assert closed.status_code == 200, closed.text
        yield
        await self.desk.change(path, {"state": "open"}, revision=closed.json()["version"])


BALANCE_PROOF = """select
    (select coalesce(sum(open_amount), 0) from open_item where party_id = $1 and side = $2)
      as open,
    (select coalesce(sum(amount), 0) from open_item where party_id = $1 and side = $2)
      - (select coalesce(sum(a.amount), 0) from allocation a
           join open_item i on i.id = a.open_item_id and i.party_id = $1 and i.side = $2)
      as open_by_allocations,
    (select coalesce(sum(unallocated), 0) from payment where party_id = $1) as unallocated,
    (select coalesce(sum(amount), 0) from payment where party_id = $1)
      - (select coalesce(sum(a.amount), 0) from allocation a
           join payment p on p.id = a.payment_id and p.party_id = $1)
      as unallocated_by_allocations,
    (select coalesce(sum(l.debit - l.credit), 0) * case $2 when 'payable' then -1 else 1 end
       from journal_line l join account a on a.id = l.account_id and a.role = $2
      where l.party_id = $1) as account,
    (select coalesce(sum(open_amount), 0) from customer_balance where customer_id = $1)
      as told_open,
    (select coalesce(sum(unallocated), 0) from customer_balance where customer_id = $1)
      as told_unallocated"""
DAYS = """select distinct e.effective_on as day from journal_entry e
  join journal_line l on l.entry_id = e.id where l.party_id = $1"""


def money(amount: str) -> dict[str, str]:
    """An amount as JSON carries it."""
    return {"amount": amount, "currency": "CNY"}


@pytest.fixture
async def office(desk):
    """An accountant whose books are open today, yesterday and in the years 2011 to 2015.

    Numbers of invoices follow the days, so a test that dates them has a year of its own.
    """
    async with desk.erp.database.transaction() as work:
        today = work.today()
        years = (date(year, 1, 1) for year in range(2011, 2016))
        for day in (today - timedelta(days=1), today, *years):
            await ensure_year(work, day)
    return Office(desk, today)
