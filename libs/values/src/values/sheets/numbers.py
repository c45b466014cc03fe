"""Numbers as files write them: exact, by declared signs, and nothing that is not surely one."""

import re
from collections.abc import Collection
from decimal import ROUND_HALF_UP, Context, Decimal

from values.sheets.refused import Refused

__all__ = ["check_one_reading", "check_undamaged", "exact", "scaled", "whole_number"]

DIGITS_MAX = 28
_EXACT = Context(prec=80)
_ASCII = str.maketrans("０１２３４５６７８９．，＋－\u2212\u2019", "0123456789.,+--'")
_BLANKS = re.compile(r"[\u00a0\u2009\u202f]")
_TWO_READINGS = re.compile(r"[+(-]? ?[1-9]\d{0,2}\.\d{3} ?[)-]?", re.ASCII)
_SCIENTIFIC = re.compile(r"[+-]?\d+([.,]\d+)?E[+-]\d{2,3}")
_HIDDEN = re.compile(r"#{3,}|#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!)")
_SHORTENED = (
    "{text} is what a spreadsheet made of a longer number; its digits are lost. "
    "Export the column as text."
)
_NOT_SHOWN = "{text} is a spreadsheet's sign for a value it could not show."
_TWO_NUMBERS = (
    '{text} may be {whole} or a fraction. Say `decimal: "."`, or `decimal: ","` and '
    '`thousands: "."`.'
)
_NO_NUMBER = "{text} is no decimal number such as {shown}."
_TOO_LONG = "{text} has more than {most} digits."
_NOT_WHOLE = "{text} is no whole number."


def check_undamaged(text: str) -> None:
    """Refuse what a spreadsheet leaves of a value that it could not show. Raises Refused."""
    if _SCIENTIFIC.fullmatch(text):
        raise Refused("damaged", _SHORTENED, text=repr(text))
    if _HIDDEN.fullmatch(text):
        raise Refused("damaged", _NOT_SHOWN, text=repr(text))


def check_one_reading(text: str) -> None:
    """Refuse a number such as `1.234`, in which the point may part thousands. Raises Refused."""
    plain = _BLANKS.sub(" ", text).translate(_ASCII)
    if _TWO_READINGS.fullmatch(plain):
        raise Refused(
            "ambiguous_number", _TWO_NUMBERS, text=repr(text), whole=plain.replace(".", "")
        )


def exact(text: str, *, decimal: str, thousands: str, negative: Collection[str] = ()) -> Decimal:
    """The number of a text; `negative`: whether `5-` and `(5)` are written for -5. Raises Refused.

    Full-width digits count as digits. Exponents, units and signs that are not declared do not.
    """
    plain = _BLANKS.sub(" ", text).translate(_ASCII)
    if "trailing" in negative and plain.endswith("-"):
        plain = f"-{plain[:-1].rstrip()}"
    elif "parentheses" in negative and plain.startswith("(") and plain.endswith(")"):
        plain = f"-{plain[1:-1].strip()}"
    point = re.escape(decimal)
    whole = rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+|\d+" if thousands else r"\d+"
    found = re.fullmatch(rf"([+-]?)({whole})?(?:{point}(\d+))?", plain, re.ASCII)
    if found is None or (found[2] is None and found[3] is None):
        raise Refused("not_decimal", _NO_NUMBER, text=repr(text), shown=f"12{decimal}30")
    digits = (found[2] or "0").replace(thousands, "") if thousands else found[2] or "0"
    if len(digits) + len(found[3] or "") > DIGITS_MAX:
        raise Refused("too_long", _TOO_LONG, text=repr(text), most=DIGITS_MAX)
    return Decimal(f"{found[1]}{digits}.{found[3] or '0'}" if found[3] else f"{found[1]}{digits}")


def scaled(number: Decimal, times: Decimal | None, digits: int | None) -> str:
    """The number multiplied and rounded half-up, written without an exponent."""
    if times is not None:
        number = _EXACT.multiply(number, times)
    if digits is not None:
        number = number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _EXACT)
    return format(number, "f")


def whole_number(text: str, *, thousands: str = "") -> int:
    """The whole number. Raises Refused."""
    plain = _BLANKS.sub(" ", text).translate(_ASCII)
    groups = rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+|" if thousands else ""
    if not re.fullmatch(rf"[+-]?(?:{groups}\d{{1,18}})", plain, re.ASCII):
        raise Refused("not_int", _NOT_WHOLE, text=repr(text))
    return int(plain.replace(thousands, "") if thousands else plain)
