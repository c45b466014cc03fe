"""The working intervals of one year, with running sums: questions are answered by bisection."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import accumulate

from calendars.blocks import Block
from calendars.instants import DAY, MINUTE, day_of
from calendars.zones import even_spans

__all__ = ["Interval", "Timetable", "joined", "timetable_of"]

Interval = tuple[int, int]
"""From and until, in microseconds; the end is not part of it."""

BlocksOf = Callable[[date], tuple[Block, ...]]


def joined(intervals: Iterable[Interval]) -> Iterator[Interval]:
    """The intervals, sorted by their start, with those made one that touch or overlap."""
    last: Interval | None = None
    for start, end in intervals:
        if last is not None and start <= last[1]:
            last = (last[0], max(last[1], end))
            continue
        if last is not None:
            yield last
        last = (start, end)
    if last is not None:
        yield last


class Timetable:
    """Working intervals, and how much is worked before each of them ends."""

    def __init__(self, intervals: Iterable[Interval]) -> None:
        self.intervals = tuple(joined(sorted(intervals)))
        self._starts = [start for start, _ in self.intervals]
        self._done = list(accumulate(end - start for start, end in self.intervals))
        self.total = self._done[-1] if self._done else 0

    def works_at(self, at: int) -> bool:
        """Whether the instant is working time."""
        index = bisect_right(self._starts, at) - 1
        return index >= 0 and at < self.intervals[index][1]

    def worked_before(self, at: int) -> int:
        """How much is worked from the beginning of the year up to the instant."""
        index = bisect_right(self._starts, at) - 1
        if index < 0:
            return 0
        return self._done[index] - max(0, self.intervals[index][1] - at)

    def first_moment(self, work: int) -> int:
        """The first instant before which that much is worked; above 0, at most the total."""
        index = bisect_left(self._done, work)
        return self.intervals[index][1] - (self._done[index] - work)

    def last_moment(self, work: int) -> int:
        """The last instant before which no more is worked than that; below the total."""
        index = bisect_right(self._done, work)
        return self.intervals[index][1] - (self._done[index] - work)

    def next_start(self, at: int) -> int | None:
        """The instant itself if it is working time, else the next one; None: none this year."""
        if self.works_at(at):
            return at
        index = bisect_left(self._starts, at)
        return self._starts[index] if index < len(self._starts) else None

    def between(self, start: int, end: int) -> Iterator[Interval]:
        """The working intervals within two instants, cut off there."""
        index = max(0, bisect_right(self._starts, start) - 1)
        while index < len(self._starts) and self._starts[index] < end:
            low, high = self.intervals[index]
            if high > start:
                yield max(low, start), min(high, end)
            index += 1


def timetable_of(zone: str, year: int, blocks_of: BlocksOf) -> Timetable:
    """The working intervals of a year in UTC.

    An instant is worked if the clock on the wall shows it within a block. So an hour that the
    clock leaves out is not worked, and one that it shows twice is worked twice.
    """
    intervals: list[Interval] = []
    for begin, end, offset in even_spans(zone, year):
        first, last = (begin + offset) // DAY - 1, (end + offset - 1) // DAY
        for number in range(first, last + 1):
            midnight = number * DAY - offset
            for block in blocks_of(day_of(number)):
                low = max(begin, midnight + block.start * MINUTE)
                high = min(end, midnight + block.end * MINUTE)
                if low < high:
                    intervals.append((low, high))
    return Timetable(intervals)
