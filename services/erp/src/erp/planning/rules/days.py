"""Working days as planning counts them: a list that can be searched, or every day."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

__all__ = ["earlier", "later", "on_or_before", "working_between"]

Days = Sequence[int] | None
"""Working days in order; None: every day is one. Before and after the list every day is one."""


def on_or_before(days: Days, day: int) -> int:
    """The day itself if it is worked, else the last working day before it."""
    if not days or day < days[0] or day > days[-1]:
        return day
    return days[bisect_right(days, day) - 1]


def earlier(days: Days, day: int, number: int) -> int:
    """The working day so many before the day (E54)."""
    if not number or not days:
        return day - number
    beyond = max(0, day - days[-1] - 1)
    if number <= beyond:
        return day - number
    at = bisect_left(days, day) - (number - beyond)
    return days[at] if at >= 0 else min(day, days[0]) + at


def later(days: Days, day: int, number: int) -> int:
    """The working day so many after the day."""
    if not number or not days:
        return day + number
    before = max(0, days[0] - day - 1)
    if number <= before:
        return day + number
    at = bisect_right(days, day) + (number - before) - 1
    return days[at] if at < len(days) else max(day, days[-1]) + at - len(days) + 1


def working_between(days: Days, first: int, last: int) -> int:
    """How many working days lie after the first up to the last day; 0 where it is no later."""
    if last <= first:
        return 0
    if not days:
        return last - first
    before = max(0, min(last, days[0] - 1) - first)
    beyond = max(0, last - max(first, days[-1]))
    return before + beyond + bisect_right(days, last) - bisect_right(days, first)
