"""Opportunities: commands, views and queries."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from chassis.http.etag import EtagVersion, Revision
from crm.opportunities.schemas.won import WonOrder
from crm.opportunities.states import (
    ForecastCategory,
    NoOrderReason,
    StageKind,
    TouchDirection,
    TouchKind,
)
from records.custom.fields import CustomValues, CustomView
from records.filters import AnyOf, Statuses
from records.links import ExternalRef
from records.tagged import Tagged
from values.amounts import InCurrency, SentCurrency, part_currency
from values.days import Day
from values.decimals import (
    Amount,
    NonNegativeDecimal,
    NonNegativeQuantity,
    PositiveQuantity,
    PriceAmount,
    Sum,
)
from values.external import SourceVersion
from values.money import MoneyChange, MoneyView, UnitPriceView
from values.text import Code, Command, Line, Name, OptionalLine, OptionalNote, Status, unset

__all__ = [
    "Board",
    "BoardColumn",
    "BoardQuery",
    "ChangeOpportunity",
    "CloseOpportunity",
    "ColumnSum",
    "ColumnTotals",
    "DealContactView",
    "DealLineView",
    "LoseOpportunity",
    "MoveOpportunity",
    "Moved",
    "NewDealLine",
    "NewOpportunity",
    "OpportunityQuery",
    "OpportunityView",
    "ReopenOpportunity",
    "UpsertOpportunity",
]

Percent = Annotated[int, Field(strict=True, ge=0, le=100)]
Discount = Annotated[NonNegativeDecimal, Field(le=1, description="Part of the price, 0 to 1.")]
_PIPELINE = "Id or code of the pipeline; by default the default one."
_STAGE = "Id or code of the stage, one of the pipeline; by default its first open one."
_REASON = "Id or code of the reason for which it is lost."
_CLOSES_ON = "The day on which it is expected to close; of a closed one the day on which it did."
_HISTORY = (
    "True: it is a deal of the past. The stage is entered on the days given, not now, and nothing "
    "is required of it but what every closed deal has."
)


class DealContact(Command):
    """A person of the opportunity."""

    contact_id: UUID
    role: Line = Field(default="", description="The part in it, such as decides, or uses.")


class NewDealLine(Command):
    """Some of a product; without a price, the product's price of the day holds."""

    product: Code = Field(description="The product's id or code.")
    quantity: PositiveQuantity
    unit_price: UnitPriceView | None = None
    discount: Discount = Decimal(0)


class OpportunityFields(CustomValues):
    """Fields of an opportunity. What is left out of a change stays as it is."""

    account_id: UUID | None = Field(default=None, description="Null: it is not known yet.")
    amount: MoneyChange | None = Field(
        default=None,
        description="What it may come to; null: it is not known. Where there are products, they "
        "make the amount.",
    )
    probability: Percent = Field(
        default_factory=unset,
        description="In percent, of an open one; by default the stage's, and again so when it "
        "moves on.",
    )
    forecast_category: ForecastCategory = Field(
        default_factory=unset,
        description="Of an open one; by default the stage's, and again so when it moves on.",
    )
    opened_on: Day | None = Field(
        default=None, description="The day on which it began; by default today."
    )
    closes_on: Day | None = Field(default=None, description=_CLOSES_ON)
    owner_id: UUID | None = Field(default=None, description="The user who looks after it.")
    team_id: UUID | None = Field(default=None, description="The team that looks after it.")
    source: OptionalLine = Field(default_factory=unset, description="Where it came from.")
    next_step: OptionalLine = Field(default_factory=unset, description="What is to be done next.")
    note: OptionalNote = Field(default_factory=unset, description="What else is to be known.")
    contacts: list[DealContact] = Field(
        default_factory=unset, max_length=50, description="All of its people, in their order."
    )
    competitor_ids: list[UUID] = Field(
        default_factory=unset, max_length=50, description="All who want it too, in their order."
    )
    lines: list[NewDealLine] = Field(
        default_factory=unset, max_length=200, description="All of its products, in their order."
    )


class NewOpportunity(OpportunityFields):
    """Open an opportunity."""

    name: Name
    pipeline: Code = Field(default_factory=unset, description=_PIPELINE)
    stage: Code = Field(default_factory=unset, description=_STAGE)
    lost_reason: Code = Field(default_factory=unset, description=_REASON)
    history: StrictBool = Field(default_factory=unset, description=_HISTORY)


