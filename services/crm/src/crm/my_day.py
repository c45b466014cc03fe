"""My day: what a person has to do, in one call; modules declare the sections."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import Query
from pydantic import BaseModel, Field

from chassis.actor import Actor
from chassis.clock import business_day, start_of_day
from chassis.http.dependencies import InReading, Needs
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, NotFound
from chassis.service import Module
from chassis.storage.reading import Reading
from crm import reach

__all__ = ["DAY_READ", "Day", "DayRow", "DaySection", "my_day_module", "section_of"]

DAY_READ = "activities.read"
FIRST_ROWS = 20


@dataclass(frozen=True)
class Day:
    """Whose day it is: the user, the calendar day in the user's zone, and its two ends.

    `limit`: so many rows of a section are wanted.
    """

    user_id: UUID
    day: date
    begin: datetime
    end: datetime
    limit: int


class DayRow(BaseModel):
    """A record that somebody has to look after."""

    record_type: str = Field(description="Type of the record, such as `activity`.")
    record_id: UUID = Field(description="Id of the record.")
    title: str = Field(description="What it is called.")
    kind: str = Field(description="What it is, such as `call`; empty: its type says all.")
    priority: str = Field(description="How much it matters, of activities; else empty.")
    about_type: str | None = Field(description="Type of the record that it is about.")
    about_id: UUID | None = Field(description="The record that it is about.")
    on: date | None = Field(description="The day that counts: by which it is due.")
    at: datetime | None = Field(
        description="The instant that counts: when it is due, begins, came in or was last worked "
        "on, UTC."
    )
    age_days: int | None = Field(
        default=None,
        description="Whole days since a lead came in, or since anything happened with a deal.",
    )


class DaySectionView(BaseModel):
    """One section of a day: how many there are, and the first of them."""

    name: str = Field(description="Which section it is, such as `overdue`.")
    count: int = Field(description="How many records there are in all.")
    rows: list[DayRow] = Field(description="The first of them, the most urgent before others.")


class MyDay(BaseModel):
    """What a user has to do on a day."""

    user_id: UUID = Field(description="Whose day it is.")
    day: date = Field(description="The calendar day in the zone.")
    zone: str = Field(description="The zone whose day it is.")
    sections: list[DaySectionView] = Field(description="Those that the caller may read.")


class DayQuery(BaseModel):
    """Whose day is wanted, and where."""

    user_id: UUID | None = Field(
        default=None, description="A user whose records one reaches; by default oneself."
    )
    zone: str | None = Field(
        default=None,
        max_length=64,
        pattern=r"^[A-Za-z0-9_+/-]+$",
        description="The user's zone, such as `Europe/Berlin`; by default the installation's.",
    )
    rows: int = Field(
        default=FIRST_ROWS, ge=0, le=100, description="How many rows of each section are wanted."
    )


@dataclass(frozen=True)
class DaySection:
    """A section of a day: its name, the permission to see it, and what is in it."""

    name: str
    scope: str
    load: Callable[[Reading, Day], Awaitable[DaySectionView]]


def my_day_module(sections: Sequence[DaySection]) -> Module:
    """`GET /v1/my-day` of these sections, in their order."""
    router = api_router(prefix="/v1/my-day", tag="my-day")

    @router.get("", responses=refuses(InvalidInput, NotFound))
    async def my_day_list(
        wanted: Annotated[DayQuery, Query()],
        _by: Annotated[Actor, Needs(DAY_READ)],
        at: InReading,
    ) -> MyDay:
        """What one has to do today: overdue, due, meetings, and what other modules add."""
        return await _my_day(at, sections, wanted)

    return Module(
        name="my_day",
        routers=(router,),
        tags={"my-day": "What a person has to do, in one call."},
    )


async def _my_day(at: Reading, sections: Sequence[DaySection], wanted: DayQuery) -> MyDay:
    user_id, zone = await _user(at, wanted.user_id), _zone(at, wanted.zone)
    today = business_day(zone, at.now)
    begin, end = start_of_day(zone, today), start_of_day(zone, today + timedelta(days=1))
    day = Day(user_id, today, begin, end, wanted.rows)
    seen = [one for one in sections if at.actor.may(one.scope)]
    shown = [await one.load(at, day) for one in seen]
    return MyDay(user_id=user_id, day=today, zone=zone.key, sections=shown)


async def _user(at: Reading, wanted: UUID | None) -> UUID:
    """Whose day it is. Raises InvalidInput for a program that names nobody, NotFound."""
    own = UUID(at.actor.id) if at.actor.kind == "user" else None
    user_id = wanted or own
    if user_id is None:
        text = "A program has no day of its own. Name a user."
        raise InvalidInput(errors=[FieldError("/query/user_id", "missing", text)])
    if user_id != own and not await reach.reaches_person(at, user_id):
        raise NotFound(entity="user", id=user_id)
    return user_id


def _zone(at: Reading, name: str | None) -> ZoneInfo:
    """The zone of that name. Raises InvalidInput."""
    if name is None:
        return at.setting.zone
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        text = "There is no zone of this name. Write one such as Europe/Berlin."
        raise InvalidInput(errors=[FieldError("/query/zone", "unknown_zone", text)]) from unknown


async def section_of(
    at: Reading,
    day: Day,
    name: str,
    *,
    source: str,
    columns: str,
    order: str,
    values: Sequence[Any],
) -> DaySectionView:
    """A section by one statement: the count of `source` and its first rows by `order`.

    `source` is SQL from `from` on, with `$1` and so on for the values; `columns` are those of
    `DayRow`.
    """
    [row] = await at.sql.fetch(
        f"""select (select count(*) {source}) as count, (select coalesce(jsonb_agg(r), '[]') from (
              select {columns} {source} order by {order} limit {day.limit}) r) as rows""",
        *values,
    )
    return DaySectionView(name=name, count=row["count"], rows=row["rows"])
