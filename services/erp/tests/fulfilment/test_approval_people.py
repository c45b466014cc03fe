"""Who decides when people are away, gone, or silent; and what nobody could decide."""

from datetime import timedelta

import pytest

from approvals.service.sweeping import sweep
from chassis.clock import utc_now
from erp.approvals.service import APPROVALS

PATH = "/v1/approval-delegations"


def named(*people, **facts):
    return {"approvers": "users", "user_ids": [one for one, _ in people]} | facts


async def swept(approving):
    async with approving.erp.database.transaction() as work:
        await sweep(work, APPROVALS)


async def log_of(approving, asked):
    return [one["what"] for one in (await approving.progress(asked))["log"]]


async def days(approving, first, last):
    async with approving.erp.database.transaction() as work:
        today = work.today()
    return {
        "begins_on": (today + timedelta(days=first)).isoformat(),
        "ends_on": (today + timedelta(days=last)).isoformat(),
    }


@pytest.mark.business_day
async def test_a_delegate_decides_on_the_days_of_the_delegation(approving):
    """E71: delegation with dates; the decision says for whom it was made."""
    away, late, deputy = [await approving.person() for _ in range(3)]
    customer = await approving.customer()
    await approving.rule(customer, named(away, late, quorum=1))
    asked = await approving.asks(customer)
    body = {"to_user_id": deputy[0]}
    tomorrow = body | await days(approving, 1, 5)
    assert (await approving.post(PATH, tomorrow, late[1])).status_code == 201
    assert (await approving.decides(deputy[1], asked)).json()["code"] == "not_an_approver"
    today = body | await days(approving, 0, 0)
    assert (await approving.post(PATH, today, away[1])).status_code == 201
    page = await deputy[1].get("/v1/approvals", params={"waiting_for_me": "true"})
    assert asked["id"] in [one["id"] for one in page.json()["items"]]
    assert (await approving.decides(deputy[1], asked)).json()["state"] == "approved"
    [step] = (await approving.progress(asked))["steps"]
    [decision] = step["decisions"]
    assert decision["decided_by"] == f"user:{deputy[0]}"
    assert decision["on_behalf_of"] == f"user:{away[0]}"


@pytest.mark.business_day
async def test_an_approver_and_a_delegate_are_one_vote(approving):
    """E71: a quorum is not reached by one person twice, nor for one person twice."""
    first, second, third = [await approving.person() for _ in range(3)]
    customer = await approving.customer()
    await approving.rule(customer, named(first, second, third, quorum=2))
    asked = await approving.asks(customer)
    given = {"to_user_id": second[0]} | await days(approving, 0, 3)
    assert (await approving.post(PATH, given, first[1])).status_code == 201
    assert (await approving.decides(second[1], asked)).json()["state"] == "pending"
    again = await approving.decides(second[1], asked)
    assert again.json()["code"] == "not_an_approver"
    assert (await approving.decides(first[1], asked)).json()["state"] == "approved"


@pytest.mark.business_day
async def test_delegating_does_not_lead_round_to_who_asked(approving):
    """E71: no self-approval by way of a delegation."""
    seller, boss = await approving.person("admin"), await approving.person()
    customer = await approving.customer()
    await approving.rule(customer, named(boss))
    asked = await approving.asks(customer, seller[1])
    given = {"to_user_id": seller[0]} | await days(approving, 0, 3)
    assert (await approving.post(PATH, given, boss[1])).status_code == 201
    assert (await approving.decides(seller[1], asked)).json()["code"] == "own_request"


@pytest.mark.business_day
async def test_delegations_are_ones_own_and_end_once(approving):
    boss, deputy, other = [await approving.person("accountant") for _ in range(3)]
    given = {"to_user_id": deputy[0]} | await days(approving, 0, 3)
    made = (await approving.post(PATH, given, boss[1])).json()
    assert (await other[1].get(f"{PATH}/{made['id']}")).status_code == 200  # may make rules
    backwards = given | {"ends_on": "2020-01-01"}
    refused = await approving.post(PATH, backwards, boss[1])
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/ends_on")
    same = given | {"to_user_id": boss[0]}
    assert (await approving.post(PATH, same, boss[1])).json()["errors"][0]["code"] == "same_user"
    end = f"{PATH}/{made['id']}/end"
    assert (await approving.post(end, None, boss[1])).json()["ended_by"] == f"user:{boss[0]}"
    assert (await approving.post(end, None, boss[1])).json()["code"] == "delegation_ended"


async def test_delegating_for_others_needs_the_right_to(approving):
    boss, deputy = await approving.person(), await approving.person()
    clerk = await approving.erp.as_("sales.approve")
    given = {"from_user_id": boss[0], "to_user_id": deputy[0]} | await days(approving, 0, 3)
    refused = await approving.post(PATH, given, clerk)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_your_delegation")


async def test_a_step_whose_people_are_gone_goes_to_the_fallback_role(approving):
    """E71: re-routed when a role is empty, also after it was asked; it is logged."""
    boss, backup = await approving.person(), await approving.person("admin")
    customer = await approving.customer()
    await approving.rule(customer, named(boss), fallback_role="admin")
    asked = await approving.asks(customer)
    assert await log_of(approving, asked) == ["requested"]
    async with approving.erp.database.driver() as sql:
        await sql.execute("update local_user set active = false where id = $1", boss[0])
    await swept(approving)
    await swept(approving)
    assert await log_of(approving, asked) == ["requested", "rerouted"]
    assert (await approving.decides(backup[1], asked)).json()["state"] == "approved"


