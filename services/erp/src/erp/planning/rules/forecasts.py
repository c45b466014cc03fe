"""Forecasts as demands: what orders have not consumed of them, in parts of a week (E53).

An order and the forecast that it fulfils are one need, never two. Orders consume in two rounds,
each by the day they are needed: first the forecast of their own day, all of them; then what an
order has left consumes the nearest earlier period within the days backward, and the nearest later
one within the days forward. In each step a customer's own forecast comes before the one for all.
What is shipped already consumes as well; what was cancelled consumes nothing.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from erp.planning.rules.snapshot import Demand
from erp.planning.states import DemandKind

__all__ = ["Forecast", "Ordered", "forecast_demands", "left_of"]

WEEK = 7


@dataclass(frozen=True, slots=True)
class Forecast:
    """So much of an item is expected for the days of a period; customer '': all others."""

    ref: str
    customer: str
    first: int
    last: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Ordered:
    """So much of the item a customer ordered for a day."""

    customer: str
    day: int
    quantity: int


class _Periods:
    """The forecasts of some customers, which do not overlap, and what is left of each."""

    def __init__(self, forecasts: Iterable[Forecast]) -> None:
        self.forecasts = sorted(forecasts, key=attrgetter("first"))
        self._days = [one.first for one in self.forecasts]
        self.left = [one.quantity for one in self.forecasts]

    def consume_own(self, day: int, quantity: int) -> int:
        """Consume the period of the day; what of the quantity is left then."""
        at = bisect_right(self._days, day) - 1
        return quantity - self._taken(at, quantity) if self._covers(at, day) else quantity

    def consume_backward(self, day: int, quantity: int, days: int) -> int:
        """Consume those that ended at most so many days before, the nearest first."""
        at = bisect_right(self._days, day) - 1
        while quantity and at >= 0 and self.forecasts[at].last >= day - days:
            if not self._covers(at, day):
                quantity -= self._taken(at, quantity)
            at -= 1
        return quantity

    def consume_forward(self, day: int, quantity: int, days: int) -> int:
        """Consume those that begin at most so many days after, the nearest first."""
        at = bisect_right(self._days, day)
        while quantity and at < len(self._days) and self._days[at] <= day + days:
            quantity -= self._taken(at, quantity)
            at += 1
        return quantity

    def _covers(self, at: int, day: int) -> bool:
        return at >= 0 and self.forecasts[at].last >= day

    def _taken(self, at: int, quantity: int) -> int:
        taken = min(self.left[at], quantity)
        self.left[at] -= taken
        return taken


def left_of(
    forecasts: Sequence[Forecast],
    orders: Sequence[Ordered],
    *,
    backward: int = 0,
    forward: int = 0,
) -> list[tuple[Forecast, int]]:
    """What the orders of an item leave of its forecasts."""
    by_customer: dict[str, list[Forecast]] = {"": []}
    for one in forecasts:
        by_customer.setdefault(one.customer, []).append(one)
    periods = {customer: _Periods(some) for customer, some in by_customer.items()}
    common = periods[""]
    waiting: list[tuple[Ordered, list[_Periods], int]] = []
    for order in sorted(orders, key=lambda one: (one.day, one.customer, one.quantity)):
        own = periods.get(order.customer, common)
        some = [own] if own is common else [own, common]
        quantity = order.quantity
        for those in some:
            quantity = those.consume_own(order.day, quantity)
        if quantity:
            waiting.append((order, some, quantity))
    for order, some, open_quantity in waiting:
        rest = open_quantity
        for those in some:
            rest = those.consume_backward(order.day, rest, backward)
        for those in some:
            rest = those.consume_forward(order.day, rest, forward)
    return [
        pair
        for _, of in sorted(periods.items())
        for pair in zip(of.forecasts, of.left, strict=True)
    ]


def forecast_demands(item: str, left: Iterable[tuple[Forecast, int]], today: int) -> list[Demand]:
    """What is left of forecasts as demands: each week of what of a period is to come.

    Each part is needed on its first day; of a period that is over nothing is needed. What one day
    of it needs is the same for all, and the parts add up to what is left.
    """
    found = []
    for one, quantity in left:
        first = max(one.first, today)
        days, done = one.last - first + 1, 0
        for day in range(first, one.last + 1, WEEK):
            until = quantity * min(day + WEEK - first, days) // days
            if until > done:
                found.append(Demand(one.ref, item, day, until - done, DemandKind.FORECAST))
            done = until
    return found
