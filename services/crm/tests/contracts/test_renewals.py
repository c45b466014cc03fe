"""Renewals make tasks, once each, and contracts whose last day is over end, by many workers."""

import asyncio
from datetime import UTC, datetime

import pytest

from chassis.clock import frozen
from crm.contracts.service.renewals import renew_contracts

LATER = datetime(2089, 11, 25, 4, tzinfo=UTC)


async def work_off(crm):
    async with crm.database.transaction() as work:
        await renew_contracts(work, {})


class _PowerCutError(Exception):
    """What ends a worker in the middle."""


async def _die_after_work(crm):
    async with crm.database.transaction() as work:
        await renew_contracts(work, {})
        raise _PowerCutError


async def tasks_of(desk, contract):
    found = await desk.see(f"/v1/activities?record_type=contract&record_id={contract['id']}")
    return found["items"]


async def test_a_renewal_makes_one_task(contracts, desk, crm):
    """For the owner, due on the last day of notice, and never another one."""
    owner = await desk.user()
    facts = {"renewal_on": "2089-12-31", "notice_days": 30, "owner_id": owner["id"]}
    signed = await contracts.signed(**facts)
    await work_off(crm)
    assert await tasks_of(desk, signed) == []
    with frozen(LATER):
        for _ in range(2):
            await work_off(crm)
    [task] = await tasks_of(desk, signed)
    assert (task["kind"], task["owner_id"], task["due_on"]) == ("task", owner["id"], "2089-12-01")
    assert signed["number"] in task["name"]
    assert task["system_generated"]
    await contracts.act(signed, "renew", renewal_on="2090-12-31")
    with frozen(LATER.replace(year=2090)):
        await work_off(crm)
    assert sorted(one["due_on"] for one in await tasks_of(desk, signed)) == [
        "2089-12-01",
        "2090-12-01",
    ]


async def test_many_workers_make_one_task_each(contracts, desk, crm):
    template, account = await contracts.published(), await desk.account()
    facts = {"renewal_on": "2089-12-01", "account_id": account["id"]}
    signed = [await contracts.signed(template, **facts) for _ in range(5)]
    with frozen(LATER):
        await asyncio.gather(*(work_off(crm) for _ in range(4)))
        await work_off(crm)
    for one in signed:
        assert len(await tasks_of(desk, one)) == 1


async def test_a_worker_that_dies_has_made_nothing(contracts, desk, crm):
    """Task and note of it are one transaction."""
    signed = await contracts.signed(renewal_on="2089-12-01")
    with frozen(LATER):
        with pytest.raises(_PowerCutError):
            await _die_after_work(crm)
        assert await tasks_of(desk, signed) == []
        await work_off(crm)
    assert len(await tasks_of(desk, signed)) == 1


async def test_only_signed_contracts_make_tasks(contracts, desk, crm):
    sent = await contracts.sent(renewal_on="2089-12-01")
    ended = await contracts.signed(renewal_on="2089-12-01")
    await contracts.act(ended, "end")
    archived = await contracts.signed(renewal_on="2089-12-01")
    await contracts.act(archived, "archive")
    with frozen(LATER):
        await work_off(crm)
    for one in (sent, ended, archived):
        assert await tasks_of(desk, one) == []


async def test_a_contract_ends_after_its_last_day(contracts, desk, crm):
    signed = await contracts.signed(ends_on="2089-11-24", renewal_on="2089-11-20")
    goes_on = await contracts.signed(ends_on="2089-11-25")
    with frozen(LATER):
        await asyncio.gather(*(work_off(crm) for _ in range(3)))
        ended = await contracts.get(signed)
        assert (ended["state"], ended["closed_on"]) == ("ended", "2089-11-24")
        assert (await contracts.get(goes_on))["state"] == "signed"
    assert await tasks_of(desk, signed) == []
