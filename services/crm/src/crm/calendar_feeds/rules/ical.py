"""Activities as iCalendar (RFC 5545): calls and meetings are events, tasks are to-dos."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from icalendar import Alarm, Calendar, Event, Todo

from crm.activities.states import ActivityKind, ActivityState, Priority
from values.days import Day

__all__ = ["CalendarEntry", "calendar_text"]

_PRODUCT = "-//Tandem//Tandem CRM//EN"
_REFRESH = timedelta(minutes=15)
_PRIORITIES = {Priority.HIGH: 1, Priority.NORMAL: 5, Priority.LOW: 9}
_TASK_STATES = {
    ActivityState.OPEN: "NEEDS-ACTION",
    ActivityState.DONE: "COMPLETED",
    ActivityState.CANCELLED: "CANCELLED",
}
_NO_TEXT = {code: None for code in (*range(0x20), 0x7F) if chr(code) not in "\n\t"}
"""Control characters that no text of a calendar may have."""


class CalendarEntry(Protocol):
    """An activity, as far as a calendar shows it."""

    id: UUID
    kind: ActivityKind
    state: ActivityState
    name: str
    text: str
    location: str
    starts_at: datetime | None
    ends_at: datetime | None
    due_on: Day | None
    due_at: datetime | None
    remind_at: datetime | None
    done_at: datetime | None
    priority: Priority
    version: int
    created_at: datetime
    updated_at: datetime


def calendar_text(name: str, entries: Iterable[CalendarEntry]) -> bytes:
    """The calendar of that name. The same entries give the same bytes."""
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("name", _plain(name))
    calendar.add("x-wr-calname", _plain(name))
    calendar.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT15M")
    for one in entries:
        calendar.add_component(_event(one) if one.starts_at else _todo(one))
    return bytes(calendar.to_ical())


def _event(entry: CalendarEntry) -> Event:
    event = Event()
    _fill(event, entry)
    event.add("dtstart", entry.starts_at)
    if entry.ends_at and entry.ends_at != entry.starts_at:
        event.add("dtend", entry.ends_at)
    cancelled = entry.state == ActivityState.CANCELLED
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if cancelled else "OPAQUE")
    return event


def _todo(entry: CalendarEntry) -> Todo:
    todo = Todo()
    _fill(todo, entry)
    todo.add("due", entry.due_on or entry.due_at)
    todo.add("status", _TASK_STATES[entry.state])
    if entry.state == ActivityState.DONE:
        todo.add("completed", entry.done_at)
        todo.add("percent-complete", 100)
    return todo


def _fill(component: Event | Todo, entry: CalendarEntry) -> None:
    """What both have: the same id for good, and a number that grows with each change."""
    component.add("uid", str(entry.id))
    component.add("sequence", entry.version)
    component.add("dtstamp", entry.updated_at)
    component.add("created", entry.created_at)
    component.add("last-modified", entry.updated_at)
    component.add("summary", _plain(entry.name))
    component.add("priority", _PRIORITIES[entry.priority])
    if entry.text:
        component.add("description", _plain(entry.text))
    if entry.location:
        component.add("location", _plain(entry.location))
    if entry.remind_at and entry.state == ActivityState.OPEN:
        component.add_component(_alarm(entry, entry.remind_at))


def _alarm(entry: CalendarEntry, at: datetime) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", _plain(entry.name))
    alarm.add("trigger", at)
    return alarm


def _plain(text: str) -> str:
    """The text without what a calendar may not have."""
    return text.translate(_NO_TEXT)
