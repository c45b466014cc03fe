"""Kinds of custom fields: how a value is written, kept and ordered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field, StrictBool, StringConstraints, TypeAdapter
from pydantic_core import PydanticCustomError

from values.days import Day, Instant
from values.decimals import Quantity, plain, rounded
from values.email import Email
from values.money import MoneyView
from values.phone import PhoneText, phone_of
from values.sorting import sort_key
from values.text import ONE_LINE

__all__ = ["KINDS", "LARGEST_SCALE", "Kind", "KindRules", "form_of", "order_of", "plain_value"]

LARGEST_SCALE = 6
LARGEST_WHOLE = 2**53 - 1
"""The largest whole number that every reader of JSON takes as it is."""


class Kind(StrEnum):
    """What a custom field holds."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    MONEY = "money"
    WHOLE_NUMBER = "whole_number"
    YES_NO = "yes_no"
    DAY = "day"
    INSTANT = "instant"
    CHOICE = "choice"
    CHOICES = "choices"
    REFERENCE = "reference"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"


@dataclass(frozen=True, kw_only=True)
class KindRules:
    """What a field of the kind may say of its values.

    `settings`: names of the settings that only some kinds have; `order`: the text by which two
    values are ordered, where they can be; `filtered`: whether lists may be filtered by it.
    """

    settings: frozenset[str] = frozenset()
    order: Callable[[Any], str] | None = None
    filtered: bool = True


def _ordered_number(value: Any) -> str:
    """A number of at most 17 digits before the point, moved above zero, as wide as all others."""
    return f"{Decimal(value) + 10**17:027.{LARGEST_SCALE}f}"


def _ordered_instant(value: str) -> str:
    return datetime.fromisoformat(value).strftime("%Y-%m-%dT%H:%M:%S.%f")


_LENGTHS = frozenset({"min_length", "max_length", "pattern"})
_RANGE = frozenset({"min", "max"})

KINDS: Mapping[Kind, KindRules] = {
    Kind.TEXT: KindRules(settings=_LENGTHS, order=sort_key),
    Kind.LONG_TEXT: KindRules(settings=_LENGTHS, filtered=False),
    Kind.NUMBER: KindRules(settings=_RANGE | {"scale"}, order=_ordered_number),
    Kind.MONEY: KindRules(),
    Kind.WHOLE_NUMBER: KindRules(settings=_RANGE, order=_ordered_number),
    Kind.YES_NO: KindRules(order=lambda value: "1" if value else "0"),
    Kind.DAY: KindRules(settings=_RANGE, order=str),
    Kind.INSTANT: KindRules(settings=_RANGE, order=_ordered_instant),
    Kind.CHOICE: KindRules(settings=frozenset({"choices"}), order=str),
    Kind.CHOICES: KindRules(settings=frozenset({"choices"})),
    Kind.REFERENCE: KindRules(settings=frozenset({"refers_to"})),
    Kind.EMAIL: KindRules(order=str.casefold),
    Kind.PHONE: KindRules(order=str),
    Kind.URL: KindRules(order=str.casefold),
}
"""What each kind of field can do."""


def order_of(kind: str, value: Any) -> str:
    """The text by which the value is ordered among others of its field; "" for none."""
    order = KINDS[Kind(kind)].order
    return order(value) if order and value is not None else ""


def plain_value(kind: str, value: Any, *, scale: int | None, region: str) -> Any:
    """A value that was read as the record keeps it, in JSON: one form for each value.

    `region`: the country of phone numbers without a country code.
    """
    if kind == Kind.NUMBER:
        return f"{rounded(value, scale or 0) + 0:f}"
    if kind == Kind.PHONE:
        return phone_of(value, region=region).shown
    if kind == Kind.MONEY:
        return value.model_dump(mode="json")
    if kind == Kind.INSTANT:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date | UUID):
        return str(value)
    return value


@lru_cache(maxsize=1024)
def form_of(kind: str, pattern: str = "") -> tuple[TypeAdapter[Any], ...]:
    """What reads values of the kind, one after the other."""
    forms = [TypeAdapter(_FORMS[Kind(kind)])]
    if pattern:
        forms.append(TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)]))
    return tuple(forms)


def _number(value: Decimal) -> Decimal:
    return Decimal(plain(value))


def _web_address(value: str) -> str:
    if not value.lower().startswith(("http://", "https://")) or "." not in value.split("://")[1]:
        raise PydanticCustomError("url_form", "Write the address with https:// or http://.")
    return value


_OPTION = Annotated[str, StringConstraints(max_length=64)]
_FORMS: Mapping[Kind, Any] = {
    Kind.TEXT: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=1000, pattern=ONE_LINE)
    ],
    Kind.LONG_TEXT: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=10_000, pattern=r"^[^\x00]*$")
    ],
    Kind.NUMBER: Annotated[Quantity, AfterValidator(_number)],
    Kind.MONEY: MoneyView,
    Kind.WHOLE_NUMBER: Annotated[int, Field(strict=True, ge=-LARGEST_WHOLE, le=LARGEST_WHOLE)],
    Kind.YES_NO: StrictBool,
    Kind.DAY: Day,
    Kind.INSTANT: Instant,
    Kind.CHOICE: _OPTION,
    Kind.CHOICES: Annotated[list[_OPTION], Field(min_length=1, max_length=200)],
    Kind.REFERENCE: UUID,
    Kind.EMAIL: Email,
    Kind.PHONE: PhoneText,
    Kind.URL: Annotated[
        str,
        StringConstraints(strip_whitespace=True, max_length=2000, pattern=r"^[^\s\x00-\x1f\x7f]+$"),
        AfterValidator(_web_address),
    ],
}
