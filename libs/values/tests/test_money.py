"""E3: money and quantities are exact decimals from end to end."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from values.decimals import (
    NonNegativeDecimal,
    PositiveQuantity,
    Quantity,
    SignedAmount,
    plain,
    rounded,
)
from values.money import CurrencyMismatch, Money, MoneyView, UnitPrice, UnitPriceView, digits_of

PRICES = st.decimals(min_value=0, max_value=Decimal(99999999999999), places=6)
CURRENCIES = st.sampled_from(["CNY", "USD", "EUR", "JPY", "BHD"])
AMOUNTS = st.decimals(
    min_value=-(10**13), max_value=10**13, places=4, allow_nan=False, allow_infinity=False
)
QUANTITIES = st.decimals(
    min_value=Decimal("0.000001"), max_value=10**9, places=6, allow_nan=False, allow_infinity=False
)


@pytest.mark.parametrize(
    ("currency", "digits"), [("JPY", 0), ("CNY", 2), ("USD", 2), ("EUR", 2), ("BHD", 3)]
)
def test_each_currency_has_its_digits(currency, digits):
    assert digits_of(currency) == digits
    assert Money(Decimal(1), currency).amount.as_tuple().exponent == -digits


@pytest.mark.parametrize(
    ("given_amount", "currency", "held"),
    [
        ("12.345", "CNY", "12.35"),
        ("-12.345", "CNY", "-12.35"),
        ("12.3449999", "CNY", "12.34"),
        ("0.5", "JPY", "1"),
        ("1.0005", "BHD", "1.001"),
    ],
)
def test_a_half_is_rounded_away_from_zero(given_amount, currency, held):
    assert str(Money(Decimal(given_amount), currency).amount) == held


def test_a_tenth_and_two_tenths_are_three_tenths():
    """E3: the sum that floats get wrong."""
    tenth, fifth = Money(Decimal("0.10"), "CNY"), Money(Decimal("0.20"), "CNY")
    assert tenth.plus(fifth) == Money(Decimal("0.30"), "CNY")
    assert UnitPrice(Decimal("0.1"), "CNY").times(Decimal(3)).amount == Decimal("0.30")


@pytest.mark.parametrize("number", [0.1, 1, "1", None, Decimal("NaN"), Decimal("Infinity")])
def test_money_is_made_of_finite_decimals_only(number):
    with pytest.raises(TypeError):
        Money(number, "CNY")
    with pytest.raises(TypeError):
        UnitPrice(number, "CNY")


def test_a_factor_is_a_decimal():
    with pytest.raises(TypeError):
        Money(Decimal(1), "CNY").times(0.5)


@given(AMOUNTS, AMOUNTS, CURRENCIES)
def test_sums_are_exact(left, right, currency):
    """E3: adding and taking away again gives the very same amount."""
    first, second = Money(left, currency), Money(right, currency)
    assert Fraction(first.plus(second).amount) == Fraction(first.amount) + Fraction(second.amount)
    assert first.plus(second).minus(second) == first


@given(AMOUNTS, QUANTITIES, CURRENCIES)
def test_a_product_is_rounded_once(price, quantity, currency):
    """E3: never further from the exact product than half of the smallest coin."""
    exact = Fraction(price) * Fraction(quantity)
    product = UnitPrice(price, currency).times(quantity)
    assert abs(Fraction(product.amount) - exact) <= Fraction(1, 2 * 10 ** digits_of(currency))


def test_a_wide_product_keeps_every_digit():
    """E3: 20 digits times 20 digits; the usual 28 digits of precision would lose some."""
    price = UnitPrice(Decimal("12345678901234.123456"), "CNY")
    exact = Fraction(Decimal("12345678901234.123456")) * Fraction(Decimal("98765432.123457"))
    product = price.times(Decimal("98765432.123457"))
    assert abs(Fraction(product.amount) - exact) <= Fraction(1, 200)


@given(AMOUNTS, st.lists(QUANTITIES, min_size=1, max_size=12), CURRENCIES)
def test_shares_sum_to_the_whole(amount, weights, currency):
    """No digit is lost or made up, and no share is further off than one smallest coin."""
    whole = Money(amount, currency)
    shares = whole.allocate(weights)
    assert sum((share.amount for share in shares), Decimal(0)) == whole.amount
    coin = Fraction(1, 10 ** digits_of(currency))
    for share, weight in zip(shares, weights, strict=True):
        fair = Fraction(whole.amount) * Fraction(weight) / sum(map(Fraction, weights))
        assert abs(Fraction(share.amount) - fair) < coin


def test_the_largest_remainder_gets_the_coin_and_the_first_of_equals():
    cent = Money(Decimal("0.10"), "CNY")
    assert [str(part.amount) for part in cent.allocate([Decimal(1)] * 3)] == [
        "0.04",
        "0.03",
        "0.03",
    ]
    by_weight = Money(Decimal("1.00"), "CNY").allocate([Decimal(1), Decimal(2), Decimal(0)])
    assert [str(part.amount) for part in by_weight] == ["0.33", "0.67", "0.00"]


@pytest.mark.parametrize("weights", [[], [Decimal(0)], [Decimal(2), Decimal(-1)]])
def test_shares_need_weights(weights):
    with pytest.raises(ValueError, match="weights"):
        Money(Decimal(1), "CNY").allocate(weights)


def test_two_currencies_do_not_add_up():
    with pytest.raises(CurrencyMismatch):
        Money.zero("CNY").plus(Money.zero("USD"))
    with pytest.raises(CurrencyMismatch):
        Money.zero("CNY").minus(Money.zero("USD"))


def test_a_unit_price_is_stored_as_agreed():
    assert UnitPrice(Decimal("0.123456"), "CNY").amount == Decimal("0.123456")
    with pytest.raises(ValueError, match="6 decimals"):
        UnitPrice(Decimal("0.1234567"), "CNY")


@pytest.mark.parametrize(
    ("model", "amount", "shown"),
    [
        (MoneyView, "12.3", "12.30"),
        (MoneyView, "12.3000", "12.30"),
        (MoneyView, "0", "0.00"),
        (UnitPriceView, "12.3", "12.30"),
        (UnitPriceView, "0.012500", "0.0125"),
        (UnitPriceView, "100", "100.00"),
        (UnitPriceView, "0.000001", "0.000001"),
    ],
)
def test_the_wire_shows_the_digits_of_the_currency(model, amount, shown):
    view = model.model_validate({"amount": amount, "currency": "CNY"})
    assert view.model_dump(mode="json") == {"amount": shown, "currency": "CNY"}
    assert model.model_validate(view.model_dump(mode="json")) == view


def test_the_wire_and_the_value_are_the_same_amount():
    view = MoneyView.model_validate({"amount": "12.30", "currency": "CNY"})
    assert view.money() == Money(Decimal("12.3"), "CNY")
    assert MoneyView.model_validate(view.money()) == view
    price = UnitPriceView.model_validate({"amount": "12.3456", "currency": "CNY"})
    assert price.price() == UnitPrice(Decimal("12.3456"), "CNY")


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        (12.3, "CNY"),
        (12, "CNY"),
        (True, "CNY"),
        (None, "CNY"),
        ("", "CNY"),
        ("12.345", "CNY"),
        ("0.5", "JPY"),
        ("-1", "CNY"),
        ("1e3", "CNY"),
        ("1,000", "CNY"),
        (" 1", "CNY"),
        ("1.", "CNY"),
        ("NaN", "CNY"),
        ("1\n", "CNY"),
        ("123456789012345", "CNY"),
        ("1", "cny"),
        ("1", "XQX"),
        ("1", ""),
        ("1", 5),
    ],
)
def test_what_is_no_exact_amount_is_refused(amount, currency):
    """E3: JSON numbers, too many decimals, other forms and unknown currencies."""
    with pytest.raises(ValidationError):
        MoneyView.model_validate({"amount": amount, "currency": currency})


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        (PositiveQuantity, "-4", "Write a number above zero."),
        (PositiveQuantity, "0.0", "Write a number above zero."),
        (NonNegativeDecimal, "-0.01", "Write zero or a number above zero."),
        (PositiveQuantity, "1,5", "Write at most 14 digits and, after a point, at most 6 more."),
        (SignedAmount, "1.23456", "Write at most 14 digits and, after a point, at most 4 more."),
        (Quantity, "1.1234567", "Write at most 14 digits and, after a point, at most 6 more."),
    ],
)
def test_a_refused_number_is_told_what_is_wrong_with_it(kind, text, said):
    """Its sign or its form, not both."""
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(text)
    assert [error["msg"] for error in refused.value.errors()] == [said]


@given(st.floats(allow_nan=False))
def test_a_json_number_is_never_a_quantity(number):
    """E3: whatever float it is."""
    for kind in (Quantity, NonNegativeDecimal, PositiveQuantity):
        with pytest.raises(ValidationError) as refused:
            TypeAdapter(kind).validate_python(number)
        assert refused.value.errors()[0]["type"] == "decimal_text_required"


@given(st.decimals(min_value=-(10**13), max_value=10**13, places=6))
def test_a_quantity_survives_the_round_trip(quantity):
    """E3: text out, text in, the same number."""
    kind = TypeAdapter(Quantity)
    text = kind.dump_python(quantity, mode="json")
    assert isinstance(text, str)
    assert kind.validate_python(text) == quantity


@pytest.mark.parametrize(
    ("value", "text"), [("10", "10"), ("10.500", "10.5"), ("0.000", "0"), ("1E+2", "100")]
)
def test_plain_text_has_no_exponent_and_no_idle_zeros(value, text):
    assert plain(Decimal(value)) == text


@pytest.mark.parametrize("zero", ["0", "0.0", "-1"])
def test_a_positive_quantity_is_above_zero(zero):
    with pytest.raises(ValidationError):
        TypeAdapter(PositiveQuantity).validate_python(zero)


def test_rounding_to_decimals():
    assert rounded(Decimal("2.5"), 0) == Decimal(3)
    assert rounded(Decimal("-2.5"), 0) == Decimal(-3)


@given(st.lists(PRICES, max_size=20), st.randoms())
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


@given(PRICES)
def test_a_price_crosses_json_unchanged(amount):
    """E3: decimal text out, the same decimal in."""
    seen = UnitPriceView(amount=amount, currency="CNY")
    again = UnitPriceView.model_validate_json(seen.model_dump_json())
    assert again.price() == UnitPrice(amount, "CNY")


def test_only_the_product_of_price_and_quantity_is_rounded():
    """C26: 3 x 0.3333 is 0.9999, not 3 x 0.33."""
    price = UnitPrice(Decimal("0.3333"), "CNY")
    assert price.times(Decimal(3)) == Money(Decimal("1.00"), "CNY")
    assert Money(Decimal("10.00"), "CNY").times(Decimal("0.333")) == Money(Decimal("3.33"), "CNY")


@pytest.mark.parametrize("number", ["1.5", "1", "1e3"])
def test_json_numbers_are_refused_where_exact_ones_are_asked(number):
    """E3: a reader in between would have made a float of it."""
    with pytest.raises(ValidationError, match="a JSON number is not exact"):
        TypeAdapter(PositiveQuantity).validate_json(number)
    with pytest.raises(ValidationError, match="a JSON number is not exact"):
        MoneyView.model_validate_json(f'{{"amount": {number}, "currency": "CNY"}}')
