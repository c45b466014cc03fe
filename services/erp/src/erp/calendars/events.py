"""What is published of calendars."""

from typing import Self

from pydantic import Field

from chassis.events.event import Event
from erp.calendars.schemas import DayHours, WeekHours
from records.custom.fields import CustomState
from values.text import Status

__all__ = ["CalendarChanged"]


class CalendarChanged(CustomState, Event):
    """A calendar was created, changed, archived or restored."""

    event_name = "calendar-changed"
    topic = "calendar"
    aggregate = "calendar"

    name: str
    note: str = Field(description="What else is to be known.")
    zone: str
    country: str
    region: str
    hours: list[WeekHours]
    exceptions: list[DayHours]
    status: Status

    @classmethod
    def of(cls, record: object, changed: list[str]) -> Self:
        """The event of a calendar as it is now."""
        state = {name: getattr(record, name) for name in cls.model_fields if name != "changed"}
        return cls.model_validate(state | {"changed": changed})
