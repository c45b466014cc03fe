"""Conversion, win rates, lost reasons and velocity, each with its list and interval."""

import random
from decimal import Decimal

import pytest
from services.crm.tests.opportunities.conftest import cny
from services.crm.tests.test_reach import person

from crm.insights.rules.shares import share_of
from identity.testing.desk import require_problem


def closed(year):
    return {"closed_gte": f"{year}-01-01", "closed_lte": f"{year}-12-31"}


async def counted(crm, path):
    """How many deals a list has."""
    reply = await crm.client.get(f"{path}&limit=200")
    assert reply.status_code == 200, reply.text
    return len(reply.json()["items"])


@pytest.mark.parametrize(
    ("cases", "n", "low", "high"),
    [(0, 10, "0.0000", "0.2775"), (5, 10, "0.2366", "0.7634"), (10, 10, "0.7225", "1.0000")],
)
def test_shares_have_the_interval_of_wilson(cases, n, low, high):
    share = share_of(cases, n)
    assert (str(share.low), str(share.high)) == (low, high)


def test_of_no_case_there_is_no_share():
    assert share_of(0, 0) is None


async def test_conversion_counts_a_deal_once_for_each_stage_reached(deals, insights, year):
    """C22: lost deals are in the denominator, and going back counts nothing twice."""
    way = await deals.pipeline(
        {"code": "first", "probability": 10},
        {"code": "second", "probability": 40},
        {"code": "third", "probability": 60},
        {"code": "signed", "kind": "won"},
        {"code": "gone", "kind": "lost"},
    )
    opened = {"opened_on": f"{year}-03-01"}
    back = await deals.open(pipeline=way, amount=cny("1.00"), **opened)
    for stage in ("second", "first", "second"):
        back = (await deals.move(back, stage)).json()["opportunity"]
    skipped = await deals.open(pipeline=way, amount=cny("1.00"), **opened)
    assert (await deals.act(skipped, "win")).is_success
    lost = await deals.open(pipeline=way, stage="second", amount=cny("1.00"), **opened)
    assert (await deals.act(lost, "lose", lost_reason="price")).is_success
    await deals.open(pipeline=way, amount=cny("1.00"), **opened)
    await deals.open(pipeline=way, opened_on=f"{year - 1}-03-01")
    stages = await deals.stages(way)
    wanted = {"opened_gte": f"{year}-01-01", "opened_lte": f"{year}-12-31"}
    found = await insights("conversion", pipeline_id=stages["first"]["pipeline_id"], **wanted)
    assert [found[one] for one in ("deals", "open", "won", "lost")] == [4, 2, 1, 1]
    reached = {one["stage_code"]: (one["reached"], one["share"]["rate"]) for one in found["stages"]}
    assert reached == {
        "first": (4, "1"),
        "second": (3, "0.75"),
        "third": (1, "0.25"),
        "signed": (1, "0.25"),
    }


async def test_conversion_equals_a_count_over_the_stage_changes(deals, desk, insights, year):
    """C22: deals that go to and fro, also through another pipeline, each at its furthest stage."""
    names = ["first", "second", "third"]
    ends = [{"code": "signed", "kind": "won"}, {"code": "gone", "kind": "lost"}]
    ways = [await deals.pipeline(*({"code": one} for one in names), *ends) for _ in range(2)]
    chance = random.Random(7)
    for _ in range(20):
        opened = {"opened_on": f"{year}-05-01", "amount": cny("1.00")}
        deal = await deals.open(pipeline=chance.choice(ways), **opened)
        for stage in chance.choices(names, k=chance.randrange(4)):
            moved = await deals.move(deal, stage, pipeline=chance.choice(ways))
            deal = moved.json()["opportunity"]
        act, facts = chance.choice([("win", {}), ("lose", {"lost_reason": "price"}), (None, {})])
        if act:
            assert (await deals.act(deal, act, **facts)).is_success
    wanted = {"opened_gte": f"{year}-01-01", "opened_lte": f"{year}-12-31"}
    for way in ways:
        stages = await deals.stages(way)
        pipeline = stages["first"]["pipeline_id"]
        rows = await desk.rows(
            """select o.id, array_agg(s.code::text) as entered from opportunity o
                join opportunity_stage_change c on c.opportunity_id = o.id
                join pipeline_stage s on s.id = c.to_stage_id and s.pipeline_id = o.pipeline_id
              where o.pipeline_id = $1 group by 1""",
            pipeline,
        )
        order = [*names, "signed"]
        furthest = [
            max((order.index(one) for one in row["entered"] if one in order), default=-1)
            for row in rows
        ]
        found = await insights("conversion", pipeline_id=pipeline, **wanted)
        assert found["deals"] == len(rows) > 5
        assert {one["stage_code"]: one["reached"] for one in found["stages"]} == {
            code: sum(place >= at for place in furthest) for at, code in enumerate(order)
        }


