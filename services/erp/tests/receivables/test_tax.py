"""Tax of a document."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from erp.receivables.rules.tax import tax_by_code

D = Decimal


def test_a_base_of_1091_50_at_15_percent():
    """E19, V6: 163.725 is 163.73, half-up."""
    assert tax_by_code([("S15", D("1091.50"))], {"S15": D("0.15")}, decimals=2) == {
        "S15": D("163.73")
    }


def test_lines_are_summed_before_rounding():
    """E19: per document, and for each rate: 3 x 0.10 at 5 % is 0.02 once, not 3 x 0.01."""
    lines = [("A", D("0.10"))] * 3 + [("B", D("10"))]
    assert tax_by_code(lines, {"A": D("0.05"), "B": D("0.13")}, decimals=2) == {
        "A": D("0.02"),
        "B": D("1.30"),
    }


@given(st.lists(st.decimals("0.01", "9999", places=2), min_size=1, max_size=20))
def test_the_order_of_lines_does_not_matter(nets):
    """E19."""
    rates = {"S": D("0.13")}
    one = tax_by_code([("S", net) for net in nets], rates, decimals=2)["S"]
    assert one == tax_by_code([("S", net) for net in reversed(nets)], rates, decimals=2)["S"]
    assert abs(one - sum(nets) * rates["S"]) <= D("0.005")
