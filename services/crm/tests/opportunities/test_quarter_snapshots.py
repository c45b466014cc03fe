"""Forecasts of 5,039 real deals as they stood at each quarter's start, beside what was won.

The deals are taken up in their order: the clock stands at noon of each quarter's first day, what
closed before is closed, what was engaged before and had not closed is open, and the snapshot is
taken. What the file does not tell is assumed, the same for all deals:

- no day on which an open deal was expected to close: the last one of the quarter;
- no amount before the end: the list price of its product;
- no stage between engaging and the end, and no probability: the share that the product itself
  counts as won among the deals closed before that day, and 50 percent while there is none;
- no day on which a deal was entered or given to its agent: the day of engaging, the agent named.

Deals without a day of engaging (`Prospecting`) are left out. Few closings are in the file after
September, so the last quarter is not a whole one. How far the forecasts are from what was won thus
speaks of these assumptions, not of the judgement of the people who sold.
"""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from services.crm.tests.opportunities.test_pipeline_data import (
    ALIASES,
    DATA,
    STAGES,
    code,
    prepare,
    read,
)

from chassis.clock import frozen
from crm.app import SERVICE
from identity.testing.desk import Desk
from identity.testing.service import running

STARTS = [date(2017, month, 1) for month in (1, 4, 7, 10)] + [date(2018, 1, 1)]
SNAPSHOTS = "/v1/forecast-snapshots"
CENT = Decimal("0.01")
DAY = timedelta(days=1)

pytestmark = pytest.mark.skipif(
    not DATA.exists(), reason="the deals are not here: set TANDEM_SHARED"
)


def noon(day):
    """An instant of the day in every zone that the company may be in."""
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


class Deals:
    """The deals of the file by day, and how they are sent to the product."""

    def __init__(self, desk, accounts, owners):
        self.desk, self.accounts, self.owners = desk, accounts, owners
        self.rows = [row for row in read("sales_pipeline.csv") if row["engage_date"]]
        self.prices = {row["product"]: Decimal(row["sales_price"]) for row in read("products.csv")}
        self.versions = defaultdict(int)

    def price(self, row):
        return self.prices[ALIASES.get(row["product"], row["product"])]

    def open_at(self, day):
        """Engaged before that day, and not closed by then."""
        at = str(day)
        return [
            row
            for row in self.rows
            if row["engage_date"] < at and (row["close_date"] or "9999") >= at
        ]

    def closed_within(self, first, end, stage=None):
        """Closed from a day on, before another; won or lost, or just one of them."""
        return [
            row
            for row in self.rows
            if str(first) <= (row["close_date"] or "9999") < str(end)
            and (stage is None or row["deal_stage"] == stage)
        ]

    async def send(self, rows, **facts):
        """Let them be open with these facts, or closed as the file says."""
        items = [self._item(row) | (facts or self._end(row)) for row in rows]
        for at in range(0, len(items), 200):
            some = items[at : at + 200]
            done = await self.desk.send_many("/v1/opportunities", some, system="maven")
            assert {one["status"] for one in done} <= {"created", "updated"}, done[:3]

    def _item(self, row):
        self.versions[row["opportunity_id"]] += 1
        return {
            "external_id": row["opportunity_id"],
            "source_version": self.versions[row["opportunity_id"]],
            "name": f"{row['product']} {row['opportunity_id']}",
            "account_id": self.accounts.get(row["account"]),
            "owner_id": self.owners[code(row["sales_agent"])],
            "opened_on": row["engage_date"],
            "stage": STAGES["Engaging"],
            "amount": {"amount": str(self.price(row)), "currency": "USD"},
            "history": True,
        }

    def _end(self, row):
        lost = {"lost_reason": "unknown"} if row["deal_stage"] == "Lost" else {}
        return lost | {
            "stage": STAGES[row["deal_stage"]],
            "closes_on": row["close_date"],
            "amount": {"amount": row["close_value"], "currency": "USD"},
        }


