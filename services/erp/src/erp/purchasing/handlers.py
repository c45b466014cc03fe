"""What purchasing does when stock tells of a shortage."""

from chassis.storage.work import Work
from erp.purchasing.service.suggesting import refresh
from erp.stock.events import ItemsShort

__all__ = ["look_anew"]


async def look_anew(work: Work, event: ItemsShort) -> None:
    """Let the suggestions follow the demand; stock holds the items locked."""
    await refresh(work, event.item_ids)
