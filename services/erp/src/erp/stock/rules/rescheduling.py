"""For which day orders can be promised that wait already, each in its turn."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from erp.stock.rules.promising import DatedQuantity, discrete_atp, promise_date

__all__ = ["QueuePosition", "Supply", "reschedule"]


class Supply(NamedTuple):
    """What of an item is free today, and what comes when."""

    free: Decimal
    receipts: list[DatedQuantity]


class QueuePosition(NamedTuple):
    """A line of an order that still waits for so many; a lower place came first."""

    order_id: UUID
    item_id: UUID
    quantity: Decimal
    needed_on: date
    promised_on: date | None
    place: int


def reschedule(
    order_ids: Sequence[UUID],
    positions: Sequence[QueuePosition],
    supply: Mapping[UUID, Supply],
    *,
    today: date,
) -> dict[UUID, date | None]:
    """The first day on which each order has all of its goods; None: no known day (E37).

    Nothing is taken from whoever was promised before, or waits and came first.
    """
    kept = [one for one in positions if one.order_id not in order_ids]
    asked = {
        order_id: [one for one in positions if one.order_id == order_id] for order_id in order_ids
    }
    promised: dict[UUID, date | None] = {}
    for order_id, own in sorted(asked.items(), key=lambda pair: min(one.place for one in pair[1])):
        days = [_day(one, [*kept, *own], supply, today=today) for one in own]
        known = [day for day in days if day is not None]
        promised[order_id] = day = max(known) if len(known) == len(days) else None
        kept += [one._replace(promised_on=day) for one in own]
    return promised


def _day(
    line: QueuePosition,
    others: Sequence[QueuePosition],
    supply: Mapping[UUID, Supply],
    *,
    today: date,
) -> date | None:
    wanted_on = max(line.needed_on, today)
    if not line.quantity:
        return wanted_on
    before = [
        (one.promised_on or one.needed_on, one.quantity)
        for one in others
        if one.item_id == line.item_id and _goes_before(one, line)
    ]
    free, receipts = supply[line.item_id]
    atp = discrete_atp(free, receipts, before, today=today)
    return promise_date(atp, line.quantity, wanted_on=wanted_on)


def _goes_before(one: QueuePosition, line: QueuePosition) -> bool:
    promised = one.promised_on is not None and one.order_id != line.order_id
    return promised or one.place < line.place
