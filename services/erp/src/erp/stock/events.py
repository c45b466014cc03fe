"""Events of stock: availability for everyone; filled or short demand for the modules above."""

from uuid import UUID

from pydantic import Field

from chassis.events.event import Event, InternalEvent
from values.decimals import Quantity

__all__ = [
    "AvailabilityChanged",
    "DemandFilled",
    "GoodsExpected",
    "ItemsShort",
    "ReservationsReleased",
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
    free: Quantity = Field(description="On hand and reserved for nobody.")
    incoming: Quantity = Field(description="Ordered from suppliers and not here yet.")
    waiting: Quantity = Field(description="Ordered by customers and not reserved yet.")


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
    """Goods that were reserved for these orders go back: the orders wait again.

    Recorded while the stock levels are locked; see `DemandFilled`.
    """

    event_name = "reservations-released"
    topic = "stock"
    aggregate = "stock"

    order_ids: list[UUID]