class ChangeOpportunity(OpportunityFields):
    """Change an opportunity (JSON merge patch). Its stage is changed by acts."""

    name: Name = Field(default_factory=unset)
    lost_reason: Code = Field(default_factory=unset, description=f"{_REASON} Of a lost one only.")


class UpsertOpportunity(OpportunityFields):
    """An opportunity as another system knows it; fields left out stay as they are here."""

    source_version: SourceVersion
    name: Name = Field(default_factory=unset, description="Needed when it is new here.")
    pipeline: Code = Field(default_factory=unset, description=_PIPELINE)
    stage: Code = Field(default_factory=unset, description=_STAGE)
    lost_reason: Code = Field(default_factory=unset, description=_REASON)
    history: StrictBool = Field(default_factory=unset, description=_HISTORY)
    status: Status = Field(default_factory=unset)


class MoveOpportunity(Command):
    """Move an open opportunity to another stage; to a won or lost one closes it."""

    stage: Code = Field(
        default_factory=unset,
        description="Id or code of the stage, one of its pipeline; without it, it stays where it "
        "is, or enters the first open one of the pipeline named.",
    )
    pipeline: Code = Field(
        default_factory=unset, description="Id or code of another pipeline, to move it there."
    )
    lost_reason: Code = Field(default_factory=unset, description=_REASON)
    closes_on: Day = Field(
        default_factory=unset, description="Of one that closes the day, by default today."
    )
    probability: Percent = Field(default_factory=unset, description="By default the stage's.")
    forecast_category: ForecastCategory = Field(
        default_factory=unset, description="By default the stage's."
    )


class CloseOpportunity(Command):
    """Win an open opportunity; that places its order."""

    stage: Code = Field(
        default_factory=unset,
        description="Id or code of the stage, one of its pipeline; by default the first such one.",
    )
    closes_on: Day = Field(default_factory=unset, description="The day; by default today.")


class LoseOpportunity(CloseOpportunity):
    """Lose an open opportunity, for a reason."""

    lost_reason: Code = Field(default_factory=unset, description=f"{_REASON} Needed.")
    competitor_ids: list[UUID] = Field(
        default_factory=unset, max_length=50, description="All who wanted it too."
    )


class ReopenOpportunity(Command):
    """Go on with a closed opportunity."""

    stage: Code = Field(
        default_factory=unset,
        description="Id or code of an open stage of its pipeline; by default the one that it was "
        "closed from, else the first.",
    )
    closes_on: Day = Field(default_factory=unset, description="The day that is expected now.")


class DealContactView(BaseModel):
    """A person of the opportunity."""

    model_config = ConfigDict(from_attributes=True)

    contact_id: UUID
    role: str = Field(description="The part in it, such as decides, or uses.")


class DealLineView(InCurrency):
    """A product of the opportunity."""

    model_config = ConfigDict(from_attributes=True)

    product_id: UUID
    quantity: NonNegativeQuantity
    unit_price: PriceAmount
    discount: NonNegativeDecimal = Field(description="Part of the price, 0 to 1.")
    net: Amount = Field(description="Rounded to the digits of the currency.")
    currency: str = part_currency()


