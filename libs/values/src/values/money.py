"""Money: an exact amount in one currency, rounded half-up to that currency's digits.

`Money` is an amount that can be paid. `UnitPrice` is what one unit costs, as agreed, with up to
6 decimals; only its product with a quantity is rounded. Both forms are the same on the wire:
`{"amount": "12.30", "currency": "CNY"}`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from typing import Annotated, Any, Self, TypeVar

from babel.numbers import get_currency_precision, list_currencies
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from values.decimals import EXACT, Amount, PositiveAmount, PriceAmount, rounded
from values.text import unset

__all__ = [
    "PRICE_DIGITS",
    "CurrencyCode",
    "CurrencyMismatch",
    "Money",
    "MoneyChange",
    "MoneyView",
    "PositiveMoney",
    "UnitPrice",
    "UnitPriceChange",
    "UnitPriceView",
    "digits_in_sql",
    "digits_of",
]

PRICE_DIGITS = 6


class CurrencyMismatch(ValueError):
    """Two currencies met in one sum: a mistake of the program, never of the caller."""


@lru_cache(maxsize=256)
def digits_of(currency: str) -> int:
    """Decimals the currency is paid in: 0 for JPY, 2 for CNY, 3 for BHD."""
    return get_currency_precision(currency)


@cache
def digits_in_sql(currency: str) -> str:
    """The expression that is `digits_of` the currency that this expression of SQL has."""
    codes: dict[int, list[str]] = {}
    for code in sorted(_currencies()):
        codes.setdefault(digits_of(code), []).append(code)
    usual = max(codes, key=lambda digits: len(codes[digits]))
    cases = " ".join(
        f"when {currency} = any('{{{','.join(found)}}}') then {digits}"
        for digits, found in codes.items()
        if digits != usual
    )
    return f"case {cases} else {usual} end"


def is_currency(code: str) -> bool:
    """Whether ISO 4217 knows the code."""
    return code in _currencies()


@cache
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies())


def _exact(amount: object) -> Decimal:
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
        amount = rounded(_exact(self.amount), digits_of(self.currency))
        object.__setattr__(self, "amount", amount)

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Nothing, in the currency."""
        return cls(Decimal(0), currency)

    def plus(self, other: "Money") -> "Money":
        """The sum. Raises CurrencyMismatch."""
        self._same(other)
        return Money(EXACT.add(self.amount, other.amount), self.currency)

    def minus(self, other: "Money") -> "Money":
        """The difference, negative when the other is more. Raises CurrencyMismatch."""
        self._same(other)
        return Money(EXACT.subtract(self.amount, other.amount), self.currency)

    def times(self, factor: Decimal) -> "Money":
        """The product, rounded once."""
        return Money(EXACT.multiply(self.amount, _exact(factor)), self.currency)

    def allocate(self, weights: Sequence[Decimal]) -> list["Money"]:
        """Shares by weight that sum to this amount to the last digit.

        The digits that rounding leaves go to the largest remainders, the first of equals first.
        Raises ValueError for no weights, a negative one, or all zero.
        """
        whole = sum(weights, Decimal(0))
        if whole <= 0 or min(weights) < 0:
            message = "weights must not be negative and must not all be zero"
            raise ValueError(message)
        digits = digits_of(self.currency)
        sign = -1 if self.amount < 0 else 1
        smallest = int(abs(self.amount).scaleb(digits))
        parts = _by_largest_remainder(smallest, [_ratio(w, whole) for w in weights])
        return [Money(Decimal(sign * part).scaleb(-digits), self.currency) for part in parts]

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            message = f"{self.currency} and {other.currency} do not add up"
            raise CurrencyMismatch(message)


def _ratio(part: Decimal, whole: Decimal) -> tuple[int, int]:
    """Two integers in the ratio of two decimals."""
    (above, below), (over, under) = part.as_integer_ratio(), whole.as_integer_ratio()
    return above * under, below * over


