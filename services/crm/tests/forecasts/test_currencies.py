"""Deals in other currencies: each by the rate of its day, and never without one."""

from datetime import timedelta
from decimal import Decimal

import pytest
from services.crm.tests.forecasts.test_forecast import forecast, quarter, sums_of_list
from services.crm.tests.opportunities.conftest import cny

from chassis.clock import business_day
from identity.testing.desk import require_problem

pytestmark = pytest.mark.business_day


def money(amount, currency):
    return {"amount": amount, "currency": currency}


@pytest.fixture
def today(crm):
    return business_day(crm.settings.time_zone)


@pytest.fixture
async def rate(crm, desk):
    """Enter a rate, also over the one of the day."""

    async def enter(currency, day, rate, **more):
        facts = {"currency": currency, "day": f"{day}", "rate": rate} | more
        reply = await crm.post("/v1/exchange-rates", facts)
        if reply.status_code == 409:
            wanted = {"currency": currency, "day_gte": f"{day}", "day_lte": f"{day}"}
            [there] = await desk.listed("/v1/exchange-rates", **wanted)
            reply = await desk.merge(f"/v1/exchange-rates/{there}", {"rate": rate} | more)
        assert reply.is_success, reply.text
        return reply.json()

    return enter


async def test_open_deals_count_by_the_last_rate_and_won_ones_by_that_of_their_day(
    crm, deals, rate, today, year
):
    """C24: the rate by which a won deal counts is stored; a correction of it changes nothing."""
    await rate("USD", today, "7.000000")
    day = f"{year}-02-10"
    await deals.open(amount=money("100.00", "USD"), probability=50, closes_on=day)
    won = await deals.open(amount=money("10.00", "USD"), closes_on=day)
    assert (await deals.act(won, "win")).is_success
    this = {"first_day": f"{today}", "last_day": f"{today}", "by": "owner"}
    before = await forecast(crm, **this)
    await rate("USD", today, "8.000000")
    assert (await forecast(crm, **this))["won"] == before["won"]
    found = await forecast(crm, **quarter(year))
    [figure] = found["figures"]
    assert (figure["amount"], figure["weighted"]) == ("800.00", "400.00")
    assert figure["sums"] == [
        {"currency": "USD", "count": 1, "amount": "100.00", "weighted": "50.00"}
    ]
    assert found["rates"] == [{"currency": "USD", "day": f"{today}", "rate": "8", "units": 1}]
    assert await sums_of_list(crm, figure) == (1, Decimal("100.00"), Decimal("50.00"))


async def test_a_rate_speaks_of_its_units(crm, deals, rate, today, year):
    await rate("JPY", today, "4.800000", units=100)
    await deals.open(amount=money("1000", "JPY"), probability=10, closes_on=f"{year}-02-10")
    [figure] = (await forecast(crm, **quarter(year)))["figures"]
    assert (figure["amount"], figure["weighted"]) == ("48.00", "4.80")


async def test_a_stale_rate_is_an_error(crm, deals, rate, today, year):
    """C24: nothing is counted by an old rate."""
    await rate("SEK", today - timedelta(days=8), "0.680000")
    await deals.open(amount=money("100.00", "SEK"), closes_on=f"{year}-02-10")
    refusal = await crm.client.get("/v1/forecast", params=quarter(year))
    assert "SEK" in require_problem(refusal, 409, "rate_stale")["detail"]
    await rate("SEK", today, "0.690000")
    assert (await forecast(crm, **quarter(year)))["figures"][0]["amount"] == "69.00"


async def test_a_won_deal_without_a_rate_is_an_error_until_it_is_entered(
    crm, deals, rate, today, desk
):
    """C24: a missing rate is an error, and once it is entered the deal counts by it."""
    await rate("NOK", today + timedelta(days=30), "0.650000")
    owner = (await desk.user())["id"]
    won = await deals.open(amount=money("100.00", "NOK"), owner_id=owner)
    assert (await deals.act(won, "win")).is_success
    asked = {"first_day": f"{today}", "last_day": f"{today}", "owner_id": owner}
    refusal = await crm.client.get("/v1/forecast", params=asked)
    assert "NOK" in require_problem(refusal, 409, "rate_missing")["detail"]
    await rate("NOK", today - timedelta(days=1), "0.640000")
    assert (await forecast(crm, **asked))["won"] == "64.00"


async def test_a_reopened_deal_counts_by_the_rate_of_the_day_on_which_it_is_won_again(
    crm, deals, rate, today, desk
):
    await rate("DKK", today, "1.000000")
    owner = (await desk.user())["id"]
    won = await deals.open(amount=money("100.00", "DKK"), owner_id=owner)
    assert (await deals.act(won, "win")).is_success
    await rate("DKK", today, "1.100000")
    assert (await deals.act(won, "reopen")).is_success
    assert (await deals.act(won, "win")).is_success
    asked = {"first_day": f"{today}", "last_day": f"{today}", "owner_id": owner}
    assert (await forecast(crm, **asked))["won"] == "110.00"


async def test_a_currency_without_a_rate_is_refused(crm, deals, desk):
    values = {"name": desk.word("Deal"), "amount": money("100.00", "GBP")}
    require_problem(await crm.post(deals.path, values), 422, "currency_not_supported")
    own = {"currency": "CNY", "day": "2026-01-01", "rate": "1"}
    require_problem(await crm.post("/v1/exchange-rates", own), 422, "rate_of_own_currency")
    unknown = {"currency": "XQQ", "day": "2026-01-01", "rate": "1"}
    require_problem(await crm.post("/v1/exchange-rates", unknown), 422, "invalid_input")


async def test_a_day_has_one_rate(crm, desk):
    facts = {"currency": "CHF", "day": "2026-01-01", "rate": "8.1"}
    await desk.add("/v1/exchange-rates", **facts)
    require_problem(await crm.post("/v1/exchange-rates", facts), 409, "rate_taken")


async def test_all_prices_of_a_deal_are_in_one_currency(crm, deals, desk, rate, today):
    await rate("USD", today, "7.000000")
    product = (await desk.product())["code"]
    line = {"product": product, "quantity": "2", "unit_price": money("3.00", "USD")}
    made = await deals.open(lines=[line])
    assert made["amount"] == money("6.00", "USD")
    won = (await deals.act(made, "win")).json()
    assert (won["state"], won["order"], won["no_order_reason"]) == ("won", None, "other_currency")
    other = line | {"unit_price": cny("3.00")}
    values = {"name": desk.word("Deal"), "lines": [line, other]}
    require_problem(await crm.post(deals.path, values), 422, "invalid_input")
