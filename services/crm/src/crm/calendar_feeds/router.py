"""Paths of one's own calendar feed."""

from typing import Annotated

from fastapi import Request

from chassis.actor import Actor
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from crm.calendar_feeds.schemas import CalendarFeedView, IssuedCalendarFeed
from crm.calendar_feeds.service import feeds
from identity.own import NoLocalUser
from identity.repeats import keep_for_repeats

__all__ = ["calendar_feed_router"]

Reader = Annotated[Actor, Needs("activities.read")]
Writer = Annotated[Actor, Needs("activities.write")]

calendar_feed_router = api_router(prefix="/v1/calendar-feed", tag="calendar-feed")


@calendar_feed_router.get("", responses=refuses(NoLocalUser))
async def calendar_feed_get(_by: Reader, at: InReading) -> CalendarFeedView:
    """Whether one has an address by which calendar programs read one's activities."""
    return await feeds.own_feed(at)


@calendar_feed_router.post("/issue", responses=refuses(NoLocalUser))
async def calendar_feed_issue(
    _by: Writer, _once: OnlyOnce, work: InWork, request: Request
) -> IssuedCalendarFeed:
    """Make the address by which a calendar program reads one's activities; an earlier one ends."""
    issued = await feeds.issue(work)
    keep_for_repeats(request, work, issued.model_copy(update={"path": None}).model_dump_json())
    return issued


@calendar_feed_router.post("/revoke", responses=refuses(NoLocalUser))
async def calendar_feed_revoke(_by: Writer, _once: OnlyOnce, work: InWork) -> CalendarFeedView:
    """End the address by which calendar programs read one's activities."""
    return await feeds.revoke(work)
