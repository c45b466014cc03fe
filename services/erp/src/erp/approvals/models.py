"""An approval: what waits, and what was decided."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped

from chassis.storage.states import enum_check
from erp.approvals.errors import AlreadyDecided, OwnRequest
from erp.approvals.states import APPROVAL_FOLLOWING, ApprovalKind, ApprovalState
from erp.base import Base
from records.entities import Record

__all__ = ["Approval"]


class Approval(Record, Base):
    """A question to somebody who may decide, and the answer."""

    __tablename__ = "approval"
    __table_args__ = (
        enum_check("kind", ApprovalKind),
        enum_check("state", ApprovalState, APPROVAL_FOLLOWING),
        CheckConstraint(
            "(state in ('approved', 'refused')) = (decided_by is not null)",
            name="decided_by_someone",
        ),
        CheckConstraint("decided_by <> asked_by", name="decided_by_another"),
        Index("ix_approval_created_at", "created_at", "id"),
        Index("ix_approval_updated_at", "updated_at", "id"),
        Index("ix_approval_subject_id", "subject_id"),
        Index("ix_approval_state", "state", "created_at", "id"),
        Index(
            "uq_approval_pending_subject_id",
            "kind",
            "subject_id",
            unique=True,
            postgresql_where=text("state = 'pending'"),
        ),
    )

    kind: Mapped[str]
    subject_type: Mapped[str]
    subject_id: Mapped[UUID]
    reason: Mapped[str]
    facts: Mapped[dict[str, Any]]
    asked_by: Mapped[str]
    state: Mapped[str]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    note: Mapped[str]

    def decide(self, state: ApprovalState, *, by: str, note: str, at: datetime) -> None:
        """Approve or refuse. Raises AlreadyDecided, OwnRequest."""
        if self.state != ApprovalState.PENDING:
            raise AlreadyDecided(state=self.state)
        if by == self.asked_by:
            raise OwnRequest
        self.state, self.decided_by, self.decided_at, self.note = state, by, at, note
        self.touch(at)

    def withdraw(self, at: datetime) -> None:
        """The question is no longer asked."""
        self.state = ApprovalState.WITHDRAWN
        self.touch(at)
