"""Commands and views of stock. Amounts are in the installation's currency."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from chassis.http.etag import EtagVersion, Revision
from erp.stock.schemas.lot_lines import ReceivedLots
from erp.stock.states import StockDocumentKind
from records.custom.fields import CustomView
from records.filters import AnyOf
from records.tagged import Tagged
from values.amounts import InCurrency, part_currency
from values.days import Day
from values.decimals import (
    Amount,
    NonNegativeQuantity,
    PositiveQuantity,
    Quantity,
    SignedAmount,
    Sum,
    UnitCost,
)
from values.external import ExternalId, SourceVersion
from values.money import MoneyView, UnitPriceView
from values.text import Code, Command, Name, SerialNumber

__all__ = [
    "AdjustStock",
    "AdjustedLine",
    "AvailabilityQuery",
    "AvailabilityView",
    "LevelView",
    "MoveQuery",
    "MoveView",
    "MovedLot",
    "OpenStock",
    "OpenStocks",
    "PromisableView",
    "ReceiveStock",
    "ReceivedLine",
    "SerialHistory",
    "SerialQuery",
    "SerialView",
    "Serials",
    "StockDocumentLine",
    "StockDocumentQuery",
    "StockDocumentView",
    "StockPosted",
    "ValuationLine",
    "ValuationReport",
    "WarehouseView",
]

EffectiveOn = Annotated[
    Day | None, Field(description="Default: today. A past day needs the permission `backdate`.")
]


Serials = Annotated[
    list[SerialNumber],
    Field(
        max_length=2000,
        description="One for each piece of an item that is tracked by serial; of others, none.",
    ),
]


class View(BaseModel):
    """What a reader is shown."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class MovedLot(View):
    """So many of a lot that moved."""

    lot_id: UUID
    number: str
    quantity: PositiveQuantity


class ReceivedLine(Command):
    """Goods that come in, and what they are worth: by unit or in all."""

    sku: Code
    quantity: PositiveQuantity
    unit_cost: UnitPriceView | None = Field(default=None, description="What one unit is worth.")
    value: MoneyView | None = Field(default=None, description="What all of it is worth.")
    serials: Serials = Field(default=[])
    lots: ReceivedLots = Field(default=[])

    @model_validator(mode="after")
    def _worth_once(self) -> "ReceivedLine":
        if (self.unit_cost is None) == (self.value is None):
            raise PydanticCustomError("worth_once", "Give the unit cost or the value, not both.")
        return self

    @property
    def currency(self) -> str:
        """The currency of the worth."""
        cost = self.unit_cost or self.value
        return cost.currency if cost else ""

    def amount(self) -> Decimal:
        """What all of it is worth, rounded to the currency's digits."""
        if self.unit_cost is not None:
            return self.unit_cost.price().times(self.quantity).amount
        return self.value.amount if self.value else Decimal(0)


class ReceiveStock(Command):
    """Lay opening stock in, against the opening equity."""

    memo: Name = "Opening stock"
    effective_on: EffectiveOn = None
    lines: list[ReceivedLine] = Field(min_length=1, max_length=500)


class OpenStock(ReceivedLine):
    """Opening stock of an item, as another system tells it; posted once, never changed."""

    external_id: ExternalId
    source_version: SourceVersion
    effective_on: EffectiveOn = None


class OpenStocks(Command):
    """Opening stock of many items."""

    items: list[OpenStock] = Field(min_length=1, max_length=500)


class AdjustedLine(Command):
    """What was found: a surplus (positive) or a loss (negative)."""

    sku: Code
    quantity: Quantity
    unit_cost: UnitPriceView | None = Field(
        default=None, description="Of a surplus. Default: as the pieces on hand."
    )
    serials: Serials = Field(default=[])
    lots: ReceivedLots = Field(default=[])

    @model_validator(mode="after")
    def _something(self) -> "AdjustedLine":
        if not self.quantity:
            raise PydanticCustomError("quantity_not_zero", "An adjustment of nothing is none.")
        if self.unit_cost is not None and self.quantity < 0:
            raise PydanticCustomError("cost_of_loss", "A loss has the cost of the stock it leaves.")
        return self


class AdjustStock(Command):
    """Book what counting found, or what was damaged or lost."""

    reason: Name
    effective_on: EffectiveOn = None
    lines: list[AdjustedLine] = Field(min_length=1, max_length=500)


class StockPosted(View):
    """A receipt or an adjustment; its moves are listed by `source_id`."""

    id: UUID


class WarehouseView(View):
    """A building with stock of ours."""

    id: UUID
    version: EtagVersion
    revision: Revision
    code: str
    name: str


class LevelView(View):
    """What of an item lies at a place: `free` may be used, and is reserved for nobody."""

    item_id: UUID
    sku: str
    name: str
    unit: str
    warehouse: str
    location: str
    on_hand: Quantity
    reserved: Quantity
    restricted: Quantity = Field(
        description="In lots that may not be used: not released, or expired."
    )
    free: Quantity


