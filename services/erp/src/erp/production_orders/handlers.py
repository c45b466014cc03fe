"""Handlers of production orders for events of the catalog."""

from chassis.work.unit_of_work import Work
from erp.catalog.errors import ItemInUse
from erp.catalog.events import UnitOrKindChanging
from erp.production_orders.queries.orders import names_item

__all__ = ["keep_unit_and_kind"]


async def keep_unit_and_kind(work: Work, event: UnitOrKindChanging) -> None:
    """What orders make or need stays counted as it was. Raises ItemInUse."""
    if await names_item(work.sql, event.item_id):
        raise ItemInUse(sku=event.sku)
