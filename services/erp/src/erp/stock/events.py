"""What stock tells: availability to everyone; demand met or short to the modules above."""

from typing import ClassVar
from uuid import UUID

from chassis.events.event import Event
from erp.exact import Quantity

__all__ = ["AvailabilityChanged", "DemandFilled", "ItemsShort"]

_NOBODY = UUID(int=0)


class AvailabilityChanged(Event):
    """What of an item is on hand, reserved, free, expected from suppliers, and waited for."""

    event_name = "availability-changed"
    topic = "availability"
    aggregate = "availability"

    sku: str
    on_hand: Quantity
    reserved: Quantity
    free: Quantity
    incoming: Quantity
    waiting: Quantity


class Inside(Event):
    """An event that stays inside the ERP."""

    topic = "stock"
    aggregate = "stock"
    public: ClassVar[bool] = False

    id: UUID = _NOBODY
    version: int = 1
    changed: list[str] = []


class DemandFilled(Inside):
    """Goods came free and were reserved for lines that had waited."""

    event_name = "demand-filled"

    order_ids: list[UUID]


class ItemsShort(Inside):
    """What is waited for of these items has changed, more or less: purchasing looks anew."""

    event_name = "items-short"

    item_ids: list[UUID]
