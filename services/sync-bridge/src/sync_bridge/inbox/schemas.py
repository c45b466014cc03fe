"""What callers ask of the inbox, and what they see."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from records.filters import AnyOf
from sync_bridge.labels import Asked, search_key
from sync_bridge.states import EventState, QuarantineState, values_text
from values.days import Day

__all__ = [
    "Decision",
    "EventView",
    "InboxQuery",
    "QuarantineQuery",
    "QuarantineView",
    "QuarantinedContent",
    "RecordQuery",
    "Replay",
    "Replayed",
]


class RecordQuery(BaseModel):
    """Of which record events, lanes or quarantined things are wanted."""

    kind: str | None = Field(
        default=None, min_length=1, max_length=60, description="Such as crm.customer."
    )
    subject: UUID | None = Field(
        default=None, description="Id of the record in the half that publishes it."
    )
    number: Asked | None = Field(
        default=None,
        description="The record's number or SKU, in letters of any case.",
    )
    name: Asked | None = Field(
        default=None,
        description="How the record's name begins, in letters of any case.",
    )

    @property
    def number_key(self) -> str | None:
        """The number as it is compared."""
        return self.number and search_key(self.number)

    @property
    def name_key(self) -> str | None:
        """The beginning of the name as it is compared."""
        return self.name and search_key(self.name)


class InboxQuery(RecordQuery):
    """Which events are wanted."""

    reason: str | None = Field(
        default=None, max_length=60, description="What it came to, such as too_many_hops."
    )
    state: Annotated[str, AnyOf(EventState)] | None = None
    type: str | None = Field(default=None, max_length=200)
    lane: str | None = Field(default=None, max_length=120)
    received_from: Day | None = Field(
        default=None, description="The first business day on which they were received."
    )
    received_to: Day | None = Field(
        default=None, description="The last business day on which they were received."
    )


class EventView(BaseModel):
    """An event as it was received; its data stays with the bridge."""

    source: str
    event_id: UUID
    type: str
    lane: str | None
    subject: UUID
    number: str | None = Field(description="Number or SKU of the record; null: not known.")
    name: str | None = Field(description="Name of the record; null: not known.")
    aggversion: int
    occurred_at: datetime
    origin: str
    hops: int
    correlationid: UUID
    causationid: UUID | None
    feed_seq: int | None
    state: str = Field(description=f"{values_text(EventState)}.")
    outcome: str | None = Field(description="What it came to, such as applied or unchanged.")
    received_at: datetime
    settled_at: datetime | None


class QuarantineQuery(RecordQuery):
    """Which things in quarantine are wanted."""

    state: Annotated[str, AnyOf(QuarantineState)] | None = None
    reason: str | None = Field(
        default=None, max_length=200, description="Such as too_many_hops or caused_by_itself."
    )


class QuarantineView(BaseModel):
    """Something received that was no readable event, or an event that goes in circles."""

    id: UUID
    source: str
    place: str = Field(description="Where it stood: topic, partition and offset, or event id.")
    reason: str
    bytes: int = Field(description="Its size; what is in it, one asks for by its id.")
    headers: dict[str, str] = Field(description="Where it came from, as far as it was said.")
    received_at: datetime
    state: str = Field(description=f"{values_text(QuarantineState)}.")
    type: str | None = Field(description="Type of the event; null: it was none.")
    lane: str | None = Field(description="The lane it stands in once it is released.")
    subject: UUID | None
    number: str | None = Field(description="Number or SKU of the record; null: not known.")
    name: str | None = Field(description="Name of the record; null: not known.")
    decided_at: datetime | None
    decided_by: str | None = Field(description="Who released or dismissed it.")
    note: str = Field(description="Why.")


class QuarantinedContent(QuarantineView):
    """What is in quarantine, with its content."""

    content: Any = Field(description="The content, as the JSON it is; null: it is none.")
    raw: str | None = Field(description="The bytes in base64, where they are no JSON.")


class Decision(BaseModel):
    """What is decided on something in quarantine, and why."""

    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, Field(max_length=500, description="Why; for those who look later.")] = ""


class Replay(BaseModel):
    """Look again at events whose type was unknown when they came."""

    model_config = ConfigDict(extra="forbid")

    type: str | None = Field(default=None, max_length=200, description="Only this type.")


class Replayed(BaseModel):
    """What the replay found."""

    replayed: int = Field(description="Events that stand in a lane now.")
    still_unknown: int
