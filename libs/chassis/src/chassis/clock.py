"""The server's clock and the installation's calendar day."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

__all__ = ["business_day", "frozen", "start_at", "utc_now"]

_frozen: ContextVar[datetime | None] = ContextVar("frozen_clock", default=None)
_ahead = timedelta(0)


def utc_now() -> datetime:
    """The present instant, aware, in UTC."""
    return _frozen.get() or datetime.now(UTC) + _ahead


def business_day(zone: ZoneInfo, at: datetime | None = None) -> date:
    """The calendar day in the installation's zone, now or at the given instant."""
    return (at or utc_now()).astimezone(zone).date()


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
