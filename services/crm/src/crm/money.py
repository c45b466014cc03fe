"""Money and exact numbers: decimal text in JSON, `Decimal` inside, a float nowhere.

`Money` is an amount that can be paid, rounded half-up to its currency's digits. `UnitPrice` is
what one unit costs, as agreed, with up to 6 decimals; only its product with a quantity is
rounded. Both are `{"amount": "12.30", "currency": "CNY"}` on the wire. A JSON number is refused
where an amount or quantity is asked for: a reader in between would have made a float of it.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache
from typing import Annotated, Any, Self, TypeVar

from babel.numbers import get_currency_precision, list_currencies
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from chassis.http.field_errors import field_error
from chassis.http.problems import FieldError, InvalidInput
from crm.fields import left_out

__all__ = [
    "CurrencyCode",
    "CurrencyMismatch",
    "Money",
    "MoneyChange",
    "MoneyView",
    "NonNegativeNumber",
    "PositiveQuantity",
    "SignedAmount",
    "UnitPrice",
    "UnitPriceChange",
    "UnitPriceView",
    "digits_of",
    "plain",
    "rounded",
]

PRICE_DIGITS = 6
_EXACT = Context(prec=80, rounding=ROUND_HALF_UP)
_AMOUNT = r"^-?[0-9]{1,14}(\.[0-9]{1,4})?$"
_SIGNED = r"^-?[0-9]{1,14}(\.[0-9]{1,6})?$"
_UNSIGNED = r"^[0-9]{1,14}(\.[0-9]{1,6})?$"
_POSITIVE = r"^(?=.*[1-9])[0-9]{1,14}(\.[0-9]{1,6})?$"


class CurrencyMismatch(ValueError):
    """Two currencies met in one sum: a mistake of the program, never of the caller."""


def rounded(value: Decimal, decimals: int) -> Decimal:
    """The value with so many decimals; a half goes away from zero."""
    return value.quantize(Decimal(1).scaleb(-decimals), context=_EXACT)


def plain(value: Decimal) -> str:
    """The shortest decimal text of the value: no exponent, no trailing zeros."""
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


@cache
def digits_of(currency: str) -> int:
    """Decimals the currency is paid in: 0 for JPY, 2 for CNY, 3 for BHD."""
    return get_currency_precision(currency)


def _finite(amount: object) -> Decimal:
    if not isinstance(amount, Decimal) or not amount.is_finite():
        message = f"money is counted in finite Decimals, not {amount!r}"
        raise TypeError(message)
    return amount


@dataclass(frozen=True, slots=True)
class Money:
    """An amount that can be paid. Made of any Decimal, it holds it rounded half-up."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        """Round to the currency's digits. Raises TypeError for anything but a Decimal."""
        amount = rounded(_finite(self.amount), digits_of(self.currency))
        object.__setattr__(self, "amount", amount)

    def plus(self, other: "Money") -> "Money":
        """The sum. Raises CurrencyMismatch."""
        if self.currency != other.currency:
            message = f"{self.currency} and {other.currency} do not add up"
            raise CurrencyMismatch(message)
        return Money(_EXACT.add(self.amount, other.amount), self.currency)

    def times(self, factor: Decimal) -> "Money":
        """The product, rounded once."""
        return Money(_EXACT.multiply(self.amount, _finite(factor)), self.currency)


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """What one unit costs, as agreed: exact, with up to 6 decimals."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        """Refuse what would have to be rounded. Raises TypeError or ValueError."""
        if rounded(_finite(self.amount), PRICE_DIGITS) != self.amount:
            message = f"a unit price has at most {PRICE_DIGITS} decimals, not {self.amount}"
            raise ValueError(message)

    def times(self, quantity: Decimal) -> Money:
        """What the quantity costs, rounded once to the currency's digits."""
        return Money(_EXACT.multiply(self.amount, _finite(quantity)), self.currency)


def _refused(text: str, pattern: str) -> PydanticCustomError:
    """What is wrong with the text: the number it says, or that it says none."""
    if pattern == _AMOUNT:
        return PydanticCustomError(
            "amount_form",
            "Write at most 14 digits and, after a point, at most 4 more.",
        )
    if not re.fullmatch(_SIGNED, text):
        return PydanticCustomError(
            "decimal_form",
            "Write at most 14 digits and, after a point, at most 6 more.",
        )
    if pattern == _POSITIVE:
        return PydanticCustomError("not_above_zero", "Write a number above zero.")
    return PydanticCustomError("below_zero", "Write zero or a number above zero.")


def _reader(pattern: str) -> BeforeValidator:
    form = re.compile(pattern)

    def read(value: Any) -> Decimal:
        if isinstance(value, Decimal):
            return value
        if not isinstance(value, str):
            raise PydanticCustomError(
                "decimal_text_required",
                'Write the number as text, such as "12.30": a JSON number is not exact.',
            )
        if not form.fullmatch(value):
            raise _refused(value, pattern)
        return Decimal(value)

    return BeforeValidator(read)


