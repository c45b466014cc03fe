"""The board: columns with counts and sums, and the first cards, in one call."""

from decimal import Decimal

import pytest
from services.crm.tests.opportunities.conftest import cny


@pytest.fixture
async def way(deals):
    """A pipeline of its own, with all kinds of stages."""
    return await deals.pipeline(
        {"code": "first", "probability": 10},
        {"code": "second", "probability": 40},
        {"code": "signed", "kind": "won"},
        {"code": "gone", "kind": "lost"},
    )


async def columns(deals, way, **wanted):
    """The columns of the board, by the code of their stage."""
    stages = await deals.stages(way)
    board = await deals.board(pipeline_id=stages["first"]["pipeline_id"], **wanted)
    return {one["stage_code"]: one for one in board["columns"]}


async def test_each_column_has_its_count_and_sums(deals, way):
    """C21: open counts amount x probability, won the amount, lost nothing."""
    for amount in ("100.00", "0.33"):
        await deals.open(pipeline=way, amount=cny(amount), stage="second")
    await deals.open(pipeline=way, name="No amount so far", stage="second")
    won = await deals.open(pipeline=way, amount=cny("70.00"))
    await deals.act(won, "win")
    lost = await deals.open(pipeline=way, amount=cny("100.00"), stage="second")
    await deals.act(lost, "lose", lost_reason="price")
    found = await columns(deals, way)
    assert list(found) == ["first", "second", "signed", "gone"]
    assert (found["first"]["count"], found["first"]["sums"], found["first"]["cards"]) == (0, [], [])
    sums = {code: one["sums"] for code, one in found.items()}
    assert sums["second"] == [
        {"currency": "CNY", "count": 3, "amount": "100.33", "weighted": "40.13"}
    ]
    assert sums["signed"] == [
        {"currency": "CNY", "count": 1, "amount": "70.00", "weighted": "70.00"}
    ]
    assert sums["gone"] == [{"currency": "CNY", "count": 1, "amount": "100.00", "weighted": "0.00"}]


async def test_sums_are_those_of_the_list(deals, way):
    """C23: the figure and the list behind it agree to the cent."""
    for cents in range(1, 30):
        await deals.open(pipeline=way, amount=cny(f"{cents}.{cents:02}"), probability=cents)
    column = (await columns(deals, way))["first"]
    listed = await deals.list(stage_id=column["stage_id"], limit=200)
    amounts = sum(Decimal(one["amount"]["amount"]) for one in listed)
    weighted = sum(Decimal(one["weighted"]) for one in listed)
    [sums] = column["sums"]
    assert (Decimal(sums["amount"]), Decimal(sums["weighted"])) == (amounts, weighted)


async def test_paging_goes_on_by_the_list(deals, way):
    made = [(await deals.open(pipeline=way, closes_on=f"2030-01-{day:02}")) for day in (3, 1, 2, 4)]
    for sort, order in (("closes_on", (1, 2, 0, 3)), ("-created_at", (3, 2, 1, 0))):
        column = (await columns(deals, way, cards=3, sort=sort))["first"]
        rest = await deals.list(
            stage_id=column["stage_id"], sort=sort, cursor=column["next_cursor"]
        )
        shown = [one["id"] for one in [*column["cards"], *rest]]
        assert shown == [made[at]["id"] for at in order]
    whole = (await columns(deals, way, cards=4))["first"]
    assert whole["next_cursor"] is None


async def test_it_takes_the_filters_of_the_list(deals, desk, way, problem):
    account = await desk.account()
    word = desk.word("Harbour")
    mine = await deals.open(pipeline=way, account_id=account["id"], name=word)
    await deals.open(pipeline=way)
    for wanted in ({"account_id": account["id"]}, {"q": word}):
        column = (await columns(deals, way, **wanted))["first"]
        assert (column["count"], [one["id"] for one in column["cards"]]) == (1, [mine["id"]])
    reply = await deals.crm.client.get(f"{deals.path}/board", params={"sort": "colour"})
    problem(reply, 422, "invalid_input")
    reply = await deals.crm.client.get(f"{deals.path}/board", params={"pipeline_id": account["id"]})
    problem(reply, 422, "missing_reference")


@pytest.mark.business_day
async def test_deals_closed_long_ago_are_not_on_it(deals, way):
    old = await deals.open(
        pipeline=way, stage="signed", amount=cny("5.00"), closes_on="2020-01-31", history=True
    )
    assert (await columns(deals, way))["signed"]["count"] == 0
    found = (await columns(deals, way, closed_days=3650))["signed"]
    assert [one["id"] for one in found["cards"]] == [old["id"]]
    await deals.crm.post(f"{deals.path}/{old['id']}/archive", None)
    assert (await columns(deals, way, closed_days=3650))["signed"]["count"] == 0


async def test_a_seller_sees_only_what_she_reaches(deals, desk, way):
    """C66: counts and sums are of the rows that one may see."""
    one, other = [await desk.user(roles=["seller"]) for _ in range(2)]
    mine = await deals.open(pipeline=way, owner_id=one["id"], amount=cny("5.00"))
    await deals.open(pipeline=way, owner_id=other["id"], amount=cny("9.00"))
    login = {"login": one["login"], "password": "correct horse battery"}
    token = (await desk.client.post("/v1/sessions", json=login)).json()["token"]
    stages = await deals.stages(way)
    reply = await deals.crm.with_key(token).get(
        f"{deals.path}/board", params={"pipeline_id": stages["first"]["pipeline_id"]}
    )
    column = reply.json()["columns"][0]
    assert [card["id"] for card in column["cards"]] == [mine["id"]]
    assert [(sums["count"], sums["amount"]) for sums in column["sums"]] == [(1, "5.00")]


async def test_a_team_takes_up_what_nobody_of_it_has(deals, desk, way):
    """C66: a deal with a team and no owner is seen by the team, not by another."""
    teams = [await desk.add("/v1/teams", name=desk.word("Team")) for _ in range(2)]
    deal = await deals.open(pipeline=way, team_id=teams[0]["id"])
    for team, status in zip(teams, (200, 404), strict=True):
        for role in ("seller", "sales_manager"):
            user = await desk.user(roles=[role], team_id=team["id"])
            login = {"login": user["login"], "password": "correct horse battery"}
            token = (await desk.client.post("/v1/sessions", json=login)).json()["token"]
            reply = await deals.crm.with_key(token).get(f"{deals.path}/{deal['id']}")
            assert reply.status_code == status, (team["name"], role)
