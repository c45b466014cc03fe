"""What lanes tell everyone: that a record is stopped, and that it moves again."""

from uuid import UUID

from pydantic import Field

from chassis.events.event import Event

__all__ = ["LaneParked", "LaneResumed"]


class LaneState(Event):
    """A lane as it is now."""

    topic = "flow"
    aggregate = "lane"

    lane: str = Field(description="Key of the lane, such as crm.customer:<id>.")
    kind: str = Field(description="Kind of the lane, such as crm.customer.")
    subject: UUID = Field(description="Id of the record in the half that owns the lane.")
    applied_version: int = Field(description="The record's version that is across.")
    pending: int = Field(description="Events that wait in the lane.")


class LaneParked(LaneState):
    """A lane is stopped until a person acts."""

    event_name = "lane-parked"

    reason: str = Field(description="Stable code of why.")


class LaneResumed(LaneState):
    """A lane that was stopped moves again."""

    event_name = "lane-resumed"
