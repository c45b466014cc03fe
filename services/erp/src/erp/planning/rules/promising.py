"""Capable to promise: when an item can be there, of goods to come or made or bought anew (E37).

Quantities are whole steps of an item and days are ordinals, as in a snapshot. What older promises
need is no longer in what is free, so that no new promise breaks one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from erp.planning.rules.days import Days, later
from erp.planning.rules.exploding import needed_on
from erp.planning.rules.levels import CircularBill
from erp.planning.rules.lots import Need, lots
from erp.planning.rules.routes import lead_days_of
from erp.planning.rules.snapshot import PlannedItem
from erp.planning.states import Source

__all__ = ["Derived", "Free", "Origin", "Promise", "promise"]


class Origin(StrEnum):
    """Where a part of what is promised comes from."""

    STOCK = "stock"
    RECEIPT = "receipt"
    MAKE = "make"
    BUY = "buy"


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
    origin: Origin
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
    from today on. Raises CircularBill.
    """
    key, quantity, day = wanted
    left = {one: [list(bucket) for bucket in buckets] for one, buckets in free.items()}
    return _Promising(items, left, today, calendars).of(key, quantity, max(day, today), ())


@dataclass(frozen=True, slots=True)
class _Promising:
    """A promise in the making: what of each item is left to promise."""

    items: Mapping[str, PlannedItem]
    left: dict[str, list[list[int]]]
    today: int
    calendars: Mapping[str, Days]

    def of(self, key: str, quantity: int, day: int, above: tuple[str, ...]) -> Promise:
        if key in above:
            raise CircularBill((*above[above.index(key) :], key))
        found = self._taken(key, quantity, day)
        rest = quantity - sum(one.quantity for one in found)
        if not rest:
            return Promise(day, tuple(found))
        before = {one: [list(bucket) for bucket in some] for one, some in self.left.items()}
        anew = self._anew(key, rest, (*above, key))
        after = {**self.left}
        self.left.update(before)
        enough = self._enough_on(key, rest)
        if enough is not None and (anew is None or enough <= anew.day):
            found += self._taken(key, rest, enough)
            return Promise(max(day, *(one.day for one in found)), tuple(found))
        self.left.update(before if anew is None else after)
        if anew is None:
            return Promise(None, tuple(found), rest)
        return Promise(max(day, anew.day), (*found, anew))

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
                quantity -= taken
                origin = Origin.STOCK if bucket[0] <= self.today else Origin.RECEIPT
                found.append(Derived(key, taken, origin, bucket[0], bucket[0]))
        return found[::-1]

    def _anew(self, key: str, quantity: int, above: tuple[str, ...]) -> Derived | None:
        """Made or bought from today on; None: it has no bill, or something in it is not to be had.

        What is bought comes after its lead time, where it has one.
        """
        item = self.items.get(key)
        if item is None:
            return None
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
        origin = Origin.BUY if item.source == Source.BUY else Origin.MAKE
        return Derived(key, quantity, origin, first, end, tuple(parts))
