"""What waits for a decision: in a person's day, and when the person leaves."""

import asyncio

import asyncpg
import pytest
from services.crm.tests.orders.test_concurrent_prospects import waits_for

from approvals.service.handing_over import hand_over
from crm.approvals.service.asking import APPROVALS

HAND_OVERS = "/v1/hand-overs"


def named(*people, **facts):
    return {"approvers": "users", "user_ids": [one for one, _ in people]} | facts


@pytest.fixture
async def waiting(approving):
    """A team, who decides for it, and a quote that waits."""
    team, boss = await approving.team(), await approving.person()
    await approving.rule(team, named(boss), fallback_role="admin")
    return team, boss, await approving.submits(await approving.draft(team))


async def section(client, **params):
    day = (await client.get("/v1/my-day", params=params)).json()
    [found] = [one for one in day["sections"] if one["name"] == "approvals"]
    return found


async def leaves(approving, boss, *takers, disable=True):
    body = {"from_user_id": boss[0], "to_user_ids": [one for one, _ in takers]}
    return await approving.crm.post(HAND_OVERS, body | {"disable": disable})


async def people_of(approving, asked):
    steps = (await approving.progress(asked))["steps"]
    return [(one["user_id"], one["source"]) for step in steps for one in step["people"]]


async def test_what_waits_for_a_decision_stands_in_ones_day(approving, waiting):
    """My day: only what the user decides now, with the quote it is about."""
    team, boss, asked = waiting
    later = await approving.person()
    await approving.rule(team, named(later), position=0, conditions=[])
    mine = await section(boss[1])
    assert mine["count"] == 1
    [row] = mine["rows"]
    assert (row["record_type"], row["record_id"]) == ("approval", asked["id"])
    assert (row["about_type"], row["about_id"]) == ("quote", asked["quote"]["id"])
    assert row["title"].startswith(asked["quote"]["number"])
    assert (await section(later[1]))["count"] == 0
    await approving.decides(boss[1], asked)
    assert (await section(boss[1]))["count"] == 0


async def test_of_anothers_day_one_sees_the_approvals_that_one_may_see(approving, waiting):
    """C66: a manager reaches the day of a team member, and not what the member decides."""
    team = await approving.team()
    head = await approving.person(team=team)
    member = await approving.person(team=team)
    await approving.rule(team, named(member))
    await approving.submits(await approving.draft(team))
    assert (await section(member[1]))["count"] == 1
    seen = await section(head[1], user_id=member[0])
    assert (seen["count"], seen["rows"]) == (0, [])
    assert (await section(approving.crm.client, user_id=member[0]))["count"] == 1


async def test_what_waits_goes_to_the_receiver_who_may_decide_it(approving, waiting):
    """E71: handed over, logged, and decided by the receiver; nothing waits for who has left."""
    _, boss, asked = waiting
    heir = await approving.person()
    path = f"/v1/users/{boss[0]}/open-work"
    assert (await approving.desk.see(path))["open"] == [{"type": "approval", "count": 1}]
    reply = await leaves(approving, boss, heir)
    assert reply.status_code == 201, reply.text
    assert reply.json()["moved"] == [{"type": "approval", "count": 1}]
    assert await people_of(approving, asked) == [(heir[0], "handover")]
    entry = (await approving.progress(asked))["log"][-1]
    assert (entry["what"], entry["facts"]) == (
        "handed_over",
        {"from_user_id": boss[0], "to_user_id": heir[0]},
    )
    assert (await section(heir[1]))["count"] == 1
    assert (await approving.desk.see(path))["total"] == 0
    assert (await approving.decides(heir[1], asked)).json()["state"] == "approved"


@pytest.mark.parametrize("taker", ["seller", "submitter"])
async def test_who_may_not_decide_it_does_not_get_it(approving, taker):
    """E71: it goes to the fallback role; who asked does not decide, by no way round."""
    team, boss = await approving.team(), await approving.person()
    backup = await approving.person("admin")
    await approving.rule(team, named(boss), fallback_role="admin")
    heir = await approving.person("seller" if taker == "seller" else "sales_manager", team=team)
    asked = await approving.submits(await approving.draft(team), heir[1])
    assert (await leaves(approving, boss, heir)).status_code == 201
    found = await people_of(approving, asked)
    assert heir[0] not in [one for one, _ in found]
    assert (backup[0], "fallback") in found
    assert await approving.log(asked) == ["requested", "handed_over", "rerouted"]
    assert (await approving.decides(backup[1], asked)).json()["state"] == "approved"


async def test_who_is_asked_already_is_asked_once(approving):
    """A quorum is not reached by one person twice; later stages are handed over as well."""
    team = await approving.team()
    boss, other = await approving.person(), await approving.person()
    await approving.rule(team, named(boss, other), named(boss, stage=2))
    asked = await approving.submits(await approving.draft(team))
    assert (await leaves(approving, boss, other)).status_code == 201
    assert sorted(await people_of(approving, asked)) == sorted(
        [(other[0], "users"), (other[0], "handover")]
    )
    assert (await approving.decides(other[1], asked)).json()["state"] == "pending"
    assert (await approving.decides(other[1], asked)).json()["state"] == "approved"


async def test_decisions_of_who_leaves_stay(approving):
    team = await approving.team()
    boss, other, heir = [await approving.person() for _ in range(3)]
    await approving.rule(team, named(boss, other, quorum=2))
    asked = await approving.submits(await approving.draft(team))
    await approving.decides(boss[1], asked)
    assert (await leaves(approving, boss, heir)).json()["moved"] == []
    assert (await approving.decides(other[1], asked)).json()["state"] == "approved"


