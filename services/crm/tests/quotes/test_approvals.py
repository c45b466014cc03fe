"""C28: a quote beyond a rule is sent when it is approved, and only as it was approved."""

import asyncio

import asyncpg
import pytest


def named(*people, **facts):
    return {"approvers": "users", "user_ids": [one for one, _ in people]} | facts


@pytest.fixture
async def asking(approving):
    """A team with a rule, who decides for it, and who asks."""
    team = await approving.team()
    boss = await approving.person()
    seller = await approving.person("seller", team=team)
    await approving.rule(team, named(boss))
    return team, boss[1], seller[1]


async def test_a_discount_beyond_the_rule_blocks_sending_until_it_is_approved(
    approving, asking, problem
):
    """C28: discount above the threshold blocks sending until approved."""
    team, boss, seller = asking
    quote = await approving.draft(team)
    assert quote["approval"] is None
    problem(await approving.sends(quote), 409, "approval_needed")
    asked = await approving.submits(quote, seller)
    problem(await approving.sends(quote), 409, "approval_needed")
    shown = await approving.desk.see(f"/v1/approvals/{asked['id']}")
    assert shown["facts"] == {
        "number": quote["number"],
        "quote_version": 1,
        "percent": "20",
        "line_percent": "20",
        "total": "16.00",
        "currency": "CNY",
    }
    assert (await approving.decides(boss, asked)).json()["state"] == "approved"
    assert (await approving.quotes.get(quote))["approval"]["state"] == "approved"
    sent = await approving.sends(quote, seller)
    assert sent.json()["quote"]["state"] == "sent", sent.text


async def test_what_is_below_the_rule_is_sent_without_being_asked_about(approving, asking, problem):
    team, _, seller = asking
    quote = await approving.draft(team, discount="0.099")
    problem(await approving.act(quote, "submit", seller), 409, "approval_not_needed")
    assert (await approving.sends(quote)).status_code == 200


async def test_a_lower_price_is_a_discount_as_well(approving, asking, problem):
    """C28: neither a price below the list nor the discount of a line goes round the rule."""
    team, _, _ = asking
    lamp = await approving.quotes.product()
    cheap = {"product": lamp["code"], "quantity": "1"}
    cheap |= {"unit_price": {"amount": "9.50", "currency": "CNY"}, "discount": "0.06"}
    quote = await approving.quotes.draft(cheap, team_id=team["id"])
    trial = await approving.desk.see(f"/v1/quotes/{quote['id']}/approval")
    assert (trial["percent"], trial["needed"]) == ("10.7", True)
    problem(await approving.sends(quote), 409, "approval_needed")


@pytest.mark.parametrize(
    "change",
    [
        {"discount": "0.21"},
        {"quantity": "3"},
        {"unit_price": {"amount": "9.99", "currency": "CNY"}},
        {"line_discount": "0.01"},
        {"account_id": "another"},
    ],
    ids=lambda one: next(iter(one)),
)
@pytest.mark.parametrize("decided", [True, False], ids=["approved", "pending"])
async def test_any_change_of_what_is_offered_voids_the_approval(
    approving, asking, problem, change, decided
):
    """C28: any change to price, quantity or discount after approval voids it."""
    team, boss, _ = asking
    quote = await approving.draft(team)
    asked = await approving.submits(quote)
    if decided:
        await approving.decides(boss, asked)
    line = {"product": quote["lines"][0]["product_id"], "quantity": "2"}
    if "account_id" in change:
        values = {"account_id": (await approving.desk.account())["id"]}
    elif "discount" in change:
        values = change
    else:
        renamed = {"discount" if one == "line_discount" else one: change[one] for one in change}
        values = {"lines": [line | renamed]}
    changed = await approving.changes(quote, **values)
    assert changed["approval"]["state"] == "voided"
    problem(await approving.sends(quote), 409, "approval_needed")
    decision = await approving.decides(boss, asked)
    assert decision.json()["code"] == "already_decided"
    again = await approving.submits(quote)
    assert again["id"] != asked["id"]
    assert (await approving.decides(boss, again)).json()["state"] == "approved"
    assert (await approving.sends(quote)).status_code == 200


async def test_what_the_approval_is_not_about_may_change(approving, asking):
    """C28: terms, note and name are no prices; the same lines again are the same."""
    team, boss, _ = asking
    quote = await approving.draft(team)
    await approving.decides(boss, await approving.submits(quote))
    lines = [{"product": quote["lines"][0]["product_id"], "quantity": "2.0"}]
    changed = await approving.changes(quote, note="Called.", terms="30 days", lines=lines)
    assert changed["approval"]["state"] == "approved"
    assert (await approving.sends(quote)).status_code == 200


async def test_each_version_is_approved_for_itself(approving, asking, problem):
    team, boss, _ = asking
    quote = await approving.draft(team)
    await approving.decides(boss, await approving.submits(quote))
    assert (await approving.sends(quote)).status_code == 200
    second = await approving.quotes.revised(quote)
    assert second["approval"] is None
    problem(await approving.sends(second), 409, "approval_needed")


async def test_a_refused_quote_stays_a_draft_and_may_be_submitted_again(approving, asking, problem):
    team, boss, seller = asking
    quote = await approving.draft(team)
    asked = await approving.submits(quote, seller)
    await approving.decides(boss, asked, "refuse")
    assert await approving.state(asked) == ("refused", "draft")
    problem(await approving.sends(quote), 409, "approval_needed")
    assert (await approving.submits(quote, seller))["id"] != asked["id"]


