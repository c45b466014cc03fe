"""Acts on opportunities: move, win, lose, reopen."""

import asyncio

import pytest
from services.crm.tests.opportunities.conftest import cny


async def test_a_deal_goes_from_stage_to_stage_until_it_is_won(deals):
    deal = await deals.open(amount=cny("80.00"))
    moved = (await deals.move(deal, "negotiation")).json()["opportunity"]
    assert (moved["state"], moved["probability"], moved["version"]) == ("open", 75, 2)
    reply = await deals.act(deal, "win")
    assert reply.status_code == 200, reply.text
    won = reply.json()
    assert (won["state"], won["stage_code"], won["probability"]) == ("won", "won", 100)
    assert (won["forecast_category"], won["weighted"]) == ("closed", "80.00")
    assert won["closed_at"]
    assert won["closes_on"]
    kinds = [one["type"].split(".")[-2] for one in await deals.desk.events_of(deal["id"])]
    assert kinds == ["opportunity-changed", "opportunity-moved", "opportunity-won"]


async def test_won_needs_the_required_fields(deals, problem):
    """C25: by whatever way a deal comes to be won."""
    deal = await deals.open()
    for reply in (
        await deals.act(deal, "win"),
        await deals.move(deal, "won"),
        await deals.crm.post("/v1/opportunities", {"name": "Won at once", "stage": "won"}),
    ):
        refused = problem(reply, 409, "fields_required")
        assert "amount" in refused["detail"]
    assert await deals.get(deal) == deal
    ready = (await deals.change(deal, amount=cny("1.00"))).json()
    won = (await deals.act(ready, "win")).json()
    problem(await deals.change(won, amount=None), 409, "fields_required")
    problem(await deals.change(won, closes_on=None), 409, "fields_required")


async def test_lost_needs_a_reason(deals, problem):
    """C25."""
    deal = await deals.open(amount=cny("100.00"))
    problem(await deals.act(deal, "lose"), 409, "lost_reason_required")
    problem(await deals.move(deal, "lost"), 409, "lost_reason_required")
    assert await deals.get(deal) == deal
    lost = (await deals.act(deal, "lose", lost_reason="price")).json()
    assert (lost["state"], lost["lost_reason_code"]) == ("lost", "price")
    assert (lost["probability"], lost["forecast_category"]) == (0, "omitted")
    assert lost["weighted"] == "0.00"
    other = (await deals.change(lost, lost_reason="no_budget")).json()
    assert other["lost_reason_code"] == "no_budget"


async def test_only_a_lost_deal_has_a_reason(deals, problem):
    deal = await deals.open(amount=cny("1.00"))
    problem(await deals.change(deal, lost_reason="price"), 422, "invalid_input")
    problem(await deals.move(deal, "proposal", lost_reason="price"), 422, "invalid_input")
    assert await deals.get(deal) == deal


async def test_a_closed_deal_is_not_moved_and_nothing_changes(deals, problem):
    deal = await deals.open(amount=cny("1.00"))
    await deals.act(deal, "win")
    won = await deals.get(deal)
    for reply in (
        await deals.move(won, "proposal"),
        await deals.move(won, "lost", lost_reason="price"),
        await deals.act(won, "win"),
        await deals.act(won, "lose", lost_reason="price"),
        await deals.change(won, probability=50),
    ):
        problem(reply, 409, "opportunity_closed")
    assert await deals.get(won) == won
    assert len(await deals.stage_changes(won)) == 2


async def test_a_reopened_deal_goes_on_where_it_was_closed(deals, problem):
    deal = await deals.open(amount=cny("1.00"))
    problem(await deals.act(deal, "reopen"), 409, "opportunity_open")
    await deals.move(deal, "needs_analysis")
    await deals.act(deal, "lose", lost_reason="no_budget")
    opened = (await deals.act(deal, "reopen")).json()
    assert (opened["state"], opened["stage_code"]) == ("open", "needs_analysis")
    assert (opened["lost_reason_id"], opened["closed_at"]) == (None, None)
    await deals.act(deal, "win")
    again = (await deals.act(deal, "reopen", stage="proposal", closes_on="2030-01-31")).json()
    assert (again["stage_code"], again["closes_on"]) == ("proposal", "2030-01-31")
    await deals.act(deal, "win")
    refused = problem(await deals.act(deal, "reopen", stage="lost"), 422, "invalid_input")
    assert [one["pointer"] for one in refused["errors"]] == ["/stage"]
    kinds = [one["type"].split(".")[-2] for one in await deals.desk.events_of(deal["id"])]
    assert kinds[-2:] == ["opportunity-reopened", "opportunity-won"]


