"""C12, C15: runs of follow-up plans go with merged records; of one plan only one goes on."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from services.crm.tests.follow_up_plans.test_runs import Following

from chassis.clock import frozen

WEDNESDAY = datetime(2026, 3, 4, 4, tzinfo=UTC)


@pytest.fixture
def following(desk):
    return Following(desk)


@pytest.fixture(params=["leads", "contacts"])
async def pair(request, desk):
    """Two records of a type, as the path of the type has them."""
    if request.param == "leads":
        return "leads", [await desk.add("/v1/leads", name=desk.word("Wang")) for _ in range(2)]
    account = await desk.account()
    return "contacts", [await desk.contact(account["id"]) for _ in range(2)]


async def runs_on(desk, record):
    rows = await desk.rows(
        """select id, plan_id, state, stop_reason, next_step from follow_up_run
           where record_id = $1 order by created_at, id""",
        record["id"],
    )
    return [(one["state"], one["stop_reason"], one["next_step"]) for one in rows]


async def test_a_run_goes_with_its_record_and_comes_back(following, desk, merger, pair):
    many, (winner, loser) = pair
    with frozen(WEDNESDAY):
        run = await following.begun(await following.plan(0, 1), many[:-1], loser)
        merge = await merger.merged(many, winner["id"], loser["id"])
        assert {"table": "follow_up_run", "column": "record_id", "count": 1, "removed": 0} in merge[
            "moved"
        ]
        assert (await following.run(run))["record_id"] == winner["id"]
        await following.work_off()
        assert await following.made(winner) == [("Step 0", "2026-03-04")]
        assert (await merger.undone(merge["id"]))["kept"] == []
        assert (await following.run(run))["record_id"] == loser["id"]
        assert await runs_on(desk, winner) == []


async def test_of_two_runs_of_a_plan_the_one_that_is_further_goes_on(following, desk, merger, pair):
    """Its steps are made once; the undo lets both go on where they were."""
    many, (winner, loser) = pair
    with frozen(WEDNESDAY):
        plan = await following.plan(0, 1, 1)
        await following.begun(plan, many[:-1], loser)
        await following.work_off()
        await following.begun(plan, many[:-1], winner)
        await following.begun(await following.plan(3), many[:-1], winner)
        preview = await merger.preview(many, winner["id"], loser["id"])
        assert preview["obstacle"] is None
        merge = await merger.merged(many, winner["id"], loser["id"])
        assert sorted(await runs_on(desk, winner)) == [
            ("running", None, 0),
            ("running", None, 1),
            ("stopped", "merged", 0),
        ]
    with frozen(WEDNESDAY + timedelta(days=1)):
        await following.work_off()
        assert await following.made(winner) == [
            ("Step 0", "2026-03-04"),
            ("Step 1", "2026-03-05"),
        ]
        await merger.undone(merge["id"])
        assert await runs_on(desk, loser) == [("running", None, 2)]
        assert sorted(await runs_on(desk, winner)) == [
            ("running", None, 0),
            ("running", None, 0),
            ("stopped", "merged", 0),
        ]


async def test_the_winners_run_goes_on_where_both_are_as_far(following, desk, merger, pair):
    many, (winner, loser) = pair
    plan = await following.plan(5)
    mine = await following.begun(plan, many[:-1], winner)
    theirs = await following.begun(plan, many[:-1], loser)
    merge = await merger.merged(many, winner["id"], loser["id"])
    assert (await following.run(mine))["state"] == "running"
    seen = await following.run(theirs)
    assert (seen["state"], seen["stop_reason"]) == ("stopped", "merged")
    await merger.undone(merge["id"])
    assert await runs_on(desk, loser) == [("stopped", "merged", 0), ("running", None, 0)]
    with pytest.raises(asyncpg.UniqueViolationError):
        await desk.rows(
            "update follow_up_run set record_id = $2 where record_id = $1 and state = 'running'",
            loser["id"],
            winner["id"],
        )


async def test_a_run_that_begins_while_records_are_merged_is_on_the_winner(
    following, desk, merger, pair
):
    """Whoever comes first: no run is left on a record that is gone."""
    many, (winner, loser) = pair
    plan = await following.plan(5)
    started, merged = await asyncio.gather(
        following.start(plan, many[:-1], loser), merger.merge(many, winner["id"], loser["id"])
    )
    assert merged.status_code == 200, merged.text
    assert started.status_code in {201, 404, 409, 422}, started.text
    assert await runs_on(desk, loser) == []
    assert len(await runs_on(desk, winner)) == (started.status_code == 201)


async def test_runs_on_contacts_stay_when_their_accounts_are_merged(following, desk, merger):
    winner, loser = await desk.account(), await desk.account()
    contact = await desk.contact(loser["id"])
    run = await following.begun(await following.plan(5), "contact", contact)
    merge = await merger.merged("accounts", winner["id"], loser["id"])
    assert (await following.run(run))["record_id"] == contact["id"]
    await merger.undone(merge["id"])
    assert (await following.run(run))["state"] == "running"