def _by_largest_remainder(total: int, ratios: Sequence[tuple[int, int]]) -> list[int]:
    """Split an integer by ratios that sum to one."""
    common = 1
    for _, below in ratios:
        common *= below
    shares = [divmod(total * above * (common // below), common) for above, below in ratios]
    parts = [whole for whole, _ in shares]
    left = total - sum(parts)
    by_remainder = sorted(range(len(shares)), key=lambda index: (-shares[index][1], index))
    for index in by_remainder[:left]:
        parts[index] += 1
    return parts


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """What one unit costs, as agreed: exact, with up to 6 decimals."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        """Refuse what would have to be rounded. Raises TypeError or ValueError."""
        if rounded(_exact(self.amount), PRICE_DIGITS) != self.amount:
            message = f"a unit price has at most {PRICE_DIGITS} decimals, not {self.amount}"
            raise ValueError(message)

    def times(self, quantity: Decimal) -> Money:
        """What the quantity costs, rounded once to the currency's digits."""
        return Money(EXACT.multiply(self.amount, _exact(quantity)), self.currency)


def _known_currency(value: Any) -> Any:
    if isinstance(value, str) and not is_currency(value):
        raise PydanticCustomError("unknown_currency", "Not a currency code of ISO 4217.")
    return value


CurrencyCode = Annotated[
    str,
    StringConstraints(pattern="^[A-Z]{3}$"),
    BeforeValidator(_known_currency),
    WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["CNY"]}),
]
"""An ISO 4217 code."""


def _require_decimals(amount: Decimal, most: int) -> None:
    """Refuse an amount with more decimals."""
    if rounded(amount, most) != amount:
        raise PydanticCustomError(
            "too_many_decimals", "This amount has more decimals than its currency."
        )


class _AmountOnTheWire(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)

    amount: Amount
    currency: CurrencyCode

    def _with_decimals(self, least: int, most: int) -> None:
        """Hold the amount with its needed decimals, at least so many, and refuse more."""
        _require_decimals(self.amount, most)
        needed = -int(rounded(self.amount, most).normalize(EXACT).as_tuple().exponent)
        shown = rounded(self.amount, max(least, needed))
        self.__dict__["amount"] = shown


class MoneyView(_AmountOnTheWire):
    """An amount from zero up, as JSON carries it; decimals as the currency has."""

    @model_validator(mode="after")
    def _as_paid(self) -> Self:
        digits = digits_of(self.currency)
        self._with_decimals(digits, digits)
        return self

    def money(self) -> Money:
        """The amount itself."""
        return Money(self.amount, self.currency)


class PositiveMoney(MoneyView):
    """An amount above zero, as JSON carries it; decimals as the currency has."""

    amount: PositiveAmount


class UnitPriceView(_AmountOnTheWire):
    """A unit price from zero up, as JSON carries it; up to 6 decimals."""

    amount: PriceAmount

    @model_validator(mode="after")
    def _as_agreed(self) -> Self:
        self._with_decimals(digits_of(self.currency), PRICE_DIGITS)
        return self

    def price(self) -> UnitPrice:
        """The price itself."""
        return UnitPrice(self.amount, self.currency)


class _AmountChange(BaseModel):
    """The parts that change; one left out stays."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    amount: Amount = Field(default_factory=unset)
    currency: CurrencyCode = Field(default_factory=unset)

    def _is_whole(self) -> bool:
        return len(self.model_fields_set) == len(_AmountChange.model_fields)


_Whole = TypeVar("_Whole", MoneyView, UnitPriceView)


def _changed(
    present: Money | UnitPrice | None, change: _AmountChange, whole: type[_Whole]
) -> _Whole:
    """The present amount with what was given."""
    kept = {} if present is None else {"amount": present.amount, "currency": present.currency}
    given = {name: getattr(change, name) for name in change.model_fields_set}
    return whole.model_validate(kept | given)


class MoneyChange(_AmountChange):
    """The parts of an amount that change; one left out stays as it is."""

    @model_validator(mode="after")
    def _as_paid(self) -> Self:
        if self._is_whole():
            _require_decimals(self.amount, digits_of(self.currency))
        return self

    def onto(self, present: Money | None) -> Money:
        """The present amount with these parts changed.

        Raises ValidationError: a part is missing, or has more decimals than the currency.
        """
        return _changed(present, self, MoneyView).money()


class UnitPriceChange(_AmountChange):
    """The parts of a unit price that change; one left out stays as it is."""

    amount: PriceAmount = Field(default_factory=unset)

    @model_validator(mode="after")
    def _as_agreed(self) -> Self:
        if self._is_whole():
            _require_decimals(self.amount, PRICE_DIGITS)
        return self

    def onto(self, present: UnitPrice | None) -> UnitPrice:
        """The present price with these parts changed. Raises ValidationError: a part is missing."""
        return _changed(present, self, UnitPriceView).price()