async def test_where_only_who_asks_could_decide_the_fallback_role_is_asked(approving):
    boss = await approving.person("admin")
    backup = await approving.person("admin")
    customer = await approving.customer()
    await approving.rule(customer, named(boss), fallback_role="admin")
    asked = await approving.asks(customer, boss[1])
    assert await log_of(approving, asked) == ["requested", "rerouted"]
    assert (await approving.decides(backup[1], asked)).json()["state"] == "approved"


async def test_a_silent_step_is_escalated_once(approving):
    """E71: escalation after hours to a role; it is logged, and those asked before stay asked."""
    silent, head = await approving.person(), await approving.person("admin")
    customer = await approving.customer()
    escalated = {"escalate_after_hours": 2, "escalate_to": "admin"}
    await approving.rule(customer, named(silent, **escalated))
    asked = await approving.asks(customer)
    await swept(approving)
    assert (await approving.decides(head[1], asked)).json()["code"] == "not_an_approver"
    async with approving.erp.database.driver() as sql:
        await sql.execute(
            "update approval_step set escalate_at = $2 where approval_id = $1",
            asked["id"],
            utc_now() - timedelta(seconds=1),
        )
    await swept(approving)
    await swept(approving)
    assert await log_of(approving, asked) == ["requested", "escalated"]
    assert (await approving.decides(head[1], asked)).json()["state"] == "approved"


async def test_who_would_approve_is_said_before_anything_is_asked(approving):
    """E71: the tester names rule, steps and people, and changes nothing."""
    boss = await approving.person()
    customer = await approving.customer()
    rule = await approving.rule(customer, named(boss))
    facts = {"customer_id": customer["id"], "beyond": "10"}
    tried = await approving.post(
        "/v1/approval-rules/try", {"kind": "credit", "facts": facts, "currency": "CNY"}
    )
    assert tried.status_code == 200, tried.text
    found = tried.json()
    assert (found["needed"], found["rule_id"]) == (True, rule["id"])
    [step] = found["steps"]
    assert [one["user_id"] for one in step["people"]] == [boss[0]]
    own = {"kind": "credit", "facts": facts, "asked_by": boss[0]}
    [step] = (await approving.post("/v1/approval-rules/try", own)).json()["steps"]
    assert boss[0] not in [one["user_id"] for one in step["people"]]
    unknown = {"kind": "credit", "facts": {"colour": "red", "beyond": "much"}}
    refused = (await approving.post("/v1/approval-rules/try", unknown)).json()
    assert [one["code"] for one in refused["errors"]] == ["fact_unknown", "decimal_needed"]


async def test_dead_ends_name_steps_that_nobody_or_only_one_could_decide(approving):
    """E71: a rule that only the submitter could decide is found before it hurts."""
    boss, clerk = await approving.person(), await approving.person("storekeeper")
    customer = await approving.customer()
    risky = await approving.rule(customer, named(boss), fallback_role="buyer")
    empty = await approving.rule(customer, named(clerk), fallback_role="buyer")
    sound = await approving.rule(customer, named(boss, await approving.person()))
    found = await approving.desk.see("/v1/approval-rules/dead-ends")
    ends = {one["rule_id"]: one for one in found["rules"]}
    assert ends[risky["id"]]["reason"] == "too_few_beside_submitter"
    assert ends[risky["id"]]["user_ids"] == [boss[0]]
    assert (ends[empty["id"]]["reason"], ends[empty["id"]]["covered"]) == ("too_few", False)
    assert sound["id"] not in ends


async def test_what_nobody_can_decide_waits_and_is_shown(approving):
    """E71: an order is not lost in a dead end; it is named until somebody may decide it."""
    boss = await approving.person()
    customer = await approving.customer()
    await approving.rule(customer, named(boss), fallback_role="buyer")
    async with approving.erp.database.driver() as sql:
        await sql.execute("update local_user set active = false where id = $1", boss[0])
    asked = await approving.asks(customer)
    assert await log_of(approving, asked) == ["requested", "stuck"]
    found = await approving.desk.see("/v1/approval-rules/dead-ends")
    assert asked["id"] in [one["approval_id"] for one in found["approvals"]]


async def test_rules_name_only_what_there_is(approving):
    """Every wrong place is named, and nothing is made."""
    rule = {
        "kind": "credit",
        "name": "Wrong",
        "position": 1,
        "conditions": [
            {"fact": "colour", "values": ["red"]},
            {"fact": "beyond", "at_least": "10"},
            {"fact": "beyond", "at_least": "10", "below": "5", "currency": "CNY"},
            {"fact": "customer_id", "at_least": "1"},
        ],
        "steps": [
            {"approvers": "role", "role": "king"},
            {"approvers": "users"},
            {"approvers": "team_manager"},
            {"approvers": "role", "role": "accountant", "escalate_after_hours": 1},
        ],
    }
    refused = await approving.post("/v1/approval-rules", rule)
    assert refused.status_code == 422, refused.text
    assert {one["pointer"]: one["code"] for one in refused.json()["errors"]} == {
        "/conditions/0/fact": "fact_unknown",
        "/conditions/1/currency": "currency_of_amount",
        "/conditions/2/below": "empty_range",
        "/conditions/3/values": "values_needed",
        "/steps/0/role": "role_unknown",
        "/steps/1/user_ids": "users_needed",
        "/steps/2/approvers": "no_teams",
        "/steps/3/escalate_to": "escalation_incomplete",
    }
