"""E39: quantities in units, and their exact conversion."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from values.units import Ratio, converted, fits


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
