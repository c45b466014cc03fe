"""What is published of work centres."""

from uuid import UUID

from pydantic import Field

from chassis.events.event import Event
from records.custom.fields import CustomState
from values.decimals import NonNegativeDecimal, PositiveDecimal
from values.text import Status

__all__ = ["WorkCentreChanged"]


class WorkCentreChanged(CustomState, Event):
    """A work centre was added, changed, archived or restored."""

    event_name = "work-centre-changed"
    topic = "work-centre"
    aggregate = "work-centre"

    code: str
    name: str
    calendar_id: UUID | None = Field(description="Id of the calendar by which it works.")
    capacity: int = Field(description="So many orders are worked on at once.")
    cost_per_hour: NonNegativeDecimal = Field(description="In the company's currency.")
    overhead_per_hour: NonNegativeDecimal = Field(description="In the company's currency.")
    efficiency: PositiveDecimal = Field(description="Percent.")
    skills: list[str] = Field(description="What its people can do.")
    tools: list[str] = Field(description="What it has at hand.")
    note: str = Field(description="What else is to be known.")
    status: Status

    @classmethod
    def of(cls, record: object, changed: list[str]) -> "WorkCentreChanged":
        """The event of a work centre as it is now."""
        state = {name: getattr(record, name) for name in cls.model_fields if name != "changed"}
        return cls.model_validate(state | {"changed": changed})
