"""How days, numbers and amounts are printed in the language of a document; its fingerprint."""

import hashlib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

from values.decimals import plain

__all__ = ["address", "amount", "day", "hash_of", "number", "percent"]

_LOCALES = {"en": "en", "zh-CN": "zh_Hans_CN"}
_CENT = Decimal(100)
_LINES = ("line1", "line2", "city", "region", "postal_code", "country")
_LINES_ZH = ("country", "region", "city", "line1", "line2", "postal_code")


def day(on: date, language: str) -> str:
    """The day in words: November 29, 2026; 2026年11月29日."""
    return format_date(on, format="long", locale=_LOCALES[language])


def amount(value: Decimal, currency: str, language: str) -> str:
    """The amount with its currency and the digits of it: CN¥1,234.50; ¥1,234.50."""
    return format_currency(value, currency, locale=_LOCALES[language])


def number(value: Decimal, language: str, *, kept: bool = False) -> str:
    """The number with all its decimals, and none that say nothing, unless `kept`: 1,234.5."""
    shown = value if kept else Decimal(plain(value))
    return format_decimal(shown, locale=_LOCALES[language], decimal_quantization=False)


def percent(part: Decimal) -> str:
    """The part, 0 to 1, in percent: 7.5 %."""
    return f"{plain(part * _CENT)} %"


def address(parts: Mapping[str, str], language: str) -> str:
    """An address in one line, in the order of the language; empty where nothing is known."""
    order, between = (_LINES_ZH, "") if language == "zh-CN" else (_LINES, ", ")
    found = [parts.get(name, "") for name in order]
    return (between or " ").join(one for one in found if one)


def hash_of(text: str) -> str:
    """SHA-256 of the text in UTF-8, in hexadecimal: by it one proves which text was agreed to."""
    return hashlib.sha256(text.encode()).hexdigest()
