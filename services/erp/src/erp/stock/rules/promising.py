"""Available to promise: when a quantity can be promised without breaking an older promise.

A receipt serves the promises until the next one; what a later bucket lacks is taken from the
nearest earlier ones, and from today's stock last of all (discrete ATP with look-ahead). What no
earlier goods can cover is late: it gets the first receipts that nobody else needs.
"""

from bisect import bisect_right
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

__all__ = [
    "AvailabilityProjection",
    "DatedQuantity",
    "deduct",
    "discrete_atp",
    "postpone_overdue",
    "promise_date",
    "promise_order",
    "promised_day",
]

DatedQuantity = tuple[date, Decimal]
_NOTHING = Decimal(0)
K = TypeVar("K", bound=Hashable)


@dataclass
class AvailabilityProjection:
    """What of an item is free, what comes when, and what is waited for by when."""

    free: Decimal
    receipts: list[DatedQuantity]
    commitments: list[DatedQuantity]

    def atp(self, *, today: date) -> list[DatedQuantity]:
        """What can be promised: of today's stock, and of each receipt to come."""
        return discrete_atp(self.free, self.receipts, self.commitments, today=today)

    def allocate(self, quantity: Decimal, *, by: date) -> None:
        """Reserve what is free of a quantity; the rest of it waits for goods."""
        got = max(min(self.free, quantity), _NOTHING)
        self.free -= got
        if got < quantity:
            self.commitments.append((by, quantity - got))


def postpone_overdue(receipt: DatedQuantity, *, today: date) -> DatedQuantity:
    """What is overdue comes tomorrow at the earliest: it should have been here."""
    day, quantity = receipt
    return (day if day >= today else date.fromordinal(today.toordinal() + 1)), quantity


def discrete_atp(
    on_hand: Decimal,
    receipts: Sequence[DatedQuantity],
    commitments: Sequence[DatedQuantity],
    *,
    today: date,
) -> list[DatedQuantity]:
    """What of each receipt (the first entry: today's stock) is still free to promise.

    `commitments` are what older orders still need, by the day they need it; those overdue count
    as of today. What all goods together cannot cover stays as a negative first entry.
    """
    dates = sorted({day for day, _ in receipts if day > today})
    free = [on_hand, *([_NOTHING] * len(dates))]
    for day, quantity in receipts:
        free[bisect_right(dates, day)] += quantity
    for day, quantity in commitments:
        free[bisect_right(dates, day)] -= quantity
    for at in range(len(free) - 1, 0, -1):
        if free[at] < 0:
            lack, free[at] = -free[at], _NOTHING
            free[0] -= _deducted(free, range(at - 1, 0, -1), lack)
    if free[0] < 0:
        free[0] = -_deducted(free, range(1, len(free)), -free[0])
    return list(zip([today, *dates], free, strict=True))


def _deducted(free: list[Decimal], buckets: Iterable[int], wanted: Decimal) -> Decimal:
    """Take from the buckets in turn what is free in them; what is still wanted then."""
    for at in buckets:
        given = min(max(free[at], _NOTHING), wanted)
        free[at] -= given
        wanted -= given
    return wanted


def deduct(
    atp: Sequence[DatedQuantity], quantity: Decimal, *, on: date
) -> list[DatedQuantity] | None:
    """The buckets after promising a quantity on a day, or None when it cannot be kept.

    The bucket of the day gives first, then those before it, the nearest first.
    """
    left = [free for _, free in atp]
    last = bisect_right([day for day, _ in atp], on) - 1
    if left[0] < 0 or _deducted(left, range(last, -1, -1), quantity) > 0:
        return None
    return [(day, free) for (day, _), free in zip(atp, left, strict=True)]


def promise_date(
    atp: Sequence[DatedQuantity], quantity: Decimal, *, wanted_on: date
) -> date | None:
    """The first day from the wanted one on which the whole quantity can be promised."""
    candidates = [wanted_on, *(day for day, _ in atp if day > wanted_on)]
    return next((day for day in candidates if deduct(atp, quantity, on=day) is not None), None)


def promise_order(
    projections: Mapping[K, AvailabilityProjection],
    lines: Sequence[tuple[K, Decimal]],
    *,
    wanted_on: date,
    today: date,
) -> date | None:
    """As `promised_day`; then the order is placed: the next one finds what this one has left."""
    promised = promised_day(projections, lines, wanted_on=wanted_on, today=today)
    for item, quantity in lines:
        projections[item].allocate(quantity, by=promised or wanted_on)
    return promised


def promised_day(
    projections: Mapping[K, AvailabilityProjection],
    lines: Sequence[tuple[K, Decimal]],
    *,
    wanted_on: date,
    today: date,
    kept: Sequence[tuple[K, DatedQuantity]] = (),
    promised: Mapping[K, AvailabilityProjection] | None = None,
) -> date | None:
    """The first day on which all lines (item, quantity) can be promised; None: no known day (E37).

    Each line is taken off before the next one is judged. `kept` comes first: what was promised
    softly for a day keeps it whoever waits without a day, or gets a sooner one that leaves them
    theirs. For that `promised` has the projections without those who wait without a day.
    """
    start = max(wanted_on, today)
    days: list[date | None] = [wanted_on]
    for item, (by, quantity) in kept:
        among = [projections[item], *([promised[item]] if promised else [])]
        days.append(_kept_day(among, quantity, start=start, by=max(by, start), today=today))
        for one in among:
            one.commitments.append((days[-1] or max(by, start), quantity))
    atp = {item: projections[item].atp(today=today) for item, _ in lines}
    for item, quantity in lines:
        day = promise_date(atp[item], quantity, wanted_on=start)
        if day is not None:
            atp[item] = deduct(atp[item], quantity, on=day) or []
        days.append(day)
    known = [day for day in days if day is not None]
    return max(known) if len(known) == len(days) else None


def _kept_day(
    among: Sequence[AvailabilityProjection],
    quantity: Decimal,
    *,
    start: date,
    by: date,
    today: date,
) -> date | None:
    """The first day from `start` on that all leave; beyond `by`, that those promised leave."""
    first, *promised = among
    day = promise_date(first.atp(today=today), quantity, wanted_on=start)
    if day is not None and day <= by:
        return day
    later = [promise_date(one.atp(today=today), quantity, wanted_on=by) for one in promised]
    return min((one for one in (day, *later) if one is not None), default=None)
