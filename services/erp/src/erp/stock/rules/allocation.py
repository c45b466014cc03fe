"""Who gets what is free: those who wait, whoever was promised first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from erp.stock.rules.promising import DatedQuantity, discrete_atp

__all__ = ["Backorder", "allocate"]

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Backorder:
    """A line that waits for so many by a day; `now`: how many of them may be reserved today."""

    order_line_id: UUID
    quantity: Decimal
    by: date
    now: Decimal


def allocate(
    free: Decimal,
    waiting: Iterable[Backorder],
    receipts: Sequence[DatedQuantity] = (),
    *,
    today: date,
) -> list[tuple[UUID, Decimal]]:
    """What each line gets of what is free, in their order; who gets nothing is left out.

    A line that is not to reserve yet gets nothing and loses nothing: whoever comes after it gets
    only what receipts until its day leave of its need (E37).
    """
    allocated = []
    kept: dict[date, Decimal] = {}
    for line in waiting:
        left = _left(free, receipts, kept, today=today)
        if left <= 0:
            break
        share = min(left, line.now)
        if share > 0:
            allocated.append((line.order_line_id, share))
            free -= share
        if share < line.quantity:
            kept[line.by] = kept.get(line.by, _NOTHING) + line.quantity - share
    return allocated


def _left(
    free: Decimal, receipts: Sequence[DatedQuantity], kept: dict[date, Decimal], *, today: date
) -> Decimal:
    """What of the free can go without being missed by those it is kept for."""
    if not kept:
        return free
    [(_, available_to_promise), *_] = discrete_atp(free, receipts, list(kept.items()), today=today)
    return min(free, available_to_promise)
