"""Money and exact numbers: no float anywhere, one rounding rule."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from crm.money import (
    CurrencyMismatch,
    Money,
    MoneyView,
    PositiveQuantity,
    UnitPrice,
    UnitPriceView,
    digits_of,
    plain,
    rounded,
)

AMOUNTS = st.decimals(min_value=0, max_value=Decimal(99999999999999), places=6)


class Ordered(BaseModel):
    quantity: PositiveQuantity
    price: UnitPriceView


def wire(**fields):
    return json.dumps(fields)


def test_one_tenth_and_two_tenths_are_three_tenths():
    """E3: the sum that floats get wrong."""
    tenth, fifth = Money(Decimal("0.1"), "CNY"), Money(Decimal("0.2"), "CNY")
    assert tenth.plus(fifth) == Money(Decimal("0.3"), "CNY")


@given(st.lists(AMOUNTS, max_size=20), st.randoms())
def test_a_sum_does_not_depend_on_its_order(amounts, random):
    """E3: exact addition is commutative and associative; with floats this fails."""
    shuffled = list(amounts)
    random.shuffle(shuffled)
    assert total(amounts) == total(shuffled)


def total(amounts):
    whole = Money(Decimal(0), "CNY")
    for amount in amounts:
        whole = whole.plus(Money(amount, "CNY"))
    return whole


@given(AMOUNTS)
def test_a_price_crosses_json_unchanged(amount):
    """E3: decimal text out, the same decimal in."""
    seen = UnitPriceView(amount=amount, currency="CNY")
    again = UnitPriceView.model_validate_json(seen.model_dump_json())
    assert again.price() == UnitPrice(amount, "CNY")


@pytest.mark.parametrize(
    ("exact", "currency", "paid"),
    [
        ("0.005", "CNY", "0.01"),
        ("-0.005", "CNY", "-0.01"),
        ("2.675", "CNY", "2.68"),
        ("1.5", "JPY", "2"),
        ("1.0005", "BHD", "1.001"),
    ],
)
def test_a_half_is_rounded_away_from_zero_to_the_currencys_digits(exact, currency, paid):
    """E3, C26: one documented rounding rule."""
    assert Money(Decimal(exact), currency).amount == Decimal(paid)


def test_only_the_product_of_price_and_quantity_is_rounded():
    """C26: 3 x 0.3333 is 0.9999, not 3 x 0.33."""
    price = UnitPrice(Decimal("0.3333"), "CNY")
    assert price.times(Decimal(3)) == Money(Decimal("1.00"), "CNY")
    assert Money(Decimal("10.00"), "CNY").times(Decimal("0.333")) == Money(Decimal("3.33"), "CNY")


@pytest.mark.parametrize("amount", [0.1, 1, "1.00", Decimal("NaN"), Decimal("Infinity"), None])
def test_money_is_made_of_finite_decimals_only(amount):
    """E3: a float cannot even enter."""
    with pytest.raises(TypeError):
        Money(amount, "CNY")
    with pytest.raises(TypeError):
        UnitPrice(amount, "CNY")


def test_a_price_that_would_have_to_be_rounded_is_refused():
    with pytest.raises(ValueError, match="at most 6 decimals"):
        UnitPrice(Decimal("0.0000001"), "CNY")


def test_two_currencies_do_not_add_up():
    with pytest.raises(CurrencyMismatch):
        Money(Decimal(1), "CNY").plus(Money(Decimal(1), "USD"))


@pytest.mark.parametrize("number", ["1.5", "1", "1e3"])
def test_json_numbers_are_refused_where_exact_ones_are_asked(number):
    """E3: a reader in between would have made a float of it."""
    price = '{"amount": "1.00", "currency": "CNY"}'
    with pytest.raises(ValidationError, match="a JSON number is not exact"):
        Ordered.model_validate_json(f'{{"quantity": {number}, "price": {price}}}')
    with pytest.raises(ValidationError, match="a JSON number is not exact"):
        MoneyView.model_validate_json(f'{{"amount": {number}, "currency": "CNY"}}')


@pytest.mark.parametrize("amount", ["", "1,50", "1.2345678", "1e3", "NaN", " 1", "1" * 15, "１"])
def test_other_texts_are_no_amount(amount):
    with pytest.raises(ValidationError, match="at most 14 digits and, after a point, at most 6"):
        MoneyView.model_validate_json(wire(amount=amount, currency="CNY"))


def test_a_negative_amount_is_told_so():
    """The form is right, so nothing is said about it."""
    with pytest.raises(ValidationError, match="Write zero or a number above zero"):
        MoneyView.model_validate_json(wire(amount="-1", currency="CNY"))


@pytest.mark.parametrize("quantity", ["0", "0.000000", "-1"])
def test_a_quantity_is_above_zero(quantity):
    price = {"amount": "1.00", "currency": "CNY"}
    with pytest.raises(ValidationError, match="Write a number above zero"):
        Ordered.model_validate_json(wire(quantity=quantity, price=price))


@pytest.mark.parametrize(("kind", "amount"), [(MoneyView, "1.001"), (MoneyView, "0.0001")])
def test_an_amount_has_no_more_decimals_than_its_currency(kind, amount):
    with pytest.raises(ValidationError, match="more decimals than its currency"):
        kind.model_validate_json(wire(amount=amount, currency="CNY"))


@pytest.mark.parametrize("currency", ["XXY", "cny", "RMB", ""])
def test_a_currency_is_one_of_iso_4217(currency):
    with pytest.raises(ValidationError):
        MoneyView.model_validate_json(wire(amount="1.00", currency=currency))


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [("12.3", "CNY", "12.30"), ("12", "JPY", "12"), ("12.345000", "CNY", "12.345")],
)
def test_a_price_is_shown_with_the_currencys_decimals_at_least(amount, currency, shown):
    seen = UnitPriceView(amount=Decimal(amount), currency=currency)
    assert json.loads(seen.model_dump_json())["amount"] == shown


def test_money_on_the_wire_is_the_amount_and_its_currency():
    seen = MoneyView.model_validate_json(wire(amount="5", currency="CNY"))
    assert seen.money() == Money(Decimal("5.00"), "CNY")
    assert json.loads(seen.model_dump_json()) == {"amount": "5.00", "currency": "CNY"}


@pytest.mark.parametrize(
    ("value", "text"), [("10.500", "10.5"), ("10", "10"), ("0.000", "0"), ("100", "100")]
)
def test_quantities_are_written_short(value, text):
    assert plain(Decimal(value)) == text


def test_digits_of_currencies():
    assert [digits_of(currency) for currency in ("JPY", "CNY", "BHD")] == [0, 2, 3]
    assert rounded(Decimal("1.25"), 1) == Decimal("1.3")
