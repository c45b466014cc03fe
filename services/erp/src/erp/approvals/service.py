"""Asking for a decision, and deciding."""

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.standard import NotFound
from chassis.work.unit_of_work import Work
from erp.approvals import queries
from erp.approvals.events import DecisionMade, DecisionStarted
from erp.approvals.models import Approval
from erp.approvals.schemas import Decide
from erp.approvals.states import ApprovalKind, ApprovalState

__all__ = ["approve", "refuse", "request_approval", "withdraw_requests"]


async def request_approval(
    work: Work,
    *,
    kind: ApprovalKind,
    subject_type: str,
    subject_id: UUID,
    reason: str,
    facts: Mapping[str, Any],
) -> UUID:
    """Ask somebody who may decide."""
    approval = Approval(
        id=uuid7(),
        kind=kind,
        subject_type=subject_type,
        subject_id=subject_id,
        reason=reason,
        facts=dict(facts),
        asked_by=work.actor.reference,
    )
    await queries.add(work, approval)
    return approval.id


async def approve(work: Work, approval_id: UUID, command: Decide) -> None:
    """Say yes; what waits goes on in this act. Raises NotFound, AlreadyDecided, OwnRequest."""
    await _decide(work, approval_id, ApprovalState.APPROVED, command)


async def refuse(work: Work, approval_id: UUID, command: Decide) -> None:
    """Say no; what waits ends in this act. Raises NotFound, AlreadyDecided, OwnRequest."""
    await _decide(work, approval_id, ApprovalState.REFUSED, command)


async def _decide(
    work: Work,
    approval_id: UUID,
    state: Literal[ApprovalState.APPROVED, ApprovalState.REFUSED],
    command: Decide,
) -> None:
    view = await queries.APPROVALS.get(work, approval_id)
    await work.record(DecisionStarted(subject_type=view.subject_type, subject_id=view.subject_id))
    approval = await queries.for_update(work, approval_id)
    if approval is None:
        raise NotFound(entity="approval", id=approval_id)
    approval.decide(state, by=work.actor.reference, note=command.note, at=work.now)
    await work.flush()
    await work.record(
        DecisionMade(
            id=approval.id,
            version=approval.version,
            changed=["state"],
            kind=ApprovalKind.CREDIT,
            subject_type=approval.subject_type,
            subject_id=approval.subject_id,
            state=state,
            note=command.note,
        )
    )


async def withdraw_requests(work: Work, subject_id: UUID) -> None:
    """What was asked about a document need not be decided any more."""
    for approval in await queries.pending_requests(work, subject_id):
        approval.withdraw(work.now)
    await work.flush()
