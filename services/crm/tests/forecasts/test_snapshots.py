"""A forecast is kept as it was, whatever happens to its deals."""

import asyncpg
import pytest
from services.crm.tests.forecasts.test_forecast import by_category, forecast, quarter
from services.crm.tests.opportunities.conftest import cny
from services.crm.tests.test_reach import person

PATH = "/v1/forecast-snapshots"


@pytest.fixture
async def kept(desk, deals, year):
    """A snapshot with one deal."""
    await deals.open(amount=cny("1.00"), closes_on=f"{year}-02-10")
    return await desk.add(PATH, name="Kept", **quarter(year))


async def test_a_snapshot_does_not_change_when_deals_do(crm, desk, deals, year):
    """C23: what was taken on a day stays; what was won since is told beside it."""
    days = {"closes_on": f"{year}-02-10"}
    won = await deals.open(amount=cny("100.00"), probability=40, **days)
    lost = await deals.open(amount=cny("50.00"), probability=50, **days)
    before = await forecast(crm, **quarter(year))
    taken = await desk.add(PATH, name="Start of the quarter", **quarter(year))
    assert taken["deals"] == 2
    changed = await deals.change(won, amount=cny("120.00"))
    assert changed.is_success
    assert (await deals.act(won, "win", **days)).is_success
    await deals.act(lost, "lose", lost_reason="price", **days)
    after = await desk.see(f"{PATH}/{taken['id']}/figures?by=owner")
    then, now = by_category(before), by_category(after)
    assert {one: then[one]["sums"] for one in then} == {one: now[one]["sums"] for one in now}
    assert (after["expected"], after["won_since"]) == (before["expected"], "120.00")
    assert after["groups"][0]["expected"] == before["expected"]


@pytest.mark.parametrize("table", ["forecast_snapshot", "forecast_snapshot_deal"])
@pytest.mark.parametrize("statement", ["update {} set currency = 'EUR'", "delete from {}"])
async def test_the_database_changes_no_snapshot(crm, kept, table, statement):
    assert kept["deals"] == 1
    async with crm.database.driver() as sql:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await sql.execute(statement.format(table))


async def test_each_sees_of_a_snapshot_what_the_list_shows(desk, deals, year):
    """A seller sees the own deals of it, and those of nobody."""
    other = (await desk.user())["id"]
    days = {"closes_on": f"{year}-02-10", "probability": 100}
    await deals.open(amount=cny("7.00"), **days)
    await deals.open(amount=cny("5.00"), owner_id=other, **days)
    taken = await desk.add(PATH, name="Kept", **quarter(year))
    _, seller = await person(desk, "seller")
    reply = await seller.get(f"{PATH}/{taken['id']}/figures")
    assert reply.json()["expected"] == "7.00"
