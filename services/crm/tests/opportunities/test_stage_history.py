"""The stages that a deal went through are kept for good (C20)."""

import asyncpg
import pytest
from services.crm.tests.opportunities.conftest import cny


async def test_each_stage_is_kept_with_the_figures_of_then(deals):
    """C20: from, to, at, by, amount, probability, close date."""
    deal = await deals.open(amount=cny("10.00"), closes_on="2030-01-31")
    moved = (await deals.move(deal, "proposal")).json()["opportunity"]
    changed = (await deals.change(moved, amount=cny("20.00"), closes_on="2030-02-28")).json()
    await deals.move(changed, "negotiation", probability=80)
    third, second, first = await deals.stage_changes(deal)
    assert [one["to_stage_code"] for one in (first, second, third)] == [
        "qualification",
        "proposal",
        "negotiation",
    ]
    assert (first["from_stage_id"], third["from_stage_id"]) == (None, second["to_stage_id"])
    assert (second["amount"], third["amount"]) == (cny("10.00"), cny("20.00"))
    assert (second["probability"], third["probability"]) == (50, 80)
    assert (second["closes_on"], third["closes_on"]) == ("2030-01-31", "2030-02-28")
    assert third["by"].startswith("key:")


async def test_editing_a_closed_deal_rewrites_nothing(deals):
    """C20."""
    deal = await deals.open(amount=cny("10.00"))
    won = (await deals.act(deal, "win")).json()
    before = await deals.stage_changes(deal)
    await deals.change(won, amount=cny("99.00"), closes_on="2030-12-31", name="Another name")
    assert await deals.stage_changes(deal) == before


async def test_time_in_a_stage_that_is_visited_again_adds_up(deals):
    """C20: time in stage is derivable when stages are revisited."""
    deal = await deals.open()
    stages = await deals.stages()
    path = ["needs_analysis", "qualification", "needs_analysis"]
    times = ["2026-01-01", "2026-01-03", "2026-01-04", "2026-01-08"]
    for stage in path:
        deal = (await deals.move(deal, stage)).json()["opportunity"]
    other = await deals.open()
    async with deals.crm.database.driver() as sql:
        rows = zip(times, [1, 2, 3, 4], ["qualification", *path], strict=True)
        for at, revision, code in rows:
            await sql.execute(
                """insert into opportunity_stage_change (id, opportunity_id, revision, to_stage_id,
                    entered_at, by, currency, probability, forecast_category)
                  select gen_random_uuid(), $1, $2 + 10, $3, $4::text::timestamptz, 'key:test',
                    'CNY', 10, 'pipeline'""",
                other["id"],
                revision,
                stages[code]["id"],
                f"{at}T00:00:00Z",
            )
    reply = await deals.crm.client.get(f"/v1/opportunities/{deal['id']}/stages")
    items = reply.json()["items"]
    assert [(one["stage_code"], one["visits"]) for one in items] == [
        ("qualification", 2),
        ("needs_analysis", 2),
    ]
    reply = await deals.crm.client.get(f"/v1/opportunities/{other['id']}/stages")
    known = {one["stage_code"]: one for one in reply.json()["items"]}
    days = 24 * 60 * 60
    assert known["qualification"]["seconds"] >= days
    assert known["qualification"]["visits"] == 3
    assert known["needs_analysis"]["seconds"] >= days


async def test_nobody_rewrites_a_stage_that_was_entered(deals, crm):
    """C20: the database refuses it, also to the owner of the tables."""
    deal = await deals.open()
    for statement in (
        f"update opportunity_stage_change set amount = 1 where opportunity_id = '{deal['id']}'",
        f"delete from opportunity_stage_change where opportunity_id = '{deal['id']}'",
        "truncate opportunity_stage_change",
    ):
        sql = await asyncpg.connect(crm.owner_url)
        try:
            with pytest.raises(asyncpg.PostgresError, match="never changed"):
                await sql.execute(statement)
        finally:
            await sql.close()


async def test_a_refused_move_keeps_no_stage(deals, problem):
    deal = await deals.open()
    problem(await deals.move(deal, "won"), 409, "fields_required")
    assert len(await deals.stage_changes(deal)) == 1


async def test_a_deal_of_the_past_keeps_its_stage_and_its_days(deals, problem):
    values = {
        "name": "Won long ago",
        "stage": "won",
        "opened_on": "2016-10-20",
        "closes_on": "2017-03-01",
        "amount": cny("1054.00"),
        "history": True,
    }
    deal = await deals.open(**values)
    assert (deal["opened_on"], deal["closes_on"]) == ("2016-10-20", "2017-03-01")
    assert deal["closed_at"].startswith("2017-02-28T16:00:00")
    [entered] = await deals.stage_changes(deal)
    assert (entered["entered_at"], entered["amount"]) == (deal["closed_at"], cny("1054.00"))
    seller = await deals.crm.as_("opportunities.read", "opportunities.write")
    reply = await seller.post(
        "/v1/opportunities", json=values, headers={"Idempotency-Key": deal["id"]}
    )
    problem(reply, 403, "forbidden")
    dateless = await deals.open(name="Prospect", history=True)
    assert (dateless["opened_on"], dateless["closes_on"], dateless["account_id"]) == (
        None,
        None,
        None,
    )
