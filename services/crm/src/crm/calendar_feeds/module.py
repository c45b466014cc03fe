"""What calendar feeds bring into the CRM."""

from chassis.service import Module
from crm.calendar_feeds.models import RIGHTS, CalendarFeed
from crm.calendar_feeds.open_router import calendar_page_router
from crm.calendar_feeds.router import calendar_feed_router

__all__ = ["MODULE"]

MODULE = Module(
    name="calendar_feeds",
    routers=(calendar_feed_router, calendar_page_router),
    tags={"calendar-feed": "The secret address by which a calendar program reads activities."},
    tables=(CalendarFeed,),
    rights=RIGHTS,
)
