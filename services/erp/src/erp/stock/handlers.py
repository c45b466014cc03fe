"""What stock does, or refuses, when the catalog changes."""

from chassis.ids import uuid7
from chassis.work.unit_of_work import Work
from erp.catalog.errors import ItemInUse, TrackingFixed
from erp.catalog.events import GoodsAdded, TrackingChanging, UnitOrKindChanging
from erp.stock import queries

__all__ = ["keep_tracking", "keep_unit_and_kind", "open_goods"]


async def keep_tracking(work: Work, event: TrackingChanging) -> None:
    """Let an item become tracked, or untracked, before its first move. Raises TrackingFixed.

    Its level is locked first: whoever moves goods of it meanwhile waits, and reads it anew. While
    an order that names the item is being written, the caller is told to try again.
    """
    await queries.hold(work, [event.item_id])
    if await queries.has_moved(work, event.item_id):
        raise TrackingFixed(sku=event.sku)


async def keep_unit_and_kind(work: Work, event: UnitOrKindChanging) -> None:
    """What has moved stays goods, counted as it was. Raises ItemInUse.

    The level is locked first, as by `keep_tracking`; a service has none.
    """
    await queries.hold(work, [event.item_id])
    if await queries.has_moved(work, event.item_id):
        raise ItemInUse(sku=event.sku)


async def open_goods(work: Work, event: GoodsAdded) -> None:
    """Give goods that are new here their level, worth and availability: none of all."""
    await queries.open_items(work, event.item_ids, [uuid7() for _ in event.item_ids])
