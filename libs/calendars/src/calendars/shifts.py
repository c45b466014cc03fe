"""Shifts that run at the same time or one after the other, also over midnight."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from calendars.errors import EmptyCalendar
from calendars.instants import instant_of, micros_of, year_of, year_start
from calendars.working import WorkingCalendar

__all__ = ["ShiftPlan", "ShiftSpan"]

ShiftSpan = tuple[datetime, datetime, frozenset[str]]
"""From and until in UTC, and which shifts work meanwhile."""


@dataclass(frozen=True)
class ShiftPlan:
    """Shifts by name, each with its calendar. Two at the same time do twice the work.

    Raises EmptyCalendar for a plan without a shift.
    """

    shifts: Mapping[str, WorkingCalendar]

    def __post_init__(self) -> None:
        if not self.shifts:
            message = "a plan needs a shift"
            raise EmptyCalendar(message)

    def working_at(self, instant: datetime) -> frozenset[str]:
        """The shifts that work at the instant."""
        return frozenset(
            name for name, calendar in self.shifts.items() if calendar.is_working(instant)
        )

    def next_working(self, instant: datetime) -> datetime:
        """The instant itself if a shift works, else when the next one begins."""
        return min(calendar.next_working(instant) for calendar in self.shifts.values())

    def intervals(self, start: datetime, end: datetime) -> Iterator[ShiftSpan]:
        """The times at which a shift works, each with those that do; adjacent ones differ."""
        changes: list[tuple[datetime, bool, str]] = []
        for name, calendar in self.shifts.items():
            for low, high in calendar.intervals(start, end):
                changes += [(low, True, name), (high, False, name)]
        working: set[str] = set()
        since = start
        for at, begins, name in sorted(changes):
            if at > since and working:
                yield since, at, frozenset(working)
            since = at
            working = working | {name} if begins else working - {name}

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much all shifts together work between two instants."""
        each = (calendar.between(start, end) for calendar in self.shifts.values())
        return sum(each, timedelta())

    def add(self, instant: datetime, work: timedelta) -> datetime:
        """The first instant up to which all shifts together have done so much work.

        No work gives the instant itself. Raises OutOfCalendar.
        """
        at, left = instant_of(micros_of(instant)), work
        while left > timedelta():
            until = instant_of(year_start(year_of(micros_of(at)) + 1))
            done = self.between(at, until)
            if done >= left:
                return self._within(at, until, left)
            at, left = until, left - done
        return at

    def _within(self, at: datetime, until: datetime, left: timedelta) -> datetime:
        for low, high, working in self.intervals(at, until):
            done = (high - low) * len(working)
            if done >= left:
                return low - (-left // len(working))
            left -= done
        return until
