"""What orders need: held, changed, given up."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from uuid import UUID

from chassis.http.problems import MissingReference
from chassis.work.unit_of_work import Work
from erp.stock import queries
from erp.stock.errors import NotStocked
from erp.stock.queries import Holding
from erp.stock.service.telling import fill_waiting, tell
from erp.stock.service.waiting import reserved_until

__all__ = ["amend", "hold_items", "hold_lines", "withdraw"]


async def hold_items(work: Work, item_ids: Iterable[UUID], *, worth: bool = False) -> Holding:
    """Lock items in key order: nobody else changes their stock, demand or incoming goods.

    Raises NotStocked.
    """
    wanted = sorted(set(item_ids))
    held = await queries.hold(work, wanted, worth=worth)
    for item_id in wanted:
        if item_id not in held.levels:
            raise NotStocked(item=item_id)
    return held


async def hold_lines(work: Work, order_line_ids: Iterable[UUID], *, worth: bool = False) -> Holding:
    """Lock the items of order lines, and read what the lines need. Raises MissingReference."""
    wanted = list(order_line_ids)
    held = await hold_items(work, await queries.items_of(work.sql, wanted), worth=worth)
    held.demands.update(await queries.lines_of(work, wanted))
    for order_line_id in wanted:
        if order_line_id not in held.demands:
            raise MissingReference(entity="demand", reference=order_line_id)
    return held


async def amend(work: Work, wanted: Mapping[UUID, Decimal]) -> dict[UUID, Decimal]:
    """Change what order lines want in all; what each has reserved then.

    Less frees what is reserved, for others who wait; more reserves what is free, and waits for
    the rest in its place. Raises AlreadyShipped (less than was shipped), FractionOfUnit,
    MissingReference.
    """
    return await _want(work, wanted)


async def withdraw(work: Work, order_line_ids: Iterable[UUID]) -> None:
    """Want no more than was shipped: reservation and waiting demand are freed at once (E47).

    Raises MissingReference.
    """
    await _want(work, dict.fromkeys(order_line_ids))


async def _want(work: Work, wanted: Mapping[UUID, Decimal | None]) -> dict[UUID, Decimal]:
    """As `amend`; None: no more than was shipped."""
    if not wanted:
        return {}
    held = await hold_lines(work, wanted)
    for order_line_id, quantity in wanted.items():
        line = held.demands[order_line_id]
        before, total = line.waiting, line.shipped if quantity is None else quantity
        if quantity is not None:
            held.units[line.item_id].must_count(total)
        held.levels[line.item_id].release(line.want(total, sku=held.sku_of(line)))
        if line.waiting != before:
            held.changed_demand.add(line.item_id)
        if line.waiting > before and reserved_until(work) is not None:
            # What is wanted besides was promised to nobody: it takes nothing that is kept for
            # others. The order is promised anew when the act goes on.
            line.promised_on = None
    filled = await fill_waiting(work, held)
    await queries.save(work, held)
    await tell(work, held, filled=filled, own=wanted.keys())
    return {order_line_id: held.demands[order_line_id].reserved for order_line_id in wanted}
