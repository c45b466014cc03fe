"""Load by work centre and day, against capacity."""

from datetime import datetime, time, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from calendars.working import WorkingCalendar
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.storage.reading import Reading
from erp.calendars.service import working_calendars
from erp.scheduling.queries.schedules import Busy, busy_times
from erp.scheduling.schemas.schedules import DayLoad, LoadsAsked, ScheduleLoads

__all__ = ["loads_of"]

MOST_DAYS = 92


async def loads_of(at: Reading, asked: LoadsAsked) -> ScheduleLoads:
    """Working minutes that are taken, and those there are. Raises InvalidInput (too many days)."""
    days = (asked.last_day - asked.first_day).days + 1
    if not 1 <= days <= MOST_DAYS:
        message = "Ask for 1 to 92 days, the last one not before the first."
        raise InvalidInput(errors=[FieldError("/last_day", "days_range", message)])
    zone = ZoneInfo(str(at.setting.zone))
    edges = [
        datetime.combine(asked.first_day + timedelta(days=one), time(), zone)
        for one in range(days + 1)
    ]
    busy = await busy_times(at.sql, edges[0], edges[-1], asked.work_centre)
    calendars = await working_calendars(at, {one.calendar_id for one in busy})
    by_place: dict[UUID, list[Busy]] = {}
    for one in busy:
        by_place.setdefault(one.work_centre_id, []).append(one)
    loads: list[DayLoad] = []
    for taken in by_place.values():
        loads += _loads(taken, calendars[taken[0].calendar_id], edges)
    return ScheduleLoads(loads=loads)


def _loads(taken: list[Busy], calendar: WorkingCalendar, edges: list[datetime]) -> list[DayLoad]:
    place = taken[0]
    found = []
    for start, end in pairwise(edges):
        spans = [
            (max(start, one.starts_at), min(end, one.ends_at))
            for one in taken
            if one.starts_at and one.ends_at and one.starts_at < end and one.ends_at > start
        ]
        loaded = sum((calendar.between(low, high) for low, high in spans), timedelta())
        available = calendar.between(start, end) * place.capacity
        found.append(
            DayLoad(
                work_centre=place.code,
                day=start.date(),
                available_minutes=int(available / timedelta(minutes=1)),
                loaded_minutes=int(loaded / timedelta(minutes=1)),
            )
        )
    return found
