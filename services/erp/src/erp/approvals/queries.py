"""Reads and locks of approvals."""

import json
from uuid import UUID

from sqlalchemy import select

from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from erp import searched
from erp.approvals.models import Approval
from erp.approvals.schemas import ApprovalQuery, ApprovalView
from erp.approvals.states import ApprovalState
from records.filters import among
from records.reads import BY_TIME, Reads, everybody

__all__ = ["APPROVALS", "add", "for_update", "pending_requests"]

_COLUMNS = """id, version, kind, subject_type, subject_id, reason, facts, asked_by, state,
  decided_by, decided_at, note, created_at"""
_ADD = """insert into approval (id, version, created_at, updated_at, kind, subject_type,
    subject_id, reason, facts, asked_by, state, note)
  values ($1, 1, $2, $2, $3, $4, $5, $6, $7, $8, 'pending', '')"""


async def add(work: Work, approval: Approval) -> None:
    """Ask somebody to decide."""
    await work.sql.execute(
        _ADD,
        approval.id,
        work.now,
        approval.kind,
        approval.subject_type,
        approval.subject_id,
        approval.reason,
        json.dumps(approval.facts),
        approval.asked_by,
    )


def _filters(_at: Reading, query: ApprovalQuery) -> list[Filter]:
    return [among("state", query.state), Filter("subject_id = {}", query.subject_id)]


APPROVALS = Reads(
    name="approval",
    view=ApprovalView,
    columns=_COLUMNS,
    source="approval",
    visible=everybody,
    query=ApprovalQuery,
    filters=_filters,
    searched=searched.APPROVALS,
    title="(select o.number from sales_order o where o.id = approval.subject_id)",
    subtitle="approval.reason",
    sorts=BY_TIME,
)


async def for_update(work: Work, approval_id: UUID) -> Approval | None:
    """The approval, locked until the act ends."""
    return await work.session.get(Approval, approval_id, with_for_update=True)


async def pending_requests(work: Work, subject_id: UUID) -> list[Approval]:
    """What is still asked about a document, locked."""
    asked = (
        select(Approval)
        .where(Approval.subject_id == subject_id, Approval.state == ApprovalState.PENDING)
        .with_for_update()
    )
    return list(await work.session.scalars(asked))
