"""Exact numbers on the wire: decimal text in JSON, `Decimal` inside, a float nowhere.

A JSON number is refused where an amount or a quantity is asked for: a reader in between would
have made a float of it, and 0.1 + 0.2 is no longer 0.3.
"""

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

__all__ = [
    "AMOUNT",
    "DECIMAL",
    "EXACT",
    "QUANTITY",
    "UNIT_PRICE",
    "Amount",
    "NonNegativeDecimal",
    "NonNegativeQuantity",
    "NonNegativeSum",
    "PositiveAmount",
    "PositiveDecimal",
    "PositiveQuantity",
    "PriceAmount",
    "Quantity",
    "SignedAmount",
    "SignedDecimal",
    "Sum",
    "UnitCost",
    "plain",
    "rounded",
    "rounded_up",
]

EXACT = Context(prec=80, rounding=ROUND_HALF_UP)
"""Wide enough that no product of two stored numbers is rounded before we round it."""

_AMOUNT = r"^-?[0-9]{1,14}(\.[0-9]{1,4})?$"
_SIGNED = r"^-?[0-9]{1,14}(\.[0-9]{1,6})?$"
_SUM, _SUM_ABOVE = r"^-?[0-9]{1,28}(\.[0-9]{1,6})?$", r"^[0-9]{1,28}(\.[0-9]{1,6})?$"
_UNSIGNED = r"^[0-9]{1,14}(\.[0-9]{1,6})?$"
_POSITIVE = r"^(?=.*[1-9])[0-9]{1,14}(\.[0-9]{1,6})?$"


def rounded(value: Decimal, decimals: int) -> Decimal:
    """The value with so many decimals; a half goes away from zero."""
    return value.quantize(Decimal(1).scaleb(-decimals), context=EXACT)


def rounded_up(quantity: Fraction, decimals: int) -> Decimal:
    """The quantity with so many decimals; what is needed in part is needed."""
    scaled = quantity * 10**decimals
    whole = -(-scaled.numerator // scaled.denominator)
    return Decimal(whole).scaleb(-decimals, context=EXACT)


def plain(value: Decimal) -> str:
    """The shortest decimal text of the value: no exponent, no trailing zeros."""
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def _refused(text: str, pattern: str) -> PydanticCustomError:
    """What is wrong with the text: its form, or the number it says."""
    if pattern == _AMOUNT:
        return PydanticCustomError(
            "amount_form", "Write at most 14 digits and, after a point, at most 4 more."
        )
    if not re.fullmatch(_SIGNED, text):
        return PydanticCustomError(
            "decimal_form", "Write at most 14 digits and, after a point, at most 6 more."
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


def _schema(form: str, pattern: str, example: str) -> WithJsonSchema:
    return WithJsonSchema(
        {"type": "string", "format": form, "pattern": pattern, "examples": [example]}
    )


AMOUNT, UNIT_PRICE, QUANTITY, DECIMAL = "amount", "unit-price", "quantity", "decimal"
"""Formats of the contract: what a decimal counts, and so how it is written."""

_SHORTEST = PlainSerializer(plain, return_type=str)
_AS_IT_IS = PlainSerializer("{:f}".format, return_type=str)
"""With all decimals that it has: those of its currency (`values.amounts`)."""

Quantity = Annotated[Decimal, _reader(_SIGNED), _SHORTEST, _schema(QUANTITY, _SIGNED, "2.5")]
"""A quantity of either sign with at most 6 decimals."""

NonNegativeQuantity = Annotated[
    Decimal, _reader(_UNSIGNED), _SHORTEST, _schema(QUANTITY, _UNSIGNED, "2.5")
]
"""A quantity from zero up with at most 6 decimals."""

PositiveQuantity = Annotated[
    Decimal, _reader(_POSITIVE), _SHORTEST, _schema(QUANTITY, _POSITIVE, "1")
]
"""A quantity above zero with at most 6 decimals."""

NonNegativeDecimal = Annotated[
    Decimal, _reader(_UNSIGNED), _SHORTEST, _schema(DECIMAL, _UNSIGNED, "0")
]
"""A rate or part from zero up with at most 6 decimals: no amount and no quantity."""

PositiveDecimal = Annotated[
    Decimal, _reader(_POSITIVE), _SHORTEST, _schema(DECIMAL, _POSITIVE, "1")
]
"""A rate above zero with at most 6 decimals."""

SignedDecimal = Annotated[Decimal, _SHORTEST, _schema(DECIMAL, _SUM, "12.5")]
"""A rate of either sign, as replies have it; it may have 28 digits."""

Amount = Annotated[Decimal, _reader(_UNSIGNED), _AS_IT_IS, _schema(AMOUNT, _UNSIGNED, "12.30")]
"""An amount from zero up."""

PositiveAmount = Annotated[
    Decimal, _reader(_POSITIVE), _AS_IT_IS, _schema(AMOUNT, _POSITIVE, "12.30")
]
"""An amount above zero."""

SignedAmount = Annotated[Decimal, _reader(_AMOUNT), _AS_IT_IS, _schema(AMOUNT, _AMOUNT, "-12.30")]
"""An amount of either sign with at most 4 decimals, as many as the finest currency has."""

Sum = Annotated[Decimal, _AS_IT_IS, _schema(AMOUNT, _SUM, "12.30")]
"""What many bookings come to in a report: it grows with every one, so it may have 28 digits."""

NonNegativeSum = Annotated[Decimal, _AS_IT_IS, _schema(AMOUNT, _SUM_ABOVE, "12.30")]
"""Such a sum from zero up."""

PriceAmount = Annotated[
    Decimal, _reader(_UNSIGNED), _AS_IT_IS, _schema(UNIT_PRICE, _UNSIGNED, "12.30")
]
"""What one unit costs, from zero up, with at most 6 decimals."""

UnitCost = Annotated[Decimal, _AS_IT_IS, _schema(UNIT_PRICE, _SUM, "12.30")]
"""What one unit is worth, of either sign: a sum over a quantity."""
