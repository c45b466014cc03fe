"""The same questions answered minute by minute, in the plainest way there is."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from calendars.working import WorkingCalendar

MINUTE = timedelta(minutes=1)


def works(calendar: WorkingCalendar, instant: datetime) -> bool:
    """Whether the clock on the wall shows the instant inside a block."""
    wall = instant.astimezone(ZoneInfo(calendar.zone))
    minute = wall.hour * 60 + wall.minute
    today, yesterday = wall.date(), wall.date() - timedelta(days=1)
    return any(one.start <= minute < one.end for one in _blocks(calendar, today)) or any(
        minute + 1440 < one.end for one in _blocks(calendar, yesterday)
    )


def _blocks(calendar, day: date):
    if day in calendar.exceptions:
        return calendar.exceptions[day]
    return calendar.week.get(day.weekday(), ())


def minutes(start: datetime, end: datetime) -> Iterator[datetime]:
    """Each minute from the start up to the end."""
    at = start
    while at < end:
        yield at
        at += MINUTE


def between(calendar, start: datetime, end: datetime) -> timedelta:
    """How many of the minutes are worked."""
    return MINUTE * sum(works(calendar, at) for at in minutes(start, end))


def add(calendar, start: datetime, work: timedelta, end: datetime) -> datetime | None:
    """The minute up to which so much has been worked; None: not before the end."""
    if not work:
        return start
    for at in minutes(start, end):
        work -= MINUTE * works(calendar, at)
        if not work:
            return at + MINUTE
    return None


def subtract(calendar, start: datetime, work: timedelta, end: datetime) -> datetime | None:
    """The minute from which so much is worked up to the start; None: not after the end."""
    at = start
    while work and at > end:
        at -= MINUTE
        work -= MINUTE * works(calendar, at)
    return at if not work else None
