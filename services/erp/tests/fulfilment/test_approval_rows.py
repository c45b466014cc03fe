"""Approvals of releases before 0.1.11 go along: with one step, and the decision that was made."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import asyncpg
import pytest

from chassis.schema.migrate import downgrade, upgrade
from chassis.storage.connections import driver_url
from erp.app import SERVICE

ROWS = """insert into approval (id, version, created_at, updated_at, kind, subject_type,
    subject_id, reason, facts, asked_by, state, decided_by, decided_at, note)
  select gen_random_uuid(), 1, now(), now(), 'credit', 'sales_order', gen_random_uuid(), 'credit',
      '{}', 'key:a', s, case when s in ('approved', 'refused') then 'key:b' end,
      case when s in ('approved', 'refused') then now() end, ''
    from unnest(array['pending', 'approved', 'refused', 'withdrawn']) s"""
FOUND = """select a.state, s.state as step, s.approvers, s.role, d.verdict, d.decided_by
  from approval a join approval_step s on s.approval_id = a.id
  left join approval_decision d on d.approval_id = a.id order by a.state"""


async def in_thread(act, *arguments):
    with ThreadPoolExecutor(max_workers=1) as alone:
        await asyncio.get_running_loop().run_in_executor(alone, act, *arguments)


@pytest.fixture
async def before(cluster):
    """The database of the release before, with an approval in each state."""
    urls = await asyncio.to_thread(cluster.empty, "erp", "erp_approvals_before")
    await in_thread(upgrade, SERVICE, urls.owner)
    await in_thread(downgrade, SERVICE, urls.owner, "e640")
    sql = await asyncpg.connect(driver_url(urls.owner))
    await sql.execute(ROWS)
    yield urls.owner, sql
    await sql.close()


async def test_what_was_asked_and_decided_before_stands_as_steps_and_decisions(before):
    """E71: the credit hold moves onto the engine, row by row, and back."""
    owner, sql = before
    await in_thread(upgrade, SERVICE, owner)
    by = ("permission", "sales.approve")
    assert [tuple(row) for row in await sql.fetch(FOUND)] == [
        ("approved", "approved", *by, "approved", "key:b"),
        ("pending", "open", *by, None, None),
        ("refused", "refused", *by, "refused", "key:b"),
        ("withdrawn", "closed", *by, None, None),
    ]
    await in_thread(downgrade, SERVICE, owner, "e640")
    states = await sql.fetch("select state from approval order by state")
    assert [row["state"] for row in states] == ["approved", "pending", "refused", "withdrawn"]
