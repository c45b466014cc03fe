"""Material reserved for orders in work: what one order has, another one does not get (E53)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.production_orders.models import ProductionOrder
from erp.production_orders.queries import reservations as queries
from erp.production_orders.states import OPEN
from erp.stock.service.allocating import allocate_lines
from erp.stock.service.demand import cancel_demand, want_again
from records.types import Change

__all__ = ["items_reserved", "reserve_material", "reserve_returned"]


async def reserve_material(work: Work, changes: Sequence[Change[ProductionOrder]]) -> None:
    """Reserve what orders need that are released; give up the rest of those that ended.

    What is not free is waited for, promised for the day on which the order begins, and suggested
    to be bought (E41).
    """
    begun, ended = _begun_and_ended(changes)
    if begun:
        await allocate_lines(work, await queries.lines_to_reserve(work.sql, begun))
    if ended:
        await cancel_demand(work, await queries.reserved_lines(work.sql, ended))


async def items_reserved(work: Work, changes: Sequence[Change[ProductionOrder]]) -> set[UUID]:
    """The items of which such changes reserve or give up something."""
    begun, ended = _begun_and_ended(changes)
    touched = [*begun, *ended]
    return await queries.items_of_orders(work.sql, touched) if touched else set()


def _begun_and_ended(changes: Sequence[Change[ProductionOrder]]) -> tuple[list[UUID], list[UUID]]:
    """Orders in which work may begin now, and those in which it no longer may."""
    begun, ended = [], []
    for one in changes:
        was = not one.is_new and one.before.get("state", one.record.state) in OPEN
        now = one.record.state in OPEN
        if now and not was:
            begun.append(one.record.id)
        elif was and not now:
            ended.append(one.record.id)
    return begun, ended


async def reserve_returned(work: Work, issued: Mapping[UUID, Decimal]) -> None:
    """Components came back: what the order lacks of them now is reserved; `issued`: what it has."""
    known = await queries.once_reserved(work.sql, list(issued))
    if known:
        await want_again(work, {one: issued[one] for one in known})