def _schema(pattern: str, example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": [example]})


PositiveQuantity = Annotated[
    Decimal,
    _reader(_POSITIVE),
    PlainSerializer(plain, return_type=str),
    _schema(_POSITIVE, "1"),
]
"""A quantity above zero with at most 6 decimals."""

_Amount = Annotated[
    Decimal,
    _reader(_UNSIGNED),
    PlainSerializer(lambda value: format(value, "f"), return_type=str),
    _schema(_UNSIGNED, "12.30"),
]


@cache
def is_currency(code: str) -> bool:
    """Whether ISO 4217 knows the code."""
    return code in list_currencies()


def _known_currency(code: str) -> str:
    if not is_currency(code):
        raise PydanticCustomError("unknown_currency", "Not a currency code of ISO 4217.")
    return code


CurrencyCode = Annotated[
    str, StringConstraints(pattern="^[A-Z]{3}$"), AfterValidator(_known_currency)
]
"""An ISO 4217 code."""


def _require_decimals(amount: Decimal, most: int) -> None:
    """Refuse an amount with more decimals."""
    if rounded(amount, most) != amount:
        raise PydanticCustomError(
            "too_many_decimals", "This amount has more decimals than its currency."
        )


class _OnTheWire(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)

    amount: _Amount
    currency: CurrencyCode

    def _hold(self, least: int, most: int) -> None:
        """Show at least so many decimals and the needed ones; refuse more than the most."""
        _require_decimals(self.amount, most)
        needed = -int(self.amount.normalize(_EXACT).as_tuple().exponent)
        self.__dict__["amount"] = rounded(self.amount, max(least, needed))


class MoneyView(_OnTheWire):
    """An amount from zero up, as JSON carries it; decimals as the currency has."""

    @model_validator(mode="after")
    def _as_paid(self) -> Self:
        self._hold(digits_of(self.currency), digits_of(self.currency))
        return self

    def money(self) -> Money:
        """The amount itself."""
        return Money(self.amount, self.currency)


class UnitPriceView(_OnTheWire):
    """A unit price from zero up, as JSON carries it; up to 6 decimals."""

    @model_validator(mode="after")
    def _as_agreed(self) -> Self:
        self._hold(digits_of(self.currency), PRICE_DIGITS)
        return self

    def price(self) -> UnitPrice:
        """The price itself."""
        return UnitPrice(self.amount, self.currency)


class _AmountChange(BaseModel):
    """The parts that change; one left out stays."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    amount: _Amount = Field(default_factory=left_out)
    currency: CurrencyCode = Field(default_factory=left_out)

    def _is_whole(self) -> bool:
        return len(self.model_fields_set) == len(_AmountChange.model_fields)


_Whole = TypeVar("_Whole", MoneyView, UnitPriceView)


def _laid_onto(
    present: Money | UnitPrice | None, change: _AmountChange, whole: type[_Whole], field: str
) -> _Whole:
    """The present amount with what was given. Raises InvalidInput: a part is missing, or wrong."""
    kept = {} if present is None else {"amount": present.amount, "currency": present.currency}
    given = {name: getattr(change, name) for name in change.model_fields_set}
    try:
        return whole.model_validate(kept | given)
    except ValidationError as wrong:
        raise InvalidInput(errors=_errors_within(field, wrong)) from wrong


def _errors_within(field: str, wrong: ValidationError) -> list[FieldError]:
    errors: list[ErrorDetails] = wrong.errors()
    return [field_error({**error, "loc": (field, *error["loc"])}) for error in errors]


class MoneyChange(_AmountChange):
    """The parts of an amount that change; one left out stays as it is."""

    @model_validator(mode="after")
    def _as_paid(self) -> Self:
        if self._is_whole():
            _require_decimals(self.amount, digits_of(self.currency))
        return self

    def onto(self, present: Money | None, *, field: str) -> Money:
        """The present amount with these parts changed. Raises InvalidInput."""
        return _laid_onto(present, self, MoneyView, field).money()


class UnitPriceChange(_AmountChange):
    """The parts of a unit price that change; one left out stays as it is."""

    @model_validator(mode="after")
    def _as_agreed(self) -> Self:
        if self._is_whole():
            _require_decimals(self.amount, PRICE_DIGITS)
        return self

    def onto(self, present: UnitPrice | None, *, field: str) -> UnitPrice:
        """The present price with these parts changed. Raises InvalidInput."""
        return _laid_onto(present, self, UnitPriceView, field).price()


NonNegativeNumber = Annotated[
    Decimal,
    _reader(_UNSIGNED),
    PlainSerializer(plain, return_type=str),
    _schema(_UNSIGNED, "0"),
]
"""A number from zero up with at most 6 decimals."""

SignedAmount = Annotated[
    Decimal,
    _reader(_AMOUNT),
    PlainSerializer(plain, return_type=str),
    _schema(_AMOUNT, "-12.30"),
]
"""An amount of either sign with at most 4 decimals, as many as the finest currency has."""
