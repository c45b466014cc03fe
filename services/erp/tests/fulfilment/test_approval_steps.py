"""Approvals by rules: who decides, in which order, how many; told of orders beyond a limit."""

import asyncio

import asyncpg
import pytest

BY_TWO = {"approvers": "users", "quorum": 2}


def named(*people, **facts):
    return {"approvers": "users", "user_ids": [one for one, _ in people]} | facts


async def test_steps_of_stages_follow_one_another_and_the_last_yes_confirms_the_order(approving):
    """E71: a matrix by amount, stages in sequence; approval and order commit together."""
    first, second = await approving.person(), await approving.person()
    customer = await approving.customer()
    await approving.rule(customer, named(first), named(second, stage=2))
    asked = await approving.asks(customer)
    assert (await approving.decides(second[1], asked)).json()["code"] == "not_an_approver"
    assert (await approving.decides(first[1], asked)).json()["state"] == "pending"
    assert await approving.state(asked) == ("pending", "on_hold")
    assert (await approving.decides(second[1], asked)).json()["state"] == "approved"
    assert await approving.state(asked) == ("approved", "confirmed")
    steps = (await approving.progress(asked))["steps"]
    assert [one["state"] for one in steps] == ["approved", "approved"]
    assert [one["decisions"][0]["decided_by"] for one in steps] == [
        f"user:{first[0]}",
        f"user:{second[0]}",
    ]


async def test_steps_of_one_stage_are_decided_side_by_side(approving):
    """E71: parallel steps; the order of decisions does not matter, and all are needed."""
    first, second = await approving.person(), await approving.person()
    customer = await approving.customer()
    await approving.rule(customer, named(first), named(second))
    asked = await approving.asks(customer)
    assert (await approving.decides(second[1], asked)).json()["state"] == "pending"
    assert (await approving.decides(first[1], asked)).json()["state"] == "approved"


async def test_a_quorum_counts_each_person_once(approving):
    """E71: two of three; who approved does not approve again."""
    people = [await approving.person() for _ in range(3)]
    customer = await approving.customer()
    await approving.rule(customer, named(*people, quorum=2))
    asked = await approving.asks(customer)
    assert (await approving.decides(people[0][1], asked)).json()["state"] == "pending"
    again = await approving.decides(people[0][1], asked)
    assert (again.status_code, again.json()["code"]) == (403, "not_an_approver")
    assert (await approving.decides(people[2][1], asked)).json()["state"] == "approved"
    late = await approving.decides(people[1][1], asked)
    assert (late.status_code, late.json()["code"]) == (409, "already_decided")


async def test_one_refusal_ends_it_whatever_others_said(approving):
    people = [await approving.person() for _ in range(2)]
    customer = await approving.customer()
    await approving.rule(customer, named(*people, quorum=2))
    asked = await approving.asks(customer)
    await approving.decides(people[0][1], asked)
    assert (await approving.decides(people[1][1], asked, "refuse")).json()["state"] == "refused"
    assert await approving.state(asked) == ("refused", "rejected")


async def test_two_decisions_at_once_end_in_exactly_one_state(approving):
    """E71, C28: yes and no of two people in parallel; one wins, the other learns of it."""
    people = [await approving.person() for _ in range(2)]
    customer = await approving.customer()
    await approving.rule(customer, named(*people))
    for _ in range(6):
        asked = await approving.asks(customer)
        replies = await asyncio.gather(
            approving.decides(people[0][1], asked), approving.decides(people[1][1], asked, "refuse")
        )
        assert sorted(one.status_code for one in replies) == [200, 409]
        assert await approving.state(asked) in {("approved", "confirmed"), ("refused", "rejected")}


async def test_the_quorum_holds_for_two_who_approve_at_once(approving):
    people = [await approving.person() for _ in range(2)]
    customer = await approving.customer()
    await approving.rule(customer, named(*people, quorum=2))
    asked = await approving.asks(customer)
    replies = await asyncio.gather(*(approving.decides(one, asked) for _, one in people))
    assert sorted(one.json()["state"] for one in replies) == ["approved", "pending"]
    assert await approving.state(asked) == ("approved", "confirmed")


async def test_who_asks_is_not_asked_and_does_not_decide(approving):
    """E71: no self-approval, not by rule either; the database refuses it as well."""
    own, other = await approving.person("admin"), await approving.person()
    customer = await approving.customer()
    await approving.rule(customer, named(own, other))
    asked = await approving.asks(customer, own[1])
    assert (await approving.decides(own[1], asked)).json()["code"] == "own_request"
    [step] = (await approving.progress(asked))["steps"]
    assert [one["user_id"] for one in step["people"]] == [other[0]]
    async with approving.erp.database.driver() as sql:
        with pytest.raises(asyncpg.CheckViolationError, match="nobody decides what they asked"):
            await sql.execute(
                """insert into approval_decision (id, approval_id, step, verdict, decided_by,
                     reason, recorded_at)
                   values (gen_random_uuid(), $1, 1, 'approved', $2, '', now())""",
                asked["id"],
                f"user:{own[0]}",
            )


