"""What callers ask of lanes, and what they see."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["ActView", "HoleView", "LaneQuery", "LaneView", "Note", "PauseView"]


class Note(BaseModel):
    """Why it is done; kept with the act."""

    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, Field(max_length=500, description="Why; for those who look later.")] = ""


class LaneQuery(BaseModel):
    """Which lanes are wanted."""

    state: Literal["idle", "ready", "waiting", "parked"] | None = None
    kind: str | None = Field(default=None, max_length=60, description="Such as crm.customer.")
    reason: str | None = Field(default=None, max_length=60)


class LaneView(BaseModel):
    """A lane: one record of one half, and how far its changes are across."""

    model_config = ConfigDict(from_attributes=True)

    key: str
    id: UUID
    kind: str
    subject: UUID = Field(description="Id of the record in the half that publishes it.")
    state: str = Field(description="idle, ready, waiting or parked; more may come.")
    since: datetime
    applied_version: int = Field(description="The record's version that is across.")
    pending: int = Field(description="Events that wait in the lane.")
    attempts: int = Field(description="Failed tries in a row.")
    next_at: datetime = Field(description="Not carried before this time.")
    waits_for: str | None = Field(description="What must be across, or decided, first.")
    reason: str | None = Field(description="Stable code of why it stands still.")
    detail: str | None
    blocked_version: int | None = Field(description="The version that could not be carried.")


class HoleView(BaseModel):
    """An event that a person skipped: it never took effect on the other side."""

    id: UUID
    lane: str
    source: str
    event_id: UUID
    aggversion: int
    actor: str
    note: str
    at: datetime


class ActView(BaseModel):
    """What a person did to a lane."""

    id: UUID
    lane: str
    act: str
    actor: str
    note: str
    reason: str | None = Field(description="Why the lane stood still.")
    at: datetime


class PauseView(BaseModel):
    """A flow that is held because the other half refuses the bridge's key."""

    kind: str
    status: int = Field(description="What the other half answered: 401 or 403.")
    refusals: int
    since: datetime
    until: datetime = Field(description="Then it is tried again.")
