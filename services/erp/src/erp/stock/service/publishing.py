"""What every act on stock ends with: free goods fill backorders, and the changes are published."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from erp.stock.events import AvailabilityChanged, DemandFilled, ItemsShort
from erp.stock.models.demand import Demand
from erp.stock.queries import locking
from erp.stock.queries.locking import LockedStock
from erp.stock.service.backorders import BackorderQueue, keeps_goods
from erp.sums import require_bookable

__all__ = [
    "availability_states",
    "fill_backorders",
    "publish_changes",
    "record_filled",
    "reserve_available",
]

_FIELDS = ["free", "incoming", "on_hand", "reserved", "waiting"]


async def fill_backorders(work: Work, stock: LockedStock) -> list[Demand]:
    """Reserve what came free for those who wait; the lines that got some."""
    if keeps_goods(work, stock):
        # Lines that wait for their day count on what is free, and there is more or less of it.
        stock.changed_demand.update(stock.item_ids)
    return await reserve_available(work, stock)


async def reserve_available(
    work: Work, stock: LockedStock, *, early: Mapping[UUID, Decimal] | None = None
) -> list[Demand]:
    """Reserve what is free for those whose day has come; the lines that got some.

    Of the lines `early`, so many are reserved before their day.
    """
    free = [item_id for item_id, level in stock.levels.items() if level.free > 0]
    if not free:
        return []
    filled = (await BackorderQueue.of(work, stock, free)).fill(free, early)
    record_filled(stock, filled)
    return filled


def record_filled(stock: LockedStock, filled: Iterable[Demand]) -> None:
    """Keep lines that got goods, to be stored and published."""
    for line in filled:
        stock.demands.setdefault(line.order_line_id, line)
        stock.changed_demand.add(line.item_id)


async def availability_states(at: Reading, ids: Sequence[UUID]) -> list[AvailabilityChanged]:
    """What is published of availability, as it is now."""
    rows = await locking.availability_states(at.sql, ids)
    return [AvailabilityChanged.model_validate({**row, "changed": []}) for row in rows]


async def publish_changes(
    work: Work, stock: LockedStock, *, filled: Iterable[Demand] = (), own: Collection[UUID] = ()
) -> None:
    """Publish the availability of locked items, which other orders got goods, what is short.

    `own` are the lines that the caller asked about: their order is published by the caller. Raises
    InvalidInput: suppliers, or customers, come to more of an item than can be published.
    """
    for row in await locking.advance_availability(work, stock.item_ids):
        require_bookable(row["incoming"], row["waiting"])
        await work.record(AvailabilityChanged.model_validate({**row, "changed": _FIELDS}))
    orders = {line.order_id for line in filled if line.order_line_id not in own}
    if orders:
        await work.record(DemandFilled(order_ids=sorted(orders)))
    if stock.changed_demand:
        await work.record(ItemsShort(item_ids=sorted(stock.changed_demand)))
