"""What orders need of stock: locked, changed, cancelled."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from uuid import UUID

from chassis.problems.standard import MissingReference
from chassis.work.unit_of_work import Work
from erp.stock.errors import NotStocked
from erp.stock.queries import locking, saving
from erp.stock.queries.locking import LockedStock
from erp.stock.service.backorders import keeps_goods
from erp.stock.service.publishing import fill_backorders, publish_changes

__all__ = [
    "cancel_demand",
    "change_ordered_quantity",
    "lock_stock",
    "lock_stock_of_lines",
    "want_again",
]


async def lock_stock(
    work: Work, item_ids: Iterable[UUID], *, with_valuation: bool = False
) -> LockedStock:
    """Lock items in key order: nobody else changes their stock, demand or incoming goods.

    Raises NotStocked.
    """
    quantities = sorted(set(item_ids))
    stock = await locking.load_for_update(work, quantities, with_valuation=with_valuation)
    for item_id in quantities:
        if item_id not in stock.levels:
            raise NotStocked(item=item_id)
    return stock


async def lock_stock_of_lines(
    work: Work, order_line_ids: Iterable[UUID], *, with_valuation: bool = False
) -> LockedStock:
    """Lock the items of order lines, and read what the lines need. Raises MissingReference."""
    quantities = list(order_line_ids)
    stock = await lock_stock(
        work, await locking.items_of_lines(work.sql, quantities), with_valuation=with_valuation
    )
    stock.demands.update(await locking.demand_of_lines(work, quantities))
    for order_line_id in quantities:
        if order_line_id not in stock.demands:
            raise MissingReference(entity="demand", reference=order_line_id)
    return stock


async def change_ordered_quantity(
    work: Work, quantities: Mapping[UUID, Decimal]
) -> dict[UUID, Decimal]:
    """Change what order lines want in all; what each has reserved then.

    Less frees what is reserved, for others who wait; more reserves what is free, and waits for
    the rest in its place. Raises AlreadyShipped (less than was shipped), FractionOfUnit,
    MissingReference.
    """
    return await _change_quantities(work, quantities)


async def cancel_demand(work: Work, order_line_ids: Iterable[UUID]) -> None:
    """Want no more than was shipped: reservation and waiting demand are freed at once (E47).

    Raises MissingReference.
    """
    await _change_quantities(work, dict.fromkeys(order_line_ids))


async def want_again(work: Work, taken: Mapping[UUID, Decimal]) -> None:
    """Something of what lines took came back; `taken`: what each took in all is now so much.

    What it lacks is needed again, and reserved if it is free. Raises MissingReference.
    """
    stock = await lock_stock_of_lines(work, taken)
    for order_line_id, quantity in taken.items():
        line = stock.demands[order_line_id]
        line.shipped = min(quantity, line.shipped)
        stock.changed_demand.add(line.item_id)
    filled = await fill_backorders(work, stock)
    await saving.save(work, stock)
    await publish_changes(work, stock, filled=filled, own=taken.keys())


async def _change_quantities(
    work: Work, quantities: Mapping[UUID, Decimal | None]
) -> dict[UUID, Decimal]:
    """As `change_ordered_quantity`; None: no more than was shipped."""
    if not quantities:
        return {}
    stock = await lock_stock_of_lines(work, quantities)
    for order_line_id, quantity in quantities.items():
        line = stock.demands[order_line_id]
        before, total = line.waiting, line.shipped if quantity is None else quantity
        if quantity is not None:
            stock.units[line.item_id].check_quantity(total)
        stock.levels[line.item_id].release(line.change_quantity(total, sku=stock.sku_of(line)))
        if line.waiting != before:
            stock.changed_demand.add(line.item_id)
        if line.waiting > before and keeps_goods(work, stock):
            # What is wanted in addition was promised to nobody: it takes nothing that is kept for
            # others. The order is promised anew when the act goes on.
            line.promised_on = None
    filled = await fill_backorders(work, stock)
    await saving.save(work, stock)
    await publish_changes(work, stock, filled=filled, own=quantities.keys())
    return {order_line_id: stock.demands[order_line_id].reserved for order_line_id in quantities}