async def test_a_decision_is_never_changed_nor_made_up(approving):
    """E71: every decision immutable, an approval without its decisions impossible."""
    boss = await approving.person()
    customer = await approving.customer()
    await approving.rule(customer, named(boss))
    asked, waiting = await approving.asks(customer), await approving.asks(customer)
    await approving.decides(boss[1], asked)
    update = "update approval_decision set verdict = 'refused' where approval_id = $1"
    back = "update approval set state = 'refused' where id = $1"
    forged = "update approval set state = 'approved', decided_by = 'x', decided_at = now()"
    async with approving.erp.database.driver() as sql:
        for statement in (update, back, "update approval set facts = '{}' where id = $1"):
            with pytest.raises(asyncpg.PostgresError):
                await sql.execute(statement, asked["id"])
        with pytest.raises(asyncpg.CheckViolationError, match="lacks decisions"):
            await sql.execute(f"{forged} where id = $1", waiting["id"])
        # What was written about a person may be emptied, for the person's rights.
        empty = "update approval_decision set reason = '' where approval_id = $1"
        assert await sql.execute(empty, asked["id"]) == "UPDATE 1"
        note = "update approval set note = '' where id = $1"
        assert await sql.execute(note, asked["id"]) == "UPDATE 1"


async def test_the_first_rule_whose_conditions_are_met_decides(approving):
    """E71: a matrix by amount and dimension; ranges meet without a gap."""
    small, large = await approving.person(), await approving.person()
    customer = await approving.customer()
    over = {"fact": "beyond", "at_least": "100", "currency": "CNY"}
    under = {"fact": "beyond", "below": "100", "currency": "CNY"}
    await approving.rule(customer, named(small), conditions=[under])
    of_large = await approving.rule(customer, named(large), conditions=[over], position=2)
    asked = await approving.asks(customer)
    assert asked["rule_id"] == of_large["id"]
    [step] = (await approving.progress(asked))["steps"]
    assert [one["user_id"] for one in step["people"]] == [large[0]]


async def test_a_changed_rule_leaves_what_was_asked_before(approving):
    before, after = await approving.person(), await approving.person()
    customer = await approving.customer()
    rule = await approving.rule(customer, named(before))
    asked = await approving.asks(customer)
    reply = await approving.erp.client.patch(
        f"/v1/approval-rules/{rule['id']}",
        json={"steps": [named(after)]},
        headers={"If-Match": '"1"'},
    )
    assert reply.json()["version"] == 2, reply.text
    assert (await approving.decides(before[1], asked)).json()["state"] == "approved"


async def test_lists_tell_what_waits_for_whom(approving):
    boss, other = await approving.person(), await approving.person()
    customer = await approving.customer()
    await approving.rule(customer, named(boss))
    asked = await approving.asks(customer, (await approving.person("admin"))[1])

    async def waiting(client, **wanted):
        page = await client.get("/v1/approvals", params=wanted)
        assert page.status_code == 200, page.text
        return [one["id"] for one in page.json()["items"] if one["id"] == asked["id"]]

    assert await waiting(boss[1], waiting_for_me="true") == [asked["id"]]
    assert await waiting(other[1], waiting_for_me="true") == []
    assert await waiting(other[1], waiting_for_me="false") == [asked["id"]]
    assert await waiting(boss[1], mine="true") == []
    await approving.decides(boss[1], asked)
    assert await waiting(boss[1], waiting_for_me="true") == []


async def test_what_was_said_about_a_person_goes_with_the_person(approving):
    """E71: the decision stays as it was made; only its words are emptied."""
    boss = await approving.person()
    limit = {"amount": "100.00", "currency": "CNY"}
    customer = await approving.desk.customer(kind="person", credit_limit=limit)
    await approving.rule(customer, named(boss))
    asked = await approving.asks(customer)
    await approving.decides(boss[1], asked, "refuse")
    erased = await approving.post(f"/v1/customers/{customer['id']}/erase", {})
    assert erased.status_code == 200, erased.text
    assert (await approving.desk.see(f"/v1/approvals/{asked['id']}"))["note"] == ""
    [step] = (await approving.progress(asked))["steps"]
    [decision] = step["decisions"]
    assert (decision["verdict"], decision["reason"]) == ("refused", "")
