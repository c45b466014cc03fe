"""What callers ask of lanes, and what they see."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from chassis.problems.problem import ProblemView
from records.filters import AnyOf
from sync_bridge.inbox.schemas import RecordQuery
from sync_bridge.lanes.rules.retry import state_of_reason
from sync_bridge.states import LaneState, values_text
from values.days import Day

__all__ = [
    "RETRIES_MAX",
    "ActView",
    "HeldLaneQuery",
    "HoleView",
    "LaneFilter",
    "LaneQuery",
    "LaneView",
    "LanesRetried",
    "NeededView",
    "Note",
    "OfLane",
    "PauseView",
    "RetriedView",
    "RetryLanes",
]

RETRIES_MAX = 500


class Note(BaseModel):
    """Why it is done; kept with the act."""

    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, Field(max_length=500, description="Why; for those who look later.")] = ""


class LaneQuery(RecordQuery):
    """Which lanes are wanted."""

    kind: str | None = Field(default=None, max_length=60, description="Such as crm.customer.")
    state: Annotated[str, AnyOf(LaneState)] | None = None
    reason: str | None = Field(
        default=None, max_length=60, description="Why they are stopped, such as review."
    )
    since_from: Day | None = Field(
        default=None, description="The first business day on which they came to be as they are."
    )
    since_to: Day | None = Field(
        default=None, description="The last business day on which they came to be as they are."
    )


class HeldLaneQuery(LaneQuery):
    """Which lanes are wanted of those that something holds."""


class OfLane(BaseModel):
    """Of which lane acts or holes are wanted."""

    lane: str | None = Field(
        default=None, min_length=1, max_length=120, description="Such as crm.customer:<id>."
    )


class LaneFilter(RecordQuery):
    """Lanes that are held, found as in the list."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["parked", "waiting", "ready"] = Field(
        default="parked", description="ready: those whose tries fail."
    )
    reason: str | None = Field(default=None, max_length=60)

    @model_validator(mode="after")
    def _reason_of_state(self) -> Self:
        """A filter that no lane can have finds nothing, and would look like a success."""
        only = state_of_reason(self.reason) if self.reason else None
        if only == LaneState.WAITING and self.state != "waiting":
            raise PydanticCustomError(
                "reason_of_other_state", "Only waiting lanes have this reason: give that state."
            )
        if only == LaneState.READY and self.state != "ready":
            raise PydanticCustomError(
                "reason_of_other_state",
                "Only ready lanes, whose tries fail, have this reason: give that state.",
            )
        if only is None and self.reason and self.state == "waiting":
            raise PydanticCustomError(
                "reason_of_other_state",
                "Waiting lanes have review or missing_dependency for a reason.",
            )
        return self


class RetryLanes(Note):
    """Retry several lanes: those named, or those that a filter finds."""

    lanes: list[Annotated[str, Field(max_length=120)]] | None = Field(
        default=None, min_length=1, max_length=RETRIES_MAX, description="Keys or ids of lanes."
    )
    filter: LaneFilter | None = None
    limit: int = Field(
        strict=True,
        default=RETRIES_MAX,
        ge=1,
        le=RETRIES_MAX,
        description="So many of those that the filter finds, those first that stand for longest.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.lanes is None) == (self.filter is None):
            raise PydanticCustomError("lanes_or_filter", "Name lanes, or give a filter.")
        return self


class RetriedView(BaseModel):
    """What became of one lane."""

    lane: str = Field(description="Its key; where there is no such lane, what was given.")
    status: Literal["retried", "failed"] = Field(description="failed: see `problem`.")
    problem: ProblemView | None = None


class LanesRetried(BaseModel):
    """What became of each lane."""

    items: list[RetriedView]
    retried: int = Field(description="How many of them are delivered again.")
    more: bool = Field(description="True: the filter finds more than the limit.")


class NeededView(BaseModel):
    """The record for which a lane waits, or whose review is to be answered."""

    type: str = Field(description="Such as customer or product.")
    half: str = Field(description="The half in which the record is: crm or erp.")
    subject: UUID = Field(description="Id of the record there.")
    number: str = Field(description="Its number or SKU; empty: not known.")
    name: str = Field(description="Its name; empty: not known.")
    lane: str | None = Field(description="Key of its own lane; null: it has none.")
    lane_state: str | None
    lane_reason: str | None
    review: UUID | None = Field(description="The open review of the record.")


class LaneView(BaseModel):
    """A lane: one record of one half, and how far its changes are across."""

    model_config = ConfigDict(from_attributes=True)

    key: str
    id: UUID
    kind: str
    subject: UUID = Field(description="Id of the record in the half that publishes it.")
    number: str = Field(description="Number or SKU of the record; empty: not known.")
    name: str = Field(description="Name of the record; empty: not known.")
    state: str = Field(description=f"{values_text(LaneState)}; more may come.")
    since: datetime
    applied_version: int = Field(description="The record's version that is across.")
    pending: int = Field(description="Events that wait in the lane.")
    attempts: int = Field(description="Failed tries in a row.")
    next_at: datetime = Field(description="Not delivered before this time.")
    waits_for: str | None = Field(description="What must be across, or decided, first.")
    reason: str | None = Field(description="Stable code of why it is stopped.")
    detail: str | None
    blocked_version: int | None = Field(description="The version that could not be delivered.")
    failing_since: datetime | None = Field(description="When the first of those tries failed.")
    explanation: str | None = Field(
        description="What holds it and what to do, in the caller's language; null: nothing does."
    )
    needs: NeededView | None = Field(description="What it waits for.")


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
    reason: str | None = Field(description="Why the lane was stopped.")
    at: datetime


class PauseView(BaseModel):
    """A flow that is held because the other half refuses the bridge's key."""

    kind: str
    status: int = Field(description="What the other half answered: 401 or 403.")
    refusals: int
    since: datetime
    until: datetime = Field(description="Then it is tried again.")
