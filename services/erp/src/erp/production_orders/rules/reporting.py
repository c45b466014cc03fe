"""What a report does to the counts of an order: how many each operation handled, what is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

__all__ = ["Counted", "Handled", "handled_at", "most_for"]

_ZERO = Decimal(0)


class Counted(Protocol):
    """An operation with what was reported on it."""

    sequence: int
    good: Decimal
    scrapped: Decimal
    reworked: Decimal

    @property
    def handled(self) -> Decimal:
        """Good, scrap and rework together."""


@dataclass(frozen=True, slots=True)
class Handled:
    """What a report adds to one operation."""

    at: int
    good: Decimal
    scrapped: Decimal = _ZERO
    reworked: Decimal = _ZERO


def handled_at(
    operations: Sequence[Counted],
    at: int | None,
    good: Decimal,
    scrapped: Decimal,
    reworked: Decimal,
) -> list[Handled]:
    """What a report adds to which operations; `at` is the place of one.

    None: the report is of the whole order. The last operation gets it, and each one before lets as
    many through as were not reported there yet.
    """
    if at is not None:
        return [Handled(at, good, scrapped, reworked)]
    if not operations:
        return []
    last = len(operations) - 1
    total = operations[last].handled + good + scrapped + reworked
    before = [
        Handled(place, total - one.good)
        for place, one in enumerate(operations[:last])
        if total > one.good
    ]
    return [*before, Handled(last, good, scrapped, reworked)]


def most_for(operations: Sequence[Counted], at: int, start: Decimal) -> Decimal:
    """How many may be handled at an operation in all: those that came out of the one before."""
    return start if at == 0 else operations[at - 1].good
