"""Handlers of purchasing for events of stock, payables and the catalog."""

from chassis.work.unit_of_work import Work
from erp.catalog.errors import ItemInUse
from erp.catalog.events import UnitOrKindChanging
from erp.payables.events import BillReversed
from erp.purchasing.queries import prices
from erp.purchasing.service.billing import unbill
from erp.purchasing.service.suggesting import update_suggestions
from erp.stock.events import ItemsShort

__all__ = ["follow_shortages", "keep_unit_and_kind", "unbill_lines"]


async def follow_shortages(work: Work, event: ItemsShort) -> None:
    """Let the suggestions follow the demand; stock has the items locked."""
    await update_suggestions(work, event.item_ids)


async def unbill_lines(work: Work, event: BillReversed) -> None:
    """What the bill had billed may be billed anew. Raises BillCredited."""
    await unbill(work, event)


async def keep_unit_and_kind(work: Work, event: UnitOrKindChanging) -> None:
    """What suppliers sell, and orders name, stays counted as it was. Raises ItemInUse."""
    if await prices.is_bought(work.sql, event.item_id):
        raise ItemInUse(sku=event.sku)
