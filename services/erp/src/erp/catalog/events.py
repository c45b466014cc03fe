"""What the catalog publishes: the state of an item or a price after a change."""

from datetime import date
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field

from chassis.events.event import Event, InternalEvent
from erp.catalog.states import ItemKind, Picking, PriceStatus, Tracking
from records.custom.fields import CustomState
from values.amounts import InCurrency
from values.decimals import NonNegativeQuantity, PriceAmount

__all__ = [
    "ConversionState",
    "GoodsAdded",
    "ItemChanged",
    "PriceChanged",
    "PriceListChanged",
    "TaxCodesNamed",
    "TrackingChanging",
    "UnitOrKindChanging",
]


class ConversionState(BaseModel):
    """Another unit of an item: one of it is `numerator / denominator` of the item's own unit."""

    unit: str
    numerator: int
    denominator: int


class ItemChanged(CustomState, Event):
    """An item was created, changed, archived or restored."""

    event_name = "item-changed"
    topic = "item"
    aggregate = "item"

    sku: str
    name: str
    description: str
    category: str | None = Field(description="Code of the category.")
    kind: ItemKind
    unit: str = Field(description="UN/ECE Recommendation 20 code.")
    conversions: list[ConversionState]
    barcode: str
    sold: bool
    bought: bool
    discontinued_on: date | None = Field(description="From this day on no longer offered.")
    status: Literal["active", "archived"]
    tracking: Tracking = Field(
        default=Tracking.NONE, description="serial: each piece has a serial; lot: it lies in lots."
    )
    picking: Picking = Field(default=Picking.FEFO, description="Which lot leaves first.")
    shelf_life_days: int | None = Field(
        default=None, description="So many days after it was made a lot expires; null: never."
    )
    warranty_months: int | None = Field(
        default=None, description="So many months after its shipment repairs are free; null: none."
    )
    tax_code: str | None = Field(
        default=None, description="Tax code of its sales; null: it is not taxed."
    )

    unit_decimals: int | None = Field(
        default=None, description="How finely it is counted; 0: whole pieces only."
    )

    @classmethod
    def of(cls, item: object, changed: list[str], **shown: object) -> Self:
        """The event of an item as it is now; `shown` has category, conversions, unit_decimals."""
        return cls.model_validate(_state(cls, item, shown | {"changed": changed}))


class TrackingChanging(InternalEvent):
    """The pieces of an item are about to get serials, or to lose them: whoever moved some refuses.

    Recorded before the item's row is written, while it is locked.
    """

    event_name = "tracking-changing"
    topic = "item"
    aggregate = "item"

    item_id: UUID
    sku: str


class UnitOrKindChanging(InternalEvent):
    """An item is about to be counted in another unit, or to become goods or a service.

    Whoever has figures or documents of it refuses. Recorded before the item's row is written,
    while it is locked.
    """

    event_name = "unit-or-kind-changing"
    topic = "item"
    aggregate = "item"

    item_id: UUID
    sku: str


class TaxCodesNamed(InternalEvent):
    """Items are about to name tax codes: whoever keeps those refuses one that there is not.

    Recorded before the items' rows are written.
    """

    event_name = "tax-codes-named"
    topic = "item"
    aggregate = "item"

    tax_codes: list[str]


class GoodsAdded(InternalEvent):
    """Items are kept in stock from now on: new ones, or such as were services so far."""

    event_name = "goods-added"
    topic = "item"
    aggregate = "item"

    item_ids: list[UUID]


class PriceChanged(InCurrency, CustomState, Event):
    """A price was made, changed or withdrawn."""

    event_name = "price-changed"
    topic = "price"
    aggregate = "price"

    item_id: UUID
    sku: str
    price_list: str = Field(description="Code of the price list.")
    min_quantity: NonNegativeQuantity = Field(
        description="Holds from this quantity on; 0: for any quantity."
    )
    valid_from: date | None = Field(description="First day; null: since ever.")
    valid_to: date | None = Field(description="Last day; null: until further notice.")
    amount: PriceAmount = Field(description="What one unit costs.")
    currency: str
    status: PriceStatus

    @classmethod
    def of(cls, price: object, changed: list[str], **shown: object) -> Self:
        """The event of a price as it is now; `shown` has sku, price_list and currency."""
        return cls.model_validate(_state(cls, price, shown | {"changed": changed}))


class PriceListChanged(CustomState, Event):
    """A price list was made, renamed, or became the default one, or is it no more."""

    event_name = "price-list-changed"
    topic = "price"
    aggregate = "price-list"

    code: str
    name: str
    currency: str
    is_default: bool = Field(description="Whether it holds where no list is named.")

    @classmethod
    def of(cls, listed: object, changed: list[str]) -> Self:
        """The event of a price list as it is now."""
        return cls.model_validate(_state(cls, listed, {"changed": changed}))


def _state(event: type[Event], record: object, shown: dict[str, object]) -> dict[str, object]:
    """The fields of the event: those shown, and the others as the record has them."""
    return {name: getattr(record, name) for name in event.model_fields if name not in shown} | shown
