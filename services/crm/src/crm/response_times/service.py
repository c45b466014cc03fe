"""How long leads wait until staff first turns to them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from calendars.working import WorkingCalendar
from chassis.clock import business_day, start_of_day
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, NotFound
from chassis.storage.reading import Reading
from crm.calendars.service import working_calendars
from crm.response_times import queries
from crm.response_times.rules.figures import figures_of
from crm.response_times.schemas import (
    ResponseFigures,
    ResponseGroup,
    ResponseTime,
    ResponseTimeQuery,
    ResponseTimes,
)
from crm.response_times.states import GroupedBy

__all__ = ["response_time", "response_times"]

DAYS_MAX = 366
LEADS_MAX = 50_000
Calendars = Mapping[UUID, WorkingCalendar]


async def response_time(at: Reading, lead_id: UUID) -> ResponseTime:
    """How long a lead waited. Raises NotFound."""
    rows = await queries.responses(at, lead_id=lead_id, limit=1)
    if not rows:
        raise NotFound(entity="lead", id=lead_id)
    [row] = rows
    calendars = await _calendars(at, rows)
    responded_at, calendar = row["responded_at"], calendars.get(row["calendar_id"])
    elapsed = responded_at - row["created_at"] if responded_at else None
    working = calendar.between(row["created_at"], responded_at) if calendar and elapsed else None
    return ResponseTime(
        lead_id=lead_id,
        captured_at=row["created_at"],
        responded_at=responded_at,
        activity_id=row["activity_id"],
        responded_by=row["responded_by"],
        elapsed_seconds=_seconds(elapsed),
        working_seconds=_seconds(working),
    )


async def response_times(at: Reading, wanted: ResponseTimeQuery) -> ResponseTimes:
    """The figures of the leads that were captured in a period, in all and by group.

    Raises InvalidInput (a period that ends before it begins or is too long, too many leads).
    """
    days = (wanted.captured_to - wanted.captured_from).days + 1
    if not 1 <= days <= DAYS_MAX:
        message = "A period has at least one day and at most {days}."
        raise _wrong("/query/captured_to", "period", message, {"days": DAYS_MAX})
    zone = at.setting.zone
    ends = wanted.captured_to + timedelta(days=1)
    captured = start_of_day(zone, wanted.captured_from), start_of_day(zone, ends)
    rows = await queries.responses(
        at,
        captured=captured,
        owner_id=wanted.owner_id,
        source=wanted.source,
        limit=LEADS_MAX + 1,
    )
    if len(rows) > LEADS_MAX:
        message = "More than {leads} leads: choose a shorter period, an owner or a source."
        raise _wrong("/query/captured_from", "too_many", message, {"leads": LEADS_MAX})
    calendars = await _calendars(at, rows)
    waits = [(row, _waited(row, calendars)) for row in rows]
    groups: dict[Any, list[float | None]] = {}
    key = _keys(at)[wanted.by]
    for row, waited in waits:
        groups.setdefault(key(row), []).append(waited)
    return ResponseTimes(
        total=_figures([waited for _, waited in waits]),
        groups=[_group(wanted.by, one, groups[one]) for one in sorted(groups, key=str)],
    )


def _wrong(pointer: str, code: str, message: str, facts: Mapping[str, Any]) -> InvalidInput:
    return InvalidInput(errors=[FieldError(pointer, code, message, facts)])


async def _calendars(at: Reading, rows: Sequence[Any]) -> Calendars:
    return await working_calendars(at, {row["calendar_id"] for row in rows if row["calendar_id"]})


def _waited(row: Any, calendars: Calendars) -> float | None:
    """Seconds; working time where the owner has a calendar."""
    captured_at, responded_at = row["created_at"], row["responded_at"]
    if responded_at is None:
        return None
    calendar = calendars.get(row["calendar_id"])
    waited = calendar.between(captured_at, responded_at) if calendar else responded_at - captured_at
    return float(waited.total_seconds())


def _keys(at: Reading) -> Mapping[GroupedBy, Callable[[Any], Any]]:
    def day(row: Any) -> date:
        captured_at: datetime = row["created_at"]
        return business_day(at.setting.zone, captured_at)

    return {
        GroupedBy.OWNER: lambda row: row["owner_id"],
        GroupedBy.SOURCE: lambda row: row["source"],
        GroupedBy.DAY: day,
        GroupedBy.WEEK: lambda row: day(row) - timedelta(days=day(row).weekday()),
        GroupedBy.MONTH: lambda row: day(row).replace(day=1),
    }


def _figures(waits: Sequence[float | None]) -> ResponseFigures:
    return ResponseFigures.model_validate(figures_of(waits), from_attributes=True)


def _group(by: GroupedBy, key: Any, waits: Sequence[float | None]) -> ResponseGroup:
    return ResponseGroup(
        owner_id=key if by == GroupedBy.OWNER else None,
        source=key if by == GroupedBy.SOURCE else None,
        period=key if by not in {GroupedBy.OWNER, GroupedBy.SOURCE} else None,
        **_figures(waits).model_dump(),
    )


def _seconds(time: timedelta | None) -> int | None:
    return None if time is None else round(time.total_seconds())
