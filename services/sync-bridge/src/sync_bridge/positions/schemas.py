"""How far the bridge is, as callers see it."""

from datetime import datetime

from pydantic import BaseModel, Field

__all__ = ["LanesView", "Reached", "SourceView", "StatusView"]


class SourceView(BaseModel):
    """How far one source is taken in and carried across."""

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

    name: str = Field(description="kafka, feed:crm or feed:erp.")
    state: str = Field(
        description="starting, following, retrying, refused (the key is not accepted) or "
        "backfill_needed (410: what was missed must be read from the records); more may come."
    )
    reason: str = Field(description="Why it is not followed; empty while it is.")
    missing: str = Field(description="Why events are gone that never came here; empty: none are.")
    failures: int = Field(description="Failed attempts in a row.")
    answered_at: datetime = Field(description="When the source last answered.")
    told_at: datetime = Field(description="When this was told; long ago: no worker runs.")


class LanesView(BaseModel):
    """How many lanes are in which state."""

    ready: int
    waiting: int
    parked: int


class StatusView(BaseModel):
    """How far the bridge is."""

    drained: bool = Field(description="True: everything taken in from every source is settled.")
    idle: bool = Field(description="True: the addresses of both halves are not set.")
    sources: list[SourceView]
    following: list[FollowedView]
    lanes: LanesView
    unknown_events: int = Field(description="Events of types this version does not know.")
    quarantined: int
    open_reviews: int
    paused_flows: list[str]


class Reached(BaseModel):
    """Whether everything up to a position is across."""

    source: str
    feed_seq: int
    reached: bool
    mark: int = Field(description="Feed position up to which everything was taken in.")
    moving: int = Field(description="Events up to the position that are still on their way.")
    standing: int = Field(description="Events up to the position that wait for a person.")
