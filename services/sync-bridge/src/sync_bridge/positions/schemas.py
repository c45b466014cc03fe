"""How far the bridge is, as callers see it."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "Backfill",
    "BackfillView",
    "FollowedView",
    "LanesView",
    "Reached",
    "SourceView",
    "StandingView",
    "StatusView",
    "UnreachableView",
]


class SourceView(BaseModel):
    """How far one source is taken in and delivered to the other half."""

    source: str
    service: str
    mark: int = Field(description="Feed position up to which everything was taken in.")
    head: int = Field(description="Highest feed position that was taken in.")
    events: int = Field(description="Events taken in so far.")
    pending: int = Field(description="Events that are not settled yet.")
    oldest_seconds: float = Field(description="How long the oldest of those has been here.")
    drained: bool = Field(description="True: everything taken in is settled.")


class FollowedView(BaseModel):
    """How following one source goes, as its process last told."""

    name: str = Field(
        description="kafka, or feed:crm and feed:erp; states:crm and states:erp read records."
    )
    state: str = Field(
        description="starting, following, retrying or refused (the key is not accepted); more may "
        "come."
    )
    reason: str = Field(description="Why it is not followed; empty while it is.")
    missing: str = Field(description="Why events are gone that never came here; empty: none are.")
    failures: int = Field(description="Failed attempts in a row.")
    answered_at: datetime = Field(description="When the source last answered.")
    told_at: datetime = Field(description="When this was told; long ago: no worker runs.")


class StatesReadView(BaseModel):
    """How far the records of one type were read."""

    type: str = Field(description="The event type that tells of them.")
    read: int = Field(description="Records read so far.")
    finished: bool


class BackfillView(BaseModel):
    """The last reading of a half's records as they are now, beside its feed or topics."""

    half: Literal["crm", "erp"]
    reason: str = Field(
        description="first_meeting; asked (by a person); or why events are gone at the source."
    )
    begun_at: datetime
    finished_at: datetime | None = Field(description="Null: some records are still to be read.")
    types: list[StatesReadView]


class Backfill(BaseModel):
    """An order to read all records of a half as they are now."""

    model_config = ConfigDict(extra="forbid")

    half: Literal["crm", "erp"]


class LanesView(BaseModel):
    """How many lanes are in which state."""

    ready: int
    waiting: int
    parked: int


class UnreachableView(BaseModel):
    """A source that is not followed now."""

    name: str = Field(description="As in `following`.")
    state: str = Field(
        description="starting, retrying or refused; silent: its worker says nothing any more; "
        "unknown: no worker ever followed it. More may come."
    )
    since: datetime | None = Field(description="When it last answered; null: it never did.")
    reason: str = Field(description="What it answered, or why it did not; may be empty.")
    explanation: str = Field(description="What it means, in the caller's language.")


class StatusView(BaseModel):
    """How far the bridge is."""

    drained: bool = Field(
        description="True: everything taken in from every source is settled, no records of a half "
        "are still to be read, and every source is reachable."
    )
    unreachable: list[UnreachableView] = Field(
        description="Sources of which it is not known whether they have more."
    )
    idle: bool = Field(description="True: the addresses of both halves are not set.")
    sources: list[SourceView]
    following: list[FollowedView]
    backfills: list[BackfillView] = Field(
        description="Per half; one that is not here was not met yet."
    )
    lanes: LanesView
    unknown_events: int = Field(description="Events of types this version does not know.")
    quarantined: int
    open_reviews: int
    paused_flows: list[str]


class StandingView(BaseModel):
    """A lane in which nothing moves by itself."""

    lane: str = Field(description="Its key: GET /v1/lanes/{key} tells what to do.")
    id: UUID
    kind: str = Field(description="Such as crm.customer.")
    subject: UUID = Field(description="Id of the record.")
    number: str = Field(description="Number or SKU of the record; empty: not known.")
    name: str = Field(description="Name of the record; empty: not known.")
    state: str = Field(description="parked, waiting or ready (its tries fail); more may come.")
    reason: str = Field(description="Stable code of why.")
    since: datetime


class Reached(BaseModel):
    """Whether everything up to a position is across."""

    source: str
    feed_seq: int
    reached: bool
    mark: int = Field(description="Feed position up to which everything was taken in.")
    moving: int = Field(
        description="Events up to the position that are still on their way. Of more than 2000 that "
        "are not settled, the 2000 that have been here for longest are counted, here and in "
        "`standing`; all, where none of those moves."
    )
    standing: int = Field(
        description="Events up to the position whose lanes are stopped: for a person to see to, or "
        "failing for long."
    )
    lanes: list[StandingView] = Field(
        description="Those lanes, the ones first that stand for longest; at most 20."
    )
