"""What approvals tell, inside the ERP."""

from typing import ClassVar, Literal
from uuid import UUID

from chassis.events.event import Event

__all__ = ["Decided"]


class Decided(Event):
    """Somebody approved or refused."""

    event_name = "decided"
    topic = "approval"
    aggregate = "approval"
    public: ClassVar[bool] = False

    kind: Literal["credit"]
    subject_type: str
    subject_id: UUID
    state: Literal["approved", "refused"]
    note: str
