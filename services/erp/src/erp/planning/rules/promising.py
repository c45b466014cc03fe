"""Capable to promise: when an item can be there, of goods to come or made or bought anew (E37).

Quantities are whole steps of an item and days are ordinals, as in a snapshot. What older promises
need is no longer in what is free, so that no new promise breaks one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from erp.planning.rules.days import Days, later
from erp.planning.rules.exploding import needed_on
from erp.planning.rules.levels import CircularBill
from erp.planning.rules.lots import Need, lots
from erp.planning.rules.routes import lead_days_of
from erp.planning.rules.snapshot import PlannedItem
from erp.planning.states import PromiseOrigin, Source

__all__ = [
    "PROMISE_ORDERS_MAX",
    "PROMISE_PARTS_MAX",
    "Derived",
    "Free",
    "Promise",
    "PromiseUnbounded",
    "promise",
    "promise_in_parts",
]

PROMISE_ORDERS_MAX = 10_000
"""So many orders that would be needed anew are looked at, of all levels together.

Of a promise in parts: at once; when all its tries together come to more, the next part is the last.
"""
PROMISE_PARTS_MAX = 20
"""So many orders anew a promise in parts is split into; the last one brings all the rest.

Where not all of it can be had, the last one brings as many as can.
"""


Free = Mapping[str, Sequence[tuple[int, int]]]
"""By item what is free to promise, by day: of today's stock, then of each receipt."""


@dataclass(frozen=True, slots=True)
class Derived:
    """So many steps of an item are there on the day, and why not sooner.

    `begins`: when it is to be ordered or begun; of goods to come the day itself. `parts`: what is
    needed to make it, each with its own parts.
    """

    item: str
    quantity: int
    origin: PromiseOrigin
    begins: int
    day: int
    parts: tuple["Derived", ...] = ()


@dataclass(frozen=True, slots=True)
class Promise:
    """When all is there; None: nothing says that it ever is. `parts` by their day."""

    day: int | None
    parts: tuple[Derived, ...]
    lacking: int = 0


def promise(
    items: Mapping[str, PlannedItem],
    free: Free,
    wanted: tuple[str, int, int],
    *,
    today: int,
    calendars: Mapping[str, Days],
) -> Promise:
    """The earliest day from the wanted one for so many steps: (item, quantity, day).

    Goods that are free by the day come first. The rest waits for receipts, or is made or bought,
    whichever is sooner; of equal days the receipts. A bill's components are promised the same way
    from today on. Raises CircularBill, PromiseUnbounded.
    """
    key, quantity, day = wanted
    left = {one: [list(bucket) for bucket in buckets] for one, buckets in free.items()}
    return _Promising(items, left, today, calendars).of(key, quantity, max(day, today), ())


def promise_in_parts(
    items: Mapping[str, PlannedItem],
    free: Free,
    wanted: tuple[str, int, int],
    *,
    today: int,
    calendars: Mapping[str, Days],
) -> Promise:
    """As `promise`, but each part of it as early as it can be there; `day` is that of the last one.

    What is free by the wanted day, then whatever is there first: the next receipt, or as many as
    can be made or bought anew by the first day on which any could. No part waits for another one.
    Where that were too many orders, the last one brings the rest, or what of it can be had at all.
    Raises CircularBill, PromiseUnbounded.
    """
    key, quantity, day = wanted
    left = {one: [list(bucket) for bucket in buckets] for one, buckets in free.items()}
    return _Promising(items, left, today, calendars).in_parts(key, quantity, max(day, today))


class PromiseUnbounded(ValueError):
    """More orders and parts than anybody reads."""


