"""What goods are worth: amounts are kept, unit costs derived (moving average).

What is dated in the past is valued by its own day, and by what every day since then allows. Such
a past is told by its days' ends: the day asked for, and each later one on which goods moved.
"""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_DOWN, Decimal
from typing import NamedTuple

from values.decimals import EXACT, rounded

__all__ = [
    "DayEnd",
    "DayEnds",
    "cost_as_of",
    "cost_of_issue",
    "day_ends",
    "earliest_possible_day",
    "short_day",
    "value_of_receipt",
    "with_change",
]


class DayEnd(NamedTuple):
    """What was on hand when a day ended, and its worth; of a change, by how much."""

    day: date
    quantity: Decimal
    value: Decimal


DayEnds = Sequence[DayEnd]
"""The ends of days, in their order."""


def cost_of_issue(quantity: Decimal, *, on_hand: Decimal, value: Decimal, decimals: int) -> Decimal:
    """What leaves the books with `quantity` of `on_hand` pieces that are worth `value`.

    The share by quantity, rounded to the currency's decimals; a half stays in stock, and with the
    last piece the rest of the value goes, so that nothing is worth nothing (E30): three pieces
    for 10.00 leave at 3.33, 3.33 and 3.34.
    """
    if quantity == on_hand:
        return value
    share = EXACT.divide(EXACT.multiply(value, quantity), on_hand)
    smallest = Decimal(1).scaleb(-decimals)
    return min(share.quantize(smallest, rounding=ROUND_HALF_DOWN, context=EXACT), value)


def value_of_receipt(quantity: Decimal, end: DayEnd, *, decimals: int) -> Decimal | None:
    """What so many more are worth at the average of a day's end; None: nothing was there."""
    if not end.quantity:
        return None
    return rounded(EXACT.divide(EXACT.multiply(end.value, quantity), end.quantity), decimals)


def day_ends(
    day: date, quantity: Decimal, value: Decimal, changes: Sequence[DayEnd]
) -> list[DayEnd]:
    """The end of the day and of each later one, from what is there now and changed after the day.

    `changes` are those days in their order, with what came in less what went out on each.
    """
    ends = []
    for change in reversed(changes):
        ends.append(DayEnd(change.day, quantity, value))
        quantity, value = quantity - change.quantity, value - change.value
    ends.append(DayEnd(day, quantity, value))
    return ends[::-1]


def with_change(ends: Sequence[DayEnd], quantity: Decimal, value: Decimal) -> list[DayEnd]:
    """The ends once so much more came in on the first of the days (negative: less)."""
    return [DayEnd(end.day, end.quantity + quantity, end.value + value) for end in ends]


def short_day(quantity: Decimal, ends: Sequence[DayEnd]) -> DayEnd | None:
    """The first of the ends at which not so many were on hand, if there is one (E27)."""
    return next((end for end in ends if end.quantity < quantity), None)


def cost_as_of(
    quantity: Decimal, ends: Sequence[DayEnd], *, decimals: int, value: Decimal | None = None
) -> Decimal | None:
    """What pieces cost that leave on the first of the days; all the days have so many on hand.

    What goes back to the supplier, received at a `value`, costs that (E36), unless a day would be
    left with less than nothing, or with worth and no pieces (E33).

    The average of that day, but never more than a later day is worth; and where a day has no
    pieces left then, all that it is worth, so that nothing is worth nothing on it either (E30).
    None: the days ask for different amounts, and no cost leaves all of them right.
    """
    if value is not None and all(end.quantity > quantity and end.value >= value for end in ends):
        return value
    rests = {end.value for end in ends if end.quantity == quantity}
    most = min(end.value for end in ends)
    first = ends[0]
    share = cost_of_issue(quantity, on_hand=first.quantity, value=first.value, decimals=decimals)
    cost = next(iter(rests), min(share, most))
    return cost if rests <= {cost} and 0 <= cost <= most else None


def earliest_possible_day(quantity: Decimal, ends: Sequence[DayEnd], *, decimals: int) -> date:
    """The first day on which so many may leave. On the last of the days, what is there may.

    What is possible on a day is so on every later one, because fewer days are left to be right.
    """

    def possible(at: int) -> bool:
        rest = ends[at:]
        if short_day(quantity, rest):
            return False
        return cost_as_of(quantity, rest, decimals=decimals) is not None

    return ends[bisect_left(range(len(ends) - 1), x=True, key=possible)].day
