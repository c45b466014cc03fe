"""What leaves an order with a report: goods at planned cost, by-products, scrap, rework (E62)."""

from decimal import Decimal
from typing import NamedTuple, Protocol

from erp.production_orders.rules.quantities import share
from values.decimals import EXACT, rounded

__all__ = ["Credits", "Valued", "credits_of"]

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


class Credits(NamedTuple):
    """What is credited to work in progress now."""

    finished: Decimal
    scrap: Decimal
    rework: Decimal


def credits_of(order: Valued, by_product_share: Decimal, *, decimals: int) -> Credits:
    """What the counts are worth in all at planned cost, less what left before.

    Good ones bear the scrap that the yields foresee; only what is beyond is worth something as
    scrap. `by_product_share` is the part of the cost that by-products bear. So nothing is rounded
    twice: the last of so many takes what is left of them.
    """
    by_products = rounded(EXACT.multiply(order.planned_cost, by_product_share), decimals)
    rest = order.planned_cost - by_products
    finished = share(rest, order.good, order.quantity, decimals=decimals)
    foreseen = order.start_quantity - order.quantity
    beyond = max(order.scrapped - foreseen, _ZERO)
    lost = share(order.planned_cost, beyond, order.start_quantity, decimals=decimals)
    again = share(order.planned_cost, order.reworked, order.start_quantity, decimals=decimals)
    return Credits(finished - order.finished, lost - order.scrap, again - order.rework_out)