class OpportunityView(InCurrency, CustomView):
    """What we may sell."""

    id: UUID
    name: str
    account_id: UUID | None
    pipeline_id: UUID
    pipeline_code: str
    stage_id: UUID
    stage_code: str
    state: StageKind = Field(description="As the stage is.")
    stage_since: datetime = Field(description="When it entered the stage.")
    stale_at: datetime | None = Field(
        description="When it has been in the stage for too long; null: never, or it is closed."
    )
    currency: str
    amount: MoneyView | None = Field(description="Null: it is not known.")
    probability: int = Field(description="In percent.")
    weighted: Amount | None = Field(
        description="Open: amount x probability; won: the amount; lost: 0. Null: no amount."
    )
    forecast_category: ForecastCategory
    opened_on: date | None = Field(description="The day on which it began; null: nobody knows.")
    closes_on: date | None = Field(description=_CLOSES_ON)
    closed_at: datetime | None = Field(description="When it was won or lost; null: it is open.")
    owner_id: UUID | None
    team_id: UUID | None
    lost_reason_id: UUID | None
    lost_reason_code: str | None
    order_id: UUID | None = Field(
        description="Id of the order that was placed when it was won; null: none was."
    )
    order: WonOrder | None = Field(
        description="That order as it is now; null: none was placed. A deal has one for good."
    )
    no_order_reason: NoOrderReason | None = Field(
        description="Why a won one has no order: it has no products, or is one of the past. Null: "
        "it has one, or was never won."
    )
    source: str = Field(description="Where it came from.")
    next_step: str = Field(description="What is to be done next.")
    note: str = Field(description="What else is to be known.")
    contacts: list[DealContactView]
    competitor_ids: list[UUID]
    lines: list[DealLineView]
    status: Status
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class OpportunityQuery(Tagged):
    """Which opportunities are wanted."""

    status: Statuses | None = None
    pipeline_id: UUID | None = None
    stage_id: UUID | None = None
    state: Annotated[str, AnyOf(StageKind)] | None = None
    forecast_category: Annotated[str, AnyOf(ForecastCategory)] | None = None
    account_id: UUID | None = None
    contact_id: UUID | None = None
    owner_id: UUID | None = None
    team_id: UUID | None = None
    lost_reason_id: UUID | None = None
    competitor_id: UUID | None = None
    product_id: UUID | None = None
    currency: SentCurrency | None = Field(default=None, description="Of their amount.")
    source: Line | None = Field(default=None, description="Only those from this source.")
    owned: bool | None = Field(default=None, description="False: only those of nobody.")
    in_team: bool | None = Field(default=None, description="False: only those of no team.")
    closes_on_gte: Day | None = Field(default=None, description="The first day.")
    closes_on_lte: Day | None = Field(default=None, description="The last day.")
    opened_on_gte: Day | None = Field(default=None, description="The first day of opening.")
    opened_on_lte: Day | None = Field(default=None, description="The last day of opening.")
    reached_stage_id: UUID | None = Field(
        default=None,
        description="Only those of its pipeline that entered this stage or a later open or won "
        "one (by position), wherever they stand now.",
    )
    left_stage_id: UUID | None = Field(
        default=None, description="Only those that were in this stage and left it."
    )
    touch_days: Annotated[int, Field(ge=1, le=365)] | None = Field(
        default=None,
        description="Only those that closed later than so many days after opening; touches of "
        "these days are counted. Default: 14 where touches are asked for.",
    )
    touch_channel: TouchKind | None = Field(
        default=None, description="Only touches of this kind are counted; default: of all kinds."
    )
    touch_direction: TouchDirection | None = Field(
        default=None, description="Only touches in this direction; default: in both."
    )
    touches_gte: Annotated[int, Field(ge=0, le=1_000_000)] | None = Field(
        default=None, description="At least so many touches."
    )
    touches_lte: Annotated[int, Field(ge=0, le=1_000_000)] | None = Field(
        default=None, description="No more than so many touches."
    )
    stale: bool | None = Field(
        default=None, description="True: only those that are in their stage for too long."
    )
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)


class BoardQuery(OpportunityQuery):
    """Which board is wanted: its filters are those of the list."""

    q: Line | None = Field(default=None, description="Words of the name; also pinyin.")
    sort: Annotated[str, Field(max_length=40)] = Field(
        default="-created_at", description="As of the list, the same for all columns."
    )
    cards: Annotated[int, Field(ge=1, le=50)] = Field(
        default=20, description="How many cards of each column are wanted at most."
    )
    closed_days: Annotated[int, Field(ge=0, le=3650)] = Field(
        default=30, description="Closed opportunities stand there for so many days."
    )


class ColumnSum(InCurrency):
    """What opportunities come to in one currency."""

    currency: str
    count: int
    amount: Sum = Field(description="Those without an amount count as 0.")
    weighted: Sum = Field(
        description="The sum of `weighted` of these opportunities, each rounded as it is shown."
    )


class ColumnTotals(BaseModel):
    """A column of the board: how many opportunities stand in a stage, and what they come to."""

    stage_id: UUID
    count: int
    sums: list[ColumnSum] = Field(description="By currency.")


class Moved(BaseModel):
    """The opportunity moved, and the totals of the columns that it left and entered."""

    opportunity: OpportunityView
    columns: list[ColumnTotals] = Field(
        description="Of the opportunities that you may see and the filters let through; the one "
        "left first. One, where it stood there already."
    )


class BoardColumn(ColumnTotals):
    """A column with its first cards."""

    stage_code: str
    name: str
    name_zh: str
    kind: StageKind
    probability: int = Field(description="What opportunities that enter it get, in percent.")
    cards: list[OpportunityView]
    next_cursor: str | None = Field(
        description="Give it as `cursor` to the list, with this `stage_id` and the same filters "
        "and sort, for the next cards; null: there are no more."
    )


class Board(BaseModel):
    """The stages of a pipeline with the opportunities in them."""

    pipeline_id: UUID
    columns: list[BoardColumn] = Field(description="By position.")
