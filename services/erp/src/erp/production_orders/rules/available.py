"""Whether a component is there when an order begins, and if not, why."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from erp.production_orders.states import AvailabilityReason

__all__ = ["ComponentCheck", "check_component"]

_ZERO = Decimal(0)


class ComponentCheck(NamedTuple):
    """What is missing on the day, why, and from which day it is there.

    `ready_on` is the first day at whose beginning it is there: what production makes is there when
    its due day is over, and what is overdue tomorrow at the earliest.
    """

    missing: Decimal
    reason: AvailabilityReason
    available_on: date | None
    ready_on: date | None


def check_component(
    required: Decimal,
    *,
    on_hand: Decimal,
    free: Decimal,
    earlier: Decimal,
    due: Sequence[tuple[date, Decimal, bool]],
    on: date,
    today: date,
) -> ComponentCheck:
    """Check a component: orders that begin earlier take theirs first, so nothing counts twice.

    `due` are receipts that are expected, by day, and whether production makes them.
    """
    left = free - earlier
    if left >= required:
        return ComponentCheck(_ZERO, AvailabilityReason.AVAILABLE, today, today)
    by_then = left + sum((quantity for day, quantity, _ in due if day <= on), _ZERO)
    missing = max(required - max(by_then, _ZERO), _ZERO)
    total, first, ready = left, None, None
    for day, quantity, is_made in due:
        total += quantity
        if total >= required:
            first = max(day, today)
            ready = first + timedelta(days=1) if is_made or day < today else first
            break
    if not missing:
        return ComponentCheck(missing, AvailabilityReason.EXPECTED, first, ready)
    if first:
        return ComponentCheck(missing, AvailabilityReason.EXPECTED_LATE, first, ready)
    if free >= required:
        return ComponentCheck(missing, AvailabilityReason.NEEDED_BY_EARLIER, None, None)
    if on_hand >= required:
        return ComponentCheck(missing, AvailabilityReason.RESERVED, None, None)
    return ComponentCheck(missing, AvailabilityReason.MISSING, None, None)
