"""What is published of absences."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from chassis.events.event import Event
from records.custom.fields import CustomState
from values.text import Status

__all__ = ["AbsenceChanged"]


class AbsenceChanged(CustomState, Event):
    """An absence was created, changed, archived or restored."""

    event_name = "absence-changed"
    topic = "absence"
    aggregate = "absence"

    name: str
    note: str = Field(description="What else is to be known.")
    user_id: UUID
    starts_at: datetime
    ends_at: datetime
    status: Status

    @classmethod
    def of(cls, record: object, changed: list[str]) -> Self:
        """The event of an absence as it is now."""
        state = {name: getattr(record, name) for name in cls.model_fields if name != "changed"}
        return cls.model_validate(state | {"changed": changed})
