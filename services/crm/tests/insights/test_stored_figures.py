"""Stored stages and touches of deals equal a full count, whatever happens to the deals."""

import random
from datetime import datetime
from itertools import pairwise
from statistics import median
from uuid import UUID

import asyncpg
from services.crm.tests.insights.test_figures import closed, counted
from services.crm.tests.insights.test_follow_ups import bucket, touch
from services.crm.tests.opportunities.conftest import cny
from sqlalchemy import make_url

from chassis.storage.connections import driver_url
from crm.insights.queries.deals import differing_stage_figures
from crm.insights.queries.touches import differing_touches

ENDS = ({"code": "signed", "kind": "won"}, {"code": "gone", "kind": "lost"})


async def differing(crm):
    """What is stored otherwise than a full count says."""
    async with crm.database.reading() as at:
        return [*await differing_stage_figures(at.sql), *await differing_touches(at.sql)]


async def at_random(deals, chance, ways, **facts):
    """A deal that goes to and fro, through both pipelines, and is closed and reopened."""
    deal = await deals.open(pipeline=chance.choice(ways), amount=cny("1.00"), **facts)
    for _ in range(chance.randrange(1, 6)):
        act, values = chance.choice(
            [("win", {}), ("lose", {"lost_reason": "price"}), ("reopen", {}), (None, {})]
        )
        if act and (act == "reopen") == (deal["state"] != "open"):
            assert (await deals.act(deal, act, **values)).is_success
        elif deal["state"] == "open":
            stage, way = chance.choice(("first", "second", "third")), chance.choice(ways)
            assert (await deals.move(deal, stage, pipeline=way)).is_success
        deal = await deals.get(deal)
    return deal


async def test_stored_stages_equal_a_full_count_and_their_lists(crm, deals, desk, insights, year):
    """C20, C22: moves back, other pipelines, reopened, archived and handed over deals."""
    chance = random.Random(11)
    codes = ("first", "second", "third")
    ways = [await deals.pipeline(*({"code": one} for one in codes), *ENDS) for _ in range(2)]
    opened = {"opened_on": f"{year}-05-01"}
    made = [await at_random(deals, chance, ways, **opened) for _ in range(15)]
    owner = (await desk.user())["id"]
    await deals.change(made[0], owner_id=owner)
    assert (await deals.act(made[1], "archive")).is_success
    past = {"history": True, "pipeline": ways[0], "amount": cny("1.00"), **opened}
    await deals.open(stage="signed", closes_on=f"{year}-06-01", **past)
    assert await differing(crm) == []
    wanted = {"opened_gte": f"{year}-01-01", "opened_lte": f"{year}-12-31"}
    for way in ways:
        stages = await deals.stages(way)
        asked = wanted | {"pipeline_id": stages["first"]["pipeline_id"]}
        found = await insights("conversion", **asked)
        assert await counted(crm, found["list"]) == found["deals"]
        for one in found["stages"]:
            assert await counted(crm, one["list"]) == one["reached"], one["stage_code"]
        mine = await insights("conversion", owner_id=owner, **asked)
        assert await counted(crm, mine["list"]) == mine["deals"]


async def test_a_stage_put_elsewhere_counts_there_for_old_deals_too(deals, desk, insights, year):
    """C22: how far a deal came is said by the positions of now, over what it entered then."""
    way = await deals.pipeline({"code": "first"}, {"code": "second"}, {"code": "third"}, *ENDS)
    await deals.open(pipeline=way, stage="second", opened_on=f"{year}-02-01")
    stages = await deals.stages(way)
    asked = {"pipeline_id": stages["first"]["pipeline_id"]}
    third = stages["third"]
    await desk.change(
        f"/v1/pipeline-stages/{third['id']}", {"position": 0}, revision=third["version"]
    )
    found = await insights("conversion", **asked)
    reached = {one["stage_code"]: one["reached"] for one in found["stages"]}
    assert reached == {"third": 1, "first": 1, "second": 1, "signed": 0}


