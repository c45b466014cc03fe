"""Roles move while others post: each line finds the account that has the role at COMMIT."""

import asyncio

import pytest

from erp.app import SERVICE
from erp.ledger.schemas import GiveRole
from erp.ledger.service.charts import give_role
from erp.ledger.service.years import ensure_year
from erp.ledger.states import AccountRole
from identity.testing.service import running

WAITING = """select count(*) from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'"""
ROUNDS, AT_ONCE = 12, 6


@pytest.fixture
async def company(desk, cluster):
    """An ERP in which nothing is posted yet, but years are open."""
    async with running(SERVICE, cluster) as erp:
        async with erp.database.transaction() as work:
            await ensure_year(work, work.today())
        yield type(desk)(erp)


async def new_account(company):
    code = company.word("R")
    await company.add("/v1/accounts", code=code, name="Debtors", kind="asset")
    return code


async def until_it_waits(company, act):
    """The database itself says when the act waits for a lock."""
    async with company.erp.database.driver() as sql:
        while not await sql.fetchval(WAITING):
            assert not act.done(), act


async def owed(company, customer, number):
    """Something that the customer owed when the books were opened."""
    item = {"number": number, "customer_id": customer["id"], "kind": "debt"}
    item |= {"issued_on": "2014-01-01", "due_on": "2014-02-01"}
    item |= {"amount": {"amount": "10", "currency": "CNY"}}
    return await company.erp.post("/v1/receivables/openings/batch", {"items": [item]})


async def entry(company, account, other):
    lines = [{"account": account, "debit": "1"}, {"account": other, "credit": "1"}]
    return await company.erp.post("/v1/journal-entries", {"memo": "By hand", "lines": lines})


async def entries_of(company, account):
    return (await company.see(f"/v1/journal-entries?account={account}"))["items"]


async def moving(company, account, act):
    """The role of receivables moves to the account, and meanwhile somebody does the act."""
    async with company.erp.database.transaction() as work:
        await give_role(work, AccountRole.RECEIVABLE, GiveRole(account=account))
        doing = asyncio.create_task(act)
        await until_it_waits(company, doing)
    return await doing


async def test_a_document_posts_to_the_account_that_got_the_role_meanwhile(company):
    customer, account = await company.customer(), await new_account(company)
    reply = await moving(company, account, owed(company, customer, "A-1"))
    assert reply.is_success, reply.text
    assert len(await entries_of(company, account)) == 1


async def test_nobody_posts_by_hand_to_an_account_that_got_the_role_meanwhile(company, problem):
    account, other = await new_account(company), await new_account(company)
    reply = await moving(company, account, entry(company, account, other))
    problem(reply, 409, "control_account")
    assert await entries_of(company, account) == []


async def test_many_post_while_roles_move(company):
    """Whoever comes first: what documents keep has no entry by hand, and all of it balances."""
    customer, other = await company.customer(), await new_account(company)
    present = await new_account(company)
    assert (await give(company, present)).is_success
    for _ in range(ROUNDS):
        account = await new_account(company)
        acts = [entry(company, account, other) for _ in range(AT_ONCE)]
        acts[AT_ONCE // 2 : AT_ONCE // 2] = [give(company, account)]
        replies = await asyncio.gather(*acts)
        moved = replies.pop(AT_ONCE // 2)
        by_hand = sum(one.is_success for one in replies)
        assert {one.status_code for one in replies} <= {201, 409}
        assert len(await entries_of(company, account)) == by_hand
        assert (moved.status_code, by_hand == 0) in {(200, True), (409, False)}, moved.text
        present = account if moved.is_success else present
    account = await new_account(company)
    acts = [owed(company, customer, f"B-{at}") for at in range(AT_ONCE)]
    acts[1:1] = [give(company, account)]
    _, moved, *_ = replies = await asyncio.gather(*acts)
    assert {one.is_success for at, one in enumerate(replies) if at != 1} == {True}
    present = account if moved.is_success else present
    trial = await company.see("/v1/reports/trial-balance")
    assert trial["debit"] == trial["credit"]
    [control] = [one for one in trial["accounts"] if one["role"] == "receivable"]
    assert (control["code"], control["balance"]) == (present, f"{10 * AT_ONCE}.00")


async def give(company, account):
    return await company.erp.client.put("/v1/account-roles/receivable", json={"account": account})
