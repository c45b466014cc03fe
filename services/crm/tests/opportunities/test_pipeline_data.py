"""A public data set of 5,039 deals, imported through the product as deals of the past."""

import csv
import io
import os
from base64 import b64encode
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from statistics import mean

import pytest

from chassis.worker.jobs import Worker
from crm.app import SERVICE
from identity.testing.desk import Desk
from identity.testing.service import running

SHARED = Path(os.environ.get("TANDEM_SHARED") or Path(__file__).parents[5] / "shared")
DATA = SHARED / "data" / "crm_opportunities"
ALIASES = {"GTXPro": "GTX Pro"}
"""Products that the deals call otherwise than the list of products does."""
STAGES = {
    "Prospecting": "prospecting",
    "Engaging": "engaging",
    "Won": "closed-won",
    "Lost": "closed-lost",
}

pytestmark = pytest.mark.skipif(
    not DATA.exists(), reason="the deals are not here: set TANDEM_SHARED"
)


def read(name):
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def code(name):
    """What a product or a person is called in one word."""
    return name.replace(" ", "-").lower()


@pytest.fixture(scope="module")
async def desk(cluster):
    """An installation of its own, with the team, the accounts, the products and the deals."""
    async with running(SERVICE, cluster, currency="USD") as server:
        desk = Desk(server)
        await prepare(desk)
        await load(desk, "opportunity", [deal(row) for row in read("sales_pipeline.csv")])
        yield desk


