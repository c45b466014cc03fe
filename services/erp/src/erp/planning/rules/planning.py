"""A plan: a pure function of a snapshot (E57).

Items are planned in the order of their low-level codes, each once, when all that needs them is
known (E52). Nothing is random, nothing depends on the order in which rows were read.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import islice, takewhile
from operator import attrgetter

import orjson

from erp.planning.rules import days as working
from erp.planning.rules.exploding import needed_on
from erp.planning.rules.levels import low_level_codes
from erp.planning.rules.lots import lots
from erp.planning.rules.messages import Message, order_messages, receipt_messages
from erp.planning.rules.netting import (
    Peg,
    PlannedOrder,
    Requirement,
    pegs_of,
    shortages,
    supplies_of,
)
from erp.planning.rules.routes import lead_days_of
from erp.planning.rules.snapshot import PlannedItem, Receipt, Snapshot
from erp.planning.states import DemandKind, Source, SupplyKind

__all__ = ["ItemInput", "ItemPlan", "Plan", "make_plan"]

Progress = Callable[[int, int], None]
"""Is called with how many items are planned, of how many."""


@dataclass(frozen=True, slots=True)
class ItemInput:
    """All that the plan of an item depends on: if it is the same, so is the plan."""

    item: PlannedItem
    level: int
    days: Sequence[int] | None
    today: int
    needs: tuple[Requirement, ...]
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True)
class ItemPlan:
    """The plan of an item. Pegs name requirements, receipts and orders by their places here."""

    given: ItemInput
    requirements: tuple[Requirement, ...]
    """What is needed, with the safety stock behind it."""
    orders: tuple[PlannedOrder, ...]
    pegs: tuple[Peg, ...]
    messages: tuple[Message, ...]

    @property
    def item(self) -> PlannedItem:
        """What is planned."""
        return self.given.item

    @property
    def level(self) -> int:
        """Its low-level code."""
        return self.given.level

    @property
    def days(self) -> Sequence[int] | None:
        """Its working days."""
        return self.given.days

    @property
    def receipts(self) -> tuple[Receipt, ...]:
        """What is ordered already, by day."""
        return self.given.receipts


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of a snapshot, by item, in the order of low-level codes."""

    today: int
    items: Mapping[str, ItemPlan]
    planned_anew: int = field(compare=False, default=0)
    """How many items were not taken over from an earlier plan."""

    def digest(self) -> str:
        """The SHA-256 of what is planned."""
        digest = sha256()
        for key, one in self.items.items():
            content = (key, one.requirements, one.orders, one.pegs, one.messages)
            digest.update(orjson.dumps(content, default=tuple))
        return digest.hexdigest()


def make_plan(
    snapshot: Snapshot, before: Plan | None = None, progress: Progress | None = None
) -> Plan:
    """The plan of the snapshot. Raises CircularBill, KeyError (what is needed is no item).

    With an earlier plan only those items are planned anew of which something changed (net
    change); the result is the same.
    """
    items = {one.key: one for one in sorted(snapshot.items, key=attrgetter("key"))}
    levels = low_level_codes({key: _below(one) for key, one in items.items()})
    gross: dict[str, list[Requirement]] = {key: [] for key in items}
    for one in snapshot.demands:
        gross[one.item].append(
            Requirement(one.day, one.priority, one.kind, one.ref, -1, one.quantity, one.batch)
        )
    receipts: dict[str, list[Receipt]] = {key: [] for key in items}
    for receipt in snapshot.receipts:
        receipts[receipt.item].append(receipt)
    found: dict[str, ItemPlan] = {}
    anew = 0
    for place, key in enumerate(sorted(items, key=lambda one: (levels[one], one))):
        item = items[key]
        needs = tuple(sorted(gross.pop(key)))
        coming = tuple(sorted(receipts[key], key=attrgetter("day", "ref")))
        days = snapshot.calendars.get(item.calendar)
        given = ItemInput(item, levels[key], days, snapshot.today, needs, coming)
        planned = before.items.get(key) if before else None
        if planned is None or planned.given != given:
            planned = _plan_item(given)
            anew += 1
        found[key] = planned
        _explode(planned, items, gross)
        if progress and place % 100 == 0:
            progress(place, len(items))
    return Plan(snapshot.today, found, anew)


def _below(item: PlannedItem) -> Iterable[str]:
    return {one.item for bill in item.bills for one in bill.components}


