"""How long it takes to do what is left of an operation."""

from decimal import Decimal

from erp.production_orders.rules.quantities import Timed, minutes_for

__all__ = ["minutes_left"]

_ZERO = Decimal(0)


def minutes_left(timed: Timed, total: Decimal, handled: Decimal, *, efficiency: Decimal) -> Decimal:
    """Minutes for what is not handled yet; what is begun is set up. `efficiency` is percent."""
    if handled >= total:
        return _ZERO
    whole = minutes_for(timed, total, efficiency=efficiency)
    return whole - minutes_for(timed, handled, efficiency=efficiency)
