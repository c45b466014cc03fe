"""Goods dated in the past, by rule alone: what each day has left, and what they cost (E27, E30)."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.problems.problem import Problem
from erp.stock.errors import NoCostOnDay, ShortOnDay
from erp.stock.models.goods import ItemValuation
from erp.stock.rules.valuation import (
    DayEnd,
    cost_as_of,
    cost_of_issue,
    day_ends,
    earliest_possible_day,
    with_change,
)

FIRST = date(2026, 1, 5)


def day(number):
    """The first day, the second, ..."""
    return FIRST + timedelta(days=number - 1)


class Shelf:
    """One item, whose receipts and issues are entered in any order of their days."""

    def __init__(self):
        self.moves, self.worth = [], ItemValuation(quantity=Decimal(0), value=Decimal(0))

    def receives(self, number, quantity, value):
        self.worth.receive(Decimal(quantity), Decimal(value))
        self.moves.append(DayEnd(day(number), Decimal(quantity), Decimal(value)))

    def issues(self, number, quantity):
        """What it costs. Raises as the rule does; then nothing has changed."""
        quantity = Decimal(quantity)
        cost = self.worth.issue(quantity, self.since(number), sku="BOLT", decimals=2, value=None)
        self.moves.append(DayEnd(day(number), -quantity, -cost))
        return cost

    def since(self, number):
        """The ends of the day and of later ones, from what is there now and was moved later."""
        changes: dict[Any, Any] = defaultdict(lambda: (Decimal(0), Decimal(0)))
        for move in self.moves:
            if move.day > day(number):
                quantity, value = changes[move.day]
                changes[move.day] = quantity + move.quantity, value + move.value
        later = [DayEnd(on, *change) for on, change in sorted(changes.items())]
        return day_ends(day(number), self.worth.quantity, self.worth.value, later)

    def ends(self, last=9):
        """Quantity and worth at the end of each day, summed up from the moves alone."""
        return [
            (
                sum((move.quantity for move in self.moves if move.day <= day(on)), Decimal(0)),
                sum((move.value for move in self.moves if move.day <= day(on)), Decimal(0)),
            )
            for on in range(1, last)
        ]


@pytest.fixture
def shelf():
    """Ten pieces for 100.00, of which eight left on day 3."""
    made = Shelf()
    made.receives(1, 10, "100.00")
    made.issues(3, 8)
    return made


def test_what_was_not_there_cannot_leave_that_day(shelf):
    """E27: the first day without enough is told, and from when on there are enough."""
    shelf.receives(5, 7, "7.00")
    with pytest.raises(ShortOnDay) as refused:
        shelf.issues(2, 3)
    assert refused.value.facts == {
        "sku": "BOLT",
        "wanted": "3",
        "effective_on": day(2),
        "day": day(3),
        "on_hand": "2",
        "possible_from": day(5),
    }
    assert shelf.issues(5, 3) == Decimal("9.00")


def test_a_past_issue_costs_the_average_of_its_day(shelf):
    """E30, E32: as if it had been entered in order; what came later does not change it."""
    shelf.receives(5, 2, "60.00")
    assert shelf.issues(2, 1) == Decimal("10.00")
    assert shelf.ends(6) == [(10, 100), (9, 90), (1, 10), (1, 10), (3, 70)]


def test_a_later_day_left_without_pieces_is_left_without_worth():
    """E30: what is emptied on a day takes the rest of that day, not more and not less."""
    shelf = Shelf()
    shelf.receives(1, 10, "100.00")
    shelf.receives(2, 10, "200.00")
    assert shelf.issues(3, 18) == Decimal("270.00")
    shelf.receives(4, 5, "5.00")
    assert shelf.issues(1, 2) == Decimal("30.00")
    assert shelf.ends(5) == [(8, 70), (18, 270), (0, 0), (5, 5)]


def test_no_later_day_is_worth_less_than_nothing():
    """E30: a day that has pieces left, and little worth, bounds what an earlier one may cost."""
    shelf = Shelf()
    shelf.receives(1, 10, "1000.00")
    shelf.issues(2, 8)
    shelf.receives(3, 98, "0.00")
    shelf.issues(4, 90)
    assert shelf.issues(1, 1) == Decimal("20.00")
    assert shelf.ends(5) == [(9, 980), (1, 180), (99, 180), (9, 0)]


def test_days_that_ask_for_different_costs_are_refused():
    """E30: two later days would be empty, one with a rest of 20.00, one with another: neither."""
    shelf = Shelf()
    shelf.receives(1, 10, "100.00")
    shelf.issues(2, 8)
    shelf.receives(3, 10, "200.00")
    shelf.issues(4, 10)
    with pytest.raises(NoCostOnDay) as refused:
        shelf.issues(1, 2)
    facts = {"sku": "BOLT", "wanted": "2", "effective_on": day(1), "possible_from": day(3)}
    assert refused.value.facts == facts
    assert shelf.issues(3, 2) == Decimal("36.67")
    assert shelf.ends(5) == [(10, 100), (2, 20), (10, Decimal("183.33")), (0, 0)]


@pytest.mark.parametrize("rest", ["-0.01", "3.00"])
def test_no_cost_is_below_nothing_or_above_what_a_day_is_worth(rest):
    """Days that were wrong before this was promised make nothing worse."""
    ends = [
        DayEnd(day(1), Decimal(4), Decimal(4)),
        DayEnd(day(2), Decimal(2), Decimal(rest)),
        DayEnd(day(3), Decimal(4), Decimal(2)),
    ]
    assert cost_as_of(Decimal(2), ends, decimals=2) is None


_quantities = st.decimals("0.5", "9", places=1)
_acts = st.lists(
    st.tuples(
        st.integers(1, 6),
        _quantities,
        st.one_of(st.none(), st.none(), st.decimals("0", "99", places=2)),
    ),
    max_size=14,
)


@given(_acts)
def test_whatever_is_entered_in_whatever_order_every_day_ends_well(acts):
    """E27, E30, E32: no day has less than nothing, is worth less, or is worth it without pieces.

    What is refused was impossible that day, and is possible on the day that is told.
    """
    shelf = Shelf()
    for number, quantity, value in acts:
        if value is not None:
            shelf.receives(number, quantity, value)
        elif quantity <= shelf.worth.quantity:
            _issues_or_says_why(shelf, number, quantity)
        for on_hand, worth in shelf.ends():
            assert on_hand >= 0 <= worth
            assert on_hand > 0 or worth == 0
        assert shelf.ends()[-1] == (shelf.worth.quantity, shelf.worth.value)


def _issues_or_says_why(shelf, number, quantity):
    ends = shelf.since(number)
    try:
        cost = shelf.issues(number, quantity)
    except Problem as refused:
        shown = refused.facts["possible_from"]
        rest = [end for end in ends if end.day >= shown]
        before = [end for end in ends if end.day < shown][-1:] + rest
        assert earliest_possible_day(quantity, rest, decimals=2) == shown
        assert cost_as_of(quantity, rest, decimals=2) is not None
        assert not _costs_that_fit(quantity, before)
    else:
        if len(ends) == 1:
            [now] = ends
            assert cost == cost_of_issue(
                quantity, on_hand=now.quantity, value=now.value, decimals=2
            )
        assert cost in _costs_that_fit(quantity, ends)


def _costs_that_fit(quantity, ends):
    """By trying: of all costs that matter, those that leave every day right."""
    first = ends[0]
    tried = {end.value for end in ends} | {Decimal(0)}
    if first.quantity >= quantity:
        tried.add(cost_of_issue(quantity, on_hand=first.quantity, value=first.value, decimals=2))
    return {
        cost
        for cost in tried
        if all(
            end.quantity >= 0 <= end.value and (end.quantity > 0 or end.value == 0)
            for end in with_change(ends, -quantity, -cost)
        )
    }
