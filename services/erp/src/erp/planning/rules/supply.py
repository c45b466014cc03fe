"""One need, one suggestion: planned orders first, and shortages beyond them (E41)."""

from collections.abc import Sequence
from decimal import Decimal

__all__ = ["beyond", "still_wanted"]

_ZERO = Decimal(0)


def still_wanted(quantities: Sequence[Decimal], withdrawn: Decimal) -> list[Decimal]:
    """What is still to be ordered of an item's planned orders, given by due day.

    What demands have withdrawn since the plan was made is taken off the last ones first.
    """
    left = list(quantities)
    for at in range(len(left) - 1, -1, -1):
        taken = min(left[at], withdrawn)
        left[at] -= taken
        withdrawn -= taken
    return left


def beyond(shortage: Decimal, planned: Sequence[Decimal]) -> Decimal:
    """What of a shortage no planned order covers."""
    return max(shortage - sum(planned, _ZERO), _ZERO)
