"""Who approves quotes: teams, delegates, escalation, empty roles, dead ends; who sees what."""

from datetime import timedelta

import pytest

from chassis.clock import utc_now

DELEGATIONS = "/v1/approval-delegations"
MANAGER = {"approvers": "team_manager"}


def named(*people, **facts):
    return {"approvers": "users", "user_ids": [one for one, _ in people]} | facts


async def days(approving, first, last):
    async with approving.crm.database.transaction() as work:
        today = work.today()
    return {
        "begins_on": (today + timedelta(days=first)).isoformat(),
        "ends_on": (today + timedelta(days=last)).isoformat(),
    }


async def people_of(approving, asked):
    [step] = (await approving.progress(asked))["steps"]
    return [(one["user_id"], one["source"]) for one in step["people"]]


async def test_the_manager_of_the_sellers_team_decides_else_of_the_nearest_above(approving):
    """E71: steps by dimension, the hierarchy of teams; who asks is never among them."""
    top = await approving.team()
    team = await approving.team(parent_id=top["id"])
    head, lead = await approving.person(team=top), await approving.person(team=team)
    seller = await approving.person("seller", team=team)
    await approving.rule(team, MANAGER)
    asked = await approving.submits(await approving.draft(team), seller[1])
    assert await people_of(approving, asked) == [(lead[0], "team_manager")]
    assert (await approving.decides(head[1], asked)).status_code in {403, 404}
    assert (await approving.decides(lead[1], asked)).json()["state"] == "approved"
    own = await approving.submits(await approving.draft(team), lead[1])
    assert await people_of(approving, own) == [(head[0], "team_manager")]


async def test_a_team_without_a_manager_goes_to_the_fallback_role(approving):
    """E71: re-routed when a role is empty; it is logged, and known before as a dead end."""
    team = await approving.team()
    seller, backup = await approving.person("seller", team=team), await approving.person("admin")
    await approving.person("admin")
    rule = await approving.rule(team, MANAGER, fallback_role="admin")
    trial = await seller[1].get(
        f"/v1/quotes/{(quote := await approving.draft(team))['id']}/approval"
    )
    [step] = trial.json()["steps"]
    assert step["rerouted"]
    assert backup[0] in [one["user_id"] for one in step["people"]]
    asked = await approving.submits(quote, seller[1])
    assert (backup[0], "fallback") in await people_of(approving, asked)
    assert await approving.log(asked) == ["requested", "rerouted"]
    ends = (await approving.desk.see("/v1/approval-rules/dead-ends"))["rules"]
    [end] = [one for one in ends if one["rule_id"] == rule["id"]]
    assert end["reason"] == "submitters_without_manager"
    assert seller[0] in end["user_ids"]
    assert end["covered"]
    assert (await approving.decides(backup[1], asked)).json()["state"] == "approved"


async def test_who_would_approve_is_said_before_anything_is_asked(approving):
    """E71: the tester names rule, steps and people, and changes nothing."""
    team = await approving.team()
    boss, other = await approving.person(team=team), await approving.person()
    rule = await approving.rule(team, named(boss, other))
    quote = await approving.draft(team)
    seen = await boss[1].get(f"/v1/quotes/{quote['id']}/approval")
    trial = seen.json()
    assert (trial["needed"], trial["approved"], trial["rule_id"]) == (True, False, rule["id"])
    assert [one["user_id"] for one in trial["steps"][0]["people"]] == [other[0]]
    assert (await approving.quotes.get(quote))["approval"] is None
    facts = {"team_id": team["id"], "percent": "5"}
    tried = {"kind": "quote", "facts": facts}
    assert not (await approving.post("/v1/approval-rules/try", tried)).json()["needed"]


@pytest.mark.business_day
async def test_a_delegate_decides_on_the_days_of_the_delegation_and_it_is_kept(approving):
    """C28: delegation is logged: the decision says on whose behalf it was made."""
    team = await approving.team()
    away, deputy = await approving.person(), await approving.person()
    await approving.rule(team, named(away))
    asked = await approving.submits(await approving.draft(team))
    late = {"to_user_id": deputy[0]} | await days(approving, 1, 5)
    assert (await approving.post(DELEGATIONS, late, away[1])).status_code == 201
    assert (await approving.decides(deputy[1], asked)).status_code in {403, 404}
    today = {"to_user_id": deputy[0], "kind": "quote"} | await days(approving, 0, 0)
    assert (await approving.post(DELEGATIONS, today, away[1])).status_code == 201
    assert (await approving.decides(deputy[1], asked)).json()["state"] == "approved"
    [step] = (await approving.progress(asked))["steps"]
    [decision] = step["decisions"]
    assert decision["decided_by"] == f"user:{deputy[0]}"
    assert decision["on_behalf_of"] == f"user:{away[0]}"


@pytest.mark.business_day
async def test_delegating_does_not_lead_round_to_who_asked(approving, problem):
    """C28: no self-approval by way of a delegation."""
    team = await approving.team()
    seller, boss = await approving.person("seller", team=team), await approving.person()
    await approving.rule(team, named(boss))
    asked = await approving.submits(await approving.draft(team), seller[1])
    given = {"to_user_id": seller[0]} | await days(approving, 0, 3)
    assert (await approving.post(DELEGATIONS, given, boss[1])).status_code == 201
    refused = await approving.decides(seller[1], asked)
    problem(refused, 403, "forbidden")  # who does not decide at all has not the permission either


