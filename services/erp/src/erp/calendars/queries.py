"""Named reads of calendars."""

from collections.abc import Sequence

from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from erp import searched
from erp.calendars.models import Calendar
from erp.calendars.schemas import CalendarQuery, CalendarView
from records.reads import BY_NAME, Reads, columns_of, everybody, record_filters

__all__ = ["CALENDARS"]


def _filters(_at: Reading, query: CalendarQuery) -> Sequence[Filter]:
    return record_filters("calendar", query)


CALENDARS = Reads(
    name="calendar",
    view=CalendarView,
    columns=columns_of(CalendarView, Calendar.__table__),
    source="calendar",
    visible=everybody,
    query=CalendarQuery,
    filters=_filters,
    searched=searched.CALENDARS,
    sorts=BY_NAME,
)
