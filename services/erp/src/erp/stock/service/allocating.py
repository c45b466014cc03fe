"""Allocating stock to orders: promised for a day, reserved where near enough, or backordered."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.stock.lines import DemandLine, OrderDemand
from erp.stock.models.demand import Demand
from erp.stock.queries import saving
from erp.stock.queries.locking import LockedStock
from erp.stock.rules.promising import AvailabilityProjection, promise_order
from erp.stock.service.backorders import BackorderQueue, keeps_goods
from erp.stock.service.demand import lock_stock
from erp.stock.service.expected_receipts import availability_projections
from erp.stock.service.publishing import publish_changes, record_filled
from erp.stock.service.using import SoftReservationUse

__all__ = ["allocate_lines", "allocate_orders"]

_LAST = 2**63
"""Behind every place in the queue: new lines get theirs when they are stored."""


async def allocate_orders(
    work: Work, orders: Sequence[OrderDemand], *, lapsed: bool = False
) -> list[date | None]:
    """Promise each order in turn the first day for all of it (E37), and allocate what it needs.

    None: for no known day. Raises as `allocate_lines`. The items are locked before a day is
    promised: two at once are not promised the same goods. A line that names a soft reservation
    uses it: raises SoftReservationEnded, SoftReservationNotFor; `lapsed`: one that has ended is
    passed over, and the line is promised as any other.
    """
    if not any(order.lines for order in orders):
        return [order.wanted_on for order in orders]
    stock = await _lock(work, [line for order in orders for line in order.lines])
    use = await SoftReservationUse.of(work, orders, lapsed=lapsed)
    if keeps_goods(work, stock):
        return await _allocate_in_turn(work, stock, orders, use)
    projections = await _projections(work, stock, orders)
    promised = [
        promise_order(
            projections, _quantities(order), wanted_on=order.wanted_on, today=work.today()
        )
        for order in orders
    ]
    await _allocate(
        work,
        stock,
        [line for one in zip(orders, promised, strict=True) for line in _promised_lines(*one)],
    )
    return promised


async def allocate_lines(work: Work, lines: Sequence[DemandLine]) -> dict[UUID, Decimal]:
    """Reserve for order lines what is free; the rest waits. What each line has reserved.

    Raises NotStocked (an item of services), FractionOfUnit. Three
    statements, and what purchasing adds when something must wait; one more where lines wait for
    their day, or waited for it until the setting was taken away.
    """
    if not lines:
        return {}
    stock = await _lock(work, lines)
    await _allocate(work, stock, lines)
    return {line.order_line_id: reserved for line, reserved in stock.allocated}


async def _lock(work: Work, lines: Sequence[DemandLine]) -> LockedStock:
    stock = await lock_stock(work, [line.item_id for line in lines])
    for line in lines:
        stock.units[line.item_id].check_quantity(line.quantity)
    return stock


async def _projections(
    work: Work, stock: LockedStock, orders: Sequence[OrderDemand]
) -> Mapping[UUID, AvailabilityProjection]:
    """What of the items is free, comes and is waited for.

    Who waits and what comes is only asked where somebody waits, or the free goods are too few.
    """
    left = {item_id: level.free for item_id, level in stock.levels.items()}
    for order in orders:
        for item_id, quantity in _quantities(order):
            left[item_id] -= quantity
    if not stock.backordered and min(left.values()) >= 0:
        return {
            one: AvailabilityProjection(level.free, [], []) for one, level in stock.levels.items()
        }
    return await availability_projections(work, stock.item_ids)


async def _allocate(work: Work, stock: LockedStock, lines: Sequence[DemandLine]) -> None:
    filled: list[Demand] = []
    # Without days to wait for, something is free for which somebody waits only where there were
    # such days until now.
    kept = any(stock.levels[item_id].free > 0 for item_id in stock.backordered)
    if not keeps_goods(work, stock) and not kept:
        for line in lines:
            _record(stock, line, stock.levels[line.item_id].reserve(line.quantity))
    else:
        queue = await BackorderQueue.of(work, stock, stock.item_ids)
        filled = queue.fill(stock.item_ids)
        placed: list[tuple[DemandLine, Demand]] = []
        filled += _enqueue(queue, placed, lines)
        _record_all(stock, placed)
    await _save(work, stock, filled)


async def _allocate_in_turn(
    work: Work, stock: LockedStock, orders: Sequence[OrderDemand], use: SoftReservationUse
) -> list[date | None]:
    """As `allocate_orders`, where free goods are kept for somebody.

    A soft reservation counts until the order that uses it is promised its day; then the line
    stands where that stood.
    """
    queue = await BackorderQueue.of(work, stock, stock.item_ids)
    filled = queue.fill(stock.item_ids)
    promised: list[date | None] = []
    placed: list[tuple[DemandLine, Demand]] = []
    for order in orders:
        for one in use.by(order):
            queue.hand_over(one.item_id, one.id, to=one.order_line_id, quantity=one.used)
        day = queue.promised_day(order.lines, wanted_on=order.wanted_on)
        filled += _enqueue(queue, placed, _promised_lines(order, day))
        promised.append(day)
    _record_all(stock, [(queue.in_place(line, demand), demand) for line, demand in placed])
    await _save(work, stock, filled)
    await use.store(work)
    return promised


async def _save(work: Work, stock: LockedStock, filled: Sequence[Demand]) -> None:
    record_filled(stock, filled)
    await saving.save(work, stock)
    await publish_changes(work, stock, filled=filled)


def _quantities(order: OrderDemand) -> list[tuple[UUID, Decimal]]:
    return [(line.item_id, line.quantity) for line in order.lines]


def _promised_lines(order: OrderDemand, day: date | None) -> list[DemandLine]:
    """The lines of an order, promised for a day."""
    return [line._replace(promised_on=day) for line in order.lines]


def _enqueue(
    queue: BackorderQueue, placed: list[tuple[DemandLine, Demand]], lines: Sequence[DemandLine]
) -> list[Demand]:
    """Let the lines wait behind those placed, and get what they may; who else got some."""
    demands = [_demand(line, _LAST + at) for at, line in enumerate(lines, len(placed))]
    placed += zip(lines, demands, strict=True)
    return [line for line in queue.append(demands) if line.place < _LAST]


def _record_all(stock: LockedStock, placed: Sequence[tuple[DemandLine, Demand]]) -> None:
    """Keep what the lines got in the end, to be stored."""
    for line, demand in placed:
        _record(stock, line, demand.reserved)


def _demand(line: DemandLine, place: int) -> Demand:
    return Demand(
        order_line_id=line.order_line_id,
        order_id=line.order_id,
        item_id=line.item_id,
        wanted=line.quantity,
        reserved=Decimal(0),
        shipped=Decimal(0),
        needed_on=line.needed_on,
        promised_on=line.promised_on,
        place=place,
    )


def _record(stock: LockedStock, line: DemandLine, reserved: Decimal) -> None:
    stock.allocated.append((line, reserved))
    if reserved < line.quantity:
        stock.changed_demand.add(line.item_id)
