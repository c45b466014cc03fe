"""Which components count for an order: those of the revision of the day it begins (E60)."""

from collections.abc import Sequence

from erp.planning.rules.snapshot import Bill, Component

__all__ = ["components_on"]


def components_on(bills: Sequence[Bill], day: int) -> Sequence[Component]:
    """What the item is made of if it is begun on the day; nothing where no revision counts."""
    for bill in bills:
        if _counts(bill, day):
            return _chosen(bill.components, day)
    return ()


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
