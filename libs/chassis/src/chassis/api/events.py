"""The routes of the event feed: its pages, its end, and who reads it."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi import Path as InPath
from pydantic import BaseModel, Field

from chassis.actor import ADMIN, Actor
from chassis.events import consumers, feed
from chassis.events.cursor import CursorExpired, CursorForeign, CursorMalformed
from chassis.events.envelope import envelope_schema
from chassis.http.dependencies import InReading, InWork, Needs
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, NotFound
from chassis.service import Service
from chassis.storage.paging import Page
from chassis.work.states import StateQuery, read_states

__all__ = ["feed_router"]

MEDIA_TYPE = "application/cloudevents-batch+json"
LIMIT_MAX = 500
WAIT_SECONDS_MAX = 25
SUBJECTS_MAX = 200
_NAME = "^[a-z0-9][a-z0-9._-]{0,63}$"
_TYPES = "^[a-z0-9.-]+(,[a-z0-9.-]+)*$"


class CloudEvents(Response):
    """A batch of events in the CloudEvents JSON form."""

    media_type = MEDIA_TYPE


class PositionView(BaseModel):
    """The end of the feed."""

    cursor: str = Field(description="A reader that has come to this cursor has read everything.")
    sequence: int = Field(description="Number of the newest event; 0: there was none yet.")
    complete: bool = Field(
        description="True: all that was committed before the question stands before the cursor."
    )


class ConsumerView(BaseModel):
    """A reader that told its name: what it has not read yet is not purged."""

    name: str
    sequence: int = Field(description="Number of the last event it has read.")
    behind: int = Field(description="Events it has not read yet.")
    seen_at: datetime


async def asked(
    after: Annotated[
        str | None,
        Query(
            max_length=200,
            description="Tandem-Cursor of the page before; `latest`: begin at the end; "
            "absent: begin with the oldest event kept.",
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX, description="Events a page.")] = 100,
    wait: Annotated[
        float, Query(ge=0, le=WAIT_SECONDS_MAX, description="Seconds to wait for an event.")
    ] = 0,
    consumer: Annotated[
        str | None,
        Query(
            pattern=_NAME,
            description="Name of the reader. What lies after its cursor is kept for it.",
        ),
    ] = None,
    types: Annotated[
        str | None,
        Query(max_length=2000, pattern=_TYPES, description="Only these types, by comma."),
    ] = None,
) -> feed.Asked:
    """What the reader asks for, from the query string."""
    return feed.Asked(after, limit, wait, consumer, types.split(",") if types else None)


Reader = Annotated[Actor, Needs("events.read")]
Administrator = Annotated[Actor, Needs(ADMIN)]
InAsked = Annotated[feed.Asked, Depends(asked)]
Wait = Annotated[float, Query(ge=0, le=WAIT_SECONDS_MAX, description="Seconds to wait at most.")]
Name = Annotated[str, InPath(pattern=_NAME)]


async def event_list(reader: Reader, asked: InAsked, request: Request) -> CloudEvents:
    """Public events in order. The header Tandem-Cursor is the position after this page.

    An empty page means: that was all for now. Give its cursor as `after` next time.
    """
    state = request.app.state
    signal, by_bridge = state.wakeups.sequenced, reader.relays
    page = await feed.follow(state.database, signal, asked, request, by_bridge=by_bridge)
    following = f'<{request.url.path}?{asked.link(page.cursor)}>; rel="next"'
    return CloudEvents(page.body(), headers={"Tandem-Cursor": str(page.cursor), "Link": following})


Subjects = Annotated[
    list[UUID],
    Query(max_length=SUBJECTS_MAX, description="Ids of records; those there are not are left out."),
]
After = Annotated[
    UUID | None,
    Query(description="The page after this subject, in order of subjects; not with `subject`."),
]


async def event_state_list(  # noqa: PLR0917 - a route lists what it is asked
    reader: Reader,
    request: Request,
    kind: Annotated[str, Query(alias="type", description="The event type that tells the state.")],
    subject: Subjects = [],  # noqa: B006 - FastAPI copies it
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX, description="Records a page.")] = 100,
) -> CloudEvents:
    """Records as they are now, in the form of the event that tells of them.

    Data is what such an event carries, with nothing in `changed`; `aggversion` the record's present
    version. Reading a state twice gives the same event id. A state has no `sequence`: what the feed
    tells after the position in the header Tandem-Cursor is newer. The header Link names the next
    page; without it there is none.
    """
    query = _state_query(request, kind, subject, after, limit)
    state = request.app.state
    states = state.service.states[query.event]
    page = await read_states(state.database, states, query, request.state.trace)
    headers = {"Tandem-Cursor": str(page.cursor)}
    if page.after is not None:
        following = urlencode({"type": kind, "after": page.after, "limit": limit})
        headers["Link"] = f'<{request.url.path}?{following}>; rel="next"'
    return CloudEvents(page.body(), headers=headers)


def _state_query(
    request: Request, kind: str, subjects: list[UUID], after: UUID | None, limit: int
) -> StateQuery:
    """The question. Raises InvalidInput."""
    service = request.app.state.service
    event = next((one for one in service.states if one.type_for(service.name) == kind), None)
    if event is None:
        unknown = FieldError(
            "/query/type", "no_state", "No state of this type is told. See the types in /docs."
        )
        raise InvalidInput(errors=[unknown])
    if subjects and after is not None:
        both = FieldError("/query/after", "excluded", "Ask for subjects, or for a page, not both.")
        raise InvalidInput(errors=[both])
    return StateQuery(event, sorted(set(subjects)), after, limit)


async def event_position_get(reader: Reader, request: Request, wait: Wait = 10) -> PositionView:
    """The end of the feed, when all that is committed by now has come into it."""
    end = await feed.end(request.app.state.database, wait)
    return PositionView(cursor=str(end.cursor), sequence=end.cursor.position, complete=end.complete)


async def event_consumer_list(administrator: Administrator, sql: InReading) -> Page[ConsumerView]:
    """Every reader that told its name, and how far it has come."""
    return Page(items=[ConsumerView(**row) for row in await consumers.consumers(sql.sql)])


async def event_consumer_delete(administrator: Administrator, name: Name, work: InWork) -> None:
    """Forget a reader that will not come back, so that events are not kept for it."""
    if not await consumers.forget(work.sql, name):
        raise NotFound(entity="consumer", id=name)


def feed_router(service: Service) -> APIRouter:
    """The routes under `/v1/events` of one service."""
    router = api_router(prefix="/v1/events", tag="events")
    gone = refuses(CursorMalformed, CursorExpired, CursorForeign)
    router.get("", response_class=CloudEvents, responses={**gone, 200: _batch(service)})(event_list)
    router.get("/states", response_class=CloudEvents, responses={200: _state_batch(service)})(
        event_state_list
    )
    router.get("/position")(event_position_get)
    router.get("/consumers")(event_consumer_list)
    router.delete("/consumers/{name}", status_code=204, responses=refuses(NotFound))(
        event_consumer_delete
    )
    return router


def _state_batch(service: Service) -> dict[str, Any]:
    """The page of states as OpenAPI declares it."""
    types = sorted(event.type_for(service.name) for event in service.states)
    items = envelope_schema(types, in_feed=False)
    return {
        "description": "A batch of CloudEvents 1.0: the present states, in order of subjects.",
        "content": {MEDIA_TYPE: {"schema": {"type": "array", "items": items}}},
        "headers": {
            "Tandem-Cursor": {
                "description": "The feed's position before the states were read.",
                "schema": {"type": "string"},
            },
            "Link": {"description": "The next page, if any.", "schema": {"type": "string"}},
        },
    }


def _batch(service: Service) -> dict[str, Any]:
    """The page as OpenAPI declares it."""
    types = [event.type_for(service.name) for event in service.events if event.public]
    return {
        "description": "A batch of CloudEvents 1.0; empty: there are no more for now.",
        "content": {MEDIA_TYPE: {"schema": {"type": "array", "items": envelope_schema(types)}}},
        "headers": {
            "Tandem-Cursor": {
                "description": "The position after this page.",
                "schema": {"type": "string"},
            },
            "Link": {"description": "The next page.", "schema": {"type": "string"}},
        },
    }
