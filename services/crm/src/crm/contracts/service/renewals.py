"""Contracts whose last day is over end, and renewals that come near make tasks, by the worker."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from chassis.ids import uuid7
from chassis.service import Schedule
from chassis.work.locking import lock_all
from chassis.work.unit_of_work import Work
from crm.activities.service.activities import ACTIVITY
from crm.activities.states import ActivityKind, Priority
from crm.contracts.models import Contract
from crm.contracts.queries import contracts as queries
from crm.contracts.service.contracts import CONTRACT, STATE
from crm.contracts.states import ContractState
from records.types import Change
from records.writes import create_all, write

__all__ = ["RENEW", "SCHEDULE", "TASK_DAYS", "renew_contracts"]

RENEW = "crm.contracts_renew"
SCHEDULE = Schedule(name=RENEW, every=timedelta(minutes=15), kind=RENEW)
AT_ONCE = 200
TASK_DAYS = 14
"""So many days before the last day of notice the task is made."""


async def renew_contracts(work: Work, _payload: Mapping[str, Any]) -> None:
    """End the contracts whose last day is over, and make a task of each renewal that comes near.

    The task and the note that the renewal made it are one transaction: a worker that dies has made
    nothing, and a renewal makes one task however many workers there are. What is in use comes with
    the next call; a full pass asks for another one.
    """
    ended = await _end(work)
    made = await _make_tasks(work)
    if AT_ONCE in {ended, made}:
        work.enqueue(RENEW, {}, key="again")


async def _end(work: Work) -> int:
    ids = await queries.due_to_end(work.sql, work.today(), AT_ONCE)
    found = await lock_all(work, Contract, ids) if ids else {}
    changes = [
        Change(one, {STATE: ContractState.ENDED, "closed_on": _last_day(one)})
        for one in found.values()
    ]
    await write(work, CONTRACT, changes)
    return len(ids)


def _last_day(contract: Contract) -> Any:
    """The day on which it ended: not before it was signed."""
    return max(one for one in (contract.ends_on, contract.signed_on) if one)


async def _make_tasks(work: Work) -> int:
    due = await queries.due_to_renew(work.sql, work.today() + timedelta(days=TASK_DAYS), AT_ONCE)
    if not due:
        return 0
    made = [(uuid7(), row) for row in due]
    tasks = [(task_id, _task(row)) for task_id, row in made]
    await create_all(work, ACTIVITY, tasks, links=[None] * len(tasks))
    await work.flush()
    kept = [(row["id"], row["renewal_on"], task_id) for task_id, row in made]
    await queries.keep_renewals(work.sql, kept, work.now)
    return len(due)


def _task(row: Any) -> dict[str, Any]:
    """The task: the owner decides by the last day of notice whether the contract goes on."""
    return {
        "kind": ActivityKind.TASK,
        "name": f"{row['number']} {row['name']}"[:200],
        "text": f"Renewal / 续约: {row['renewal_on'].isoformat()}",
        "record_type": "contract",
        "record_id": row["id"],
        "owner_id": row["owner_id"],
        "team_id": row["team_id"],
        "due_on": row["notice_on"],
        "priority": Priority.NORMAL,
        "system_generated": True,
    }
