"""Reservations that give way to goods that go back: whoever was promised last waits again."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.stock.errors import GoodsGone
from erp.stock.events import ReservationsReleased
from erp.stock.models.demand import Demand
from erp.stock.queries import locking
from erp.stock.queries.locking import LockedStock
from values.decimals import plain

__all__ = ["publish_released", "release_reservations"]


async def release_reservations(
    work: Work, stock: LockedStock, going: Iterable[tuple[UUID, Decimal]]
) -> list[Demand]:
    """Free what goes back (item, quantity) and is reserved; the lines that wait for it again.

    What is free goes first, then what is reserved for whoever was promised last, and of those for
    whoever came last: the order in which goods are reserved, backwards. Raises GoodsGone.
    """
    leaving = defaultdict[UUID, Decimal](Decimal)
    for item_id, quantity in going:
        leaving[item_id] += quantity
    lacking = {}
    for item_id, quantity in leaving.items():
        level = stock.levels[item_id]
        if quantity > level.on_hand:
            raise GoodsGone(
                sku=stock.skus[item_id], wanted=plain(quantity), on_hand=plain(level.on_hand)
            )
        if quantity > level.free:
            lacking[item_id] = quantity - level.free
    if not lacking:
        return []
    last = await locking.last_reserved(work, lacking)
    released = [stock.demands.setdefault(demand.order_line_id, demand) for demand in last]
    for demand in released:
        quantity = min(demand.reserved, lacking[demand.item_id])
        demand.unreserve(quantity)
        stock.levels[demand.item_id].release(quantity)
        lacking[demand.item_id] -= quantity
        stock.changed_demand.add(demand.item_id)
    return released


async def publish_released(work: Work, released: Sequence[Demand]) -> None:
    """Publish whose reservations gave way: they are promised another day."""
    if released:
        order_ids = sorted({demand.order_id for demand in released})
        await work.record(ReservationsReleased(order_ids=order_ids))