async def test_an_unknown_pipeline_has_no_conversion(crm, desk):
    unknown = (await desk.user())["id"]
    reply = await crm.client.get("/v1/insights/conversion", params={"pipeline_id": unknown})
    require_problem(reply, 422, "missing_reference")


@pytest.mark.parametrize("by", ["owner", "team", "source", "pipeline", "account", "quarter"])
async def test_win_rates_equal_their_lists(desk, insights, past, year, by):
    """Won of closed, with n; the revenue is that of the list behind it."""
    owner = (await desk.user())["id"]
    team = (await desk.add("/v1/teams", name=desk.word("Team")))["id"]
    account = (await desk.account())["id"]
    mine = {"owner_id": owner, "team_id": team, "source": "fair", "account_id": account}
    await past("won", amount=cny("10.00"), **mine)
    await past("won", days=200, amount=cny("5.50"), **mine)
    await past("lost", **mine)
    await past("won", amount=cny("2.00"))
    found = (await insights("win-rates", by=by, **closed(year)))["items"]
    assert sum(one["won"] for one in found) == 3
    revenue = [Decimal(sums["amount"]) for one in found for sums in one["revenue"]]
    assert sum(revenue) == Decimal("17.50")
    for one in found:
        assert one["share"]["rate"] == str(
            share_of(one["won"], one["won"] + one["lost"]).rate.normalize()
        )
        if one["list"]:
            assert await counted(desk.crm, one["list"]) == one["won"]
    assert all(one["list"] for one in found if one["key"] is not None)


async def test_revenue_of_a_product_is_that_of_its_lines(desk, deals, insights, year):
    first, second = [(await desk.product())["code"] for _ in range(2)]
    lines = [
        {"product": product, "quantity": "1", "unit_price": cny(price)}
        for product, price in ((first, "3.00"), (second, "4.00"))
    ]
    facts = {"stage": "won", "history": True, "closes_on": f"{year}-02-01", "lines": lines}
    await deals.open(**facts, opened_on=f"{year}-01-01")
    found = (await insights("win-rates", by="product", **closed(year)))["items"]
    assert sorted(one["revenue"][0]["amount"] for one in found) == ["3.00", "4.00"]


async def test_lost_deals_are_counted_by_reason(crm, insights, past, year):
    for reason in ("price", "price", "no_budget"):
        await past("lost", lost_reason=reason)
    await past("won")
    found = (await insights("lost-reasons", **closed(year)))["items"]
    assert [(one["code"], one["count"]) for one in found] == [("price", 2), ("no_budget", 1)]
    assert [await counted(crm, one["list"]) for one in found] == [2, 1]
    assert found[0]["sums"][0]["amount"] == "20.00"


async def test_velocity_is_the_time_from_opening_to_closing(insights, past, year):
    for days in (10, 20, 60):
        await past("won", days=days)
    await past("lost", days=300)
    found = await insights("velocity", **closed(year))
    figures = [found[one] for one in ("won", "mean_days", "median_days", "p90_days")]
    assert figures == [3, "30", "20", "52"]
    empty = await insights("velocity", closed_gte="1950-01-01", closed_lte="1950-12-31")
    assert (empty["won"], empty["mean_days"]) == (0, None)


async def test_each_sees_figures_of_the_deals_that_the_list_shows(desk, insights, past, year):
    """Own deals and those of nobody; a stranger's are in no figure."""
    other = (await desk.user())["id"]
    await past("won", owner_id=other)
    await past("won")
    _, seller = await person(desk, "seller")
    reply = await seller.get("/v1/insights/win-rates", params=closed(year))
    assert [one["won"] for one in reply.json()["items"]] == [1]
    assert sum(one["won"] for one in (await insights("win-rates", **closed(year)))["items"]) == 2
