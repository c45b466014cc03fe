"""Kinds of text that the CRM takes: trimmed, bounded, without control characters."""

import re
import unicodedata
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

__all__ = [
    "LARGEST_BATCH",
    "Code",
    "Command",
    "Day",
    "Emptied",
    "ExternalId",
    "Facts",
    "Instant",
    "Language",
    "Line",
    "Name",
    "Note",
    "OptionalLine",
    "OptionalNote",
    "PhoneText",
    "SourceVersion",
    "Status",
    "System",
    "TaxId",
    "Word",
    "left_out",
]

LARGEST_BATCH = 500
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_ONE_LINE = r"^[^\x00-\x1f\x7f]*$"
_INVISIBLE = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
"""Categories of signs that a reader does not see: controls, invisible signs, and blanks."""

Facts = dict[str, Any]
"""Fields of a record that somebody gave, by name; a field left out is not in it."""


def _empty_text(text: str | None) -> str:
    return text or ""


Emptied = AfterValidator(_empty_text)
"""Takes null for the empty text, as a merge patch says it: `Annotated[Line | None, Emptied]`."""


def left_out() -> Any:
    """Stands in for a field of a change that was not given: what it holds is never read."""
    return None


class Command(BaseModel):
    """What a caller asks for. A field we do not know is refused, so that no typo is lost."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def given(self, *besides: str) -> Facts:
        """The fields that were given, by name, without those named."""
        names = self.model_fields_set.difference(besides)
        return {name: getattr(self, name) for name in names}


def _a_day(value: Any) -> Any:
    """Let a day pass that is written as one; a number of seconds since 1970 is none."""
    if isinstance(value, str) and _DAY.fullmatch(value):
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise PydanticCustomError("day_form", "Write the day as YYYY-MM-DD.")


Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2999, 12, 31)), BeforeValidator(_a_day)]
"""A day of business life, written YYYY-MM-DD. The first and the last day of the calendar are no
days: the database driver takes them for "since ever" and "for ever"."""


def _an_instant(value: Any) -> Any:
    """Let a time pass that is written as one, with its zone."""
    if isinstance(value, datetime) or (isinstance(value, str) and _INSTANT.fullmatch(value)):
        return value
    raise PydanticCustomError(
        "time_form", "Write the time as YYYY-MM-DDThh:mm:ssZ, or with another zone."
    )


Instant = Annotated[datetime, BeforeValidator(_an_instant)]
"""A moment, written as RFC 3339 says."""

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=_ONE_LINE)]
"""One line of text; may be empty."""

OptionalLine = Annotated[Line | None, Emptied]


def _visible(name: str) -> str:
    signs = unicodedata.normalize("NFKC", name)
    if all(unicodedata.category(sign) in _INVISIBLE for sign in signs):
        raise PydanticCustomError("nothing_to_read", "Write at least one sign that can be seen.")
    return name


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_ONE_LINE),
    AfterValidator(_visible),
]
"""What people call it; never empty, nor of invisible signs only."""

Note = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=4000, pattern=r"^[^\x00]*$")
]
"""Text of several lines; may be empty."""

OptionalNote = Annotated[Note | None, Emptied]

Word = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=64, pattern=r"^[^\s\x00-\x1f\x7f]*$"),
]
"""A word without blanks; may be empty."""

Code = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=64, pattern=r"^[^\s\x00-\x1f\x7f]+$"
    ),
]
"""A word without blanks that names a record."""

TaxId = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_upper=True, max_length=32, pattern=r"^[0-9A-Za-z ./-]*$"
    ),
]
"""A tax registration number, in capitals; empty where none is known."""

PhoneText = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=60, pattern=_ONE_LINE)
]
"""A phone number as people write it; empty where none is known."""

Language = Annotated[
    str, StringConstraints(max_length=35, pattern=r"^([a-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$")
]
"""A language tag such as zh-CN; empty where none is known."""

Status = Literal["active", "archived"]

System = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9_-]{0,31}$",
        description="The short name of the other system: `erp`, `shop`, ...",
    ),
]
"""The short name of another system."""

ExternalId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, pattern=_ONE_LINE),
    Field(description="The record's id in the other system."),
]
"""A record's id in the system it comes from."""

SourceVersion = Annotated[
    int,
    Field(
        strict=True,
        ge=1,
        le=2**53 - 1,
        description="Version of the sender's record. One that is not newer than the last taken "
        "changes nothing.",
    ),
]
"""The sender's own count of the record's changes."""
