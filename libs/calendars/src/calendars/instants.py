"""Instants as whole microseconds since 1970 in UTC, so that sums are exact."""

from datetime import UTC, date, datetime, timedelta

from calendars.errors import OutOfCalendar

__all__ = [
    "DAY",
    "FIRST_YEAR",
    "LAST_YEAR",
    "MINUTE",
    "SECOND",
    "day_number",
    "day_of",
    "instant_of",
    "micros_of",
    "span_of",
    "year_of",
    "year_start",
]

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE
FIRST_YEAR, LAST_YEAR = 1900, 2999
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_MICROSECOND = timedelta(microseconds=1)


def micros_of(instant: datetime) -> int:
    """The instant as a number. Raises OutOfCalendar for a time without a zone, or far away."""
    if instant.tzinfo is None:
        message = "an instant needs a zone"
        raise OutOfCalendar(message)
    if not FIRST_YEAR < instant.year < LAST_YEAR:
        message = f"calendars cover the years {FIRST_YEAR + 1} to {LAST_YEAR - 1}"
        raise OutOfCalendar(message)
    return (instant - _EPOCH) // _MICROSECOND


def span_of(length: timedelta) -> int:
    """A length of time in microseconds."""
    return length // _MICROSECOND


def instant_of(micros: int) -> datetime:
    """The instant in UTC."""
    return _EPOCH + timedelta(microseconds=micros)


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _EPOCH_ORDINAL


def day_of(number: int) -> date:
    """The day that lies so many days after 1970-01-01."""
    return date.fromordinal(_EPOCH_ORDINAL + number)


def year_of(micros: int) -> int:
    """The year of the instant in UTC."""
    return instant_of(micros).year


def year_start(year: int) -> int:
    """When the year begins in UTC. Raises OutOfCalendar beyond the years covered."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        message = f"calendars cover the years {FIRST_YEAR} to {LAST_YEAR}"
        raise OutOfCalendar(message)
    return day_number(date(year, 1, 1)) * DAY
