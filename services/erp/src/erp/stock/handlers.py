"""What stock does, or refuses, when the catalog changes."""

from chassis.ids import uuid7
from chassis.work.unit_of_work import Work
from erp.catalog.errors import ItemInUse, TrackingFixed
from erp.catalog.events import GoodsAdded, TrackingChanging, UnitOrKindChanging
from erp.stock.queries import locking, lot_stock, serials

__all__ = ["check_tracking_change", "check_unit_or_kind_change", "create_stock_records"]


async def check_tracking_change(work: Work, event: TrackingChanging) -> None:
    """Let an item's tracking change before its first move and its first lot. Raises TrackingFixed.

    Its level is locked first: whoever moves goods of it meanwhile waits, and reads it anew. While
    an order that names the item is being written, the caller is told to try again.
    """
    await locking.load_for_update(work, [event.item_id])
    moved = await serials.has_moves(work, event.item_id)
    if moved or await lot_stock.has_lots(work.sql, event.item_id):
        raise TrackingFixed(sku=event.sku)


async def check_unit_or_kind_change(work: Work, event: UnitOrKindChanging) -> None:
    """What has moved or has a lot stays goods, counted as it was. Raises ItemInUse.

    The level is locked first, as by `check_tracking_change`; a service has none.
    """
    await locking.load_for_update(work, [event.item_id])
    moved = await serials.has_moves(work, event.item_id)
    if moved or await lot_stock.has_lots(work.sql, event.item_id):
        raise ItemInUse(sku=event.sku)


async def create_stock_records(work: Work, event: GoodsAdded) -> None:
    """Give goods that are new here their level, valuation and availability: none of all."""
    await locking.create_stock_records(work, event.item_ids, [uuid7() for _ in event.item_ids])
