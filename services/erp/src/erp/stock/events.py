"""Events of stock: availability for everyone; filled or short demand for the modules above."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from pydantic import Field

from chassis.events.event import Event, InternalEvent
from erp.stock.states import LotOwner, LotQuality, SoftReservationState
from records.custom.fields import CustomState
from values.decimals import NonNegativeQuantity, PositiveQuantity, Quantity

__all__ = [
    "AvailabilityChanged",
    "DemandFilled",
    "GoodsExpected",
    "ItemsShort",
    "LotChanged",
    "LotsReleasing",
    "ReservationsReleased",
    "SoftReservationChanged",
]


class AvailabilityChanged(Event):
    """What of an item is on hand, reserved, free, expected from suppliers, and waited for."""

    event_name = "availability-changed"
    topic = "availability"
    aggregate = "availability"

    item_id: UUID
    sku: str
    on_hand: Quantity
    reserved: Quantity = Field(description="Of what is on hand, reserved for orders.")
    free: Quantity = Field(
        description="On hand, of lots that may be used, and reserved for nobody."
    )
    incoming: Quantity = Field(description="Ordered from suppliers or being made, not here yet.")
    waiting: Quantity = Field(description="Wanted by orders and not reserved yet.")


class LotsReleasing(InternalEvent):
    """Lots are about to be released, split or merged: who has not decided about them refuses."""

    lot_ids: list[UUID]


class LotChanged(CustomState, Event):
    """A lot was made, changed, or went into another state of quality; not: goods of it moved."""

    event_name = "lot-changed"
    topic = "lot"
    aggregate = "lot"

    item_id: UUID
    sku: str
    number: str = Field(description="Unique by item and owner.")
    owner: LotOwner = Field(description="Whose its goods are.")
    owner_id: UUID | None = Field(description="The customer or supplier that owns it; null: we.")
    supplier_id: UUID | None = Field(description="The supplier that it came from.")
    supplier_lot: str = Field(description="The number that the supplier gave it.")
    made_on: date | None
    expires_on: date | None = Field(description="Its last day; null: it does not expire.")
    quality: LotQuality = Field(description="Only a released lot is reserved and shipped.")
    quality_reason: str = Field(description="Why it came into that state.")
    note: str

    @classmethod
    def of(cls, lot: object, changed: Sequence[str], *, sku: str) -> Self:
        """The event of a lot as it is now."""
        given: dict[str, Any] = {"sku": sku, "changed": sorted(changed)}
        own = {name: getattr(lot, name) for name in cls.model_fields if name not in given}
        return cls.model_validate(own | given)


class SoftReservationChanged(Event):
    """Goods were promised to somebody for a time, or that was extended, released or used.

    That it expires is no change: its time says it.
    """

    event_name = "soft-reservation-changed"
    topic = "stock"
    aggregate = "soft-reservation"

    number: str = Field(description="Number of the soft reservation.")
    state: SoftReservationState = Field(description="open counts until it expires.")
    item_id: UUID = Field(description="The item.")
    customer_id: UUID | None = Field(description="The customer that it is for.")
    quantity: PositiveQuantity = Field(description="How many are promised.")
    promised_on: date = Field(description="The day for which they are promised.")
    expires_at: datetime = Field(description="Until then it counts.")
    used: NonNegativeQuantity = Field(description="How many the order took.")
    order_id: UUID | None = Field(description="The sales order that used it.")
    order_line_id: UUID | None = Field(description="Its line.")

    @classmethod
    def of(cls, soft: object, changed: Sequence[str]) -> Self:
        """The event of a soft reservation as it is now."""
        own = {name: getattr(soft, name) for name in cls.model_fields if name != "changed"}
        return cls.model_validate(own | {"changed": sorted(changed)})


class DemandFilled(InternalEvent):
    """Goods came free and were reserved for lines that had waited.

    Recorded while the stock levels are locked, and callers lock an order before its levels: a
    handler must not wait for an order's row here (skip it when locked, or leave a job).
    """

    event_name = "demand-filled"
    topic = "stock"
    aggregate = "stock"

    order_ids: list[UUID]


class GoodsExpected(InternalEvent):
    """What is expected of items has changed that these orders wait for without a promised day.

    Recorded while the stock levels are locked; see `DemandFilled`.
    """

    event_name = "goods-expected"
    topic = "stock"
    aggregate = "stock"

    order_ids: list[UUID]


class ItemsShort(InternalEvent):
    """What is waited for or expected of these items has changed: purchasing looks anew."""

    event_name = "items-short"
    topic = "stock"
    aggregate = "stock"

    item_ids: list[UUID]


class ReservationsReleased(InternalEvent):
    """Goods that were reserved for these orders go back, or to another order: they wait again.

    Recorded while the stock levels are locked; see `DemandFilled`.
    """

    event_name = "reservations-released"
    topic = "stock"
    aggregate = "stock"

    order_ids: list[UUID]
