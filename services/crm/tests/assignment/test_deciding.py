"""C17 and C18: who gets nothing, what waits, and what is kept of a decision."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from crm.assignment.service import deciding

HOUR = timedelta(hours=1)


async def shift(desk, *, now: bool):
    """A calendar whose hours are now, or only half a day later."""
    start = datetime.now(UTC) + (-HOUR if now else 12 * HOUR)
    end = start + 2 * HOUR
    hours = [
        {"weekday": day, "start": f"{start:%H:%M}", "end": f"{end:%H:%M}"} for day in range(1, 8)
    ]
    made = await desk.add("/v1/calendars", name=desk.word("Shift"), zone="UTC", hours=hours)
    return made["id"]


async def away(desk, user):
    now = datetime.now(UTC)
    times = {"starts_at": (now - HOUR).isoformat(), "ends_at": (now + HOUR).isoformat()}
    return await desk.add("/v1/absences", name="Ill", user_id=user["id"], **times)


async def test_who_may_get_nothing_gets_nothing(assigning, desk):
    """C17: disabled, off shift, away, at capacity; with the reason of each."""
    users = await assigning.users(4)
    off, full, absent, last = users
    await desk.merge(f"/v1/users/{off['id']}", {"calendar_id": await shift(desk, now=False)})
    await desk.merge(f"/v1/users/{full['id']}", {"capacity": 1})
    await desk.account(owner_id=full["id"])
    await away(desk, absent)
    disabled = await desk.user()
    await assigning.rule([*users, disabled])
    await desk.crm.post(f"/v1/users/{disabled['id']}/disable", None)
    await desk.merge(f"/v1/users/{last['id']}", {"calendar_id": await shift(desk, now=True)})
    ids = await assigning.assign(3)
    assert await assigning.owners(ids) == [last["id"]] * 3
    [decision] = await assigning.decisions(subject_id=ids[0])
    assert {one["user_id"]: one["reason"] for one in decision["candidates"]} == {
        off["id"]: "off_shift",
        full["id"]: "at_capacity",
        absent["id"]: "absent",
        disabled["id"]: "disabled",
        last["id"]: None,
    }


async def test_capacity_is_counted_within_a_batch(assigning, desk):
    """C17: nobody gets more than fits, however many wait."""
    [user] = await assigning.users(1, capacity=2)
    await assigning.rule([user])
    ids = await assigning.assign(5)
    assert await assigning.owners(ids) == [user["id"]] * 2 + [None] * 3
    assert await assigning.waiting(ids[4]) == ["nobody_eligible"]


async def test_what_waits_is_assigned_oldest_first_when_someone_returns(assigning, desk):
    """C17: by the jobs of the worker, each once."""
    [user] = await assigning.users(1)
    leave = await away(desk, user)
    await assigning.rule([user])
    ids = []
    for _ in range(3):
        ids += await assigning.assign(1)
    assert await assigning.owners(ids) == [None] * 3
    await desk.crm.post(f"/v1/absences/{leave['id']}/archive", None)
    await desk.merge(f"/v1/users/{user['id']}", {"capacity": 2})
    async with desk.crm.database.transaction() as work:
        await deciding.sweep_waiting(work, {})
    await assigning.work_off()
    assert await assigning.owners(ids) == [user["id"], user["id"], None]
    assert [await assigning.waiting(one) for one in ids] == [[], [], ["nobody_eligible"]]


async def test_a_worker_that_dies_has_decided_nothing(assigning, desk):
    """C17: what it did is gone; the next one decides all, once."""

    class Killed(Exception):
        pass

    users = await assigning.users(2)
    await assigning.rule(users)
    ids = await assigning.accounts(4)
    await assigning.ask(ids)

    async def die():
        async with desk.crm.database.transaction() as work:
            await deciding.decide_waiting(work, {"subject_type": "account"})
            raise Killed

    with pytest.raises(Killed):
        await die()
    assert await assigning.owners(ids) == [None] * 4
    await assigning.decide()
    assert await assigning.counts(ids, users) == [2, 2]


async def test_rules_are_asked_in_their_order(assigning, desk):
    """C18: the first that matches decides, though another would as well."""
    first, second = await assigning.users(2)
    late = await assigning.rule([second], position=20)
    early = await assigning.rule([first], position=10)
    [account] = await assigning.assign(1)
    [decision] = await assigning.decisions(subject_id=account)
    assert (decision["rule_id"], decision["user_id"]) == (early["id"], first["id"])
    await desk.crm.post(f"/v1/assignment-rules/{early['id']}/archive", None)
    [account] = await assigning.assign(1)
    assert (await assigning.decisions(subject_id=account))[0]["rule_id"] == late["id"]


async def test_the_decision_keeps_rule_and_inputs(assigning, desk):
    """C18: also when the rule and the account are changed later."""
    [user] = await assigning.users(1)
    rule = await assigning.rule([user])
    [account] = await assigning.assign(1, industry="Steel")
    path = f"/v1/assignment-rules/{rule['id']}"
    await desk.merge(path, {"conditions": []})
    await desk.crm.post(f"{path}/archive", None)
    [decision] = await assigning.decisions(subject_id=account)
    assert (decision["rule_id"], decision["rule_version"]) == (rule["id"], 1)
    assert (decision["facts"]["industry"], decision["facts"]["segment"]) == (
        "Steel",
        assigning.segment,
    )
    assert decision["waiting_since"] <= decision["recorded_at"]


async def test_asking_again_changes_nothing(assigning, desk):
    """C18: not while it waits, and not once it is decided, though it lost its owner since."""
    users = await assigning.users(2)
    await assigning.rule(users)
    [account] = await assigning.accounts(1)
    assert await assigning.ask([account, account]) == 1
    assert await assigning.ask([account]) == 0
    await assigning.decide()
    await desk.merge(f"/v1/accounts/{account}", {"owner_id": None})
    assert await assigning.ask([account]) == 0
    await assigning.decide()
    assert await assigning.owners([account]) == [None]
    assert len(await assigning.decisions(subject_id=account)) == 1


async def test_what_no_rule_matches_waits(assigning):
    [account] = await assigning.assign(1)
    assert await assigning.waiting(account) == ["no_rule"]
    [user] = await assigning.users(1)
    await assigning.rule([user])
    await assigning.decide()
    assert await assigning.owners([account]) == [user["id"]]


async def test_what_got_an_owner_meanwhile_waits_no_longer(assigning, desk):
    user, other = await assigning.users(2)
    [account] = await assigning.accounts(1)
    await assigning.ask([account])
    await desk.merge(f"/v1/accounts/{account}", {"owner_id": other["id"]})
    await assigning.rule([user])
    await assigning.decide()
    assert await assigning.owners([account]) == [other["id"]]
    assert await assigning.waiting(account) == []
    assert await assigning.decisions(subject_id=account) == []


async def test_the_account_has_history_and_an_event(assigning, desk):
    [user] = await assigning.users(1)
    await assigning.rule([user])
    [account] = await assigning.assign(1)
    newest = (await desk.see(f"/v1/accounts/{account}/history"))["items"][0]
    assert newest["way"] == "rule"
    assert [one["field"] for one in newest["changes"]] == ["owner_id"]
    events = await desk.events_of(account)
    assert events[-1]["payload"]["changed"] == ["owner_id"]


async def test_a_decision_never_changes(assigning, desk):
    """C18: the service may not do it."""
    [user] = await assigning.users(1)
    await assigning.rule([user])
    [account] = await assigning.assign(1)
    for statement in (
        "update assignment_decision set method = 'load' where subject_id = $1",
        "delete from assignment_decision where subject_id = $1",
    ):
        async with desk.crm.database.driver() as sql:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await sql.execute(statement, account)


async def test_who_would_get_this_and_why(assigning, desk):
    """The tester changes nothing."""
    [full] = await assigning.users(1, capacity=0)
    ready = await desk.user()
    condition = {"fact": "country", "operator": "among", "values": ["DE", "at"]}
    segment = {"fact": "segment", "operator": "equals", "values": [assigning.segment]}
    abroad = await assigning.rule([full], position=5, conditions=[segment, condition])
    home = await assigning.rule([full, ready], position=6)

    async def trial(**facts):
        given = {"subject_type": "account", "facts": {"segment": assigning.segment.lower()} | facts}
        reply = await desk.crm.client.post("/v1/assignment-rules/try", json=given)
        assert reply.status_code == 200, reply.text
        return reply.json()

    for _ in range(2):
        seen = await trial(country="CN")
        assert (seen["user_id"], seen["rule_id"]) == (ready["id"], home["id"])
        reasons = {one["user_id"]: one["reason"] for one in seen["candidates"]}
        assert reasons == {full["id"]: "at_capacity", ready["id"]: None}
        mine = [one for one in seen["rules"] if one["rule_id"] in {abroad["id"], home["id"]}]
        assert [one["matches"] for one in mine] == [False, True]
        assert [one["met"] for one in mine[0]["conditions"]] == [True, False]
    seen = await trial(country="AT")
    assert (seen["user_id"], seen["rule_id"], seen["waits_for"]) == (
        *(None, abroad["id"], "nobody_eligible"),
    )


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"subject_type": "nothing"}, "subject_unknown"),
        ({"conditions": [{"fact": "height", "operator": "given"}]}, "fact_unknown"),
        ({"conditions": [{"fact": "industry", "operator": "equals"}]}, "value_needed"),
        (
            {"conditions": [{"fact": "industry", "operator": "between", "at_least": "1"}]},
            "between_numbers",
        ),
        ({"user_ids": []}, "users_or_team"),
    ],
)
async def test_what_no_rule_can_be_is_refused(assigning, desk, problem, values, code):
    [user] = await assigning.users(1)
    usual = {"name": "x", "subject_type": "account", "position": 1, "user_ids": [user["id"]]}
    reply = await desk.crm.post("/v1/assignment-rules", usual | values)
    refused = problem(reply, 422, "invalid_input")
    assert refused["errors"][0]["code"] == code


async def test_users_and_teams_of_a_rule_exist(desk, problem):
    usual = {"name": "x", "subject_type": "account", "position": 1}
    for named in ({"user_ids": [str(uuid4())]}, {"team_id": str(uuid4())}):
        refused = await desk.crm.post("/v1/assignment-rules", usual | named)
        problem(refused, 422, "missing_reference")


async def test_reading_and_asking_need_their_permissions(desk, problem):
    reader = await desk.crm.as_("assignment.read")
    given = {"subject_type": "account", "ids": [str(uuid4())]}
    headers = {"Idempotency-Key": uuid4().hex}
    path = "/v1/assignment-requests"
    problem(await reader.post(path, json=given, headers=headers), 403, "forbidden")
    assert (await reader.get("/v1/assignment-decisions")).status_code == 200
    stranger = await desk.crm.as_("events.read")
    for path in ("/v1/assignment-decisions", "/v1/assignment-queue", "/v1/assignment-rules"):
        problem(await stranger.get(path), 403, "forbidden")
