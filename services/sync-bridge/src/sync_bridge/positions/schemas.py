"""How far the bridge is, as callers see it."""

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
