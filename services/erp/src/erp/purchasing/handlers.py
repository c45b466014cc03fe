"""What purchasing does when stock tells of a shortage, or payables of a bill taken back."""

from chassis.storage.work import Work
from erp.payables.events import BillReversed
from erp.purchasing.service.billing import unbill
from erp.purchasing.service.suggesting import refresh
from erp.stock.events import ItemsShort

__all__ = ["bill_anew", "look_anew"]


async def look_anew(work: Work, event: ItemsShort) -> None:
    """Let the suggestions follow the demand; stock holds the items locked."""
    await refresh(work, event.item_ids)


async def bill_anew(work: Work, event: BillReversed) -> None:
    """What the bill had billed may be billed anew."""
    await unbill(work, event.purchase_order_id, event.lines)
