"""Working time in minutes: what is worked up to a moment, and when work that begins then ends."""

from bisect import bisect_left, bisect_right
from functools import lru_cache
from itertools import accumulate

from erp.scheduling.rules.problem import Hours

__all__ = ["WorkingTime", "shared", "working_time"]


class WorkingTime:
    """Intervals of work, with running sums.

    Worked minutes count from 0 at the beginning of the first interval: so work that breaks
    interrupt is one piece of them, whatever lies in between.
    """

    def __init__(self, hours: Hours) -> None:
        self.hours = hours
        self.starts = [start for start, _ in hours]
        self.ends = [end for _, end in hours]
        done = list(accumulate((end - start for start, end in hours), initial=0))
        self.before = done[:-1]
        """What is worked before each interval."""
        self.total = done[-1]

    def worked(self, at: int) -> int:
        """How much is worked before the moment."""
        index = bisect_right(self.starts, at) - 1
        if index < 0:
            return 0
        return self.before[index] + min(at, self.ends[index]) - self.starts[index]

    def begin(self, work: int) -> int | None:
        """When the minute with that number is worked; None: there is none."""
        index = bisect_right(self.before, work) - 1
        if work >= self.total or index < 0:
            return None
        return self.starts[index] + work - self.before[index]

    def end(self, work: int) -> int:
        """The first moment before which that much is worked; above 0, at most the total."""
        index = bisect_left(self.before, work) - 1
        return self.starts[index] + work - self.before[index]

    def next(self, at: int) -> int | None:
        """The moment itself if it is worked, else the next that is; None: none is."""
        return self.begin(self.worked(at))

    def add(self, start: int, minutes: int) -> int | None:
        """When work that begins at a worked moment ends; None: not within the hours."""
        if minutes == 0:
            return start
        work = self.worked(start) + minutes
        return self.end(work) if work <= self.total else None

    def back(self, start: int, minutes: int) -> int | None:
        """The last moment from which so much is worked until `start`; None: there is none."""
        if minutes == 0:
            return start
        work = self.worked(start) - minutes
        return self.begin(work) if work >= 0 else None

    def next_block(self, at: int, minutes: int) -> int | None:
        """The first moment from which so much is worked without a break; None: there is none."""
        index = max(0, bisect_right(self.starts, at) - 1)
        for start, end in self.hours[index:]:
            begin = max(start, at)
            if begin < end and end - begin >= minutes:
                return begin
        return None

    def next_run(self, at: int, minutes: int, *, split: bool) -> tuple[int, int] | None:
        """Start and end of the first run of so many minutes; None: it ends within no hours."""
        start = self.next(at) if split else self.next_block(at, minutes)
        end = None if start is None else self.add(start, minutes)
        return None if start is None or end is None else (start, end)

    @property
    def longest(self) -> int:
        """The longest time without a break."""
        return max((end - start for start, end in self.hours), default=0)


@lru_cache(maxsize=512)
def working_time(hours: Hours) -> WorkingTime:
    """The working time of these hours, made once."""
    return WorkingTime(hours)


@lru_cache(maxsize=2048)
def shared(several: tuple[Hours, ...]) -> Hours:
    """When all of them work."""
    first, *others = several
    for other in others:
        first = _both(first, other)
    return first


def _both(one: Hours, other: Hours) -> Hours:
    if one == other:
        return one
    found = []
    mine = theirs = 0
    while mine < len(one) and theirs < len(other):
        start = max(one[mine][0], other[theirs][0])
        end = min(one[mine][1], other[theirs][1])
        if start < end:
            found.append((start, end))
        if one[mine][1] <= other[theirs][1]:
            mine += 1
        else:
            theirs += 1
    return tuple(found)
