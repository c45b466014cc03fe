"""Netting one item: what is needed less what there is and what comes, never twice (E53, E56)."""

from collections.abc import Sequence
from typing import NamedTuple

from erp.planning.rules.lots import Need
from erp.planning.rules.snapshot import Receipt
from erp.planning.states import DemandKind, SupplyKind

__all__ = ["Peg", "PlannedOrder", "Requirement", "pegs_of", "shortages"]


class Requirement(NamedTuple):
    """So much is needed on a day, for a demand (`ref`), or for a planned order of an item.

    `number` is the planned order's number among those of the item `ref`; -1: it is none.
    """

    day: int
    priority: int
    kind: DemandKind
    ref: str
    number: int
    quantity: int
    batch: str


class PlannedOrder(NamedTuple):
    """What is to be ordered or made, begun on `release` to be here on `due`.

    `start` is begun, `quantity` of it is good; `needed` is what was lacking that it was made for.
    `possible` is the first day on which it could be begun (today, or the end of the fence), and
    `past_due` how many working days its release lies before that: by so many it is to be expedited.
    """

    number: int
    due: int
    release: int
    start: int
    quantity: int
    needed: int
    possible: int
    past_due: int
    batch: str


class Peg(NamedTuple):
    """So much of a requirement (by its place) is covered by a supply (by its place in its kind)."""

    requirement: int
    supply: SupplyKind
    place: int
    quantity: int


def shortages(
    on_hand: int,
    receipts: Sequence[tuple[int, int]],
    requirements: Sequence[Requirement],
    *,
    safety_stock: int = 0,
    restored_on: int = 0,
) -> list[Need]:
    """What is lacking on which day: gross - on hand - receipts until then + safety stock (E53).

    A receipt (day, quantity) covers nothing that is needed before it comes (E37). Safety stock
    that nothing needs yet is restored on `restored_on`.
    """
    found: list[Need] = []
    free, comes = on_hand - safety_stock, 0
    at, last, restored = 0, len(requirements), safety_stock <= 0
    while at < last or not restored:
        day = requirements[at].day if at < last else restored_on
        if not restored and restored_on <= day:
            day, restored = restored_on, True
        while comes < len(receipts) and receipts[comes][0] <= day:
            free += receipts[comes][1]
            comes += 1
        while at < last and requirements[at].day <= day:
            free -= requirements[at].quantity
            at += 1
        if free < 0:
            found.append(Need(day, -free))
            free = 0
    return found


def pegs_of(
    requirements: Sequence[Requirement],
    supplies: Sequence[tuple[SupplyKind, int, int]],
) -> list[Peg]:
    """Which supply covers which requirement: the first of the one by the first of the other.

    Supplies (kind, place, quantity) are given in the order in which they come.
    """
    found: list[Peg] = []
    coming = iter(supplies)
    kind, place, left = SupplyKind.ON_HAND, 0, 0
    for at, requirement in enumerate(requirements):
        open_quantity = requirement.quantity
        while open_quantity:
            if not left:
                following = next(coming, None)
                if following is None:
                    return found
                kind, place, left = following
                continue
            taken = min(left, open_quantity)
            found.append(Peg(at, kind, place, taken))
            open_quantity -= taken
            left -= taken
    return found


def supplies_of(
    on_hand: int, receipts: Sequence[tuple[int, int, Receipt]], orders: Sequence[PlannedOrder]
) -> list[tuple[SupplyKind, int, int]]:
    """Stock first, then receipts (day, place, receipt) and planned orders by their days."""
    dated = [(day, 0, place, one.quantity) for day, place, one in receipts]
    dated += [(one.due, 1, one.number, one.quantity) for one in orders]
    dated.sort()
    stock = [(SupplyKind.ON_HAND, 0, on_hand)] if on_hand else []
    kinds = (SupplyKind.RECEIPT, SupplyKind.PLANNED_ORDER)
    return [*stock, *((kinds[kind], place, quantity) for _, kind, place, quantity in dated)]
