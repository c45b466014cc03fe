"""Available to promise: when a quantity can be promised without breaking an older promise.

A receipt serves the promises until the next one; what a later bucket lacks is taken from the
nearest earlier ones, and from today's stock last of all (discrete ATP with look-ahead).
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

__all__ = ["discrete_atp", "promise_date", "take"]

Dated = tuple[date, Decimal]


def discrete_atp(
    on_hand: Decimal, receipts: Sequence[Dated], commitments: Sequence[Dated], *, today: date
) -> list[Dated]:
    """What of each receipt (the first entry: today's stock) is still free to promise.

    `commitments` are what older orders still need, by the day they need it; those overdue count
    as of today. A bucket that lacks is covered from the buckets before it, the nearest first; what
    nobody can cover stays as a negative first entry.
    """
    dates = sorted({day for day, _ in receipts if day > today})
    free = [on_hand, *([Decimal(0)] * len(dates))]
    for day, quantity in receipts:
        free[bisect_right(dates, day)] += quantity
    for day, quantity in commitments:
        free[bisect_right(dates, day)] -= quantity
    for at in range(len(free) - 1, 0, -1):
        if free[at] < 0:
            free = _covered_from_before(free, at)
    return list(zip([today, *dates], free, strict=True))


def _covered_from_before(free: list[Decimal], at: int) -> list[Decimal]:
    """Cover what bucket `at` lacks from the buckets before it, the nearest first."""
    left, lack = list(free), -free[at]
    left[at] = Decimal(0)
    for earlier in range(at - 1, 0, -1):
        given = min(max(left[earlier], Decimal(0)), lack)
        left[earlier] -= given
        lack -= given
    left[0] -= lack
    return left


def take(atp: Sequence[Dated], quantity: Decimal, *, on: date) -> list[Dated] | None:
    """The buckets after promising a quantity on a day, or None when it cannot be kept.

    The bucket of the day gives first, then those before it, the nearest first.
    """
    left = [free for _, free in atp]
    last = bisect_right([day for day, _ in atp], on) - 1
    for at in range(last, -1, -1):
        given = min(max(left[at], Decimal(0)), quantity)
        left[at] -= given
        quantity -= given
    if quantity > 0 or left[0] < 0:
        return None
    return [(day, free) for (day, _), free in zip(atp, left, strict=True)]


def promise_date(atp: Sequence[Dated], quantity: Decimal, *, wanted_on: date) -> date | None:
    """The first day from the wanted one on which the whole quantity can be promised."""
    candidates = [wanted_on, *(day for day, _ in atp if day > wanted_on)]
    return next((day for day in candidates if take(atp, quantity, on=day) is not None), None)
