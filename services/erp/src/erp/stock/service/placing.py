"""What orders need, placed: promised for a day, reserved where it is near enough, or waiting."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.stock import queries
from erp.stock.models import Demand
from erp.stock.queries import Holding
from erp.stock.rules.lines import DemandLine, OrderNeeds
from erp.stock.rules.promising import Outlook, promise_order
from erp.stock.service.demand import hold_items
from erp.stock.service.expecting import outlooks_of
from erp.stock.service.telling import note_filled, tell
from erp.stock.service.waiting import Queue, reserved_until

__all__ = ["place", "place_orders"]

_LAST = 2**63
"""Behind every place that is taken: the database gives new lines theirs when they are stored."""


async def place_orders(work: Work, orders: Sequence[OrderNeeds]) -> list[date | None]:
    """Promise each order in turn the first day for all of it (E37), and place what it needs.

    None: for no known day. Raises as `place`. The items are held before a day is promised: two at
    once are not promised the same goods.
    """
    if not any(order.lines for order in orders):
        return [order.wanted_on for order in orders]
    held = await _hold(work, [line for order in orders for line in order.lines])
    if reserved_until(work) is not None:
        return await _place_in_turn(work, held, orders)
    outlooks = await _outlooks(work, held, orders)
    promised = [
        promise_order(outlooks, _quantities(order), wanted_on=order.wanted_on, today=work.today())
        for order in orders
    ]
    await _place(
        work, held, [line for one in zip(orders, promised, strict=True) for line in _for(*one)]
    )
    return promised


async def place(work: Work, lines: Sequence[DemandLine]) -> dict[UUID, Decimal]:
    """Reserve for order lines what is free; the rest waits. What each line has reserved.

    Raises NotStocked (an item of services), FractionOfUnit. Three
    statements, and what purchasing adds when something must wait; one more where lines wait for
    their day, or waited for it until the setting was taken away.
    """
    if not lines:
        return {}
    held = await _hold(work, lines)
    await _place(work, held, lines)
    return {line.order_line_id: got for line, got in held.placed}


async def _hold(work: Work, lines: Sequence[DemandLine]) -> Holding:
    held = await hold_items(work, [line.item_id for line in lines])
    for line in lines:
        held.units[line.item_id].must_count(line.quantity)
    return held


async def _outlooks(
    work: Work, held: Holding, orders: Sequence[OrderNeeds]
) -> Mapping[UUID, Outlook]:
    """What of the items is free, comes and is waited for.

    Who waits and what comes is only asked where somebody waits, or the free goods are too few.
    """
    left = {item_id: level.free for item_id, level in held.levels.items()}
    for order in orders:
        for item_id, quantity in _quantities(order):
            left[item_id] -= quantity
    if not held.waited_for and min(left.values()) >= 0:
        return {one: Outlook(level.free, [], []) for one, level in held.levels.items()}
    return await outlooks_of(work.sql, held.item_ids, today=work.today())


async def _place(work: Work, held: Holding, lines: Sequence[DemandLine]) -> None:
    filled: list[Demand] = []
    # Without days to wait for, something is free for which somebody waits only where there were
    # such days until now.
    kept = any(held.levels[item_id].free > 0 for item_id in held.waited_for)
    if reserved_until(work) is None and not kept:
        for line in lines:
            _note(held, line, held.levels[line.item_id].hold(line.quantity))
    else:
        queue = await Queue.of(work, held, held.item_ids)
        filled = queue.fill(held.item_ids)
        _join(queue, lines)
    await _keep(work, held, filled)


async def _place_in_turn(
    work: Work, held: Holding, orders: Sequence[OrderNeeds]
) -> list[date | None]:
    """As `place_orders`, where those who wait for their day have nothing reserved yet."""
    queue = await Queue.of(work, held, held.item_ids)
    filled = queue.fill(held.item_ids)
    promised = []
    for order in orders:
        day = queue.promise(_quantities(order), wanted_on=order.wanted_on)
        _join(queue, _for(order, day))
        promised.append(day)
    await _keep(work, held, filled)
    return promised


async def _keep(work: Work, held: Holding, filled: Sequence[Demand]) -> None:
    note_filled(held, filled)
    await queries.save(work, held)
    await tell(work, held, filled=filled)


def _quantities(order: OrderNeeds) -> list[tuple[UUID, Decimal]]:
    return [(line.item_id, line.quantity) for line in order.lines]


def _for(order: OrderNeeds, day: date | None) -> list[DemandLine]:
    """The lines of an order, promised for a day."""
    return [line._replace(promised_on=day) for line in order.lines]


def _join(queue: Queue, lines: Sequence[DemandLine]) -> None:
    needs = [_demand(line, _LAST + at) for at, line in enumerate(lines, len(queue.held.placed))]
    queue.join(needs)
    for line, need in zip(lines, needs, strict=True):
        _note(queue.held, line, need.reserved)


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


def _note(held: Holding, line: DemandLine, got: Decimal) -> None:
    held.placed.append((line, got))
    if got < line.quantity:
        held.changed_demand.add(line.item_id)
