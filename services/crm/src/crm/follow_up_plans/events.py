"""What is published of follow-up plans."""

from typing import Self

from pydantic import Field

from chassis.events.event import Event
from crm.follow_up_plans.schemas import FollowUpStepView
from records.custom.fields import CustomState
from values.text import Status

__all__ = ["FollowUpPlanChanged"]


class FollowUpPlanChanged(CustomState, Event):
    """A follow-up plan was created, changed, archived or restored."""

    event_name = "follow-up-plan-changed"
    topic = "follow-up-plan"
    aggregate = "follow-up-plan"

    name: str
    note: str = Field(description="What else is to be known.")
    steps: list[FollowUpStepView]
    stop_on_reply: bool
    stop_stages: list[str]
    status: Status

    @classmethod
    def of(cls, record: object, changed: list[str]) -> Self:
        """The event of a follow-up plan as it is now."""
        state = {name: getattr(record, name) for name in cls.model_fields if name != "changed"}
        return cls.model_validate(state | {"changed": changed})