async def load(desk, record_type, rows, mapping=None):
    """Bring the rows as a file and run the import."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    made = await desk.add(
        "/v1/imports",
        record_type=record_type,
        system="maven",
        file_name=f"{record_type}.csv",
        content=b64encode(out.getvalue().encode()).decode(),
    )
    path = f"/v1/imports/{made['id']}"
    named = mapping or {name: name for name in rows[0]}
    started = await desk.server.post(f"{path}/run", {"mapping": named})
    assert started.is_success, started.text
    await Worker(desk.server.database, handlers=desk.server.service.jobs).once()
    done = await desk.see(path)
    wrong = await desk.see(f"{path}/errors?limit=5")
    assert (done["state"], done["created"], done["failed"]) == ("done", len(rows), 0), wrong


async def prepare(desk):
    """The team as users, accounts, products, and a pipeline as theirs."""
    offices = {}
    for row in read("sales_teams.csv"):
        office = row["regional_office"]
        if office not in offices:
            offices[office] = await desk.add("/v1/teams", name=office)
        await desk.add(
            "/v1/users",
            login=code(row["sales_agent"]),
            name=row["sales_agent"],
            password="correct horse battery",
            roles=["seller"],
            team_id=offices[office]["id"],
        )
    accounts = [
        {"external_id": row["account"], "name": row["account"], "industry": row["sector"]}
        for row in read("accounts.csv")
    ]
    await load(desk, "account", accounts)
    products = [
        {
            "external_id": row["product"],
            "code": code(row["product"]),
            "name": row["product"],
            "category": row["series"],
            "list_price.amount": row["sales_price"],
            "list_price.currency": "USD",
        }
        for row in read("products.csv")
    ]
    await load(desk, "product", products)
    await theirs(desk)


async def theirs(desk):
    """The pipeline that the deals went through."""
    way = await desk.add("/v1/pipelines", code="hardware", name="Hardware", is_default=True)
    kinds = {"closed-won": "won", "closed-lost": "lost"}
    for stage in STAGES.values():
        facts = {"pipeline_id": way["id"], "code": stage, "name": stage}
        await desk.add("/v1/pipeline-stages", **facts, kind=kinds.get(stage, "open"))
    await desk.add("/v1/lost-reasons", code="unknown", name="Not recorded")


def deal(row):
    """A row of the file for the import; `source` is the product that it was about."""
    product = ALIASES.get(row["product"], row["product"])
    lost = row["deal_stage"] == "Lost"
    value = row["close_value"]
    return {
        "external_id": row["opportunity_id"],
        "name": f"{product} {row['opportunity_id']}",
        "account_id": row["account"],
        "owner_id": code(row["sales_agent"]),
        "stage": STAGES[row["deal_stage"]],
        "opened_on": row["engage_date"],
        "closes_on": row["close_date"],
        "amount.amount": value,
        "amount.currency": "USD" if value else "",
        "source": product,
        "lost_reason": "unknown" if lost else "",
        "history": "true",
    }


async def test_figures_are_those_of_the_file(desk):
    """Counts and values of each state, the mean cycle and the best agent."""
    rows = await desk.rows(
        """select state, s.code, count(*) as deals, coalesce(sum(amount), 0) as amount
          from opportunity o join pipeline_stage s on s.id = o.stage_id
          group by state, s.code order by s.code"""
    )
    assert [(row["code"], row["deals"], int(row["amount"])) for row in rows] == [
        ("closed-lost", 1432, 0),
        ("closed-won", 2591, 6_125_721),
        ("engaging", 766, 0),
        ("prospecting", 250, 0),
    ]
    cycle = await desk.rows(
        "select avg(closes_on - opened_on) as days from opportunity where state = 'won'"
    )
    assert round(cycle[0]["days"], 2) == Decimal("59.18")
    best = await desk.rows(
        """select u.name, sum(o.amount) as amount from opportunity o
          join local_user u on u.id = o.owner_id where o.state = 'won'
          group by u.name order by 2 desc limit 1"""
    )
    assert (best[0]["name"], int(best[0]["amount"])) == ("Darcel Schlecht", 652_323)


async def test_our_figures_by_agent_office_and_quarter_equal_those_of_the_file(desk):
    office = {row["sales_agent"]: row["regional_office"] for row in read("sales_teams.csv")}
    expected: defaultdict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    days = []
    for row in read("sales_pipeline.csv"):
        if row["deal_stage"] == "Won":
            closed = date.fromisoformat(row["close_date"])
            agent, quarter = row["sales_agent"], f"{closed.year}-{(closed.month + 2) // 3}"
            product = ALIASES.get(row["product"], row["product"])
            expected[agent, office[agent], product, quarter] += Decimal(row["close_value"])
            days.append((closed - date.fromisoformat(row["engage_date"])).days)
    found = await desk.rows(
        """select u.name, t.name as office, o.source,
            extract(year from o.closes_on)::text || '-' || extract(quarter from o.closes_on)::text
              as quarter, sum(o.amount) as amount
          from opportunity o join local_user u on u.id = o.owner_id
          join staff_member m on m.id = u.id join team t on t.id = m.team_id
          where o.state = 'won' group by 1, 2, 3, 4"""
    )
    ours = {
        (row["name"], row["office"], row["source"], row["quarter"]): row["amount"] for row in found
    }
    assert ours == expected
    assert round(mean(days), 2) == 59.18


async def test_the_board_and_the_history_agree_with_the_file(desk):
    """C20, C62: each deal entered its stage on the day given, which no zone moved."""
    board = await desk.see("/v1/opportunities/board?closed_days=3650")
    found = {one["stage_code"]: one for one in board["columns"]}
    assert {name: one["count"] for name, one in found.items()} == {
        "prospecting": 250,
        "engaging": 766,
        "closed-won": 2591,
        "closed-lost": 1432,
    }
    won = found["closed-won"]["sums"]
    assert won == [
        {"currency": "USD", "count": 2591, "amount": "6125721.00", "weighted": "6125721.00"}
    ]
    days = await desk.rows(
        """select r.external_id, o.opened_on, o.closes_on, c.closes_on as kept
          from opportunity o join external_reference r
            on r.entity_type = 'opportunity' and r.entity_id = o.id and r.system = 'maven'
          join opportunity_stage_change c on c.opportunity_id = o.id"""
    )
    given = {row["opportunity_id"]: row for row in read("sales_pipeline.csv")}
    assert len(days) == len(given)
    for row in days:
        sent = given[row["external_id"]]
        known = [str(row[name] or "") for name in ("opened_on", "closes_on", "kept")]
        assert known == [sent["engage_date"], sent["close_date"], sent["close_date"]]


async def test_the_figures_of_the_api_equal_those_of_the_file(desk):
    """C21 to C23: win rates by agent and office, velocity and the forecast of each quarter."""
    rows = read("sales_pipeline.csv")
    won: defaultdict[str, int] = defaultdict(int)
    lost: defaultdict[str, int] = defaultdict(int)
    revenue: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        counts = {"Won": won, "Lost": lost}.get(row["deal_stage"])
        if counts is not None:
            counts[row["sales_agent"]] += 1
        if row["deal_stage"] == "Won":
            revenue[row["sales_agent"]] += Decimal(row["close_value"])
    agents = (await desk.see("/v1/insights/win-rates?by=owner"))["items"]
    found = {one["name"]: (one["won"], one["lost"]) for one in agents}
    assert found == {name: (won[name], lost[name]) for name in won | lost}
    sums = {one["name"]: Decimal(one["revenue"][0]["amount"]) for one in agents}
    assert sums == revenue
    velocity = await desk.see("/v1/insights/velocity")
    assert (velocity["won"], velocity["mean_days"]) == (2591, "59.18")
    quarters = (await desk.see("/v1/insights/win-rates?by=quarter"))["items"]
    for one in quarters:
        first = date.fromisoformat(one["key"])
        forecast = await desk.see(f"/v1/forecast?first_day={first}&by=owner")
        assert forecast["won"] == one["revenue"][0]["amount"]
        assert sum(Decimal(group["won"]) for group in forecast["groups"]) == Decimal(
            forecast["won"]
        )
