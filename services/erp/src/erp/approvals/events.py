"""Events of approvals, inside the ERP."""

from typing import ClassVar, Literal
from uuid import UUID

from chassis.events.event import Event, InternalEvent
from erp.approvals.states import ApprovalKind, ApprovalState

__all__ = ["DecisionMade", "DecisionStarted"]


class DecisionStarted(InternalEvent):
    """Somebody is about to decide: whoever owns the document locks it, before the approval is."""

    event_name = "deciding"
    topic = "approval"
    aggregate = "approval"

    subject_type: str
    subject_id: UUID


class DecisionMade(Event):
    """Somebody approved or refused."""

    event_name = "decided"
    topic = "approval"
    aggregate = "approval"
    public: ClassVar[bool] = False

    kind: ApprovalKind
    subject_type: str
    subject_id: UUID
    state: Literal[ApprovalState.APPROVED, ApprovalState.REFUSED]
    note: str
