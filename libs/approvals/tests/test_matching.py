"""Which conditions facts meet, and when what is approved is the same."""

from decimal import Decimal
from typing import Any

import pytest

from approvals.rules.matching import fingerprint_of, meets


def condition(fact: str, **facts: Any) -> dict[str, Any]:
    return {"fact": fact, "at_least": None, "below": None, "currency": None, "values": []} | facts


FROM_TEN = condition("percent", at_least="10", below="20")
IN_CNY = condition("total", at_least="1000", currency="CNY")
REGION = condition("region", values=["EU"])


@pytest.mark.parametrize(
    ("asked", "fact", "met"),
    [
        (FROM_TEN, "10", True),
        (FROM_TEN, "19.999999", True),
        (FROM_TEN, "20", False),
        (FROM_TEN, "9.99", False),
        (FROM_TEN, None, False),
        (IN_CNY, "1000.00", True),
        (IN_CNY, "999.99", False),
        (REGION, "EU", True),
        (REGION, "US", False),
    ],
)
def test_a_range_begins_with_its_first_number_and_ends_before_its_last(asked, fact, met):
    """E71: ranges meet without a gap and without an overlap."""
    assert meets(asked, {asked["fact"]: fact}, "CNY") is met


def test_an_amount_in_another_currency_is_not_compared():
    assert not meets(IN_CNY, {"total": "5000"}, "EUR")


def test_a_fact_that_is_missing_meets_nothing():
    assert not meets(IN_CNY, {}, "CNY")


def test_the_same_content_has_the_same_fingerprint_whatever_its_order_and_zeros():
    """C28: only a change of price, quantity or discount is another content."""
    first = {"quantity": Decimal("1.50"), "price": Decimal(10)}
    assert fingerprint_of(first) == fingerprint_of(
        {"price": Decimal("10.00"), "quantity": Decimal("1.5")}
    )
    assert fingerprint_of(first) != fingerprint_of(first | {"price": Decimal("9.99")})


def test_what_cannot_be_judged_is_asked_about_where_the_kind_says_so():
    """C28: a margin that is not known, as a cost is missing, meets every rule on margins."""
    margin = condition("margin_percent", below="20")
    assert not meets(margin, {}, "CNY")
    assert meets(margin, {"margin_percent": None}, "CNY", met_unknown={"margin_percent"})
    assert not meets(margin, {"margin_percent": "25"}, "CNY", met_unknown={"margin_percent"})
