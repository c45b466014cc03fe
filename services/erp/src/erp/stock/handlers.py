"""What stock does when the catalog changes."""

from chassis.ids import uuid7
from chassis.storage.work import Work
from erp.catalog.events import ItemChanged
from erp.stock import queries

__all__ = ["open_new_item"]


async def open_new_item(work: Work, event: ItemChanged) -> None:
    """Give goods that are new here their level, worth and availability: none of all."""
    if "kind" in event.changed and event.kind == "goods":
        await queries.open_items(work, [event.id], [uuid7()])