async def test_the_submitter_cannot_approve(approving, problem):
    """C28, E71: not by a rule that names the submitter, nor by the database."""
    team = await approving.team()
    own, other = await approving.person(team=team), await approving.person()
    await approving.rule(team, named(own, other))
    asked = await approving.submits(await approving.draft(team), own[1])
    problem(await approving.decides(own[1], asked), 403, "own_request")
    [step] = (await approving.progress(asked))["steps"]
    assert [one["user_id"] for one in step["people"]] == [other[0]]
    async with approving.crm.database.driver() as sql:
        with pytest.raises(asyncpg.CheckViolationError, match="nobody decides what they asked"):
            await sql.execute(
                """insert into approval_decision (id, approval_id, step, verdict, decided_by,
                     reason, recorded_at)
                   values (gen_random_uuid(), $1, 1, 'approved', $2, '', now())""",
                asked["id"],
                f"user:{own[0]}",
            )


async def test_only_who_asked_recalls_and_only_what_waits(approving, asking, problem):
    """C28: `recall` of the quote and `withdraw` of the approval are the same act."""
    team, boss, seller = asking
    quote = await approving.draft(team)
    problem(await approving.act(quote, "recall", seller), 404, "not_found")
    asked = await approving.submits(quote, seller)
    problem(await approving.act(quote, "recall"), 403, "not_your_request")
    problem(
        await approving.post(f"/v1/approvals/{asked['id']}/withdraw", None, boss),
        403,
        "not_your_request",
    )
    recalled = await approving.act(quote, "recall", seller)
    assert recalled.json()["approval"]["state"] == "withdrawn"
    late = await approving.post(f"/v1/approvals/{asked['id']}/withdraw", None, seller)
    problem(late, 409, "already_decided")
    [step] = (await approving.progress(asked))["steps"]
    assert (step["state"], await approving.log(asked)) == ("closed", ["requested", "withdrawn"])
    problem(await approving.decides(boss, asked), 409, "already_decided")
    again = await approving.submits(quote, seller)
    withdrawn = await approving.post(f"/v1/approvals/{again['id']}/withdraw", None, seller)
    assert withdrawn.json()["state"] == "withdrawn"


async def test_approve_and_recall_at_once_end_in_exactly_one_state(approving, asking):
    """C28: parallel approve and recall; one wins, the other learns of it."""
    team, boss, seller = asking
    for _ in range(8):
        quote = await approving.draft(team)
        asked = await approving.submits(quote, seller)
        path = f"/v1/approvals/{asked['id']}/withdraw"
        decided, recalled = await asyncio.gather(
            approving.decides(boss, asked), approving.post(path, None, seller)
        )
        assert sorted((decided.status_code, recalled.status_code)) == [200, 409]
        state, _ = await approving.state(asked)
        assert state == ("approved" if decided.status_code == 200 else "withdrawn")
        assert len((await approving.progress(asked))["steps"][0]["decisions"]) == (
            1 if state == "approved" else 0
        )


async def test_a_change_and_a_decision_at_once_leave_no_approval_of_what_is_not_offered(
    approving, asking, problem
):
    """C28: whichever comes first, what was changed is not approved."""
    team, boss, _ = asking
    for _ in range(5):
        quote = await approving.draft(team)
        asked = await approving.submits(quote)
        _, changed = await asyncio.gather(
            approving.decides(boss, asked), approving.changes(quote, discount="0.5")
        )
        assert (await approving.state(asked))[0] == "voided"
        problem(await approving.sends(changed), 409, "approval_needed")


async def test_of_twenty_sends_at_once_one_sends_what_was_approved(approving, asking):
    """C27, C28."""
    team, boss, seller = asking
    quote = await approving.draft(team)
    early = await asyncio.gather(*(approving.sends(quote, seller) for _ in range(20)))
    assert {one.json()["code"] for one in early} == {"approval_needed"}
    await approving.decides(boss, await approving.submits(quote, seller))
    sent = await asyncio.gather(*(approving.sends(quote, seller) for _ in range(20)))
    assert sorted(one.status_code for one in sent) == [200] + [409] * 19


async def test_of_many_submits_at_once_one_question_is_asked(approving, asking):
    team, _, seller = asking
    quote = await approving.draft(team)
    asked = await asyncio.gather(*(approving.submits(quote, seller) for _ in range(10)))
    assert len({one["id"] for one in asked}) == 1


async def test_a_draft_that_is_put_away_waits_for_nobody(approving, asking):
    team, boss, seller = asking
    quote = await approving.draft(team)
    asked = await approving.submits(quote, seller)
    await approving.act(quote, "archive")
    assert (await approving.state(asked))[0] == "voided"
    page = await boss.get("/v1/approvals", params={"waiting_for_me": "true"})
    assert asked["id"] not in [one["id"] for one in page.json()["items"]]


async def test_a_question_that_no_rule_asks_any_more_ends_with_the_sending(approving):
    team, boss = await approving.team(), await approving.person()
    rule = await approving.rule(team, named(boss))
    quote = await approving.draft(team)
    asked = await approving.submits(quote)
    archived = {"status": "archived"}
    await approving.desk.change(f"/v1/approval-rules/{rule['id']}", archived, revision=1)
    assert (await approving.sends(quote)).status_code == 200
    assert await approving.state(asked) == ("withdrawn", "sent")


async def test_what_is_incomplete_or_sent_is_not_submitted(approving, asking, problem):
    team, _boss, _ = asking
    empty = await approving.desk.add("/v1/quotes", name="Nothing", team_id=team["id"])
    problem(await approving.act(empty, "submit"), 409, "quote_incomplete")
    sent, _ = await approving.quotes.sent()
    problem(await approving.act(sent, "submit"), 409, "quote_fixed")
