"""The server's clock and the installation's calendar day."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

__all__ = ["business_day", "frozen", "utc_now"]

_frozen: ContextVar[datetime | None] = ContextVar("frozen_clock", default=None)


def utc_now() -> datetime:
    """The present instant, aware, in UTC."""
    return _frozen.get() or datetime.now(UTC)


def business_day(zone: ZoneInfo, at: datetime | None = None) -> date:
    """The calendar day in the installation's zone, now or at the given instant."""
    return (at or utc_now()).astimezone(zone).date()


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Hold this context's clock at one aware instant. For tests of time rules."""
    if at.tzinfo is None:
        message = "the clock holds aware instants only"
        raise ValueError(message)
    token = _frozen.set(at.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.reset(token)
