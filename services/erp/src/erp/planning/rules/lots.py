"""Lot-sizing: which needs one order covers, and how much it is for (E55, V3).

First needs are grouped, by days or by what set-up and holding cost; then each group is ordered on
the day of its first need, in the quantities that are sold or made. What a lot leaves over covers
the next needs.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from erp.planning.rules.routes import begun_for, good_of
from erp.planning.rules.snapshot import LotSizing
from erp.planning.states import LotRule

__all__ = ["Lot", "Need", "cost_of", "lots", "wagner_whitin"]

LOTS_PER_NEED = 1_000
"""So many orders of the largest size at most; the last one then takes all that is left."""


class Need(NamedTuple):
    """So much is lacking on a day."""

    day: int
    quantity: int


class Lot(NamedTuple):
    """An order: when it must be here, how much is begun, how much of that is good, for what need.

    `needed` is what the group of needs lacks that the order is the first one for.
    """

    day: int
    start: int
    good: int
    needed: int


Grouping = Callable[[Sequence[Need], LotSizing], Sequence[int]]
"""The places of the needs with which a group begins."""


def lots(
    needs: Sequence[Need],
    sizing: LotSizing,
    good: tuple[int, int] = (1, 1),
    yields: Sequence[tuple[int, int]] = (),
) -> list[Lot]:
    """The orders that cover the needs, given in the order of their days.

    Each day's orders together with what earlier ones left cover all needs up to the day. Of what is
    begun the part `good` is good, or `yields` one after another.
    """
    parts = yields or (good,)
    if not needs:
        return []
    grouping = _GROUPINGS.get(sizing.rule)
    if grouping is None and not _is_shaped(sizing) and all(one == of for one, of in parts):
        return [Lot(day, quantity, quantity, quantity) for day, quantity in needs]
    begins = grouping(needs, sizing) if grouping else range(len(needs))
    ends = [*begins[1:], len(needs)]
    found: list[Lot] = []
    left = 0
    for begin, end in zip(begins, ends, strict=True):
        wanted = sum(need.quantity for need in needs[begin:end])
        # What is left may cover the first needs of a group: it is ordered for the one after them.
        at = _first_open(needs, begin, end, left) if grouping is not None else begin
        lacking = wanted - left
        if lacking > 0:
            ordered = _quantities(lacking, sizing, parts)
            found += [Lot(needs[at].day, *one, lacking) for one in ordered]
            left += sum(one[1] for one in ordered)
        left -= wanted
    return found


def _first_open(needs: Sequence[Need], begin: int, end: int, left: int) -> int:
    """The place of the first need that what is left does not cover."""
    for at in range(begin, end):
        left -= needs[at].quantity
        if left < 0:
            return at
    return begin


def _is_shaped(sizing: LotSizing) -> bool:
    return bool(sizing.minimum or sizing.maximum or sizing.multiple or sizing.quantity)


def _quantities(
    lacking: int, sizing: LotSizing, yields: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """What is begun and what of it is good, of the orders for what is lacking (E59)."""
    found: list[tuple[int, int]] = []
    while lacking > 0:
        start = _shaped(begun_for(lacking, yields), sizing)
        most = _largest(sizing)
        if most and start > most and len(found) < LOTS_PER_NEED - 1:
            start = most
        of_that = good_of(start, yields)
        if not of_that:  # a lot that is too small to have anything good in it
            start = begun_for(lacking, yields)
            return [*found, (start, good_of(start, yields))]
        found.append((start, of_that))
        lacking -= of_that
    return found


def _shaped(start: int, sizing: LotSizing) -> int:
    """The quantity as it is sold or made."""
    start = max(start, sizing.minimum)
    multiple = sizing.multiple
    if sizing.rule == LotRule.FIXED and sizing.quantity:
        multiple = sizing.quantity
    return -(-start // multiple) * multiple if multiple else start


def _largest(sizing: LotSizing) -> int:
    """The largest order, in whole multiples and no less than the smallest; 0: there is none."""
    if not sizing.maximum:
        return 0
    multiple = sizing.multiple or 1
    return max(sizing.maximum // multiple * multiple, _shaped(1, sizing))


def _by_period(needs: Sequence[Need], sizing: LotSizing) -> list[int]:
    """Period order quantity: what is needed within so many days of the first need."""
    begins: list[int] = []
    for at, need in enumerate(needs):
        if not begins or need.day >= needs[begins[-1]].day + max(sizing.days, 1):
            begins.append(at)
    return begins


def _least_total_cost(needs: Sequence[Need], sizing: LotSizing) -> list[int]:
    """As many needs as make holding cost come nearest to the set-up; of equals the later end."""
    begins: list[int] = []
    at = 0
    while at < len(needs):
        begins.append(at)
        held, nearest, end = 0, sizing.setup_cost, at + 1
        for further in range(at + 1, len(needs)):
            days = needs[further].day - needs[at].day
            held += needs[further].quantity * days * sizing.holding_cost
            away = abs(held - sizing.setup_cost)
            if away > nearest:
                break
            nearest, end = away, further + 1
        at = end
    return begins


def _least_unit_cost(needs: Sequence[Need], sizing: LotSizing) -> list[int]:
    """As many needs as make a step of the order cost least; it ends when it costs more again."""
    begins: list[int] = []
    at = 0
    while at < len(needs):
        begins.append(at)
        cost, quantity, end = sizing.setup_cost, needs[at].quantity, at + 1
        for further in range(at + 1, len(needs)):
            days = needs[further].day - needs[at].day
            dearer = cost + needs[further].quantity * days * sizing.holding_cost
            more = quantity + needs[further].quantity
            if dearer * quantity > cost * more:  # dearer / more > cost / quantity
                break
            cost, quantity, end = dearer, more, further + 1
        at = end
    return begins


def _wagner_whitin(needs: Sequence[Need], sizing: LotSizing) -> list[int]:
    return wagner_whitin(needs, setup_cost=sizing.setup_cost, holding_cost=sizing.holding_cost)[1]


def wagner_whitin(
    needs: Sequence[Need],
    *,
    setup_cost: int,
    holding_cost: int,
    purchase_costs: Sequence[int] | None = None,
) -> tuple[int, list[int]]:
    """The least cost of covering the needs, and the places of the needs that orders begin with.

    `purchase_costs`: what a step costs if it is ordered for the need at that place; without them
    it costs the same at any time, and is not counted. Of equally cheap plans the one with the
    later orders.
    """
    best = [0] + [-1] * len(needs)
    begun = [0] * (len(needs) + 1)
    for begin, first in enumerate(needs):
        each = purchase_costs[begin] if purchase_costs else 0
        cost = best[begin] + setup_cost
        for end in range(begin, len(needs)):
            days = needs[end].day - first.day
            if not purchase_costs and needs[end].quantity * days * holding_cost > setup_cost:
                break  # an order of its own for this need and all after it is cheaper
            cost += needs[end].quantity * (days * holding_cost + each)
            if best[end + 1] < 0 or cost <= best[end + 1]:
                best[end + 1], begun[end + 1] = cost, begin
    begins, at = [], len(needs)
    while at:
        at = begun[at]
        begins.append(at)
    return best[-1], begins[::-1]


_GROUPINGS: Mapping[LotRule, Grouping] = {
    LotRule.PERIOD: _by_period,
    LotRule.LEAST_UNIT_COST: _least_unit_cost,
    LotRule.LEAST_TOTAL_COST: _least_total_cost,
    LotRule.WAGNER_WHITIN: _wagner_whitin,
}


def cost_of(needs: Sequence[Need], found: Sequence[Lot], *, setup: int, holding: int) -> int:
    """What the orders cost: each set-up, and what is in stock after a need until the next one."""
    total, stock, at = setup * len(found), 0, 0
    for place, need in enumerate(needs):
        while at < len(found) and found[at].day <= need.day:
            stock += found[at].good
            at += 1
        stock -= need.quantity
        if place + 1 < len(needs):
            total += stock * holding * (needs[place + 1].day - need.day)
    return total