@pytest.fixture
async def deals(cluster):
    """An installation of its own, with the team, the accounts and the products, but no deal."""
    async with running(SERVICE, cluster, currency="USD") as server:
        desk = Desk(server)
        await prepare(desk)
        accounts = await desk.rows(
            """select external_id, entity_id::text as id from external_reference
              where entity_type = 'account' and system = 'maven'"""
        )
        owners = await desk.rows("select login, id::text as id from local_user")
        yield Deals(
            desk,
            {one["external_id"]: one["id"] for one in accounts},
            {one["login"]: one["id"] for one in owners},
        )


async def chance(desk):
    """Percent of the closed deals that are won, as the product counts it at that time."""
    found = (await desk.see("/v1/insights/win-rates?by=pipeline"))["items"]
    won, lost = (sum(one[name] for one in found) for name in ("won", "lost"))
    return round(100 * won / (won + lost)) if won + lost else 50


async def take(deals, before, first, end):
    """Bring the deals up to the quarter's first day and keep the forecast; id, figures, chance."""
    desk = deals.desk
    with frozen(noon(first)):
        if before:
            await deals.send(deals.closed_within(before, first))
        percent = await chance(desk)
        last = str(end - DAY)
        await deals.send(deals.open_at(first), closes_on=last, probability=percent)
        days = {"first_day": str(first), "last_day": last}
        made = await desk.add(SNAPSHOTS, name=f"Start of {first}", **days)
        figures = await desk.see(f"{SNAPSHOTS}/{made['id']}/figures?by=owner")
    return made["id"], figures, percent


def forecast_of(deals, first, percent):
    """Count, value and weighted value of the deals open then, reckoned from the file alone."""
    prices = [deals.price(row) for row in deals.open_at(first)]
    weighted = [(one * percent / 100).quantize(CENT) for one in prices]
    return len(prices), sum(prices), sum(weighted)


def won_of_closed(deals, first):
    """Percent of the deals closed before that day that are won, reckoned from the file alone."""
    closed, won = (len(deals.closed_within(STARTS[0], first, one)) for one in (None, "Won"))
    return round(100 * won / closed) if closed else 50


def value(rows):
    return sum((Decimal(row["close_value"]) for row in rows), Decimal(0))


async def test_what_was_forecast_at_each_quarters_start_beside_what_was_won(deals, capsys):
    """C23: each snapshot equals what the file says was open, and no later quarter changes it."""
    desk, taken, table = deals.desk, [], []
    for before, (first, end) in zip([None, *STARTS], pairwise(STARTS), strict=False):
        taken.append((first, end, *await take(deals, before, first, end)))
    with frozen(noon(STARTS[-1])):
        await deals.send(deals.closed_within(STARTS[-2], STARTS[-1]))
    for first, end, snapshot, then, percent in taken:
        count, amount, expected = forecast_of(deals, first, percent)
        assert percent == won_of_closed(deals, first)
        assert (then["snapshot"]["deals"], Decimal(then["expected"])) == (count, expected)
        (figure,) = then["figures"]
        assert (figure["count"], Decimal(figure["amount"])) == (count, amount)
        assert sum(Decimal(one["expected"]) for one in then["groups"]) == expected
        assert (then["won"], then["won_since"]) == ("0.00", "0.00")
        now = await desk.see(f"{SNAPSHOTS}/{snapshot}/figures?by=owner")
        of_then = [row for row in deals.open_at(first) if row["deal_stage"] == "Won"]
        assert Decimal(now["won_since"]) == value(of_then)
        assert now | {"won_since": "0.00"} == then
        won = deals.closed_within(first, end, "Won")
        forecast = await desk.see(f"/v1/forecast?first_day={first}&last_day={end - DAY}")
        assert Decimal(forecast["won"]) == value(won)
        of_open = value(row for row in won if row["engage_date"] < str(first))
        table.append((first, count, percent, amount, expected, of_open, value(won)))
    with capsys.disabled():
        print_table(table)


def print_table(table):
    columns = "quarter | open | chance % | at list price | forecast | won of these | won in all"
    lines = [f"| {columns} |", "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for first, count, percent, *sums in table:
        figures = " | ".join(f"{one:,.2f}" for one in sums)
        lines.append(f"| {first} | {count:,} | {percent} | {figures} |")
    print("", *lines, sep="\n")  # noqa: T201 - it is read by people
