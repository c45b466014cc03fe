"""An order goes before all who wait for its items: what that would do, and doing it."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from erp.stock.events import ReservationsReleased
from erp.stock.queries import locking, promises, rushing, saving
from erp.stock.queries.locking import LockedStock
from erp.stock.rules.rushing import FirstPlace, OrderDelay, go_first
from erp.stock.service.demand import lock_stock
from erp.stock.service.expected_receipts import supply_by_item
from erp.stock.service.publishing import publish_changes, record_filled, reserve_available

__all__ = ["FirstPlace", "OrderDelay", "lock_items_of_order", "put_order_first", "rush_outlook"]


async def rush_outlook(at: Reading | Work, order_id: UUID, *, wanted_on: date) -> FirstPlace:
    """When the order would have its goods if it went first, and which orders that delays."""
    item_ids = await promises.items_of_orders(at.sql, [order_id])
    return await _outlook(at, order_id, item_ids, wanted_on=wanted_on)


async def _outlook(
    at: Reading | Work, order_id: UUID, item_ids: Sequence[UUID], *, wanted_on: date
) -> FirstPlace:
    lines = await rushing.lines_beside(at.sql, item_ids, at.now)
    supply = await supply_by_item(at, item_ids)
    return go_first(order_id, lines, supply, wanted_on=wanted_on, today=at.today())


async def lock_items_of_order(work: Work, order_id: UUID) -> None:
    """Let nobody else change what is promised of its items until the act ends. Raises NotStocked.

    The caller has locked the order.
    """
    await lock_stock(work, await promises.items_of_orders(work.sql, [order_id]))


async def put_order_first(work: Work, order_id: UUID, *, wanted_on: date) -> FirstPlace:
    """Promise the order the first day there is before all others, and reserve what it takes.

    Nothing changes where it gains no day. Orders that are delayed are promised anew by a job. The
    caller has locked the order. Raises NotStocked.
    """
    item_ids = await promises.items_of_orders(work.sql, [order_id])
    stock = await lock_stock(work, item_ids)
    found = await _outlook(work, order_id, stock.item_ids, wanted_on=wanted_on)
    if not found.gains:
        return found
    own, released = await _give_way(work, stock, order_id, found)
    filled = await reserve_available(work, stock)
    await saving.save(work, stock)
    await promises.store_promises(
        work, {order_id: found.day}, needed_on=max(wanted_on, work.today())
    )
    await publish_changes(work, stock, filled=filled, own=own)
    waiting_again = sorted({*released, *(one.order_id for one in found.delays)})
    if waiting_again:
        await work.record(ReservationsReleased(order_ids=waiting_again))
    return found


async def _give_way(
    work: Work, stock: LockedStock, order_id: UUID, found: FirstPlace
) -> tuple[set[UUID], set[UUID]]:
    """Reserve for the order what others give, and all of it where its day has come.

    Its lines, and the orders that gave.
    """
    lines = await rushing.lines_beside(work.sql, stock.item_ids, work.now)
    own = [one for one in lines if one.order_id == order_id]
    giving = [one for one in lines if one.order_line_id in found.taken]
    concerned = [one.order_line_id for one in (*own, *giving)]
    stock.demands.update(await locking.demand_of_lines(work, concerned))
    left = dict.fromkeys(stock.item_ids, Decimal(0))
    for one in giving:
        quantity = found.taken[one.order_line_id]
        stock.demands[one.order_line_id].unreserve(quantity)
        stock.levels[one.item_id].release(quantity)
        left[one.item_id] += quantity
    if found.day == work.today():
        left = {item_id: level.free for item_id, level in stock.levels.items()}
    for one in own:
        line = stock.demands[one.order_line_id]
        line.promised_on = found.day
        quantity = stock.levels[one.item_id].reserve(min(line.waiting, left[one.item_id]))
        line.reserve(quantity)
        left[one.item_id] -= quantity
    record_filled(stock, [stock.demands[line_id] for line_id in concerned])
    return {one.order_line_id for one in own}, {one.order_id for one in giving}