def _explode(
    plan: ItemPlan, items: Mapping[str, PlannedItem], gross: Mapping[str, list[Requirement]]
) -> None:
    """Let components be needed when the orders of the item begin (E60).

    What a line passes through is not needed itself: what it is made of is (E51).
    """
    item, key = plan.item, plan.item.key
    if not item.bills:
        return
    kind = DemandKind.PLANNED_ORDER
    for order in plan.orders:
        begins, start = order.release, order.start
        # What is past due can begin no earlier than now: the revision of that day counts.
        for needed, of, per in needed_on(item, items, max(begins, order.possible)):
            quantity = -(-start * of // per)
            gross[needed].append(
                Requirement(begins, 0, kind, key, order.number, quantity, order.batch)
            )


def _plan_item(given: ItemInput) -> ItemPlan:
    item = given.item
    requirements, orders, pegs = _to_order(given) if item.to_order else _to_stock(given)
    about_receipts = receipt_messages(
        given.receipts,
        given.needs,
        on_hand=item.on_hand + sum(item.batches.values()),
        safety_stock=0 if item.to_order else item.safety_stock,
        today=given.today,
    )
    messages = (*about_receipts, *order_messages(orders))
    return ItemPlan(given, tuple(requirements), tuple(orders), tuple(pegs), messages)


_Parts = tuple[Sequence[Requirement], list[PlannedOrder], list[Peg]]
_Dated = Sequence[tuple[int, int, Receipt]]
"""The day on which a receipt counts, its place, and the receipt."""


def _to_stock(given: ItemInput) -> _Parts:
    """All needs together, and the safety stock behind them."""
    item, needs = given.item, given.needs
    dated = _dated(given.receipts, given.today)
    orders = _orders(given, needs, item.on_hand, dated)
    if item.safety_stock:
        last = max(needs[-1].day if needs else given.today, _restored_on(given))
        kind, quantity = DemandKind.SAFETY_STOCK, item.safety_stock
        needs = (*needs, Requirement(last, 0, kind, "", -1, quantity, ""))
    return needs, orders, pegs_of(needs, supplies_of(item.on_hand, dated, orders))


def _restored_on(given: ItemInput) -> int:
    """When an order that is begun as soon as may be would be here."""
    begun = given.today + max(given.item.fence_days, 0)
    lead = lead_days_of(given.item, given.item.safety_stock)
    return working.later(given.days, begun, lead)


def _dated(coming: Sequence[Receipt], today: int) -> list[tuple[int, int, Receipt]]:
    """Receipts by the days they count on: what is overdue comes tomorrow."""
    days = [one.day if one.day >= today else today + 1 for one in coming]
    return sorted(zip(days, range(len(days)), coming, strict=True), key=lambda one: one[:2])


def _orders(
    given: ItemInput,
    needs: Sequence[Requirement],
    on_hand: int,
    dated: _Dated,
    *,
    first: int = 0,
    batch: str = "",
) -> list[PlannedOrder]:
    """The orders for what is lacking. Days past are past: nothing is moved (E54)."""
    item, days = given.item, given.days
    safety = 0 if item.to_order else item.safety_stock
    lacking = shortages(
        on_hand,
        [(day, one.quantity) for day, _, one in dated],
        needs,
        safety_stock=safety,
        restored_on=_restored_on(given) if safety else 0,
    )
    if item.source == Source.PHANTOM:
        return [
            PlannedOrder(first + at, day, day, quantity, quantity, quantity, day, 0, batch)
            for at, (day, quantity) in enumerate(lacking)
        ]
    possible = given.today + item.fence_days
    found = []
    made = lots(lacking, item.lot, item.good, item.yields)
    for at, (day, start, good, needed) in enumerate(made, first):
        due, lead = working.on_or_before(days, day), lead_days_of(item, start)
        release = working.earlier(days, due, lead)
        late = working.working_between(days, release, possible) if release < possible else 0
        found.append(PlannedOrder(at, due, release, start, good, needed, possible, late, batch))
    return found


def _to_order(given: ItemInput) -> _Parts:
    """Each order's needs for themselves: what one order has, another one does not get.

    What belongs to no order serves them in turn.
    """
    item, coming = given.item, given.receipts
    own = [
        one if one.batch else one._replace(batch=f"{one.ref}:{one.number}") for one in given.needs
    ]
    free, left = item.on_hand, [one.quantity for one in coming]
    places_of: dict[str, list[int]] = {}
    for at, one in enumerate(own):
        places_of.setdefault(one.batch, []).append(at)
    usable_by = _Usable(_dated(coming, given.today), left)
    orders: list[PlannedOrder] = []
    pegs: list[Peg] = []
    for batch, places in places_of.items():
        some = [own[at] for at in places]
        reserved = item.batches.get(batch, 0)
        usable = usable_by.until(some[-1].day, batch)
        made = _orders(given, some, reserved + free, usable, first=len(orders), batch=batch)
        for peg in pegs_of(some, supplies_of(reserved + free, usable, made)):
            pegs.append(peg._replace(requirement=places[peg.requirement]))
            if peg.supply == SupplyKind.ON_HAND:
                free -= max(peg.quantity - reserved, 0)
                reserved = max(reserved - peg.quantity, 0)
            elif peg.supply == SupplyKind.RECEIPT:
                left[peg.place] -= peg.quantity
        orders += made
    return own, orders, pegs


class _Usable:
    """Receipts that still have something for an order: its own, and those of no order.

    What comes after the last day on which an order needs something covers nothing of it. Those that
    are used up at the front are passed for good, so no order looks at all receipts anew.
    """

    def __init__(self, dated: _Dated, left: Sequence[int]) -> None:
        self._left = left
        self._common = [one for one in dated if not one[2].batch]
        self._own: dict[str, list[tuple[int, int, Receipt]]] = {}
        for one in dated:
            if one[2].batch:
                self._own.setdefault(one[2].batch, []).append(one)
        self._first = 0

    def until(self, last: int, batch: str) -> list[tuple[int, int, Receipt]]:
        """By day, each with what is left of it."""
        common, left = self._common, self._left
        while self._first < len(common) and not left[common[self._first][1]]:
            self._first += 1
        found = [
            one
            for one in takewhile(lambda one: one[0] <= last, islice(common, self._first, None))
            if left[one[1]]
        ]
        own = [one for one in self._own.get(batch, ()) if one[0] <= last and left[one[1]]]
        if own:
            found = sorted([*found, *own], key=lambda one: one[:2])
        return [(day, at, replace(one, quantity=left[at])) for day, at, one in found]
