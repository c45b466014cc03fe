"""Calendars: what is particular about writing them."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from calendars.errors import CalendarError
from calendars.working import WorkingCalendar
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference, NotFound
from chassis.storage.reading import Reading
from chassis.work.locking import read_all
from chassis.work.unit_of_work import Work
from erp.calendars import queries
from erp.calendars.events import CalendarChanged
from erp.calendars.models import Calendar
from erp.calendars.rules.hours import days_of_month, working_calendar
from erp.calendars.schemas import CalendarMonth, CalendarView
from records.entities import ACTIVE, Values
from records.types import Change, RecordType, changed_fields

__all__ = [
    "CALENDAR",
    "calendar_states",
    "month_of",
    "require_open_calendar",
    "working_calendars",
]


async def require_open_calendar(work: Work, calendar_id: UUID) -> None:
    """Raises MissingReference for an unknown calendar, InvalidInput for one that is archived."""
    try:
        calendar = await queries.CALENDARS.get(work, calendar_id)
    except NotFound as unknown:
        raise MissingReference(entity="calendar", reference=calendar_id) from unknown
    if calendar.status != ACTIVE:
        message = "This calendar is archived."
        raise InvalidInput(errors=[FieldError("/calendar_id", "calendar_archived", message)])


async def working_calendars(
    at: Reading, calendar_ids: Collection[UUID]
) -> dict[UUID, WorkingCalendar]:
    """The calendars by id, ready to be asked."""
    found = await read_all(at, Calendar, calendar_ids)
    return {one.id: working_calendar(one) for one in found}


async def month_of(at: Reading, calendar_id: UUID, month: date) -> CalendarMonth:
    """The working blocks of each day of the month. Raises NotFound."""
    await queries.CALENDARS.get(at, calendar_id)
    [record] = await read_all(at, Calendar, [calendar_id])
    days = days_of_month(record, month, at.setting.settings.language.replace("-", "_"))
    return CalendarMonth.model_validate(
        {
            "zone": record.zone,
            "days": days,
            "working_days": sum(1 for one in days if one["hours"]),
            "minutes": sum(one["minutes"] for one in days),
        }
    )


async def _defaults(_work: Work, count: int) -> Sequence[Values]:
    return [{"country": "", "region": "", "exceptions": []}] * count


async def _prepare(_work: Work, change: Change[Calendar], _sender: str | None) -> Values:
    """The values with blocks and exceptions as JSON keeps them."""
    return {name: _kept(value) for name, value in change.values.items()}


def _kept(value: Any) -> Any:
    return [one.model_dump(mode="json") for one in value] if isinstance(value, list) else value


async def _check(_work: Work, changes: Sequence[Change[Calendar]], _sender: str | None) -> None:
    """Raises InvalidInput for hours that overlap, an unknown zone, country or region."""
    for one in changes:
        try:
            working_calendar(one.record)
        except CalendarError as wrong:
            message = "A calendar cannot be so: {reason}."
            error = FieldError("", "calendar_form", message, {"reason": str(wrong)})
            raise InvalidInput(errors=[error]) from wrong


async def calendar_states(at: Reading, ids: Sequence[UUID]) -> list[CalendarChanged]:
    """What is published of calendars, as they are now."""
    return [CalendarChanged.of(one, []) for one in await read_all(at, Calendar, ids)]


async def _publish(work: Work, changes: Sequence[Change[Calendar]]) -> None:
    events = [
        CalendarChanged.of(one.record, changed_fields(CalendarChanged, one)) for one in changes
    ]
    await work.record(*events)


CALENDAR: RecordType[Calendar, CalendarView] = RecordType(
    name="calendar",
    entity=Calendar,
    reads=queries.CALENDARS,
    required=("name", "zone", "hours"),
    defaults=_defaults,
    prepare=_prepare,
    check=_check,
    publish=_publish,
)
