"""Cost roll-up as a rule: low-level codes, scrap, by-products, and what nobody knows."""

from decimal import Decimal
from uuid import uuid4

import pytest

from erp.production.rules.costing import CostedLine, low_level_codes, rolled_up

A, B, C, D, E = (uuid4() for _ in range(5))


def line(parent, component, quantity="1", **facts):
    return CostedLine(parent, component, Decimal(quantity), **facts)


def cost_of(found, item):
    [one] = [one for one in found if one.item_id == item]
    return one.unit_cost


def test_the_lowest_level_counts():
    """E52: an item used at several levels has the code of the lowest."""
    codes = low_level_codes({A: [B, D], B: [C], C: [D], D: [E]})
    assert codes == {A: 0, B: 1, C: 2, D: 3, E: 4}
    with pytest.raises(ValueError, match="made of itself"):
        low_level_codes({A: [B], B: [A]})


def test_costs_are_rolled_up_level_by_level():
    lines = [line(A, B, "2"), line(A, C, "3"), line(B, C, "4")]
    found = rolled_up(lines, {C: Decimal("1.25")}, {})
    assert [(one.item_id, one.low_level_code) for one in found] == [(B, 1), (A, 0)]
    assert cost_of(found, B) == 5
    assert cost_of(found, A) == Decimal("13.75")


def test_scrap_units_and_batches_count():
    """E59: 0.05 scrap, a unit of 100 pieces, and a bill that makes 10."""
    facts = {"scrap": Decimal("0.05"), "makes": Decimal(10), "numerator": 100}
    found = rolled_up([line(A, B, "0.95", **facts)], {B: Decimal(2)}, {})
    assert cost_of(found, A) == 20


def test_by_products_bear_their_share():
    found = rolled_up([line(A, B)], {B: Decimal(10)}, {A: Decimal("0.25")})
    assert cost_of(found, A) == Decimal("7.5")


def test_what_nobody_knows_is_counted():
    lines = [line(A, B), line(A, C), line(B, D), line(B, E)]
    found = {one.item_id: one for one in rolled_up(lines, {C: Decimal(1), E: Decimal(2)}, {})}
    assert (found[B].unit_cost, found[B].missing) == (Decimal(2), 1)
    assert (found[A].unit_cost, found[A].missing) == (Decimal(3), 1)


def test_figures_add_up_as_they_are_shown():
    """A third is rounded where it is made, and counts so above."""
    lines = [line(B, C, makes=Decimal(3)), line(A, B, "3")]
    found = rolled_up(lines, {C: Decimal(1)}, {})
    assert (cost_of(found, B), cost_of(found, A)) == (Decimal("0.333333"), Decimal("0.999999"))
