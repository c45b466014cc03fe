"""What callers ask of calendars, and what they see."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from chassis.http.etag import EtagVersion, Revision
from records.custom.fields import CustomValues, CustomView
from records.filters import Statuses
from records.links import ExternalRef
from records.tagged import Tagged
from values.days import Day
from values.external import SourceVersion
from values.text import Command, Emptied, Name, OptionalName, OptionalNote, Status, unset

__all__ = [
    "CalendarMonth",
    "CalendarQuery",
    "CalendarView",
    "ChangeCalendar",
    "DayHours",
    "DayKind",
    "HoursBlock",
    "NewCalendar",
    "UpsertCalendar",
    "WeekHours",
    "WorkingDay",
]

Clock = Annotated[
    str,
    Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", description="Such as 08:30."),
]


class HoursBlock(Command):
    """Working hours from one time of the clock to another; an end that is not later is tomorrow."""

    start: Clock
    end: Clock = Field(description="24:00 is midnight.")


class WeekHours(HoursBlock):
    """Working hours of a weekday."""

    weekday: int = Field(strict=True, ge=1, le=7, description="1 is Monday, 7 Sunday.")


class DayHours(Command):
    """The hours of one day, instead of the usual ones or of a holiday."""

    day: Day
    name: OptionalName = Field(default="", description="Why, such as a feast of the firm.")
    hours: Annotated[list[HoursBlock], Field(max_length=10)] = Field(
        description="Without any the day is off."
    )


def _given(hours: list[WeekHours] | None) -> list[WeekHours] | None:
    return None if hours is None else sorted(hours, key=lambda one: (one.weekday, one.start))


def _by_day(days: list[DayHours] | None) -> list[DayHours]:
    return sorted(days or [], key=lambda one: one.day)


Week = Annotated[list[WeekHours], Field(min_length=1, max_length=70), AfterValidator(_given)]
Exceptions = Annotated[list[DayHours] | None, Field(max_length=1000), AfterValidator(_by_day)]
Country = Annotated[Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] | None, Emptied]
Region = Annotated[Annotated[str, Field(max_length=16)] | None, Emptied]
Zone = Annotated[str, Field(min_length=1, max_length=64)]
_ZONE = "IANA zone, such as Asia/Shanghai."
_COUNTRY = "Country (ISO 3166) whose public holidays are off; empty: none."
_REGION = "Region of the country, where it has holidays of its own."
_HOURS = "Blocks of working hours; several a day, none of which overlap."
_EXCEPTIONS = "Days with hours of their own; they go before holidays."


class CalendarFields(CustomValues):
    """Fields of a calendar. What is left out of a change stays as it is."""

    note: OptionalNote = Field(default_factory=unset, description="What else is to be known.")

    country: Country = Field(default_factory=unset, description=_COUNTRY)
    region: Region = Field(default_factory=unset, description=_REGION)
    exceptions: Exceptions = Field(default_factory=unset, description=_EXCEPTIONS)


class NewCalendar(CalendarFields):
    """Create a calendar."""

    name: Name
    zone: Zone = Field(description=_ZONE)
    hours: Week = Field(description=_HOURS)


class ChangeCalendar(CalendarFields):
    """Change a calendar (JSON merge patch)."""

    name: Name = Field(default_factory=unset)
    zone: Zone = Field(default_factory=unset, description=_ZONE)
    hours: Week = Field(default_factory=unset, description=_HOURS)


class UpsertCalendar(CalendarFields):
    """A calendar as another system knows it; fields left out stay as they are here."""

    source_version: SourceVersion
    name: Name = Field(default_factory=unset, description="Needed when it is new here.")
    zone: Zone = Field(default_factory=unset, description="Needed when it is new here.")
    hours: Week = Field(default_factory=unset, description="Needed when it is new here.")
    status: Status = Field(default_factory=unset)


class CalendarView(CustomView):
    """A calendar."""

    id: UUID
    name: str
    note: str
    zone: str = Field(description=_ZONE)
    country: str = Field(description=_COUNTRY)
    region: str = Field(description=_REGION)
    hours: list[WeekHours] = Field(description=_HOURS)
    exceptions: list[DayHours] = Field(description=_EXCEPTIONS)
    status: Status
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class CalendarQuery(Tagged):
    """Which calendars are wanted."""

    status: Statuses | None = None
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)


class DayKind(StrEnum):
    """Why a day has its hours: as usual, at rest, a holiday, made up for, or an own exception."""

    WORKING = "working"
    REST = "rest"
    HOLIDAY = "holiday"
    MAKE_UP = "make_up"
    EXCEPTION = "exception"


class WorkingDay(BaseModel):
    """A day of a calendar."""

    day: date
    kind: DayKind
    name: str = Field(description="Of the holiday or exception; else empty.")
    hours: list[HoursBlock]
    minutes: int = Field(description="How long is worked, the clock being even.")


class CalendarMonth(BaseModel):
    """A month of a calendar."""

    zone: str
    days: list[WorkingDay]
    working_days: int
    minutes: int
