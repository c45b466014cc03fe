"""Promising a day to orders that wait already: once goods are expected, or asked for anew."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.stock import queries
from erp.stock.events import ItemsShort
from erp.stock.queries import Holding
from erp.stock.rules.turns import promise_orders
from erp.stock.service.demand import hold_items
from erp.stock.service.expecting import supply_of
from erp.stock.service.telling import reserve_free, tell
from erp.stock.service.waiting import reserved_until

__all__ = ["promise_anew"]


async def promise_anew(
    work: Work, order_ids: Sequence[UUID], *, needed_on: date | None = None
) -> dict[UUID, date | None]:
    """Promise orders the first day on which each has all of its goods (E37); None: not known.

    `needed_on` is given where the customer asks for another day. An order that needs nothing of
    stock is left out. The caller holds the orders.
    """
    item_ids = await queries.items_of_orders(work.sql, order_ids)
    if not item_ids:
        return {}
    held = await hold_items(work, item_ids)
    turns = await queries.turns_of(work, held.item_ids, order_ids)
    if needed_on is not None:
        turns = [
            one._replace(needed_on=needed_on) if one.order_id in order_ids else one for one in turns
        ]
    concerned = [order_id for order_id in order_ids if any(t.order_id == order_id for t in turns)]
    today = work.today()
    supply = await supply_of(work.sql, held.item_ids, today=today)
    promised = promise_orders(concerned, turns, supply, today=today)
    await queries.note_promises(work, promised, needed_on=needed_on)
    if needed_on is not None:
        await work.record(ItemsShort(item_ids=sorted(held.item_ids)))
    if reserved_until(work) is not None:
        await _reserve(work, held, order_ids)
    return promised


async def _reserve(work: Work, held: Holding, order_ids: Sequence[UUID]) -> None:
    """Reserve for orders that are needed sooner than before, or are promised at last."""
    filled = await reserve_free(work, held)
    if filled:
        await queries.save(work, held)
        own = {line.order_line_id for line in filled if line.order_id in order_ids}
        await tell(work, held, filled=filled, own=own)
