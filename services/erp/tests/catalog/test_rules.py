"""Pure arithmetic of the catalog: units and prices."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.ids import uuid7
from erp.catalog.rules.pricing import PriceStep, price_for
from erp.catalog.rules.units import Ratio, converted, fits
from erp.money import UnitPrice

DAY = date(2026, 3, 15)


def step(least="1", amount="10", first=None, last=None):
    return PriceStep(uuid7(), Decimal(least), UnitPrice(Decimal(amount), "CNY"), first, last)


def found(steps, quantity="1", on=DAY):
    best = price_for(steps, quantity=Decimal(quantity), on=on)
    return None if best is None else str(best.price.amount)


@pytest.mark.parametrize(
    ("quantity", "amount"),
    [("0.5", None), ("1", "10"), ("9.999999", "10"), ("10", "8"), ("99", "8"), ("100", "9")],
)
def test_the_largest_quantity_reached_decides(quantity, amount):
    """Even when it is dearer: the list says so."""
    steps = [step("10", "8"), step("1", "10"), step("100", "9")]
    assert found(steps, quantity) == amount


@pytest.mark.parametrize(
    ("on", "amount"),
    [
        (date(2026, 3, 14), None),
        (date(2026, 3, 15), "10"),
        (date(2026, 3, 31), "10"),
        (date(2026, 4, 1), None),
    ],
)
def test_both_ends_of_a_period_belong_to_it(on, amount):
    assert found([step(first=date(2026, 3, 15), last=date(2026, 3, 31))], on=on) == amount


def test_an_open_period_holds_for_ever():
    assert found([step()], on=date(1970, 1, 1)) == "10"
    assert found([step(first=DAY)], on=date(9999, 12, 31)) == "10"
    assert found([step(last=DAY)], on=date(1970, 1, 1)) == "10"


def test_the_shorter_of_two_periods_applies():
    """A promotion within a year's price, and a day's within that."""
    year = step(amount="9", first=date(2026, 1, 1), last=date(2026, 12, 31))
    week = step(amount="8", first=date(2026, 3, 13), last=date(2026, 3, 19))
    day = step(amount="7", first=DAY, last=DAY)
    always = step(amount="10", first=DAY)
    assert found([always, year]) == "9"
    assert found([week, always, year]) == "8"
    assert found([day, week, always, year]) == "7"


def test_no_prices_no_price():
    assert found([]) is None


@pytest.mark.parametrize(
    ("quantity", "decimals", "even"),
    [("2", 0, True), ("2.5", 0, False), ("2.50", 1, True), ("0.000001", 6, True), ("-2", 0, True)],
)
def test_whole_pieces_take_no_fraction(quantity, decimals, even):
    """E39: refused, not rounded."""
    assert fits(Decimal(quantity), decimals) is even


@pytest.mark.parametrize(
    ("quantity", "ratio", "decimals", "result"),
    [
        ("3", Ratio(12, 1), 0, "36"),
        ("0.5", Ratio(12, 1), 0, "6"),
        ("0.55", Ratio(12, 1), 0, None),
        ("1", Ratio(1, 3), 0, None),
        ("3", Ratio(1, 3), 0, "1"),
        ("2138.484", Ratio(453592292, 10**9), 3, "970.000"),
        ("1", Ratio(1, 3), 6, "0.333333"),
        ("1", Ratio(2, 3), 6, "0.666667"),
    ],
)
def test_conversion_is_by_the_exact_ratio(quantity, ratio, decimals, result):
    """E39: pounds close a request in kilograms at exactly nothing left."""
    amount = converted(Decimal(quantity), ratio, decimals)
    assert (None if amount is None else str(amount)) == result


@given(
    st.decimals(min_value=Decimal("0.000001"), max_value=10**8, places=6),
    st.integers(1, 10**12),
    st.integers(1, 10**12),
)
def test_conversion_is_off_by_half_of_the_last_decimal_at_most(quantity, above, below):
    exact = Fraction(quantity) * Fraction(above, below)
    amount = converted(quantity, Ratio(above, below), 6)
    assert abs(Fraction(amount) - exact) <= Fraction(1, 2 * 10**6)


@pytest.mark.parametrize(("above", "below"), [(0, 1), (1, 0), (-1, 2)])
def test_a_ratio_is_of_two_positive_whole_numbers(above, below):
    with pytest.raises(ValueError, match="whole numbers"):
        Ratio(above, below)
