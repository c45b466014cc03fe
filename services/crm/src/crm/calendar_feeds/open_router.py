"""The path by which calendar programs read a feed: whoever has its token, without a key."""

import hashlib
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from limits import parse_many

from chassis.http.rate_limits import source_of
from chassis.storage.reading import Reading
from crm.calendar_feeds.errors import CalendarFeedUnknown
from crm.calendar_feeds.service import feeds

__all__ = ["calendar_page_router"]

READS = tuple(parse_many("300/minute; 5000/hour"))
"""From one address: programs of all who are behind it."""
GUESSES = tuple(parse_many("20/minute; 100/hour"))
"""Wrong tokens from one address."""

calendar_page_router = APIRouter(prefix="/calendar-feeds", include_in_schema=False)


async def feed_reading(request: Request, token: str = "") -> AsyncIterator[Reading]:
    """A connection for reads of the user whose token it is.

    Raises CalendarFeedUnknown, RateLimited.
    """
    database = request.app.state.database
    await _count(request, "calendar_read", READS)
    needed = request.app.state.authenticator.roles_with_factor
    try:
        async with database.reading(actor=feeds.FEED) as at:
            reader = await feeds.reader_of(at, token, with_factor=needed)
    except CalendarFeedUnknown:
        await _count(request, "calendar_guess", GUESSES)
        raise
    async with database.reading(actor=reader) as at:
        yield at


@calendar_page_router.get("/feed.ics")
async def calendar_feed_read(
    request: Request, at: Annotated[Reading, Depends(feed_reading, scope="function")]
) -> Response:
    """What a user has to do, as a calendar. The token is no part of the path: paths are logged."""
    return _reply(request, await feeds.calendar_of(at))


async def _count(request: Request, name: str, limits: tuple[object, ...]) -> None:
    counts, who = request.app.state.rate_limits, source_of(request.scope)
    for limit in limits:
        await counts.count(name, limit, who, request.scope)


def _reply(request: Request, content: bytes) -> Response:
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, max-age=300"}
    sent = request.headers.get("if-none-match", "")
    etags = [one.strip().removeprefix("W/") for one in sent.split(",")]
    if etag in etags or "*" in etags:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="text/calendar; charset=utf-8", headers=headers)
