"""Phone numbers: compared in E.164, kept as they were typed.

E.164 knows no extensions: a number with one is shown as it was typed, and found by its digits.

A number that the numbering plans call invalid may still be real (they change faster than address
books do), so it is kept, and found by its last digits.
"""

from dataclasses import dataclass
from typing import Annotated

import phonenumbers
from pydantic import StringConstraints

from values.text import ONE_LINE

__all__ = [
    "NO_PHONE",
    "TAIL_DIGITS",
    "Phone",
    "PhoneText",
    "is_region",
    "phone_of",
    "trailing_digits",
]

PhoneText = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=60, pattern=ONE_LINE)
]
"""A phone number as people write it; empty where none is known."""

TAIL_DIGITS = 8
"""Digits that two spellings of one number share, whatever stands before them."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone number: as typed, in E.164, and its digits without an extension.

    `e164` is empty where E.164 cannot say it: it is not valid, or has an extension.
    """

    raw: str
    e164: str
    digits: str

    @property
    def shown(self) -> str:
        """The number for others: E.164 where that says all of it, else as typed."""
        return self.e164 or self.raw

    def is_spelled(self, text: str) -> bool:
        """Whether the text is this number as it was typed or as we show it."""
        return text.strip() in {self.raw, self.e164 or self.raw}


NO_PHONE = Phone("", "", "")


def is_region(code: str) -> bool:
    """Whether the country has a telephone code."""
    return code in phonenumbers.SUPPORTED_REGIONS


def phone_of(text: str, *, region: str) -> Phone:
    """The number of a text. Without a country code it is taken as one of the region's."""
    raw = text.strip()
    try:
        number = phonenumbers.parse(raw, region)
    except phonenumbers.NumberParseException:
        return Phone(raw, "", digits_of(raw))
    if not phonenumbers.is_valid_number(number):
        return Phone(raw, "", digits_of(raw))
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Phone(raw, "" if number.extension else e164, e164.removeprefix("+"))


def digits_of(text: str) -> str:
    """The decimal digits of a text, in ASCII: full-width ones count too."""
    return "".join(str(int(sign)) for sign in text if sign.isdecimal())


def trailing_digits(text: str) -> str:
    """The last digits, at most 8: what different spellings of one number end with."""
    return digits_of(text)[-TAIL_DIGITS:]
