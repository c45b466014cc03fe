"""Whether a component is there when an order begins, and if not, why."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from erp.production_orders.states import AvailabilityReason

__all__ = ["ComponentCheck", "check_component"]

_ZERO = Decimal(0)


class ComponentCheck(NamedTuple):
    """What is missing on the day, why, and from which day it is there."""

    missing: Decimal
    reason: AvailabilityReason
    available_on: date | None


def check_component(
    required: Decimal,
    *,
    on_hand: Decimal,
    free: Decimal,
    earlier: Decimal,
    due: Sequence[tuple[date, Decimal]],
    on: date,
    today: date,
) -> ComponentCheck:
    """Check a component: orders that begin earlier take theirs first, so nothing counts twice.

    `due` are receipts that are expected, by day.
    """
    left = free - earlier
    if left >= required:
        return ComponentCheck(_ZERO, AvailabilityReason.AVAILABLE, today)
    by_then = left + sum((quantity for day, quantity in due if day <= on), _ZERO)
    missing = max(required - max(by_then, _ZERO), _ZERO)
    total, first = left, None
    for day, quantity in due:
        total += quantity
        if total >= required:
            first = max(day, today)
            break
    if not missing:
        return ComponentCheck(missing, AvailabilityReason.EXPECTED, first)
    if first:
        return ComponentCheck(missing, AvailabilityReason.EXPECTED_LATE, first)
    if free >= required:
        return ComponentCheck(missing, AvailabilityReason.NEEDED_BY_EARLIER, None)
    if on_hand >= required:
        return ComponentCheck(missing, AvailabilityReason.RESERVED, None)
    return ComponentCheck(missing, AvailabilityReason.MISSING, None)
