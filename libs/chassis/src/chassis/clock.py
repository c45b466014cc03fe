"""The server's clock and the installation's calendar day."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

__all__ = ["business_day", "days_between", "frozen", "start_at", "start_of_day", "utc_now"]

_frozen: ContextVar[datetime | None] = ContextVar("frozen_clock", default=None)
_ahead = timedelta(0)


def utc_now() -> datetime:
    """The present instant, aware, in UTC."""
    return _frozen.get() or datetime.now(UTC) + _ahead


def business_day(zone: ZoneInfo, at: datetime | None = None) -> date:
    """The calendar day in the installation's zone, now or at the given instant."""
    return (at or utc_now()).astimezone(zone).date()


def start_of_day(zone: ZoneInfo, day: date) -> datetime:
    """The instant at which a day begins in the installation's zone."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def days_between(
    zone: ZoneInfo, first: date | None, last: date | None
) -> tuple[datetime | None, datetime | None]:
    """The instants at which the first day begins and the last has ended; None: no such end."""
    begin = start_of_day(zone, first) if first else None
    return begin, start_of_day(zone, last + timedelta(days=1)) if last else None


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Hold this context's clock at one aware instant. For tests of time rules."""
    token = _frozen.set(_aware(at))
    try:
        yield
    finally:
        _frozen.reset(token)


def start_at(at: datetime) -> None:
    """Let this process's clock go on from an aware instant. For tests at other times of day."""
    global _ahead  # noqa: PLW0603 - one clock for the whole process, as the system's is
    _ahead = _aware(at) - datetime.now(UTC)


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        message = "the clock holds aware instants only"
        raise ValueError(message)
    return at.astimezone(UTC)
