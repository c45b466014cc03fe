"""What callers ask of response times, and what they see."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from crm.response_times.states import GroupedBy
from values.days import Day

__all__ = [
    "ResponseFigures",
    "ResponseGroup",
    "ResponseTime",
    "ResponseTimeQuery",
    "ResponseTimes",
]


class ResponseTimeQuery(BaseModel):
    """The leads whose response times are wanted."""

    captured_from: Day = Field(description="The first day on which they were captured.")
    captured_to: Day = Field(description="The last day; at most 366 days are asked for.")
    by: GroupedBy = Field(default=GroupedBy.OWNER, description="What makes a group.")
    owner_id: UUID | None = Field(default=None, description="Only leads of this user.")
    source: str | None = Field(
        default=None, max_length=200, description="Only leads from this source."
    )


class ResponseFigures(BaseModel):
    """How long leads waited; working time where their owner has a calendar."""

    captured: int = Field(description="How many leads were captured.")
    responded: int = Field(description="How many of them had a response.")
    median_seconds: int | None = Field(description="Half of those waited at most so long.")
    p90_seconds: int | None = Field(description="Nine of ten waited at most so long.")


class ResponseGroup(ResponseFigures):
    """The figures of one group."""

    owner_id: UUID | None = Field(description="Of groups by owner; null: nobody's.")
    source: str | None = Field(description="Of groups by source.")
    period: Day | None = Field(description="Of groups by day, week or month: its first day.")


class ResponseTimes(BaseModel):
    """How long the leads of a period waited until staff turned to them."""

    total: ResponseFigures
    groups: list[ResponseGroup]


class ResponseTime(BaseModel):
    """How long a lead waited until staff first turned to it."""

    lead_id: UUID
    captured_at: datetime
    responded_at: datetime | None = Field(description="Null: nobody has turned to it yet.")
    activity_id: UUID | None = Field(description="The call, meeting or e-mail that counts.")
    responded_by: UUID | None = Field(description="Whose activity it is.")
    elapsed_seconds: int | None = Field(description="From capture to response by the clock.")
    working_seconds: int | None = Field(
        description="The same in working time of the owner's calendar; null: there is none."
    )
