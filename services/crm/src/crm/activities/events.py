"""What is published of activities."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from chassis.events.event import Event
from crm.activities.schemas import RelatedRecord
from crm.activities.states import ActivityKind, ActivityState, Direction, Priority
from records.custom.fields import CustomState

__all__ = ["ActivityChanged"]


class ActivityChanged(CustomState, Event):
    """An activity was planned or logged, changed, done, cancelled, or its reminder was due."""

    event_name = "activity-changed"
    topic = "activity"
    aggregate = "activity"

    kind: ActivityKind = Field(description="A call, a meeting, an e-mail or a task.")
    state: ActivityState = Field(description="Whether it is still to be done.")
    name: str = Field(description="What it is about in one line.")
    text: str = Field(description="What there is to say of it.")
    record_type: str | None = Field(description="Type of the record that it is about.")
    record_id: UUID | None = Field(description="The record that it is about; null: none.")
    related: list[RelatedRecord] = Field(description="Further records that it is about.")
    contact_ids: list[UUID] = Field(description="Contacts who take part.")
    user_ids: list[UUID] = Field(description="Users who take part.")
    owner_id: UUID | None = Field(description="The user who is to do it; null: nobody.")
    team_id: UUID | None = Field(description="The team whose it is, beside its owner.")
    starts_at: datetime | None = Field(
        description="When it begins; of an e-mail when it was sent or received, UTC."
    )
    ends_at: datetime | None = Field(description="When it ends, UTC.")
    due_on: date | None = Field(description="The day by whose end it is due.")
    due_at: datetime | None = Field(description="The instant at which it is due, UTC.")
    remind_at: datetime | None = Field(description="When its owner is to be reminded, UTC.")
    reminded_at: datetime | None = Field(
        description="When the reminder was published, UTC; it is due when this is in `changed`."
    )
    priority: Priority = Field(description="How much it matters: low, normal or high.")
    direction: Direction | None = Field(description="From the customer or to it.")
    done_at: datetime | None = Field(description="When it was done, UTC.")
    outcome: str = Field(description="What came of it.")
    location: str = Field(description="Where it takes place.")
    channel: str = Field(description="By which means.")
    system_generated: bool = Field(description="A program made it: it counts as no follow-up.")
    bulk: bool = Field(description="It went to many at once: it counts as no follow-up.")

    @classmethod
    def of(cls, record: object, changed: list[str]) -> Self:
        """The event of an activity as it is now."""
        state = {name: getattr(record, name) for name in cls.model_fields if name != "changed"}
        return cls.model_validate(state | {"changed": changed})
