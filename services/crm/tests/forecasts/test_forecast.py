"""What deals come to in a period, by category, with the lists behind the figures."""

from decimal import Decimal

import pytest
from services.crm.tests.opportunities.conftest import cny

from identity.testing.desk import require_problem

PATH = "/v1/forecast"


async def forecast(crm, **wanted):
    reply = await crm.client.get(PATH, params=wanted)
    assert reply.status_code == 200, reply.text
    return reply.json()


def quarter(year):
    return {"first_day": f"{year}-01-01", "last_day": f"{year}-03-31"}


def by_category(group):
    return {one["forecast_category"]: one for one in group["figures"]}


async def sums_of_list(crm, figure):
    """Count, amount and weighted sum of the list that a figure names."""
    found, path = [], f"{figure['list']}&limit=200"
    reply = await crm.client.get(path)
    assert reply.status_code == 200, reply.text
    found = reply.json()["items"]
    amounts = sum((Decimal(one["amount"]["amount"]) for one in found if one["amount"]), Decimal(0))
    weighted = sum((Decimal(one["weighted"] or 0) for one in found), Decimal(0))
    return len(found), amounts, weighted


async def test_open_counts_by_probability_won_fully_and_lost_not_at_all(crm, deals, year):
    """C21: a deal of 100 at 40 % contributes 40, and once it is lost nothing."""
    days = {"closes_on": f"{year}-02-10"}
    gone = await deals.open(amount=cny("100.00"), probability=40, **days)
    before = await forecast(crm, **quarter(year))
    assert (before["expected"], before["won"]) == ("40.00", "0.00")
    await deals.act(gone, "lose", lost_reason="price", **days)
    assert (await forecast(crm, **quarter(year)))["expected"] == "0.00"
    won = await deals.open(amount=cny("70.00"), **days)
    await deals.act(won, "win", **days)
    after = await forecast(crm, **quarter(year))
    assert (after["expected"], after["won"]) == ("70.00", "70.00")


async def test_a_category_is_the_stages_or_the_deals_own(crm, deals, year):
    """C23: it comes from the stage, and one deal may have another."""
    days = {"closes_on": f"{year}-02-10", "amount": cny("10.00")}
    await deals.open(stage="qualification", **days)
    await deals.open(stage="negotiation", **days)
    own = await deals.open(stage="qualification", forecast_category="commit", **days)
    await deals.open(stage="qualification", forecast_category="omitted", **days)
    found = by_category(await forecast(crm, **quarter(year)))
    counts = {name: one["count"] for name, one in found.items()}
    assert counts == {"pipeline": 1, "commit": 2, "omitted": 1}
    assert own["forecast_category"] == "commit"


@pytest.mark.parametrize("by", ["owner", "team", "pipeline", "month"])
async def test_each_figure_equals_its_list_to_the_cent(crm, desk, deals, year, by):
    """C23: totals reconcile with the lists behind them, of the whole and of each group."""
    owner = (await desk.user())["id"]
    team = (await desk.add("/v1/teams", name=desk.word("Team")))["id"]
    for cents in range(1, 25):
        await deals.open(
            amount=cny(f"{cents}.{cents:02}"),
            probability=cents * 3,
            closes_on=f"{year}-{1 + cents % 3:02}-{cents:02}",
            owner_id=owner if cents % 2 else None,
            team_id=team if cents % 3 else None,
            forecast_category=("pipeline", "best_case", "commit")[cents % 3],
        )
    await deals.open(closes_on=f"{year}-01-31", name="No amount so far")
    whole = await forecast(crm, by=by, **quarter(year))
    for group in (whole, *whole["groups"]):
        for figure in group["figures"]:
            [one] = figure["sums"]
            assert (figure["amount"], figure["weighted"]) == (one["amount"], one["weighted"])
            listed = await sums_of_list(crm, figure)
            assert listed == (one["count"], Decimal(one["amount"]), Decimal(one["weighted"]))
    assert sum(Decimal(one["expected"]) for one in whole["groups"]) == Decimal(whole["expected"])
    assert sum(one["count"] for one in whole["figures"]) == 25


async def test_quotas_stand_beside_what_is_won(crm, desk, deals, year):
    owner = (await desk.user())["id"]
    days = {"first_day": f"{year}-01-01", "last_day": f"{year}-03-31"}
    await desk.add("/v1/sales-quotas", name="Q1", owner_id=owner, amount=cny("500.00"), **days)
    await desk.add("/v1/sales-quotas", name="Q1", amount=cny("9000.00"), **days)
    found = await forecast(crm, by="owner", **quarter(year))
    assert (found["quota"], found["groups"][0]["quota"]) == ("9000.00", "500.00")
    assert (await forecast(crm, owner_id=owner, **quarter(year)))["quota"] == "500.00"
    shorter = {"first_day": f"{year}-01-01", "last_day": f"{year}-02-28"}
    assert (await forecast(crm, **shorter))["quota"] is None


async def test_quotas_of_one_user_do_not_overlap(crm, desk, year):
    owner = (await desk.user())["id"]
    facts = {"name": "Q1", "owner_id": owner, "amount": cny("500.00")}
    days = {"first_day": f"{year}-01-01", "last_day": f"{year}-03-31"}
    await desk.add("/v1/sales-quotas", **facts, **days)
    again = {"first_day": f"{year}-03-31", "last_day": f"{year}-06-30"}
    require_problem(await crm.post("/v1/sales-quotas", facts | again), 409, "quota_overlaps")
    upside_down = {"first_day": f"{year}-09-30", "last_day": f"{year}-07-01"}
    refusal = await crm.post("/v1/sales-quotas", facts | upside_down)
    require_problem(refusal, 422, "invalid_input")


async def test_by_default_it_is_this_quarter(crm):
    found = await forecast(crm)
    first, last = found["first_day"], found["last_day"]
    assert (first[5:], last[5:]) in {
        ("01-01", "03-31"),
        ("04-01", "06-30"),
        ("07-01", "09-30"),
        ("10-01", "12-31"),
    }


async def test_a_period_upside_down_is_refused(crm, year):
    asked = {"first_day": f"{year}-03-31", "last_day": f"{year}-01-01"}
    require_problem(await crm.client.get(PATH, params=asked), 422, "invalid_input")
