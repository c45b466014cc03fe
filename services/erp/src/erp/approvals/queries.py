"""Reads and locks of approvals."""

import json
from uuid import UUID

from sqlalchemy import select

from chassis.storage.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.searching import containing
from chassis.work.unit_of_work import Work
from erp.approvals.models import Approval
from erp.approvals.schemas import ApprovalView
from erp.approvals.states import ApprovalState
from erp.searched import APPROVALS
from erp.sql import Sql

__all__ = ["add", "approval_page", "approval_view", "for_update", "pending_requests"]

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


async def approval_page(
    sql: Sql, asked: PageQuery, *, state: ApprovalState | None, subject_id: UUID | None
) -> Page[ApprovalView]:
    """One page of approvals."""
    return await fetch_page(
        sql,
        columns=_COLUMNS,
        source="approval",
        where=[
            Filter("state = {}", state),
            Filter("subject_id = {}", subject_id),
            *await containing(sql, asked.q, APPROVALS),
        ],
        sorts={"created_at": Sort("created_at", "timestamptz")},
        default="-created_at",
        asked=asked,
        view=lambda row: ApprovalView.model_validate(dict(row)),
    )


async def approval_view(sql: Sql, approval_id: UUID) -> ApprovalView | None:
    """The approval as callers see it."""
    row = await sql.fetchrow(f"select {_COLUMNS} from approval where id = $1", approval_id)
    return ApprovalView.model_validate(dict(row)) if row else None


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
