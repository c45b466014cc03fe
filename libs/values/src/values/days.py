"""Days and moments as they are written in JSON, and in no other way."""

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

__all__ = ["Day", "Instant"]

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
)


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
