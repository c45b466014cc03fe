"""Promising a day to orders that wait already: once goods are expected, or asked for anew."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.stock.events import ItemsShort
from erp.stock.queries import promises, saving
from erp.stock.queries.locking import LockedStock
from erp.stock.rules.rescheduling import reschedule
from erp.stock.service.backorders import keeps_goods
from erp.stock.service.demand import lock_stock
from erp.stock.service.expected_receipts import supply_by_item
from erp.stock.service.publishing import publish_changes, reserve_available

__all__ = ["reschedule_orders"]


async def reschedule_orders(
    work: Work, order_ids: Sequence[UUID], *, needed_on: date | None = None
) -> dict[UUID, date | None]:
    """Promise orders the first day on which each has all of its goods (E37); None: not known.

    `needed_on` is given where the customer asks for another day. An order that needs nothing of
    stock is left out. The caller has locked the orders.
    """
    item_ids = await promises.items_of_orders(work.sql, order_ids)
    if not item_ids:
        return {}
    stock = await lock_stock(work, item_ids)
    positions = await promises.queue_positions(work, stock.item_ids, order_ids)
    if needed_on is not None:
        positions = [
            one._replace(needed_on=needed_on) if one.order_id in order_ids else one
            for one in positions
        ]
    concerned = [
        order_id for order_id in order_ids if any(t.order_id == order_id for t in positions)
    ]
    today = work.today()
    supply = await supply_by_item(work, stock.item_ids)
    promised = reschedule(concerned, positions, supply, today=today)
    await promises.store_promises(work, promised, needed_on=needed_on)
    if needed_on is not None:
        await work.record(ItemsShort(item_ids=sorted(stock.item_ids)))
    if keeps_goods(work, stock):
        await _reserve(work, stock, order_ids)
    return promised


async def _reserve(work: Work, stock: LockedStock, order_ids: Sequence[UUID]) -> None:
    """Reserve for orders that are needed sooner than before, or are promised at last."""
    filled = await reserve_available(work, stock)
    if filled:
        await saving.save(work, stock)
        own = {line.order_line_id for line in filled if line.order_id in order_ids}
        await publish_changes(work, stock, filled=filled, own=own)