class MoveView(InCurrency, View):
    """Goods that went from one place to another; `value` is what they were worth."""

    id: UUID
    item_id: UUID
    sku: str
    source: str = Field(description="Code of the place they came from.")
    target: str = Field(description="Code of the place they went to.")
    quantity: PositiveQuantity
    value: Amount
    serial: str | None = Field(description="Of the piece that moved; null: it has none.")
    lot: str | None = Field(description="Number of the lot that moved; null: it has none.")
    lot_id: UUID | None
    effective_on: date
    recorded_at: datetime
    memo: str
    source_type: str
    source_id: UUID
    order_line_id: UUID | None
    actor: str
    currency: str = Field(description="Currency of its amounts: the company's (ISO 4217).")


class MoveQuery(BaseModel):
    """Which moves are wanted."""

    sku: str | None = Field(default=None, max_length=64)
    source_id: UUID | None = None


class StockDocumentQuery(Tagged):
    """Which documents that moved goods are wanted."""

    kind: Annotated[str, AnyOf(StockDocumentKind)] | None = None
    sku: Code | None = Field(default=None, description="Only those that moved this item.")
    effective_on_gte: Day | None = Field(default=None, description="The first day.")
    effective_on_lte: Day | None = Field(default=None, description="The last day.")


class StockDocumentLine(InCurrency, View):
    """What came in (above zero) or went out (below) of an item, and what it was worth."""

    item_id: UUID
    sku: str
    quantity: Quantity
    value: SignedAmount
    serials: list[str] = Field(description="Of the pieces that have one.")
    lots: list[MovedLot] = Field(description="What of it was of which lot.")
    currency: str = part_currency()


class StockDocumentView(InCurrency, CustomView, View):
    """A document that moved goods, with all it moved; its moves are listed by `source_id`."""

    id: UUID
    kind: StockDocumentKind
    effective_on: date
    recorded_at: datetime
    memo: str
    actor: str
    lines: list[StockDocumentLine]
    currency: str = Field(description="Currency of its amounts: the company's (ISO 4217).")


class SerialQuery(BaseModel):
    """Which serials are wanted."""

    sku: Code | None = None
    number: SerialNumber | None = None
    in_stock: bool | None = Field(default=None, description="Only those here, or elsewhere.")


class SerialView(View):
    """The serial of one piece, and the one place where that piece is."""

    id: UUID
    item_id: UUID
    sku: str
    number: str
    place: str = Field(description="Code of the place where it is: ours, or one outside.")
    in_stock: bool = Field(description="Whether that place is ours.")
    order_line_id: UUID | None = Field(
        description="The order line it left for, while it is with the customer."
    )


class SerialHistory(SerialView):
    """The serial with all its moves, the first one first."""

    moves: list[MoveView]


class AvailabilityQuery(BaseModel):
    """When so many of an item could be promised."""

    sku: Code
    quantity: PositiveQuantity = Decimal(1)
    on: Day | None = Field(default=None, description="The wanted day. Default: today.")


class PromisableView(View):
    """What can be promised of the goods that are there on the day, until the next come."""

    on: date
    quantity: Quantity


class AvailabilityView(View):
    """What of an item is there and promised, and for when the quantity could be promised."""

    item_id: UUID
    sku: str
    on_hand: Quantity
    reserved: Quantity
    restricted: Quantity = Field(
        description="In lots that may not be used: not released, or expired."
    )
    free: Quantity
    incoming: Quantity
    waiting: Quantity
    soft_reserved: NonNegativeQuantity = Field(
        description="Promised to somebody for a time, of what is free or to come."
    )
    quantity: PositiveQuantity
    wanted_on: date
    promised_on: date | None = Field(description="Null: for no day that is known today.")
    promisable: list[PromisableView]


class LevelQuery(BaseModel):
    """Which levels are wanted."""

    sku: str | None = Field(default=None, max_length=64, description="Only those of this item.")
    warehouse: str | None = Field(default=None, max_length=64, description="Only what is there.")
    on_hand: bool | None = Field(default=None, description="Only with, or without, goods.")


class ValuationQuery(BaseModel):
    """When the stock is valued."""

    on: Day | None = Field(default=None, description="At the end of this day; default: now.")


class ValuationLine(InCurrency, View):
    """What the stock of an item is worth; the unit cost is derived from it."""

    item_id: UUID
    sku: str
    name: str
    warehouse: str
    quantity: Quantity
    value: SignedAmount
    unit_cost: UnitCost
    currency: str = part_currency()


class ValuationReport(InCurrency, View):
    """What all stock is worth, and what the inventory account holds: the same."""

    currency: str
    items: list[ValuationLine]
    total: Sum
    inventory_account: Sum
