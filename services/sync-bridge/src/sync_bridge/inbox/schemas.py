"""What callers ask of the inbox, and what they see."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["EventView", "InboxQuery", "QuarantineView", "Replay", "Replayed"]


class InboxQuery(BaseModel):
    """Which events are wanted."""

    state: Literal["received", "done", "ignored", "unknown", "quarantined", "skipped"] | None = None
    type: str | None = Field(default=None, max_length=200)
    lane: str | None = Field(default=None, max_length=120)


class EventView(BaseModel):
    """An event as it was received; its data stays with the bridge."""

    source: str
    event_id: UUID
    type: str
    lane: str | None
    subject: UUID
    aggversion: int
    occurred_at: datetime
    origin: str
    hops: int
    correlationid: UUID
    causationid: UUID | None
    feed_seq: int | None
    state: str = Field(description="received, done, ignored, unknown, quarantined or skipped.")
    outcome: str | None = Field(description="What it came to, such as applied or unchanged.")
    received_at: datetime
    settled_at: datetime | None


class QuarantineView(BaseModel):
    """Something received that was no readable event, or an event that chases its own tail."""

    id: UUID
    source: str
    place: str = Field(description="Where it stood: topic, partition and offset, or event id.")
    reason: str
    bytes: int = Field(description="Its size; the raw bytes stay with the bridge.")
    headers: dict[str, str]
    received_at: datetime


class Replay(BaseModel):
    """Look again at events whose type was unknown when they came."""

    model_config = ConfigDict(extra="forbid")

    type: str | None = Field(default=None, max_length=200, description="Only this type.")


class Replayed(BaseModel):
    """What the replay found."""

    replayed: int = Field(description="Events that stand in a lane now.")
    still_unknown: int
