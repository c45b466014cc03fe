"""Who gets what is free: those who wait, whoever was promised first."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

__all__ = ["Waiting", "fill"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A line that waits for so many."""

    order_line_id: UUID
    quantity: Decimal


def fill(free: Decimal, waiting: Iterable[Waiting]) -> list[tuple[UUID, Decimal]]:
    """What each line gets of what is free, in their order; who gets nothing is left out."""
    got = []
    for line in waiting:
        if free <= 0:
            break
        share = min(free, line.quantity)
        got.append((line.order_line_id, share))
        free -= share
    return got
