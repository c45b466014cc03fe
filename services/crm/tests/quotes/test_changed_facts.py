"""C28: what rules ask about changes, and with it what an approval is about."""

from uuid import UUID

import pytest


def named(*people, **facts):
    return {"approvers": "users", "user_ids": [one for one, _ in people]} | facts


def cny(amount):
    return {"amount": amount, "currency": "CNY"}


async def test_a_tax_rate_that_makes_another_rule_count_voids_the_approval(approving, problem):
    """C28, E71: approved by the manager, and with tax beyond what the manager may approve."""
    team, manager, director = await approving.team(), *[await approving.person() for _ in range(2)]
    large = [{"fact": "total", "at_least": "100000", "currency": "CNY"}]
    await approving.rule(team, named(director), position=1, conditions=large)
    off = [{"fact": "percent", "at_least": "5"}]
    await approving.rule(team, named(manager), position=2, conditions=off)
    lamp = await approving.quotes.product("1000.00")
    line = {"product": lamp["code"], "quantity": "100", "unit_price": cny("950.00")}
    quote = await approving.quotes.draft(line, team_id=team["id"])
    asked = await approving.submits(quote)
    assert (await approving.decides(manager[1], asked)).json()["state"] == "approved"
    changed = await approving.changes(quote, lines=[line | {"tax_rate": "0.13"}])
    assert changed["total"] == "107350.00"
    assert changed["approval"]["state"] == "voided"
    problem(await approving.sends(quote), 409, "approval_needed")
    again = await approving.submits(quote)
    assert (await approving.decides(director[1], again)).json()["state"] == "approved"
    assert (await approving.sends(quote)).status_code == 200


async def test_a_list_price_taken_anew_voids_the_approval(approving, problem):
    """C28: the same price is more off a list price that has risen."""
    team, boss = await approving.team(), await approving.person()
    off = [{"fact": "percent", "at_least": "5"}]
    await approving.rule(team, named(boss), conditions=off)
    lamp = await approving.quotes.product("100.00")
    line = {"product": lamp["code"], "quantity": "1", "unit_price": cny("94.00")}
    quote = await approving.quotes.draft(line, team_id=team["id"])
    await approving.decides(boss[1], await approving.submits(quote))
    values = {"list_price": cny("140.00")}
    path = f"/v1/products/{lamp['id']}"
    reply = await approving.desk.change(path, values, revision=lamp["version"])
    assert reply.status_code == 200, reply.text
    changed = await approving.changes(quote, lines=[line])
    assert changed["approval"]["state"] == "voided"
    problem(await approving.sends(quote), 409, "approval_needed")


@pytest.mark.parametrize("decided", [True, False], ids=["approved", "pending"])
async def test_after_a_merge_of_accounts_a_quote_waits_once(approving, problem, decided):
    """C28: what was asked for the account before is void when it is submitted again."""
    team, boss = await approving.team(), await approving.person()
    await approving.rule(team, named(boss))
    kept, gone = [await approving.desk.account() for _ in range(2)]
    quote = await approving.draft(team, account_id=gone["id"])
    asked = await approving.submits(quote)
    if decided:
        await approving.decides(boss[1], asked)
    await merged(approving, kept, gone)
    assert (await approving.quotes.get(quote))["account_id"] == kept["id"]
    problem(await approving.sends(quote), 409, "approval_needed")
    again = await approving.submits(quote)
    assert again["id"] != asked["id"]
    assert await approving.state(asked) == ("voided", "draft")
    rows = await approving.desk.rows(
        "select id from approval where subject_id = $1 and state = 'pending'", UUID(quote["id"])
    )
    assert [str(row["id"]) for row in rows] == [again["id"]]
    assert (await approving.act(quote, "recall")).status_code == 200
    third = await approving.submits(quote)
    assert (await approving.decides(boss[1], third)).json()["state"] == "approved"
    assert (await approving.sends(quote)).status_code == 200


@pytest.mark.parametrize("act", ["submit", "send"])
async def test_an_archived_draft_is_neither_submitted_nor_sent(approving, problem, act):
    """C28: what is out of the way waits for nobody, and goes to nobody."""
    team, boss = await approving.team(), await approving.person()
    await approving.rule(team, named(boss))
    quote = await approving.draft(team, discount="0.2" if act == "submit" else "0")
    assert (await approving.act(quote, "archive")).status_code == 200
    tried = {"submit": approving.act(quote, "submit"), "send": approving.sends(quote)}
    refused = tried.pop(act)
    next(iter(tried.values())).close()
    problem(await refused, 409, "quote_archived")
    seen = await approving.quotes.get(quote)
    assert (seen["state"], seen["approval"]) == ("draft", None)
    assert (await approving.act(quote, "restore")).status_code == 200
    again = approving.act(quote, "submit") if act == "submit" else approving.sends(quote)
    assert (await again).status_code == 200


async def test_a_quote_goes_to_the_taker_who_works_on_with_it(approving):
    """W1: sent quotes move with their deals, their approval stays, the taker revises them."""
    team = await approving.team()
    leaver, heir = await approving.person("seller"), await approving.person("seller")
    boss = await approving.person()
    await approving.rule(team, named(boss))
    draft = await approving.draft(team, owner_id=leaver[0])
    await approving.decides(boss[1], await approving.submits(draft))
    sent, _ = await approving.quotes.sent(owner_id=leaver[0])
    done = await approving.quotes.sent(owner_id=leaver[0])
    reply = await approving.act(done[0], "revoke")
    assert reply.status_code == 200, reply.text
    path = f"/v1/users/{leaver[0]}"
    work = await approving.desk.see(f"{path}/open-work")
    assert work["open"] == [{"type": "quote", "count": 2}]
    body = {"from_user_id": leaver[0], "to_user_ids": [heir[0]], "disable": True}
    reply = await approving.crm.post("/v1/hand-overs", body)
    assert reply.status_code == 201, reply.text
    assert reply.json()["moved"] == [{"type": "quote", "count": 2}]
    seen = [await approving.quotes.get(one) for one in (draft, sent, done[0])]
    assert [one["owner_id"] for one in seen] == [heir[0], heir[0], leaver[0]]
    assert seen[0]["approval"]["state"] == "approved"
    assert (await approving.act(sent, "revise", heir[1])).status_code == 201
    revised = await approving.quotes.revised(done[0])
    assert revised["owner_id"] is None


async def merged(approving, kept, gone):
    body = {"loser_id": gone["id"], "loser_version": gone["version"]}
    path = f"/v1/accounts/{kept['id']}/merge"
    reply = await approving.crm.post(path, body, headers={"If-Match": "*"})
    assert reply.is_success, reply.text
