"""What callers ask of exchange rates, and what they see."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, StringConstraints
from pydantic_core import PydanticCustomError

from chassis.http.etag import EtagVersion, Revision
from records.custom.fields import CustomValues, CustomView
from records.links import ExternalRef
from records.tagged import Tagged
from values.days import Day
from values.decimals import NonNegativeDecimal, PositiveDecimal
from values.external import SourceVersion
from values.money import is_currency
from values.text import OptionalLine, unset

__all__ = [
    "ChangeExchangeRate",
    "ExchangeRateQuery",
    "ExchangeRateView",
    "NewExchangeRate",
    "UpsertExchangeRate",
    "UsedRate",
]


def _currency(code: str) -> str:
    if not is_currency(code):
        raise PydanticCustomError("unknown_currency", "Write a currency that ISO 4217 knows.")
    return code


def _power_of_ten(units: int) -> int:
    if units not in UNITS:
        raise PydanticCustomError("unknown_units", "Write 1, 10, 100, 1000 or 10000.")
    return units


UNITS = (1, 10, 100, 1000, 10000)
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), AfterValidator(_currency)]
Units = Annotated[int, Field(strict=True), AfterValidator(_power_of_ten)]
_CURRENCY = "Another currency than the company's own (ISO 4217)."
_DAY = "From which day on it holds, until a later rate is there."
_RATE = "What so many units of the currency are worth in the company's currency."
_UNITS = "Of how many units the rate speaks; by default 1."
_SOURCE = "Where the rate comes from, such as a central bank."


class RateFields(CustomValues):
    """Fields of a rate. What is left out of a change stays as it is."""

    units: Units = Field(default_factory=unset, description=_UNITS)
    source: OptionalLine = Field(default_factory=unset, description=_SOURCE)


class NewExchangeRate(RateFields):
    """Say what a currency is worth from a day on."""

    currency: Currency = Field(description=_CURRENCY)
    day: Day = Field(description=_DAY)
    rate: PositiveDecimal = Field(description=_RATE)


class ChangeExchangeRate(RateFields):
    """Correct a rate (JSON merge patch). Deals that were closed by it keep what it was."""

    rate: PositiveDecimal = Field(default_factory=unset, description=_RATE)


class UpsertExchangeRate(RateFields):
    """A rate as another system knows it; fields left out stay as they are here."""

    source_version: SourceVersion
    currency: Currency = Field(default_factory=unset, description=f"{_CURRENCY} Needed when new.")
    day: Day = Field(default_factory=unset, description=f"{_DAY} Needed when new, then fixed.")
    rate: PositiveDecimal = Field(default_factory=unset, description=f"{_RATE} Needed when new.")


class ExchangeRateView(CustomView):
    """What a currency is worth from a day on."""

    id: UUID
    currency: str = Field(description=_CURRENCY)
    day: date = Field(description=_DAY)
    rate: NonNegativeDecimal = Field(description=_RATE)
    units: int = Field(description=_UNITS)
    source: str = Field(description=_SOURCE)
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class ExchangeRateQuery(Tagged):
    """Which rates are wanted."""

    currency: Currency | None = Field(default=None, description="Only of this currency.")
    day_gte: Day | None = Field(default=None, description="The first day.")
    day_lte: Day | None = Field(default=None, description="The last day.")
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)


class UsedRate(BaseModel):
    """A rate by which amounts were counted."""

    currency: str
    day: date = Field(description="The day of the rate.")
    rate: NonNegativeDecimal = Field(description=_RATE)
    units: int = Field(description=_UNITS)
