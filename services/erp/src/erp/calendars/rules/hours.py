"""The library's calendar of what a record says, and its working blocks in a month."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Protocol

from calendars.blocks import Block
from calendars.holidays import HolidayYear, PublicHolidays
from calendars.working import WorkingCalendar

__all__ = ["Hours", "days_of_month", "holidays_of", "working_calendar"]


class Hours(Protocol):
    """What a record says of working hours; blocks as JSON has them."""

    @property
    def zone(self) -> str:
        """An IANA zone."""

    @property
    def country(self) -> str:
        """The country of the public holidays; empty: none are off."""

    @property
    def region(self) -> str:
        """The region of the country; empty: what is off everywhere in it."""

    @property
    def hours(self) -> Sequence[Mapping[str, Any]]:
        """Blocks by weekday, 1 is Monday."""

    @property
    def exceptions(self) -> Sequence[Mapping[str, Any]]:
        """Blocks of single days."""


def _blocks(given: Iterable[Mapping[str, Any]]) -> list[Block]:
    return [Block.of(one["start"], one["end"]) for one in given]


def holidays_of(record: Hours) -> PublicHolidays | None:
    """The public holidays that are off. Raises UnknownHolidays."""
    if not record.country and not record.region:
        return None
    return PublicHolidays(record.country, record.region or None)


def working_calendar(record: Hours) -> WorkingCalendar:
    """The calendar of what the record says. Raises CalendarError."""
    week: dict[int, list[Block]] = {}
    for one in record.hours:
        week.setdefault(one["weekday"] - 1, []).extend(_blocks([one]))
    own = {date.fromisoformat(one["day"]): _blocks(one["hours"]) for one in record.exceptions}
    return WorkingCalendar(record.zone, week, own, holidays_of(record))


def days_of_month(record: Hours, month: date, language: str) -> list[dict[str, Any]]:
    """Each day of the month with its blocks, and why they are not the usual ones."""
    calendar, public = working_calendar(record), holidays_of(record)
    listed = public.of_year(month.year, language) if public else HolidayYear({}, frozenset())
    own = {one["day"]: one for one in record.exceptions}
    first = month.replace(day=1)
    days = [first + timedelta(days=at) for at in range(31)]
    return [
        {
            "day": day,
            "hours": [
                dict(zip(("start", "end"), str(block).split("-"), strict=True))
                for block in calendar.blocks_of(day)
            ],
            "minutes": sum(block.minutes for block in calendar.blocks_of(day)),
            "kind": _kind(day, own, listed, works=bool(calendar.blocks_of(day))),
            "name": own.get(day.isoformat(), {}).get("name") or listed.off.get(day, ""),
        }
        for day in days
        if day.month == first.month
    ]


def _kind(day: date, own: Mapping[str, Any], listed: HolidayYear, *, works: bool) -> str:
    if day.isoformat() in own:
        return "exception"
    if day in listed.worked:
        return "make_up"
    if day in listed.off:
        return "holiday"
    return "working" if works else "rest"
