"""What leaves an order with a report: goods at planned cost, by-products, scrap, rework (E62)."""

from decimal import Decimal
from typing import NamedTuple, Protocol

from erp.production_orders.rules.quantities import share
from values.decimals import EXACT, rounded

__all__ = ["Leaving", "Valued", "leaving"]

_ZERO = Decimal(0)


class Valued(Protocol):
    """The counts and amounts of an order."""

    quantity: Decimal
    start_quantity: Decimal
    planned_cost: Decimal
    good: Decimal
    scrapped: Decimal
    reworked: Decimal
    finished: Decimal
    scrap: Decimal
    rework_out: Decimal


class Leaving(NamedTuple):
    """What leaves work in progress now."""

    finished: Decimal
    scrap: Decimal
    rework: Decimal


def leaving(order: Valued, borne_beside: Decimal, *, decimals: int) -> Leaving:
    """What the counts are worth in all at planned cost, less what left before.

    Good ones bear the scrap that the yields foresee; only what is beyond is worth something as
    scrap. `borne_beside` is the part of the cost that by-products bear. So nothing is rounded
    twice: the last of so many takes what is left of them.
    """
    beside = rounded(EXACT.multiply(order.planned_cost, borne_beside), decimals)
    finished = share(order.planned_cost - beside, order.good, order.quantity, decimals=decimals)
    foreseen = order.start_quantity - order.quantity
    beyond = max(order.scrapped - foreseen, _ZERO)
    lost = share(order.planned_cost, beyond, order.start_quantity, decimals=decimals)
    again = share(order.planned_cost, order.reworked, order.start_quantity, decimals=decimals)
    return Leaving(finished - order.finished, lost - order.scrap, again - order.rework_out)
