"""Events of approvals, inside the service."""

from typing import ClassVar, Literal
from uuid import UUID

from approvals.states import ApprovalState
from chassis.events.event import Event, InternalEvent

__all__ = ["DecisionMade", "DecisionStarted"]


class DecisionStarted(InternalEvent):
    """Somebody is about to decide: whoever owns the document locks it, before the approval is."""

    event_name = "deciding"
    topic = "approval"
    aggregate = "approval"

    kind: str
    subject_type: str
    subject_id: UUID


class DecisionMade(Event):
    """The approval was granted or refused, by the last decision that it needed."""

    event_name = "decided"
    topic = "approval"
    aggregate = "approval"
    public: ClassVar[bool] = False

    kind: str
    subject_type: str
    subject_id: UUID
    state: Literal[ApprovalState.APPROVED, ApprovalState.REFUSED, ApprovalState.WITHDRAWN]
    note: str
