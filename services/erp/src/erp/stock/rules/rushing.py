"""What becomes of all who wait for goods when one order goes first: its rush is granted.

Goods that are reserved for other orders give way to it, those of whoever was promised last first.
Material of production orders never does.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from erp.stock.rules.promising import DatedQuantity, deduct, discrete_atp, promise_date
from erp.stock.rules.rescheduling import Supply

__all__ = ["FirstPlace", "OrderDelay", "WaitingLine", "go_first"]

_NOTHING = Decimal(0)
_Buckets = Mapping[UUID, Sequence[DatedQuantity]]


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """A line and what it has reserved and waits for; `stays`: nobody goes before it."""

    order_line_id: UUID
    order_id: UUID
    item_id: UUID
    waiting: Decimal
    reserved: Decimal
    needed_on: date
    promised_on: date | None
    place: int
    stays: bool

    @property
    def by(self) -> date:
        """The day for which it counts on its goods."""
        return self.promised_on or self.needed_on


@dataclass(frozen=True, slots=True)
class OrderDelay:
    """An order that comes later by the rush of another one; None: on no known day."""

    order_id: UUID
    before: date | None
    after: date | None


@dataclass(frozen=True, slots=True)
class FirstPlace:
    """When the order has all of its goods, what it takes from lines, and whom it delays.

    `before`: the day without the rush. A day None: nothing says when the goods come. `waits`: some
    of it is to be shipped from stock.
    """

    day: date | None
    before: date | None
    waits: bool
    taken: Mapping[UUID, Decimal] = field(default_factory=dict)
    delays: Sequence[OrderDelay] = ()

    @property
    def gains(self) -> bool:
        """Whether the order is there sooner than without the rush."""
        if not self.waits or self.day is None:
            return False
        return self.before is None or self.day < self.before


def go_first(
    order_id: UUID,
    lines: Sequence[WaitingLine],
    supply: Mapping[UUID, Supply],
    *,
    wanted_on: date,
    today: date,
) -> FirstPlace:
    """Put an order before all who wait for its items, from the wanted day on.

    `lines` are all that wait for these items, or have some reserved.
    """
    wanted_on = max(wanted_on, today)
    wanted: dict[UUID, Decimal] = {}
    for line in lines:
        if line.order_id == order_id and line.waiting:
            wanted[line.item_id] = wanted.get(line.item_id, _NOTHING) + line.waiting
    as_they_are = _days(_free(lines, supply, today), lines, {}, today=today)
    before, waits = as_they_are.get(order_id), order_id in as_they_are
    day = _first_day(wanted, order_id, lines, supply, wanted_on=wanted_on, today=today)
    if day is None:
        return FirstPlace(None, before, waits)
    free = dict(_free(lines, supply, today))
    taken: dict[UUID, Decimal] = {}
    for item_id, quantity in wanted.items():
        given = min(_given_by(free[item_id], day), quantity)
        taken |= _taken(order_id, item_id, quantity - given, lines)
        free[item_id] = deduct(free[item_id], given, on=day) or free[item_id]
    others = [one for one in lines if one.order_id != order_id]
    afterwards = _days(free, others, taken, today=today)
    delays = [
        OrderDelay(other, as_they_are[other], after)
        for other, after in afterwards.items()
        if (after or date.max) > (as_they_are[other] or date.max)
    ]
    return FirstPlace(day, before, waits, taken, delays)


def _free(
    lines: Iterable[WaitingLine],
    supply: Mapping[UUID, Supply],
    today: date,
    more: Mapping[UUID, Decimal] | None = None,
) -> dict[UUID, list[DatedQuantity]]:
    """What of each item nobody needs who stays, by the day from which it is there."""
    stay: dict[UUID, list[DatedQuantity]] = {}
    for line in lines:
        if line.stays and line.waiting:
            stay.setdefault(line.item_id, []).append((line.by, line.waiting))
    more = more or {}
    return {
        item_id: discrete_atp(
            free + more.get(item_id, _NOTHING), receipts, stay.get(item_id, ()), today=today
        )
        for item_id, (free, receipts) in supply.items()
    }


def _first_day(
    wanted: Mapping[UUID, Decimal],
    order_id: UUID,
    lines: Sequence[WaitingLine],
    supply: Mapping[UUID, Supply],
    *,
    wanted_on: date,
    today: date,
) -> date | None:
    """The first day on which all is there, with what is reserved for those who give way."""
    reserved: dict[UUID, Decimal] = {}
    for line in lines:
        if line.order_id != order_id and not line.stays:
            reserved[line.item_id] = reserved.get(line.item_id, _NOTHING) + line.reserved
    free = _free(lines, supply, today, reserved)
    day = wanted_on
    for item_id, quantity in wanted.items():
        found = promise_date(free[item_id], quantity, wanted_on=wanted_on)
        if found is None:
            return None
        day = max(day, found)
    return day


def _given_by(free: Sequence[DatedQuantity], day: date) -> Decimal:
    """How many goods that are reserved for nobody give until the day."""
    if free[0][1] < 0:
        return _NOTHING
    return sum((max(quantity, _NOTHING) for on, quantity in free if on <= day), _NOTHING)


def _taken(
    order_id: UUID, item_id: UUID, quantity: Decimal, lines: Sequence[WaitingLine]
) -> dict[UUID, Decimal]:
    """So many of what is reserved, of whoever was promised last first, by line."""
    giving = [
        one
        for one in lines
        if one.item_id == item_id and one.order_id != order_id and one.reserved and not one.stays
    ]
    giving.sort(key=lambda one: (one.promised_on or date.max, one.place), reverse=True)
    taken = {}
    for one in giving:
        if quantity <= 0:
            break
        taken[one.order_line_id] = min(one.reserved, quantity)
        quantity -= taken[one.order_line_id]
    return taken


def _days(
    free: _Buckets,
    lines: Sequence[WaitingLine],
    taken: Mapping[UUID, Decimal],
    *,
    today: date,
) -> dict[UUID, date | None]:
    """When each order that does not stay has its goods; None: no known day.

    Whoever was promised first comes first, then whoever came first, as goods are reserved.
    """
    left = {item_id: list(buckets) for item_id, buckets in free.items()}
    orders: dict[UUID, list[WaitingLine]] = {}
    for line in sorted(lines, key=lambda one: (one.promised_on or date.max, one.place)):
        if not line.stays:
            orders.setdefault(line.order_id, []).append(line)
    days: dict[UUID, date | None] = {}
    for order_id, own in orders.items():
        lacking = _lacking(own, taken)
        days[order_id] = day = _day(max(today, *(line.by for line in own)), lacking, left)
        if day is not None:
            for item_id, quantity in lacking.items():
                left[item_id] = deduct(left[item_id], quantity, on=day) or left[item_id]
    return days


def _lacking(own: Iterable[WaitingLine], taken: Mapping[UUID, Decimal]) -> dict[UUID, Decimal]:
    """What an order waits for, with what was taken from it, by item."""
    lacking: dict[UUID, Decimal] = {}
    for line in own:
        needs = line.waiting + taken.get(line.order_line_id, _NOTHING)
        if needs:
            lacking[line.item_id] = lacking.get(line.item_id, _NOTHING) + needs
    return lacking


def _day(wanted_on: date, lacking: Mapping[UUID, Decimal], left: _Buckets) -> date | None:
    """The first day from the wanted one on which all of it can be promised."""
    day: date | None = wanted_on
    for item_id, quantity in lacking.items():
        day = day and promise_date(left[item_id], quantity, wanted_on=day)
    return day
