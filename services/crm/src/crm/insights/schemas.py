"""Figures about deals: what is asked, and what is seen."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from crm.insights.states import Dimension
from crm.opportunities.schemas.deals import ColumnSum
from crm.opportunities.states import StageKind, TouchKind
from values.days import Day
from values.decimals import NonNegativeDecimal
from values.text import Command, Line

__all__ = [
    "Conversion",
    "ConversionQuery",
    "FollowUpBucket",
    "FollowUpQuery",
    "FollowUps",
    "LossQuery",
    "LostFor",
    "LostReasons",
    "NextTouch",
    "NextTouchQuery",
    "NextTouches",
    "ShareOf",
    "ShareView",
    "StageReached",
    "TimeInStage",
    "Velocity",
    "VelocityQuery",
    "WinRate",
    "WinRateQuery",
    "WinRates",
]

_LIST = "The path of the list of these deals; null: no list has just these."


class ShareView(BaseModel):
    """A part of n cases, from 0 to 1, with the 95 % interval of Wilson."""

    model_config = ConfigDict(from_attributes=True)

    rate: NonNegativeDecimal = Field(description="Cases of n.")
    low: NonNegativeDecimal = Field(description="Lower end of the interval.")
    high: NonNegativeDecimal = Field(description="Upper end of the interval.")


class DealsOf(Command):
    """Whose deals are counted."""

    pipeline_id: UUID | None = Field(default=None, description="Only of this pipeline.")
    owner_id: UUID | None = Field(default=None, description="Only of this user.")
    team_id: UUID | None = Field(default=None, description="Only of this team.")


class Closed(DealsOf):
    """Which closed deals are counted."""

    closed_gte: Day | None = Field(default=None, description="The first day of closing.")
    closed_lte: Day | None = Field(default=None, description="The last day of closing.")


class ConversionQuery(DealsOf):
    """Which cohort is wanted: the deals of a pipeline that were opened in some days."""

    opened_gte: Day | None = Field(default=None, description="The first day of opening.")
    opened_lte: Day | None = Field(default=None, description="The last day of opening.")


class WinRateQuery(Closed):
    """Which win rates are wanted."""

    by: Dimension = Field(default=Dimension.OWNER, description="What each row is of.")


class LossQuery(Closed):
    """Which lost deals are counted."""


class VelocityQuery(Closed):
    """Which closed deals are counted."""


class StageReached(BaseModel):
    """How many deals of the cohort came as far as a stage."""

    stage_id: UUID
    stage_code: str
    name: str
    name_zh: str
    kind: StageKind
    reached: int = Field(description="Deals that entered it or a later one, each once.")
    share: ShareView | None = Field(description="Of all deals of the cohort; null: there are none.")
    list: str = Field(description="The path of the list of these deals.")


class Conversion(BaseModel):
    """How far the deals of a cohort came (C22). Lost ones count in all shares."""

    pipeline_id: UUID
    deals: int = Field(description="All deals of the cohort.")
    open: int = Field(description="Of these, how many are open.")
    won: int = Field(description="How many were won.")
    lost: int = Field(description="How many were lost.")
    stages: list[StageReached] = Field(description="The open ones by position, and the won one.")
    list: str = Field(description="The path of the list of all deals of the cohort.")


class WinRate(BaseModel):
    """How many deals of an owner, a source or the like were won of those that closed."""

    key: str | None = Field(
        description="The id, the source, or the first day of the quarter; null: of none."
    )
    name: str = Field(description="What it is called.")
    won: int = Field(description="How many deals were won.")
    lost: int = Field(description="How many were lost.")
    share: ShareView | None = Field(description="Won of those that closed; null: none closed.")
    revenue: list[ColumnSum] = Field(
        description="What was won, by currency; of a product its lines."
    )
    list: str | None = Field(description=f"{_LIST} Of those that were won.")


class WinRates(BaseModel):
    """Win rates by owner, source or the like."""

    items: list[WinRate] = Field(description="The most won first.")


class LostFor(BaseModel):
    """Deals that were lost for a reason."""

    lost_reason_id: UUID
    code: str
    name: str
    name_zh: str
    count: int
    share: ShareView | None = Field(description="Of all that were lost.")
    sums: list[ColumnSum] = Field(description="What they were to come to, by currency.")
    list: str = Field(description="The path of the list of these deals.")


class LostReasons(BaseModel):
    """For what deals were lost."""

    items: list[LostFor] = Field(description="The most frequent first.")


class TimeInStage(BaseModel):
    """How long deals that closed were in a stage, all visits of a deal together."""

    stage_id: UUID
    stage_code: str
    deals: int = Field(description="How many were in it.")
    median_days: NonNegativeDecimal = Field(description="Half were in it no longer.")
    p90_days: NonNegativeDecimal = Field(description="Nine in ten were in it no longer.")
    list: str = Field(description="The path of the list of these deals.")


class Velocity(BaseModel):
    """How long won deals took."""

    won: int = Field(description="How many were won: n.")
    mean_days: NonNegativeDecimal | None = Field(
        description="From the day of opening to that of closing; null: nothing was won."
    )
    median_days: NonNegativeDecimal | None = Field(description="Half took no longer.")
    p90_days: NonNegativeDecimal | None = Field(description="Nine in ten took no longer.")
    stages: list[TimeInStage] = Field(description="Of won and lost deals, by position.")
    list: str = Field(description="The path of the list of those that were won.")


class FollowUpQuery(Closed):
    """Which deals are compared by their follow-ups."""

    days: int = Field(
        default=14,
        ge=1,
        le=365,
        description="Follow-ups of so many days after opening are counted.",
    )
    channel: TouchKind | None = Field(default=None, description="Only by this kind of activity.")
    source: Line | None = Field(default=None, description="Only deals from this source.")


class FollowUpBucket(BaseModel):
    """Deals with so many follow-ups in their first days, and how many of them were won."""

    at_least: int
    at_most: int | None = Field(description="Null: no limit.")
    deals: int = Field(description="How many deals had so many: n.")
    won: int = Field(description="How many of them were won.")
    share: ShareView | None = Field(description="Won; null: there is no such deal.")
    list: str = Field(description="The path of the list of these deals.")


class FollowUps(BaseModel):
    """Win rates by the number of follow-ups at equal age (C30). An association, not a cause."""

    days: int
    deals: int = Field(description="Closed deals that were open for longer than these days.")
    left_out: int = Field(description="Closed within these days: they could not get as many.")
    outbound: list[FollowUpBucket] = Field(description="By what staff did towards the customer.")
    inbound: list[FollowUpBucket] = Field(description="By replies and calls of the customer.")
    reading: str = Field(description="How to read it.")


class NextTouchQuery(DealsOf):
    """Which open deals are wanted, whose next touch is due."""

    channel: TouchKind | None = Field(default=None, description="Only a touch of this kind.")
    min_deals: int = Field(
        default=20,
        ge=1,
        le=10_000,
        description="Rates of fewer closed deals than these say too little to be used.",
    )
    limit: int = Field(default=50, ge=1, le=200, description="So many rows.")
    offset: int = Field(default=0, ge=0, le=10_000, description="So many rows are left out first.")


class ShareOf(BaseModel):
    """How many of n closed deals were won."""

    deals: int = Field(description="How many deals there are: n.")
    won: int = Field(description="How many of them were won.")
    share: ShareView = Field(description="Won, with the interval.")


class NextTouch(BaseModel):
    """An open deal whose next touch is due, and what closed deals say of it."""

    opportunity_id: UUID = Field(description="Id of the opportunity.")
    name: str = Field(description="What the deal is called.")
    account_id: UUID | None
    pipeline_id: UUID
    stage_id: UUID
    owner_id: UUID | None
    team_id: UUID | None
    opened_on: date = Field(description="The day of opening.")
    age_days: int = Field(description="Days since then.")
    days: int = Field(description="Closed deals are compared by so many first days: 7, 14 or 30.")
    channel: TouchKind = Field(description="The kind of touch with the greatest difference.")
    touches: int = Field(description="So many of that kind there were so far.")
    inbound: int = Field(description="Replies and calls of the customer so far, of all kinds.")
    due_on: date = Field(description="The day by which won deals had had the next one, on average.")
    so_far: ShareOf = Field(description="Closed deals with just so many touches in these days.")
    with_next: ShareOf = Field(description="Closed deals with one more; five stands for more too.")
    difference: NonNegativeDecimal = Field(description="Between the two shares.")


class NextTouches(BaseModel):
    """Open deals whose next touch is due (C30). An association, not a cause."""

    items: list[NextTouch] = Field(description="The greatest difference first.")
    count: int = Field(description="How many there are in all, or 0 past the last row.")
    counted_at: datetime | None = Field(
        description="When closed deals were counted; null: not yet, or there is none."
    )
    reading: str = Field(description="How to read it.")
