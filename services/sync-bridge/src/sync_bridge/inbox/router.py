"""Paths of the inbox and the quarantine."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from chassis.actor import Actor
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.paging import PageAsked
from chassis.http.routing import house_router, problem_responses
from chassis.problems.standard import (
    IdempotencyInFlight,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    NotFound,
)
from chassis.storage.paging import Page
from sync_bridge.inbox import service, views
from sync_bridge.inbox.errors import NewerVersionCame, NotAnEvent, QuarantineDecided
from sync_bridge.inbox.schemas import (
    Decision,
    EventView,
    InboxQuery,
    QuarantinedContent,
    QuarantineQuery,
    QuarantineView,
    Replay,
    Replayed,
)

__all__ = ["inbox_router", "quarantine_router"]

Observer = Annotated[Actor, Needs("bridge.read")]
Operator = Annotated[Actor, Needs("bridge.write")]

_NOT_RELEASED = (NotAnEvent, NewerVersionCame)
_KEYED = (IdempotencyKeyRequired, IdempotencyKeyReused, IdempotencyInFlight)

inbox_router = house_router(prefix="/v1/inbox", tag="inbox", problems=_KEYED)
quarantine_router = house_router(
    prefix="/v1/quarantine", tag="quarantine", problems=(*_KEYED, NotFound, QuarantineDecided)
)


@inbox_router.get("")
async def inbox_list(
    _by: Observer, wanted: Annotated[InboxQuery, Query()], asked: PageAsked, at: InReading
) -> Page[EventView]:
    """Events as they were received, the newest first."""
    return await views.event_page(at.sql, wanted, asked)


@inbox_router.post("/replay")
async def inbox_replay(command: Replay, _by: Operator, _once: OnlyOnce, work: InWork) -> Replayed:
    """Put events into their lanes whose type was unknown when they came, as after an upgrade."""
    return await service.replay_unknown(work, command)


@quarantine_router.get("")
async def quarantine_list(
    _by: Observer, wanted: Annotated[QuarantineQuery, Query()], asked: PageAsked, at: InReading
) -> Page[QuarantineView]:
    """What was received and could not be read, and events that go in circles."""
    return await views.quarantine_page(at.sql, wanted, asked)


@quarantine_router.get("/{entry}")
async def quarantine_get(entry: UUID, _by: Operator, at: InReading) -> QuarantinedContent:
    """One of them: what is in it, why it is there, and from whom."""
    return await views.quarantine_entry(at.sql, entry)


@quarantine_router.post("/{entry}/release", responses=problem_responses(*_NOT_RELEASED))
async def quarantine_release(
    entry: UUID, command: Decision, _by: Operator, _once: OnlyOnce, work: InWork
) -> QuarantinedContent:
    """Let an event go its ordinary way after all."""
    await service.release_quarantined(work, entry, note=command.note)
    return await views.quarantine_entry(work.sql, entry)


@quarantine_router.post("/{entry}/dismiss")
async def quarantine_dismiss(
    entry: UUID, command: Decision, _by: Operator, _once: OnlyOnce, work: InWork
) -> QuarantinedContent:
    """Leave it where it is for good: it never takes effect, and no longer counts as open."""
    await service.dismiss_quarantined(work, entry, note=command.note)
    return await views.quarantine_entry(work.sql, entry)
