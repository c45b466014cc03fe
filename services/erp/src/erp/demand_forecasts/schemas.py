"""What callers ask of demand forecasts, and what they see."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chassis.http.etag import EtagVersion, Revision
from erp.demand_forecasts.states import Bucket, ForecastMethod, ForecastSource, HistoryKind
from records.custom.fields import CustomValues, CustomView
from records.filters import AnyOf
from records.links import ExternalRef
from records.tagged import Tagged
from values.days import Day
from values.decimals import NonNegativeQuantity, SignedDecimal
from values.external import SourceVersion
from values.text import Code, Command, OptionalNote, unset

__all__ = [
    "CalculateForecasts",
    "CalculatedForecasts",
    "ChangeDemandForecast",
    "DemandForecastQuery",
    "DemandForecastView",
    "NewDemandForecast",
    "UpsertDemandForecast",
]

_FROM, _TO = "First day of its period.", "Last day of its period, at most a year after the first."
_CUSTOMER = "Number of the customer; null: what no forecast of a customer's own expects."
_QUANTITY = "What is expected to be ordered for these days, in the item's own unit."
_SOURCE = (
    "entered, imported, or calculated by moving_average, exponential_smoothing or holt."
    " By default entered; imported where another system sends it."
)


class ForecastFields(CustomValues):
    """What may change of a forecast. What is left out of a change stays as it is."""

    source: ForecastSource = Field(default_factory=unset, description=_SOURCE)
    note: OptionalNote = Field(default_factory=unset, description="What else is to be known.")


class NewDemandForecast(ForecastFields):
    """Note how much of an item is expected to be ordered for a period."""

    sku: Code
    customer_number: str | None = Field(default=None, max_length=64, description=_CUSTOMER)
    from_on: Day = Field(description=_FROM)
    to_on: Day = Field(description=_TO)
    quantity: NonNegativeQuantity = Field(description=_QUANTITY)


class ChangeDemandForecast(ForecastFields):
    """Change a forecast (JSON merge patch); item and customer stay."""

    from_on: Day = Field(default_factory=unset, description=_FROM)
    to_on: Day = Field(default_factory=unset, description=_TO)
    quantity: NonNegativeQuantity = Field(default_factory=unset, description=_QUANTITY)


class UpsertDemandForecast(ChangeDemandForecast):
    """A forecast as another system has it; what is left out stays as it is here."""

    source_version: SourceVersion
    sku: Code = Field(default_factory=unset, description="Needed when it is new here.")
    customer_number: str | None = Field(default=None, max_length=64, description=_CUSTOMER)


class DemandForecastView(CustomView):
    """How much of an item is expected to be ordered for a period."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: UUID
    version: EtagVersion
    revision: Revision
    item_id: UUID
    sku: str
    customer_id: UUID | None = Field(
        description="Id of the customer; null: what no forecast of a customer's own expects."
    )
    customer_number: str | None = Field(description=_CUSTOMER)
    from_on: date = Field(description=_FROM)
    to_on: date = Field(description=_TO)
    quantity: NonNegativeQuantity = Field(description=_QUANTITY)
    source: ForecastSource = Field(description=_SOURCE)
    note: str
    external_refs: list[ExternalRef]
    created_at: datetime
    updated_at: datetime


class DemandForecastQuery(Tagged):
    """Which forecasts are wanted."""

    sku: str | None = Field(default=None, max_length=64)
    customer: str | None = Field(default=None, max_length=64, description="The customer's number.")
    source: Annotated[str, AnyOf(ForecastSource)] | None = Field(
        default=None, description="Only forecasts of these sources."
    )
    from_on_gte: Day | None = Field(default=None, description="The first day it may begin on.")
    from_on_lte: Day | None = Field(default=None, description="The last day it may begin on.")
    to_on_gte: Day | None = Field(default=None, description="The first day it may end on.")
    to_on_lte: Day | None = Field(default=None, description="The last day it may end on.")


Number = Annotated[int, Field(strict=True)]


class CalculateForecasts(Command):
    """Calculate forecasts of items from their history, and say how good each method was."""

    skus: list[Code] = Field(min_length=1, max_length=200, description="Items to forecast.")
    history: HistoryKind = Field(
        default=HistoryKind.ORDERED,
        description="ordered: what orders want, by the day it is needed; shipped: what left.",
    )
    bucket: Bucket = Field(default=Bucket.MONTH, description="week (from Monday) or month.")
    past: Annotated[Number, Field(ge=2, le=120)] = Field(
        default=24, description="Whole periods of the past that are looked at."
    )
    ahead: Annotated[Number, Field(ge=1, le=52)] = Field(
        default=6, description="Periods to forecast; the first one is that of today."
    )
    hold_out: Annotated[Number, Field(ge=1, le=24)] = Field(
        default=6, description="The last periods of the past, on which methods are tested."
    )
    window: Annotated[Number, Field(ge=2, le=52)] = Field(
        default=3, description="Periods of the moving average."
    )
    store: bool = Field(
        strict=True,
        default=False,
        description="Whether to store the best method's forecast for all customers. Calculated"
        " ones of the same days are replaced; days with an entered or imported one are left out.",
    )


class View(BaseModel):
    """What a reader is shown."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class MethodResult(View):
    """How wrong a method would have been on the periods held out, and what it forecasts."""

    method: ForecastMethod = Field(description="moving_average, exponential_smoothing or holt.")
    parameters: list[SignedDecimal] = Field(
        description="Periods of the average; alpha; or alpha and beta."
    )
    mae: SignedDecimal = Field(description="What it missed by on average, in the item's unit.")
    mape: SignedDecimal | None = Field(
        description="The mean part it missed by, of periods in which something came."
    )
    wape: SignedDecimal | None = Field(description="All that it missed by, of all that came.")
    bias: SignedDecimal = Field(
        description="The mean of forecast less what came; above 0: it forecasts too much."
    )
    expected: list[NonNegativeQuantity] = Field(description="Its forecast of each period.")


class ForecastPeriod(View):
    """A period that is forecast."""

    from_on: date = Field(description=_FROM)
    to_on: date = Field(description=_TO)
    stored: bool = Field(description="Whether the best method's forecast of it was stored.")


class ItemForecast(View):
    """What was calculated for an item."""

    sku: str
    past: list[NonNegativeQuantity] = Field(
        description="What came in each period, the oldest first."
    )
    methods: list[MethodResult] = Field(
        description="The best first; none: the history is too short."
    )
    periods: list[ForecastPeriod] = Field(description="The periods that are forecast, in order.")


class CalculatedForecasts(View):
    """What was calculated."""

    items: list[ItemForecast] = Field(description="In the order in which they were asked for.")