async def test_time_in_stages_equals_that_between_the_changes(deals, desk, insights, past, year):
    """C20: derived from the changes in plain Python, visits of a deal together."""
    way = await deals.pipeline({"code": "first"}, {"code": "second"}, *ENDS)
    for stages in (("second", "first"), ("second",), ()):
        deal = await deals.open(pipeline=way, amount=cny("1.00"))
        for stage in stages:
            deal = (await deals.move(deal, stage)).json()["opportunity"]
        assert (await deals.act(deal, "win")).is_success
    first = (await deals.stages(way))["first"]
    rows = await desk.rows(
        """select c.* from opportunity_stage_change c join opportunity o on o.id = c.opportunity_id
          where o.pipeline_id = $1 order by c.opportunity_id, c.revision""",
        first["pipeline_id"],
    )
    spent: dict[tuple[UUID, UUID], float] = {}
    for entered, left in pairwise(rows):
        if entered["opportunity_id"] == left["opportunity_id"]:
            key = entered["opportunity_id"], entered["to_stage_id"]
            seconds = (left["entered_at"] - entered["entered_at"]).total_seconds()
            spent[key] = spent.get(key, 0) + seconds
    kept = await desk.rows(
        """select f.opportunity_id, s.stage_id, s.microseconds from opportunity_stage_figure f
            join opportunity o on o.id = f.opportunity_id
            cross join unnest(f.stage_ids, f.microseconds) s(stage_id, microseconds)
          where o.pipeline_id = $1 and s.microseconds is not null""",
        first["pipeline_id"],
    )
    assert {(one["opportunity_id"], one["stage_id"]): one["microseconds"] for one in kept} == {
        key: round(one * 1_000_000) for key, one in spent.items()
    }
    found = await insights("velocity", pipeline_id=first["pipeline_id"])
    assert {one["stage_code"]: one["deals"] for one in found["stages"]} == {
        "first": 3,
        "second": 2,
    }
    days = [one / 86400 for (_, stage), one in spent.items() if str(stage) == first["id"]]
    assert float(found["stages"][0]["median_days"]) == round(median(days), 2)
    assert await counted(desk.crm, found["list"]) == found["won"] == 3
    for one in found["stages"]:
        assert await counted(desk.crm, one["list"]) == one["deals"], one["stage_code"]


async def test_stored_touches_follow_their_activities(crm, desk, insights, past, year):
    """C30: done later, undone in kind and direction, moved to another deal, about two deals."""
    deal, other = await past("won", days=60), await past("lost", days=60)
    second = {"record_type": "opportunity", "record_id": other["id"]}
    both = await touch(desk, deal, 1, related=[second])
    planned = await touch(desk, deal, 2, kind="call", state="open")
    asked = {"days": 7, **closed(year)}
    assert bucket(await insights("follow-ups", **asked), "outbound", 1) == (2, 1)
    reply = await crm.post(f"/v1/activities/{planned['id']}/complete", {})
    assert reply.is_success, reply.text
    assert bucket(await insights("follow-ups", **asked), "outbound", 2) == (1, 1)
    path = f"/v1/activities/{both['id']}"
    await desk.change(path, {"direction": "inbound"}, revision=both["version"])
    found = await insights("follow-ups", **asked)
    assert (bucket(found, "inbound", 1), bucket(found, "outbound", 1)) == ((2, 1), (1, 1))
    both = (await crm.client.get(path)).json()
    late = f"{year}-01-20T09:00:00Z"
    moved = {"starts_at": late, "related": []}
    both = (await desk.change(path, moved, revision=both["version"])).json()
    assert bucket(await insights("follow-ups", **asked), "inbound", 0) == (2, 1)
    await desk.change(path, {"bulk": True}, revision=both["version"])
    assert await differing(crm) == []


async def test_moves_of_two_deals_into_one_stage_do_not_wait(crm, deals):
    """What is stored is a row of each deal: an act that lasts holds nobody else's move up."""
    first, second = [await deals.open(amount=cny("1.00")) for _ in range(2)]
    target = (await deals.stages())["proposal"]["id"]
    sql = await asyncpg.connect(driver_url(crm.owner_url))
    try:
        lasting = sql.transaction()
        await lasting.start()
        await sql.execute(
            """insert into opportunity_stage_change (id, opportunity_id, revision, to_stage_id,
                entered_at, by, currency, probability, forecast_category)
              values (gen_random_uuid(), $1, 99, $2, $3, 'system:test', 'CNY', 0, 'omitted')""",
            UUID(first["id"]),
            UUID(target),
            datetime.fromisoformat(first["created_at"]),
        )
        moved = await deals.move(second, "proposal")
        assert moved.status_code == 200, moved.text
        await lasting.rollback()
    finally:
        await sql.close()


async def test_who_has_no_right_to_the_tables_yet_keeps_them_all_the_same(crm, deals, desk):
    """As processes of 0.1.12 do, from the end of the migrations until rights are granted."""
    role, rights = make_url(crm.runtime_url).username, crm.service.rights
    tables = ("opportunity_stage_figure", "opportunity_touch")
    sql = await asyncpg.connect(driver_url(crm.owner_url))
    try:
        for table in tables:
            await sql.execute(f'revoke all on {table} from "{role}"')
        deal = await deals.open(amount=cny("1.00"))
        assert (await deals.move(deal, "proposal")).status_code == 200
        about = {"record_type": "opportunity", "record_id": deal["id"]}
        call = {"kind": "call", "name": "Ask", "direction": "outbound", "state": "done"}
        await desk.add("/v1/activities", **call | about, starts_at="2026-01-05T08:00:00Z")
        for table in tables:
            kept = f"select count(*) from {table} where opportunity_id = $1"
            assert await sql.fetchval(kept, UUID(deal["id"])) == 1
    finally:
        for table in tables:
            await sql.execute(f'grant {rights[table]} on {table} to "{role}"')
        await sql.close()
    assert await differing(crm) == []
