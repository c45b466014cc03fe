"""What is published of assignment rules."""

from typing import Self
from uuid import UUID

from pydantic import Field

from chassis.events.event import Event
from crm.assignment.schemas import ConditionView
from crm.assignment.states import Method
from records.custom.fields import CustomState
from values.text import Status

__all__ = ["AssignmentRuleChanged"]


class AssignmentRuleChanged(CustomState, Event):
    """An assignment rule was created, changed, archived or restored."""

    event_name = "assignment-rule-changed"
    topic = "assignment-rule"
    aggregate = "assignment-rule"

    name: str
    note: str = Field(description="What else is to be known.")
    subject_type: str
    position: int
    conditions: list[ConditionView]
    method: Method
    user_ids: list[UUID]
    team_id: UUID | None
    status: Status

    @classmethod
    def of(cls, record: object, changed: list[str]) -> Self:
        """The event of an assignment rule as it is now."""
        state = {name: getattr(record, name) for name in cls.model_fields if name != "changed"}
        return cls.model_validate(state | {"changed": changed})
