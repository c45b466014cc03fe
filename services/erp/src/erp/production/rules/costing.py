"""What made items cost: rolled up from what their components cost, each item once.

Items are taken by low-level code, the lowest level first, so that all components of an item are
known before the item is. No item is made of itself (E50).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from values.decimals import EXACT, rounded

__all__ = ["COST_DIGITS", "CostedLine", "ItemCost", "low_level_codes", "rolled_up"]

COST_DIGITS = 6
_ONE, _NONE = Decimal(1), Decimal(0)


class CostedLine(NamedTuple):
    """A component that counts: its quantity for `makes` pieces of the item, in its own unit."""

    parent: UUID
    component: UUID
    quantity: Decimal
    scrap: Decimal = _NONE
    makes: Decimal = _ONE
    numerator: int = 1
    denominator: int = 1


@dataclass(frozen=True, slots=True)
class ItemCost:
    """What one of a made item costs.

    missing     ways down to components of which nobody knows what they cost: they count 0
    """

    item_id: UUID
    low_level_code: int
    unit_cost: Decimal
    missing: int


def low_level_codes(components: Mapping[UUID, Sequence[UUID]]) -> dict[UUID, int]:
    """The lowest level at which each item is needed: 0 for one that no other is made of (E52).

    Raises ValueError when an item is made of itself.
    """
    above: dict[UUID, int] = dict.fromkeys(components, 0)
    for parts in components.values():
        for one in parts:
            above[one] = above.get(one, 0) + 1
    codes = {one: 0 for one, count in above.items() if not count}
    ready = list(codes)
    while ready:
        item = ready.pop()
        for one in components.get(item, ()):
            codes[one] = max(codes.get(one, 0), codes[item] + 1)
            above[one] -= 1
            if not above[one]:
                ready.append(one)
    if any(above.values()):
        message = "an item is made of itself"
        raise ValueError(message)
    return codes


def rolled_up(
    lines: Sequence[CostedLine],
    costs: Mapping[UUID, Decimal],
    shares: Mapping[UUID, Decimal],
) -> list[ItemCost]:
    """What each made item costs, the lowest level first.

    `costs`: what one of a bought item costs. `shares`: of items with by-products, which part of
    the cost those bear. The cost of an item is rounded half-up to 6 digits, and counts so in what
    it goes into: so each figure is the sum of those that are shown.
    """
    made: dict[UUID, list[CostedLine]] = {}
    for line in lines:
        made.setdefault(line.parent, []).append(line)
    codes = low_level_codes(
        {item: [one.component for one in parts] for item, parts in made.items()}
    )
    found: dict[UUID, ItemCost] = {}
    for item in sorted(made, key=lambda one: codes[one], reverse=True):
        total, missing = _NONE, set[UUID]()
        unknown = 0
        for line in made[item]:
            known = found.get(line.component)
            cost = known.unit_cost if known else costs.get(line.component)
            if cost is None:
                missing.add(line.component)
            else:
                total = EXACT.add(total, EXACT.multiply(cost, _per_piece(line)))
            unknown += known.missing if known else 0
        bearing = EXACT.subtract(_ONE, shares.get(item, _NONE))
        unit_cost = rounded(EXACT.multiply(total, bearing), COST_DIGITS)
        found[item] = ItemCost(item, codes[item], unit_cost, unknown + len(missing))
    return list(found.values())


def _per_piece(line: CostedLine) -> Decimal:
    """How much of the component one piece of the item needs, scrap included (E59)."""
    quantity = line.quantity
    if line.numerator != line.denominator:
        quantity = EXACT.multiply(quantity, Decimal(line.numerator))
        quantity = EXACT.divide(quantity, Decimal(line.denominator))
    if line.scrap:
        quantity = EXACT.divide(quantity, EXACT.subtract(_ONE, line.scrap))
    return quantity if line.makes == _ONE else EXACT.divide(quantity, line.makes)