async def test_a_silent_step_is_escalated_once_and_it_is_logged(approving):
    """C28: escalation is logged."""
    team = await approving.team()
    silent, head = await approving.person(), await approving.person("admin")
    escalated = {"escalate_after_hours": 2, "escalate_to": "admin"}
    await approving.rule(team, named(silent, **escalated))
    asked = await approving.submits(await approving.draft(team))
    await approving.swept()
    assert (await approving.decides(head[1], asked)).json()["code"] == "not_an_approver"
    async with approving.crm.database.driver() as sql:
        await sql.execute(
            "update approval_step set escalate_at = $2 where approval_id = $1",
            asked["id"],
            utc_now() - timedelta(seconds=1),
        )
    await approving.swept()
    await approving.swept()
    assert await approving.log(asked) == ["requested", "escalated"]
    assert (await approving.decides(head[1], asked)).json()["state"] == "approved"


async def test_the_matrix_asks_by_percent_amount_and_dimension(approving):
    """C28: percent, amount of the document, and whom it is for; the first rule met decides."""
    team = await approving.team()
    small, large, key_account = [await approving.person() for _ in range(3)]
    over = {"fact": "total", "at_least": "100", "currency": "CNY"}
    tier = {"fact": "segment", "values": ["key"]}
    await approving.rule(team, named(key_account), conditions=[tier])
    await approving.rule(team, named(large), conditions=[over], position=2)
    await approving.rule(team, named(small), position=3)

    async def decides(discount, account, quantity):
        lamp = await approving.quotes.product()
        line = {"product": lamp["code"], "quantity": quantity}
        about = {"team_id": team["id"], "account_id": account["id"], "discount": discount}
        quote = await approving.quotes.draft(line, **about)
        trial = await approving.desk.see(f"/v1/quotes/{quote['id']}/approval")
        return [one["user_id"] for step in trial["steps"] for one in step["people"]]

    usual = await approving.desk.account()
    key = await approving.desk.account(segment="key")
    assert await decides("0", usual, "9") == []
    assert await decides("0.1", usual, "9") == [small[0]]
    assert await decides("0", usual, "10") == [large[0]]
    assert await decides("0", key, "1") == [key_account[0]]


async def test_approvals_are_seen_by_who_asked_and_who_is_asked(approving):
    """C66: others have neither the approval nor its steps, in no list."""
    team = await approving.team()
    boss, stranger = await approving.person(), await approving.person()
    seller = await approving.person("seller", team=team)
    deputy = await approving.person()
    await approving.rule(team, named(boss))
    asked = await approving.submits(await approving.draft(team), seller[1])

    async def sees(client):
        one = await client.get(f"/v1/approvals/{asked['id']}")
        steps = await client.get(f"/v1/approvals/{asked['id']}/progress")
        page = await client.get("/v1/approvals", params={"subject_id": asked["quote"]["id"]})
        found = {one.status_code == 200, steps.status_code == 200, bool(page.json()["items"])}
        assert len(found) == 1
        return found.pop()

    assert await sees(boss[1])
    assert await sees(seller[1])
    assert not await sees(stranger[1])
    assert not await sees(deputy[1])
    refused = await approving.decides(stranger[1], asked)
    assert refused.status_code == 404
    given = {"to_user_id": deputy[0]} | await days(approving, 0, 3)
    await approving.post(DELEGATIONS, given, boss[1])
    assert await sees(deputy[1])
    await approving.decides(deputy[1], asked)
    assert await sees(deputy[1])
    all_records = await approving.crm.as_("quotes.read")
    assert await sees(all_records)


async def test_deciding_needs_the_permission(approving, problem):
    team, boss = await approving.team(), await approving.person()
    await approving.rule(team, named(boss))
    asked = await approving.submits(await approving.draft(team))
    clerk = await approving.crm.as_("quotes.read", "quotes.write")
    problem(await approving.decides(clerk, asked), 403, "forbidden")


@pytest.mark.parametrize("who", ["account", "contact"])
async def test_what_was_said_about_a_person_goes_with_the_person(approving, who):
    """E71: the decision stays as it was made; only its words are emptied."""
    team, boss = await approving.team(), await approving.person()
    await approving.rule(team, named(boss))
    account = await approving.desk.account(**({"kind": "person"} if who == "account" else {}))
    contact = await approving.desk.contact(account["id"])
    about = {"account_id": account["id"], "contact_id": contact["id"]}
    asked = await approving.submits(await approving.draft(team, **about))
    await approving.decides(boss[1], asked, "refuse")
    erased = {"account": account, "contact": contact}[who]
    reply = await approving.post(f"/v1/{who}s/{erased['id']}/erase", {})
    assert reply.status_code == 200, reply.text
    assert (await approving.desk.see(f"/v1/approvals/{asked['id']}"))["note"] == ""
    [step] = (await approving.progress(asked))["steps"]
    [decision] = step["decisions"]
    assert (decision["verdict"], decision["reason"]) == ("refused", "")
