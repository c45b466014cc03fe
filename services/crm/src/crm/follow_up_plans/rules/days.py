"""On which day a step of a follow-up plan is due."""

from collections.abc import Callable
from datetime import date, timedelta

__all__ = ["due_day", "is_weekday"]

DAYS_LOOKED_AT = 3660
SATURDAY = 5


def is_weekday(day: date) -> bool:
    """Whether it is a working day where there is no calendar: Monday to Friday."""
    return day.weekday() < SATURDAY


def due_day(
    begin: date, delay_days: int, *, working_days: bool, is_working: Callable[[date], bool]
) -> date:
    """The day so many days after `begin`; of working days only those of the calendar count.

    A step without a delay in working days is due on the first working day from `begin` on. Where
    a calendar has too few working days, the days of the week count.
    """
    if not working_days:
        return begin + timedelta(days=delay_days)
    for calendar in (is_working, is_weekday):
        day, left = begin, delay_days
        for _ in range(DAYS_LOOKED_AT):
            if calendar(day) and left <= 0:
                return day
            day += timedelta(days=1)
            left -= calendar(day)
    return begin + timedelta(days=delay_days)
