"""Paths of calendars."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from chassis.actor import Actor
from chassis.http.dependencies import InReading, Needs
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import NotFound
from erp.calendars import service
from erp.calendars.schemas import CalendarMonth, ChangeCalendar, NewCalendar, UpsertCalendar
from erp.calendars.service import CALENDAR
from records.annotations import annotate
from records.routes import RecordRoutes
from values.days import Day

__all__ = ["calendar_router"]

Month = Annotated[Day | None, Query(description="Any day of the month; today where none is.")]

calendar_router = api_router(prefix="/v1/calendars", tag="calendars")
calendar = RecordRoutes(
    calendar_router,
    CALENDAR,
    one="calendar",
    many="calendars",
    read="calendars.read",
    write="calendars.write",
)
calendar.list("Calendars; `sort` by created_at, updated_at or name.")
calendar.create(NewCalendar, "Create a calendar.")
calendar.upsert(UpsertCalendar)
calendar.links()
calendar.csv()
calendar.get()
calendar.history()


@calendar_router.get("/{calendar_id}/month", responses=refuses(NotFound))
async def calendar_month_get(
    calendar_id: UUID,
    _by: Annotated[Actor, Needs("calendars.read")],
    at: InReading,
    day: Month = None,
) -> CalendarMonth:
    """The working blocks of each day of a month, and why they are so."""
    return await service.month_of(at, calendar_id, day or at.today())


calendar.change(ChangeCalendar)
calendar.archive("Archive the calendar.", "Use the calendar again.")
calendar.link()
calendar.unlink()
annotate(calendar.paths)
