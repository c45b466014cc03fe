"""What routings say of an item that is made: how many begin, and how long it takes (E54, E59)."""

from collections.abc import Sequence

from erp.planning.rules.snapshot import Operation, PlannedItem

__all__ = ["begun_for", "good_of", "lead_days_of"]


def begun_for(quantity: int, yields: Sequence[tuple[int, int]]) -> int:
    """How many begin so that so many come out good: step by step from the last one, rounded up."""
    for good, of in reversed(yields):
        quantity = -(-quantity * of // good)
    return quantity


def good_of(begun: int, yields: Sequence[tuple[int, int]]) -> int:
    """How many come out good of those that begin, rounded down at each step."""
    for good, of in yields:
        begun = begun * good // of
    return begun


def lead_days_of(item: PlannedItem, begun: int) -> int:
    """Working days from release to due day of an order in which so many begin.

    The item's own lead time where it has no route; else the whole days that queue, set-up and run
    times take, each in working days of its work centre.
    """
    if not item.route:
        return item.lead_days
    parts = [(_minutes(one, begun), one.day) for one in item.route]
    whole = sum(minutes * 1_000_000 // day for minutes, day in parts)
    return -(-whole // 1_000_000)


def _minutes(one: Operation, begun: int) -> int:
    if one.by_batch:
        return one.queue + one.setup + one.run * -(-begun // one.per)
    return one.queue + one.setup + -(-one.run * begun // one.per)
