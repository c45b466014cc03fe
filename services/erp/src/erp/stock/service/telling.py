"""What every act on stock ends with: the free goes to those who wait, and all is told."""

from collections.abc import Collection, Iterable
from decimal import Decimal
from uuid import UUID

from chassis.storage.work import Work
from erp.stock import queries
from erp.stock.events import AvailabilityChanged, DemandFilled, ItemsShort
from erp.stock.models import Demand
from erp.stock.queries import Holding
from erp.stock.rules.allocation import Waiting, fill

__all__ = ["fill_waiting", "tell"]

_SHOWN = ["free", "incoming", "on_hand", "reserved", "waiting"]


async def fill_waiting(work: Work, held: Holding) -> list[Demand]:
    """Reserve what is free for those who wait; the lines that got some."""
    free = [item_id for item_id, level in held.levels.items() if level.free > 0]
    if not free:
        return []
    found = {line.order_line_id: line for line in await queries.waiting_of(work, free)}
    lines = found | held.demands
    got = [share for item_id in free for share in _shares(held, item_id, lines.values())]
    for order_line_id, quantity in got:
        line = held.demands.setdefault(order_line_id, lines[order_line_id])
        line.get(quantity)
        held.levels[line.item_id].hold(quantity)
        held.changed_demand.add(line.item_id)
    return [held.demands[order_line_id] for order_line_id, _ in got]


def _shares(held: Holding, item_id: UUID, lines: Iterable[Demand]) -> list[tuple[UUID, Decimal]]:
    """What each line gets of the item, in their turn."""
    waiting = [line for line in lines if line.item_id == item_id and line.waiting > 0]
    waiting.sort(key=lambda line: line.turn)
    queue = [Waiting(line.order_line_id, line.waiting) for line in waiting]
    return fill(held.levels[item_id].free, queue)


async def tell(
    work: Work, held: Holding, *, filled: Iterable[Demand] = (), own: Collection[UUID] = ()
) -> None:
    """Tell the availability of the items held, which other orders got goods, and what is short.

    `own` are the lines that the caller asked about: their order knows without being told.
    """
    for row in await queries.tell_availability(work, held.item_ids):
        await work.record(AvailabilityChanged.model_validate({**row, "changed": _SHOWN}))
    orders = {line.order_id for line in filled if line.order_line_id not in own}
    if orders:
        await work.record(DemandFilled(order_ids=sorted(orders)))
    if held.changed_demand:
        await work.record(ItemsShort(item_ids=sorted(held.changed_demand)))
