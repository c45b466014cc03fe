"""Which price applies, and what a line comes to."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from values.money import UnitPrice
from values.prices import PriceStep, price_for

DAY = date(2026, 5, 1)
DAYS = st.none() | st.dates(DAY - timedelta(days=5), DAY + timedelta(days=5))
QUANTITIES = st.decimals(min_value=Decimal("0.5"), max_value=20, places=1)


def step(number, least="1", amount="10.00", begin=None, end=None):
    return PriceStep(
        id=UUID(int=number),
        min_quantity=Decimal(least),
        price=UnitPrice(Decimal(amount), "CNY"),
        valid_from=begin,
        valid_to=end,
    )


def found(steps, quantity="1", on=DAY):
    chosen = price_for(steps, quantity=Decimal(quantity), on=on)
    return chosen.id.int if chosen else None


@pytest.mark.parametrize(
    ("quantity", "number"), [("0.5", None), ("1", 1), ("9.999999", 1), ("10", 2), ("1000", 3)]
)
def test_the_largest_minimum_quantity_reached_applies(quantity, number):
    steps = [step(2, "10"), step(1, "1"), step(3, "100")]
    assert found(steps, quantity) == number


@pytest.mark.parametrize(
    ("begin", "end", "applies"),
    [
        (None, None, True),
        (DAY, DAY, True),
        (DAY + timedelta(days=1), None, False),
        (None, DAY - timedelta(days=1), False),
    ],
)
def test_both_days_of_a_period_belong_to_it(begin, end, applies):
    assert found([step(1, begin=begin, end=end)]) == (1 if applies else None)


def test_of_prices_that_overlap_the_one_that_began_last_applies():
    """A read copy may overlap for a moment: the end of the old price comes after the new one."""
    old, new = step(9), step(1, begin=DAY)
    assert found([old, new]) == found([new, old]) == 1


def test_the_shorter_of_two_periods_applies():
    """As in the ERP: a promotion within a year's price, and a day's within that."""
    year = step(3, begin=date(2026, 1, 1), end=date(2026, 12, 31))
    week = step(2, begin=DAY, end=DAY + timedelta(days=6))
    day = step(1, begin=DAY, end=DAY)
    always = step(9, begin=DAY)
    assert found([always, year]) == 3
    assert found([week, always, year]) == 2
    assert found([day, week, always, year]) == 1


def test_of_no_prices_none_applies():
    assert found([]) is None


@given(
    st.lists(st.tuples(QUANTITIES, DAYS, DAYS), max_size=8),
    QUANTITIES,
    st.randoms(use_true_random=False),
)
def test_the_order_of_prices_does_not_matter_and_no_better_one_is_passed_over(rows, quantity, mix):
    steps = [step(at, str(least), begin=b, end=e) for at, (least, b, e) in enumerate(rows, 1)]
    shuffled = list(steps)
    mix.shuffle(shuffled)
    chosen = price_for(steps, quantity=quantity, on=DAY)
    assert price_for(shuffled, quantity=quantity, on=DAY) == chosen
    reached = [one for one in steps if one.applies(quantity=quantity, on=DAY)]
    assert (chosen is None) == (not reached)
    assert all(one.min_quantity <= chosen.min_quantity for one in reached)
