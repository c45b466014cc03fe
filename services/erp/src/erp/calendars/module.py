"""What calendars bring into the ERP."""

from chassis.service import Module
from chassis.work.states import States
from erp.calendars.events import CalendarChanged
from erp.calendars.models import SEARCH, Calendar
from erp.calendars.router import calendar_router
from erp.calendars.service import calendar_states

__all__ = ["MODULE"]

MODULE = Module(
    name="calendars",
    routers=(calendar_router,),
    tags={"calendars": "Working hours: blocks by weekday, holidays, exceptions, a zone."},
    permissions={
        "calendars.read": "See calendars.",
        "calendars.write": "Create, change, archive and link calendars.",
    },
    roles={
        "accountant": {"calendars.read"},
        "planner": {"calendars.read", "calendars.write"},
        "storekeeper": {"calendars.read"},
    },
    tables=(Calendar, SEARCH),
    events=(CalendarChanged,),
    states={CalendarChanged: States("calendar", calendar_states)},
)
