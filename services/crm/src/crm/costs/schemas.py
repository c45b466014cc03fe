"""What callers ask of costs of products, and what they see."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from chassis.http.etag import EtagVersion, Revision
from records.custom.fields import CustomValues, CustomView
from records.filters import Statuses
from records.links import ExternalRef
from records.tagged import Tagged
from values.amounts import InCurrency
from values.days import Day
from values.decimals import NonNegativeDecimal
from values.external import SourceVersion
from values.money import CurrencyCode
from values.text import OptionalNote, Status, unset

__all__ = [
    "ChangeProductCost",
    "NewProductCost",
    "ProductCostQuery",
    "ProductCostView",
    "UpsertProductCost",
]

_PRODUCT = "The product that it is the cost of."
_CURRENCY = "Currency of the cost (ISO 4217)."
_DAY = "From which day on it holds, until a later cost in the currency is there."
_COST = "What one unit costs the company."
_NOTE = "Where it comes from, such as a calculation or a supplier's offer."


class ProductCostFields(CustomValues):
    """Fields of a cost. What is left out of a change stays as it is."""

    note: OptionalNote = Field(default_factory=unset, description=_NOTE)


class NewProductCost(ProductCostFields):
    """Say what a product costs the company from a day on."""

    product_id: UUID = Field(description=_PRODUCT)
    currency: CurrencyCode = Field(
        default_factory=unset, description=f"{_CURRENCY} By default the company's."
    )
    valid_from: Day = Field(description=_DAY)
    cost: NonNegativeDecimal = Field(description=_COST)


class ChangeProductCost(ProductCostFields):
    """Correct a cost (JSON merge patch)."""

    cost: NonNegativeDecimal = Field(default_factory=unset, description=_COST)


class UpsertProductCost(ProductCostFields):
    """A cost as another system knows it; fields left out stay as they are here."""

    source_version: SourceVersion
    product_id: UUID = Field(default_factory=unset, description=f"{_PRODUCT} Needed when new.")
    currency: CurrencyCode = Field(
        default_factory=unset, description=f"{_CURRENCY} By default the company's, then fixed."
    )
    valid_from: Day = Field(default_factory=unset, description=f"{_DAY} Needed when new.")
    cost: NonNegativeDecimal = Field(default_factory=unset, description=f"{_COST} Needed when new.")
    status: Status = Field(default_factory=unset)


class ProductCostView(InCurrency, CustomView):
    """What one unit of a product costs the company from a day on."""

    id: UUID
    product_id: UUID = Field(description=_PRODUCT)
    product_code: str
    currency: str = Field(description=_CURRENCY)
    valid_from: date = Field(description=_DAY)
    cost: NonNegativeDecimal = Field(description=_COST)
    note: str = Field(description=_NOTE)
    status: Status = Field(description="Archived: it was entered by mistake, and does not count.")
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class ProductCostQuery(Tagged):
    """Which costs are wanted."""

    status: Statuses | None = None
    product_id: UUID | None = None
    currency: CurrencyCode | None = Field(default=None, description="Only in this currency.")
    valid_from_gte: Day | None = Field(default=None, description="The first day.")
    valid_from_lte: Day | None = Field(default=None, description="The last day.")
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)