async def test_a_disabled_user_has_no_waiting_step(approving, waiting, problem):
    """Neither by the service nor by the database; who is disabled is not asked any more."""
    team, boss, _ = waiting
    backup = await approving.person("admin")
    path = f"/v1/users/{boss[0]}/disable"
    refused = problem(await approving.crm.post(path, None), 409, "owns_open_records")
    assert "approval 1" in refused["detail"]
    async with approving.crm.database.driver() as sql:
        with pytest.raises(asyncpg.CheckViolationError, match="approvals wait"):
            await sql.execute("update local_user set active = false where id = $1", boss[0])
    heir = await approving.person()
    assert (await leaves(approving, boss, heir)).status_code == 201
    again = await approving.submits(await approving.draft(team))
    assert boss[0] not in [one for one, _ in await people_of(approving, again)]
    assert (await approving.decides(backup[1], again)).json()["state"] == "approved"


async def test_what_is_asked_while_somebody_leaves_waits_for_nobody_who_is_gone(approving):
    """Of submits and a hand-over at once: a disabled user has no waiting step."""
    team, heir = await approving.team(), await approving.person()
    await approving.person("admin")
    for _ in range(4):
        boss = await approving.person()
        await approving.rule(team, named(boss), position=0)
        quotes = [await approving.draft(team) for _ in range(4)]
        *asked, left = await asyncio.gather(
            *(approving.act(one, "submit") for one in quotes), leaves(approving, boss, heir)
        )
        assert {one.status_code for one in asked} == {200}
        if left.status_code == 409:
            left = await leaves(approving, boss, heir)
        assert left.status_code == 201, left.text
        page = await approving.desk.see(f"/v1/users/{boss[0]}/open-work")
        assert page["total"] == 0
        async with approving.crm.database.driver() as sql:
            rows = await sql.fetch("select 1 from approval_approver where user_id = $1", boss[0])
        assert rows == []
        [rule] = await approving.desk.listed("/v1/approval-rules", limit=1)
        archived = {"status": "archived"}
        await approving.desk.change(f"/v1/approval-rules/{rule}", archived, revision=1)


async def test_decision_and_hand_over_at_once_end_in_one_state(approving, waiting):
    team, _, _ = waiting
    for _ in range(4):
        boss, heir = await approving.person(), await approving.person()
        rule = await approving.rule(team, named(boss), position=0)
        asked = await approving.submits(await approving.draft(team))
        decided, left = await asyncio.gather(
            approving.decides(boss[1], asked), leaves(approving, boss, heir)
        )
        assert left.status_code == 201, left.text
        if decided.status_code != 200:
            decided = await approving.decides(heir[1], asked)
        assert decided.json()["state"] == "approved"
        archived = {"status": "archived"}
        await approving.desk.change(f"/v1/approval-rules/{rule['id']}", archived, revision=1)


async def test_steps_go_only_to_takers_who_may_decide_and_the_report_says_so(approving):
    """W1: the seller among the takers gets none; the manager gets them all, not a fallback role."""
    team, boss = await approving.team(), await approving.person()
    seller, manager = await approving.person("seller"), await approving.person()
    await approving.rule(team, named(boss), fallback_role="admin")
    waiting = [await approving.submits(await approving.draft(team)) for _ in range(4)]
    body = {"from_user_id": boss[0], "to_user_ids": [seller[0], manager[0]]}
    seen = (await approving.crm.client.post(f"{HAND_OVERS}/preview", json=body)).json()
    reply = await leaves(approving, boss, seller, manager)
    assert reply.status_code == 201, reply.text
    report = reply.json()
    assert report["moved"] == seen["moved"] == [{"type": "approval", "count": 4}]
    assert {one["user_id"]: one["moved"] for one in report["takers"]} == {
        seller[0]: [],
        manager[0]: [{"type": "approval", "count": 4}],
    }
    for asked in waiting:
        assert await people_of(approving, asked) == [(manager[0], "handover")]


async def test_a_report_does_not_count_what_nobody_could_take(approving, waiting):
    """W1: it fell to the fallback role, so the report has moved nothing."""
    _, boss, asked = waiting
    backup, seller = await approving.person("admin"), await approving.person("seller")
    report = (await leaves(approving, boss, seller)).json()
    assert report["moved"] == []
    assert [one["moved"] for one in report["takers"]] == [[]]
    assert (backup[0], "fallback") in await people_of(approving, asked)
    assert (await approving.desk.see(f"/v1/users/{boss[0]}/open-work"))["total"] == 0


async def test_a_hand_over_and_the_clock_lock_approvals_in_one_order(approving):
    """E71: who re-routes several waits for who hands one over, and never the other way too."""
    team, boss = await approving.team(), await approving.person()
    await approving.person("admin")
    await approving.rule(team, named(boss), position=0, fallback_role="admin")
    asked = [await approving.submits(await approving.draft(team)) for _ in range(2)]
    desk = approving.desk
    own = "select id from approval_approver where approval_id = $1 and user_id = $2"
    [last] = await desk.rows(own, asked[1]["id"], boss[0])
    async with approving.crm.database.driver() as sql:
        await sql.execute("update local_user set roles = '{seller}' where id = $1", boss[0])
    async with approving.crm.database.transaction() as work:
        await work.sql.execute("select from approval where id = $1 for update", asked[1]["id"])
        sweeping = asyncio.create_task(approving.swept())
        await waits_for(desk, work, sweeping)
        assert await hand_over(work, APPROVALS, {last["id"]: None}) == set()
    await sweeping
    for one in asked:
        assert "fallback" in {source for _, source in await people_of(approving, one)}
