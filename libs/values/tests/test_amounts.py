"""What has amounts: they have the decimals of its currency, and so have its parts."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ConfigDict, Field, ValidationError

from values.amounts import InCurrency, amount_facts, part_currency
from values.decimals import Amount, NonNegativeDecimal, PriceAmount, Quantity, SignedAmount


class Line(InCurrency):
    model_config = ConfigDict(frozen=True)

    quantity: Quantity
    unit_price: PriceAmount
    discount: NonNegativeDecimal = Decimal(0)
    net: Amount
    currency: str = part_currency()


class Document(InCurrency):
    model_config = ConfigDict(frozen=True)

    currency: str
    owed: SignedAmount | None = None
    lines: list[Line] = Field(default_factory=list)
    first: Line | None = None


def written(currency, **facts):
    document = Document.model_validate({"currency": currency} | facts)
    return document.model_dump(mode="json")


LINE = {"quantity": "2.500", "unit_price": "20.000000", "discount": "0.100", "net": "45.0000"}


@pytest.mark.parametrize(
    ("currency", "price", "net", "owed"),
    [
        ("CNY", "20.00", "45.00", "-7.50"),
        ("JPY", "20", "45", "-8"),
        ("BHD", "20.000", "45.000", "-7.500"),
    ],
)
def test_amounts_have_the_decimals_of_the_currency(currency, price, net, owed):
    """E3, B55: half-up; quantities and rates are as short as can be."""
    shown = written(currency, owed="-7.5", lines=[LINE], first=LINE)
    line = {"quantity": "2.5", "unit_price": price, "discount": "0.1", "net": net}
    line |= {"currency": currency}
    assert shown == {"currency": currency, "owed": owed, "lines": [line], "first": line}


@pytest.mark.parametrize(("price", "shown"), [("1.2345", "1.2345"), ("1.200000", "1.20")])
def test_a_unit_price_keeps_what_it_needs(price, shown):
    [line] = written("CNY", lines=[LINE | {"unit_price": price}])["lines"]
    assert line["unit_price"] == shown


def test_a_part_may_be_in_a_currency_of_its_own():
    [line] = written("CNY", lines=[LINE | {"currency": "JPY"}])["lines"]
    assert (line["net"], line["currency"]) == ("45", "JPY")


def test_what_is_read_again_stays_as_it_is():
    once = Document.model_validate({"currency": "CNY", "owed": "1.5", "lines": [LINE]})
    assert Document.model_validate_json(once.model_dump_json()) == once
    assert Document.model_validate(once) == once


def test_an_amount_without_a_currency_of_its_document_is_refused():
    with pytest.raises(ValidationError):
        Document.model_validate({"owed": "1"})


@given(st.decimals(min_value=-(10**13), max_value=10**13, places=2))
def test_an_amount_that_can_be_paid_is_never_rounded(amount):
    """E3: what can be paid in the currency is served as it is."""
    assert Decimal(written("CNY", owed=amount)["owed"]) == amount


@pytest.mark.parametrize(
    ("currency", "shown"),
    [
        ("CNY", {"open": "40.00", "asked": "0.005", "most": "-3.10"}),
        ("JPY", {"open": "40", "asked": "0.005", "most": "-3.1"}),
        ("BHD", {"open": "40.000", "asked": "0.005", "most": "-3.100"}),
    ],
)
def test_facts_say_amounts_with_the_decimals_of_their_currency(currency, shown):
    """Decision 0103: what a caller sent with more decimals is not rounded."""
    amounts = {"open": Decimal("40.0000"), "asked": Decimal("0.005"), "most": Decimal("-3.1")}
    assert amount_facts(currency, **amounts) == shown | {"currency": currency}