async def test_an_unknown_stage_or_one_of_another_pipeline_is_refused(deals, problem):
    other = await deals.pipeline({"code": "first"}, {"code": "signed", "kind": "won"})
    first = (await deals.stages(other))["first"]
    deal = await deals.open(amount=cny("1.00"))
    problem(await deals.move(deal, "no-such"), 422, "missing_reference")
    problem(await deals.move(deal, first["id"]), 409, "stage_of_other_pipeline")
    assert await deals.get(deal) == deal
    moved = (await deals.move(deal, first["id"], pipeline=other)).json()["opportunity"]
    assert (moved["pipeline_code"], moved["stage_code"]) == (other, "first")
    problem(await deals.act(moved, "lose", lost_reason="price"), 409, "no_such_stage_kind")


async def test_exit_rules_hold_for_who_goes_on_and_not_for_who_is_lost(deals, problem):
    way = await deals.pipeline(
        {"code": "first", "exit_fields": ["next_step"]},
        {"code": "second", "required_fields": ["account_id"]},
        {"code": "gone", "kind": "lost"},
    )
    deal = await deals.open(pipeline=way)
    refused = problem(await deals.move(deal, "second"), 409, "fields_required")
    assert "account_id, next_step" in refused["detail"]
    assert (await deals.act(deal, "lose", lost_reason="other")).status_code == 200
    account = await deals.desk.account()
    ready = await deals.open(pipeline=way, account_id=account["id"], next_step="call")
    assert (await deals.move(ready, "second")).status_code == 200


async def test_a_move_based_on_an_older_version_changes_nothing(deals, problem):
    """C70: a board that did not see the last change leaves the card where it was."""
    deal = await deals.open()
    await deals.change(deal, note="theirs")
    problem(await deals.move(deal, "proposal"), 412, "stale_revision")
    assert (await deals.get(deal))["stage_code"] == "qualification"


async def test_a_move_replies_with_the_totals_of_both_columns(deals):
    way = await deals.pipeline(
        {"code": "first", "probability": 10}, {"code": "second", "probability": 50}
    )
    stages = await deals.stages(way)
    moving = await deals.open(pipeline=way, amount=cny("10.01"))
    await deals.open(pipeline=way, amount=cny("5.00"), source="fair")
    reply = (await deals.move(moving, "second")).json()
    assert reply["columns"] == [
        {
            "stage_id": stages["first"]["id"],
            "count": 1,
            "sums": [{"currency": "CNY", "count": 1, "amount": "5.00", "weighted": "0.50"}],
        },
        {
            "stage_id": stages["second"]["id"],
            "count": 1,
            "sums": [{"currency": "CNY", "count": 1, "amount": "10.01", "weighted": "5.01"}],
        },
    ]
    staying = reply["opportunity"]
    same = (await deals.move(staying, "second")).json()
    assert (same["opportunity"]["version"], len(same["columns"])) == (staying["version"], 1)


async def test_two_who_close_a_deal_at_once_close_it_once(deals):
    deal = await deals.open(amount=cny("1.00"))
    replies = await asyncio.gather(
        *(deals.act(deal, "win") for _ in range(4)),
        *(deals.act(deal, "lose", lost_reason="price") for _ in range(4)),
    )
    assert sorted(one.status_code for one in replies) == [200] + [409] * 7
    assert len(await deals.stage_changes(deal)) == 2


@pytest.mark.business_day
async def test_a_day_of_the_past_needs_the_permission_to_backdate(deals, problem):
    deal = await deals.open(amount=cny("1.00"))
    seller = await deals.crm.as_("opportunities.read", "opportunities.write")
    path = f"/v1/opportunities/{deal['id']}/win"
    refused = await seller.post(
        path, json={"closes_on": "2020-01-31"}, headers={"Idempotency-Key": deal["id"]}
    )
    problem(refused, 403, "forbidden")
    won = (await deals.act(deal, "win", closes_on="2020-01-31")).json()
    assert won["closes_on"] == "2020-01-31"
