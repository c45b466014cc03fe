"""Which components count for an order: those of the revision of the day it begins (E60)."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from erp.planning.rules.snapshot import Bill, Component, PlannedItem
from erp.planning.states import Source

__all__ = ["components_on", "needed_on"]

Needed = tuple[str, int, int]
"""Of one step that is begun so many steps of an item: item, numerator, denominator."""


def components_on(bills: Sequence[Bill], day: int) -> Sequence[Component]:
    """What the item is made of if it is begun on the day; nothing where no revision counts."""
    for bill in bills:
        if _counts(bill, day):
            return _chosen(bill.components, day)
    return ()


def needed_on(item: PlannedItem, items: Mapping[str, PlannedItem], day: int) -> Iterable[Needed]:
    """What one step of the item needs if it is begun on the day, each item once (E51).

    What a line passes through is replaced by what it is made of on the day; a phantom by kind
    stays, because what lies in stock of it is used first.
    """
    components = components_on(item.bills, day)
    once = len({one.item for one in components}) == len(components)
    if once and not any(one.phantom for one in components):
        return [(one.item, one.numerator, one.denominator) for one in components]
    found: dict[str, Fraction] = {}
    waiting = [(one, Fraction(1)) for one in reversed(components)]
    while waiting:
        one, factor = waiting.pop()
        quantity = factor * Fraction(one.numerator, one.denominator)
        inside: Sequence[Component] = ()
        if one.phantom and items[one.item].source != Source.PHANTOM:
            inside = components_on(items[one.item].bills, day)
        if inside:
            waiting += [(part, quantity) for part in reversed(inside)]
        else:
            found[one.item] = found.get(one.item, Fraction(0)) + quantity
    return [(key, of.numerator, of.denominator) for key, of in found.items()]


def _chosen(components: Sequence[Component], day: int) -> Sequence[Component]:
    """Those that count on the day, of each group of alternates the first."""
    if all(one.from_day is None and one.to_day is None and not one.group for one in components):
        return components
    found = [one for one in components if _counts(one, day)]
    first: dict[str, Component] = {}
    for one in found:
        chosen = first.setdefault(one.group, one)
        if one.priority < chosen.priority:
            first[one.group] = one
    return [one for one in found if not one.group or first[one.group] is one]


def _counts(one: Bill | Component, day: int) -> bool:
    begun = one.from_day is None or one.from_day <= day
    return begun and (one.to_day is None or day <= one.to_day)
