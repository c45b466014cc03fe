"""What calendars bring into the CRM."""

from chassis.service import Module
from chassis.work.states import States
from crm.calendars.events import CalendarChanged
from crm.calendars.models import SEARCH, Calendar
from crm.calendars.router import calendar_router
from crm.calendars.service import calendar_states

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
        "sales_manager": {"calendars.read", "calendars.write"},
        "seller": {"calendars.read"},
        "service_agent": {"calendars.read"},
    },
    tables=(Calendar, SEARCH),
    events=(CalendarChanged,),
    states={CalendarChanged: States("calendar", calendar_states)},
)
