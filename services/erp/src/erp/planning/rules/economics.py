"""Order quantities and reorder points from costs and from how demand varies (V3).

Costs and demand are rates here, so these are floats: they advise, and nothing is booked by them.
"""

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

__all__ = [
    "PriceBreak",
    "Quantity",
    "base_stock",
    "cheapest_with_breaks",
    "economic_quantity",
    "economic_quantity_with_backorders",
    "newsvendor",
    "reorder_point",
    "reorder_policy",
    "safety_stock",
]

_UNIT = NormalDist()


class Quantity(NamedTuple):
    """An order quantity or a level, and what it costs for a unit of time."""

    quantity: float
    cost: float


class PriceBreak(NamedTuple):
    """From this quantity on all units cost so much each."""

    least: float
    unit_cost: float


def economic_quantity(demand: float, *, setup: float, holding: float) -> Quantity:
    """The quantity at which set-up and holding cost are least together."""
    return Quantity(sqrt(2 * setup * demand / holding), sqrt(2 * setup * demand * holding))


def economic_quantity_with_backorders(
    demand: float, *, setup: float, holding: float, shortage: float
) -> tuple[Quantity, float]:
    """As `economic_quantity` where customers may wait at a cost; and the part that waits."""
    plain = economic_quantity(demand, setup=setup, holding=holding)
    factor = sqrt((holding + shortage) / shortage)
    return Quantity(plain.quantity * factor, plain.cost / factor), holding / (holding + shortage)


def cheapest_with_breaks(
    demand: float, *, setup: float, holding_rate: float, breaks: Sequence[PriceBreak]
) -> tuple[Quantity, int]:
    """The cheapest quantity where larger orders cost less a unit, and the place of its break."""
    found: list[tuple[float, float, int]] = []
    for place, one in enumerate(breaks):
        holding = holding_rate * one.unit_cost
        most = breaks[place + 1].least if place + 1 < len(breaks) else float("inf")
        ordered = max(economic_quantity(demand, setup=setup, holding=holding).quantity, one.least)
        if 0 < ordered < most:
            cost = one.unit_cost * demand + setup * demand / ordered + holding * ordered / 2
            found.append((cost, ordered, place))
    cost, ordered, place = min(found)
    return Quantity(ordered, cost), place


def newsvendor(mean: float, deviation: float, *, overage: float, underage: float) -> Quantity:
    """What to have for one period of normal demand, and what too much and too little cost."""
    z = _UNIT.inv_cdf(underage / (underage + overage))
    cost = (overage + underage) * _UNIT.pdf(z) * deviation
    return Quantity(mean + z * deviation, cost)


def base_stock(
    mean: float, deviation: float, *, lead: float, holding: float, shortage: float
) -> Quantity:
    """The level up to which is ordered each period, with a lead time in periods."""
    periods = lead + 1
    return newsvendor(mean * periods, deviation * sqrt(periods), overage=holding, underage=shortage)


def safety_stock(deviation: float, *, lead: float, z: float) -> float:
    """What covers z deviations of the demand within the lead time."""
    return z * deviation * sqrt(lead)


def reorder_point(demand: float, deviation: float, *, lead: float, z: float) -> float:
    """What must be there when is ordered: the demand within the lead time, and safety stock."""
    return demand * lead + safety_stock(deviation, lead=lead, z=z)


def reorder_policy(
    demand: float, deviation: float, *, lead: float, setup: float, holding: float, shortage: float
) -> tuple[float, Quantity]:
    """Reorder point and order quantity together, by expected stock and expected shortage.

    Each follows from the other; they are improved in turn until neither changes any more.
    """
    mean, spread = demand * lead, deviation * sqrt(lead)
    ordered = economic_quantity(demand, setup=setup, holding=holding).quantity
    point, lacking = mean, 0.0
    for _ in range(200):
        z = _UNIT.inv_cdf(1 - min(ordered * holding / (shortage * demand), 1 - 1e-12))
        point = mean + z * spread
        lacking = spread * (_UNIT.pdf(z) - z * (1 - _UNIT.cdf(z)))
        better = sqrt(2 * demand * (setup + shortage * lacking) / holding)
        if abs(better - ordered) < 1e-10:  # noqa: PLR2004 - as exact as floats are
            break
        ordered = better
    each = setup * demand / ordered + shortage * demand * lacking / ordered
    return point, Quantity(ordered, holding * (point - mean + ordered / 2) + each)
