"""Reservations that give way to goods that go back: whoever was promised last waits again."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.stock import queries
from erp.stock.errors import GoodsGone
from erp.stock.events import ReservationsReleased
from erp.stock.models import Demand
from erp.stock.queries import Holding
from values.decimals import plain

__all__ = ["release_for", "tell_released"]


async def release_for(
    work: Work, held: Holding, going: Iterable[tuple[UUID, Decimal]]
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
        level = held.levels[item_id]
        if quantity > level.on_hand:
            raise GoodsGone(
                sku=held.skus[item_id], wanted=plain(quantity), on_hand=plain(level.on_hand)
            )
        if quantity > level.free:
            lacking[item_id] = quantity - level.free
    if not lacking:
        return []
    last = await queries.last_reserved(work, lacking)
    released = [held.demands.setdefault(need.order_line_id, need) for need in last]
    for need in released:
        quantity = min(need.reserved, lacking[need.item_id])
        need.give_up(quantity)
        held.levels[need.item_id].release(quantity)
        lacking[need.item_id] -= quantity
        held.changed_demand.add(need.item_id)
    return released


async def tell_released(work: Work, released: Sequence[Demand]) -> None:
    """Tell whose reservations gave way: they are promised another day."""
    if released:
        order_ids = sorted({need.order_id for need in released})
        await work.record(ReservationsReleased(order_ids=order_ids))