@dataclass(frozen=True, slots=True)
class _Promising:
    """A promise in the making: what of each item is left to promise, and what was taken so far."""

    items: Mapping[str, PlannedItem]
    left: dict[str, list[list[int]]]
    today: int
    calendars: Mapping[str, Days]
    taken: list[tuple[list[int], int]] = field(default_factory=list)
    orders: list[int] = field(default_factory=lambda: [0])
    tried: list[int] = field(default_factory=lambda: [0])

    def of(self, key: str, quantity: int, day: int, above: tuple[str, ...]) -> Promise:
        if key in above:
            raise CircularBill((*above[above.index(key) :], key))
        found = self._taken(key, quantity, day)
        rest = quantity - sum(one.quantity for one in found)
        if not rest:
            return Promise(day, tuple(found))
        enough = self._enough_on(key, rest)
        so_far = len(self.taken)
        anew = self._anew(key, rest, (*above, key))
        if anew is not None and (enough is None or anew.day < enough):
            return Promise(max(day, anew.day), (*found, anew))
        self._give_back(so_far)
        found += self._taken(key, rest, date.max.toordinal() if enough is None else enough)
        rest = quantity - sum(one.quantity for one in found)
        if rest:
            return Promise(None, tuple(found), rest)
        return Promise(max(day, *(one.day for one in found)), tuple(found))

    def in_parts(self, key: str, quantity: int, day: int) -> Promise:
        """Of what is free, then of each receipt, or made or bought, as early as there are some."""
        found = self._taken(key, quantity, day)
        left, orders, last = quantity - sum(one.quantity for one in found), 0, False
        while left:
            first = None if last else self._tried(key, 1)
            until = date.max.toordinal() if first is None else max(first.day, day)
            for coming in [one for one, _ in self.left.get(key, ()) if day < one <= until]:
                parts = self._taken(key, left, coming)
                found += parts
                left -= sum(one.quantity for one in parts)
            if not left or first is None:
                break
            orders += 1
            last = orders == PROMISE_PARTS_MAX or self.tried[0] > PROMISE_ORDERS_MAX
            part = self._largest_by(key, left, date.max.toordinal() if last else until)
            if part is None:
                break
            found.append(part)
            left -= part.quantity
        latest = max([day, *(one.day for one in found)])
        return Promise(None if left else latest, tuple(found), left)

    def _largest_by(self, key: str, quantity: int, day: int) -> Derived | None:
        """As many as can be made or bought by the day, at least one step."""
        whole = self._tried(key, quantity)
        if whole is not None and whole.day <= day:
            return self._anew(key, quantity, (key,))
        fits, beyond = 1, quantity
        while beyond - fits > 1:
            middle = (fits + beyond) // 2
            found = self._tried(key, middle)
            if found is not None and found.day <= day:
                fits = middle
            else:
                beyond = middle
        return self._anew(key, fits, (key,))

    def _tried(self, key: str, quantity: int) -> Derived | None:
        """What it would be to make or buy so many anew; nothing is taken for it."""
        so_far, before = len(self.taken), self.orders[0]
        found = self._anew(key, quantity, (key,))
        self._give_back(so_far)
        self.tried[0] += self.orders[0] - before
        self.orders[0] = before
        return found

    def _count(self, orders: int) -> None:
        """Raises PromiseUnbounded where with these there are too many orders."""
        self.orders[0] += orders
        if self.orders[0] > PROMISE_ORDERS_MAX:
            raise PromiseUnbounded

    def _give_back(self, so_far: int) -> None:
        """Free again what was taken since so many were."""
        for bucket, quantity in self.taken[so_far:]:
            bucket[1] += quantity
        del self.taken[so_far:]

    def _enough_on(self, key: str, quantity: int) -> int | None:
        """The first day up to which so many are free; None: there is none."""
        for day, free in self.left.get(key, ()):
            quantity -= max(free, 0)
            if quantity <= 0:
                return day
        return None

    def _taken(self, key: str, quantity: int, by: int) -> list[Derived]:
        """Take what is free by the day, the latest goods first, so that most is left for others."""
        found: list[Derived] = []
        for bucket in reversed([one for one in self.left.get(key, ()) if one[0] <= by]):
            taken = min(max(bucket[1], 0), quantity)
            if taken:
                bucket[1] -= taken
                self.taken.append((bucket, taken))
                quantity -= taken
                origin = PromiseOrigin.STOCK if bucket[0] <= self.today else PromiseOrigin.RECEIPT
                found.append(Derived(key, taken, origin, bucket[0], bucket[0]))
        return found[::-1]

    def _anew(self, key: str, quantity: int, above: tuple[str, ...]) -> Derived | None:
        """Made or bought from today on; None: it has no bill, or something in it is not to be had.

        What is bought comes after its lead time, where it has one.
        """
        item = self.items.get(key)
        if item is None:
            return None
        self._count(-(-quantity // item.lot.maximum) if item.lot.maximum else 1)
        orders = lots([Need(self.today, quantity)], item.lot, item.good, item.yields)
        begun = sum(one.start for one in orders)
        first = self.today + item.fence_days
        parts: list[Derived] = []
        if item.source == Source.BUY:
            if not item.lead_days:
                return None
        else:
            needed = list(needed_on(item, self.items, first))
            if not needed:
                return None
            for component, of, per in needed:
                got = self.of(component, -(-begun * of // per), self.today, above)
                if got.day is None:
                    return None
                first = max(first, got.day)
                parts += got.parts
        largest = max(one.start for one in orders)
        days = self.calendars.get(item.calendar) if item.calendar else None
        end = later(days, first, lead_days_of(item, largest))
        origin = PromiseOrigin.BUY if item.source == Source.BUY else PromiseOrigin.MAKE
        return Derived(key, quantity, origin, first, end, tuple(parts))
