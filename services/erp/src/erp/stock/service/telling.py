"""What every act on stock ends with: the free goes to those who wait, and all is told."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.stock import queries
from erp.stock.events import AvailabilityChanged, DemandFilled, ItemsShort
from erp.stock.models import Demand
from erp.stock.queries import Holding
from erp.stock.service.waiting import Queue, reserved_until
from erp.sums import require_bookable

__all__ = ["availability_states", "fill_waiting", "note_filled", "reserve_free", "tell"]

_SHOWN = ["free", "incoming", "on_hand", "reserved", "waiting"]


async def fill_waiting(work: Work, held: Holding) -> list[Demand]:
    """Reserve what came free for those who wait; the lines that got some."""
    if reserved_until(work) is not None:
        # Lines that wait for their day count on what is free, and there is more or less of it.
        held.changed_demand.update(held.item_ids)
    return await reserve_free(work, held)


async def reserve_free(
    work: Work, held: Holding, *, early: Mapping[UUID, Decimal] | None = None
) -> list[Demand]:
    """Reserve what is free for those whose day has come; the lines that got some.

    Of the lines `early`, so many are reserved before their day.
    """
    free = [item_id for item_id, level in held.levels.items() if level.free > 0]
    if not free:
        return []
    filled = (await Queue.of(work, held, free)).fill(free, early)
    note_filled(held, filled)
    return filled


def note_filled(held: Holding, filled: Iterable[Demand]) -> None:
    """Keep lines that got goods, to be stored and told."""
    for line in filled:
        held.demands.setdefault(line.order_line_id, line)
        held.changed_demand.add(line.item_id)


async def availability_states(work: Work, ids: Sequence[UUID]) -> list[AvailabilityChanged]:
    """What is published of availability, as it is now."""
    rows = await queries.availability_now(work.sql, ids)
    return [AvailabilityChanged.model_validate({**row, "changed": []}) for row in rows]


async def tell(
    work: Work, held: Holding, *, filled: Iterable[Demand] = (), own: Collection[UUID] = ()
) -> None:
    """Tell the availability of the items held, which other orders got goods, and what is short.

    `own` are the lines that the caller asked about: their order knows without being told. Raises
    InvalidInput: suppliers, or customers, come to more of an item than can be told.
    """
    for row in await queries.tell_availability(work, held.item_ids):
        require_bookable(row["incoming"], row["waiting"])
        await work.record(AvailabilityChanged.model_validate({**row, "changed": _SHOWN}))
    orders = {line.order_id for line in filled if line.order_line_id not in own}
    if orders:
        await work.record(DemandFilled(order_ids=sorted(orders)))
    if held.changed_demand:
        await work.record(ItemsShort(item_ids=sorted(held.changed_demand)))
