"""The days on which the plant works."""

from collections.abc import Sequence
from datetime import date, timedelta

from calendars.blocks import Block
from calendars.holidays import PublicHolidays
from calendars.working import WorkingCalendar
from chassis.storage.reading import Setting
from erp.settings import settings_of

__all__ = ["working_days"]

_YEARS_BACK, _YEARS_AHEAD = 2, 4


def working_days(setting: Setting, today: date) -> Sequence[int] | None:
    """The days on which is worked here, as ordinals; None: every day is one."""
    country = settings_of(setting).planning_holidays
    if not country:
        return None
    whole = (Block(0, 24 * 60),)
    calendar = WorkingCalendar(
        str(setting.zone), dict.fromkeys(range(5), whole), holidays=PublicHolidays(country)
    )
    first = today - timedelta(days=366 * _YEARS_BACK)
    days = (first + timedelta(days=one) for one in range(366 * (_YEARS_BACK + _YEARS_AHEAD)))
    return [day.toordinal() for day in days if calendar.is_working_day(day)]
