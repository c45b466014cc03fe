"""A working calendar: hours by weekday, exceptions, public holidays, in a zone."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from calendars.blocks import Block, ordered_blocks
from calendars.dues import Pause, ordered_pauses
from calendars.errors import EmptyCalendar, NoSuchBlock
from calendars.holidays import PublicHolidays
from calendars.instants import (
    instant_of,
    micros_of,
    span_of,
    year_of,
    year_start,
)
from calendars.timetable import Interval, Timetable, joined, timetable_of
from calendars.zones import require_zone

__all__ = ["Span", "WorkingCalendar"]

Span = tuple[datetime, datetime]
"""From and until, in UTC; the end is not part of it."""

_WEEKDAYS = range(7)


@dataclass(frozen=True, eq=False)
class WorkingCalendar:
    """When work is done.

    `week` has the blocks by weekday (0 is Monday). An exception gives a day blocks of its own;
    without blocks it is a day off. It goes before the public holidays. A day worked to make up
    for another has the blocks of its weekday, or if there are none, those of the first weekday
    that is worked. Answers are in UTC. Raises EmptyCalendar, UnknownZone, OverlappingBlocks,
    NoSuchBlock.
    """

    zone: str
    week: Mapping[int, Iterable[Block]]
    exceptions: Mapping[date, Iterable[Block]] = field(default_factory=dict)
    holidays: PublicHolidays | None = None
    _week: dict[int, tuple[Block, ...]] = field(init=False, repr=False)
    _exceptions: dict[date, tuple[Block, ...]] = field(init=False, repr=False)
    _tables: dict[int, Timetable] = field(init=False, repr=False, default_factory=dict)
    _days: dict[int, list[date]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        require_zone(self.zone)
        if not set(self.week) <= set(_WEEKDAYS):
            message = "weekdays are 0 (Monday) to 6 (Sunday)"
            raise NoSuchBlock(message)
        week = {weekday: ordered_blocks(self.week.get(weekday, ())) for weekday in _WEEKDAYS}
        if not any(week.values()):
            message = "a calendar needs working hours on a weekday"
            raise EmptyCalendar(message)
        own = {day: ordered_blocks(blocks) for day, blocks in self.exceptions.items()}
        object.__setattr__(self, "_week", week)
        object.__setattr__(self, "_exceptions", own)

    def blocks_of(self, day: date) -> tuple[Block, ...]:
        """The blocks that begin on the day."""
        if day in self._exceptions:
            return self._exceptions[day]
        usual = self._week[day.weekday()]
        if self.holidays is None:
            return usual
        listed = self.holidays.of_year(day.year)
        if day in listed.worked:
            return usual or next(blocks for blocks in self._week.values() if blocks)
        return () if day in listed.off else usual

    def _table(self, year: int) -> Timetable:
        if year not in self._tables:
            self._tables[year] = timetable_of(self.zone, year, self.blocks_of)
        return self._tables[year]

    def is_working(self, instant: datetime) -> bool:
        """Whether the instant is working time: a block's start is, its end is not."""
        at = micros_of(instant)
        return self._table(year_of(at)).works_at(at)

    def next_working(self, instant: datetime) -> datetime:
        """The instant itself if it is working time, else when work begins next.

        Raises OutOfCalendar.
        """
        at = micros_of(instant)
        year = year_of(at)
        while (found := self._table(year).next_start(at)) is None:
            year += 1
            at = year_start(year)
        return instant_of(found)

    def add(self, instant: datetime, work: timedelta) -> datetime:
        """The first instant up to which so much has been worked since; below zero: subtract.

        No time at all gives the instant itself. Raises OutOfCalendar.
        """
        if work < timedelta():
            return self.subtract(instant, -work)
        at, left = micros_of(instant), span_of(work)
        if not left:
            return instant_of(at)
        year = year_of(at)
        done = self._table(year).worked_before(at)
        while done + left > self._table(year).total:
            left -= self._table(year).total - done
            year, done = year + 1, 0
        return instant_of(self._table(year).first_moment(done + left))

    def subtract(self, instant: datetime, work: timedelta) -> datetime:
        """The last instant from which so much has been worked until this one.

        Raises OutOfCalendar.
        """
        if work < timedelta():
            return self.add(instant, -work)
        at, left = micros_of(instant), span_of(work)
        if not left:
            return instant_of(at)
        year = year_of(at)
        done = self._table(year).worked_before(at)
        while left > done:
            left -= done
            year -= 1
            done = self._table(year).total
        return instant_of(self._table(year).last_moment(done - left))

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much is worked between two instants; below zero if the end is the earlier one."""
        low, high = micros_of(start), micros_of(end)
        if high < low:
            return -self.between(end, start)
        first, last = year_of(low), year_of(high)
        whole = sum(self._table(year).total for year in range(first, last))
        micros = whole - self._table(first).worked_before(low)
        micros += self._table(last).worked_before(high)
        return timedelta(microseconds=micros)

    def _intervals(self, low: int, high: int) -> Iterator[Interval]:
        for year in range(year_of(low), year_of(high) + 1):
            yield from self._table(year).between(low, high)

    def intervals(self, start: datetime, end: datetime) -> Iterator[Span]:
        """The working intervals from one instant to another, cut off there, each after the last."""
        for low, high in joined(self._intervals(micros_of(start), micros_of(end))):
            yield instant_of(low), instant_of(high)

    def free(self, start: datetime, end: datetime, busy: Iterable[Span] = ()) -> Iterator[Span]:
        """The working intervals that nothing of what is busy covers."""
        taken = sorted((micros_of(one), micros_of(other)) for one, other in busy)
        blocked = [one for one in joined(taken) if one[0] < one[1]]
        at = 0
        for low, high in joined(self._intervals(micros_of(start), micros_of(end))):
            while at < len(blocked) and blocked[at][1] <= low:
                at += 1
            for one in _uncovered((low, high), blocked, at):
                yield instant_of(one[0]), instant_of(one[1])

    def due(
        self, start: datetime, work: timedelta, pauses: Iterable[Pause] = ()
    ) -> datetime | None:
        """When so much has been worked since the start, the pauses left out.

        None: the last pause has no end yet, and the work was not done before it.
        """
        at, left = start, work
        for pause in ordered_pauses(pauses):
            if pause.end is not None and pause.end <= at:
                continue
            found = self.add(at, left)
            if found <= max(at, pause.start):
                return found
            if pause.end is None:
                return None
            left -= max(timedelta(), self.between(at, max(at, pause.start)))
            at = pause.end
        return self.add(at, left)

    def is_working_day(self, day: date) -> bool:
        """Whether a block begins on the day."""
        return bool(self.blocks_of(day))

    def _working_days(self, year: int) -> list[date]:
        if year not in self._days:
            year_start(year)  # no year is asked for beyond those covered
            first = date(year, 1, 1).toordinal()
            after = date(year + 1, 1, 1).toordinal()
            days = map(date.fromordinal, range(first, after))
            self._days[year] = [day for day in days if self.blocks_of(day)]
        return self._days[year]

    def next_working_day(self, day: date) -> date:
        """The first working day after the day. Raises OutOfCalendar."""
        return self.add_working_days(day, 1)

    def previous_working_day(self, day: date) -> date:
        """The last working day before the day. Raises OutOfCalendar."""
        return self.add_working_days(day, -1)

    def add_working_days(self, day: date, number: int) -> date:
        """The working day so many after the day, or before it if the number is below zero.

        None gives the day itself. Raises OutOfCalendar.
        """
        if not number:
            return day
        year, days = day.year, self._working_days(day.year)
        if number > 0:
            at = bisect_right(days, day) + number - 1
            while at >= len(days):
                at -= len(days)
                year += 1
                days = self._working_days(year)
            return days[at]
        at = bisect_left(days, day) + number
        while at < 0:
            year -= 1
            days = self._working_days(year)
            at += len(days)
        return days[at]


def _uncovered(whole: Interval, blocked: list[Interval], at: int) -> Iterator[Interval]:
    """What the blocked intervals, from that place in their list on, leave of the whole."""
    low, high = whole
    while at < len(blocked) and blocked[at][0] < high:
        if blocked[at][0] > low:
            yield low, blocked[at][0]
        low = max(low, blocked[at][1])
        at += 1
    if low < high:
        yield low, high
