"""Paths of the inbox and the quarantine."""

from typing import Annotated

from fastapi import Query

from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.paging import Page, PageAsked
from chassis.http.problems import (
    IdempotencyInFlight,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
)
from chassis.http.routing import house_router
from chassis.identity.actor import Actor
from sync_bridge.inbox import lists, service
from sync_bridge.inbox.schemas import EventView, InboxQuery, QuarantineView, Replay, Replayed

__all__ = ["inbox_router", "quarantine_router"]

Observer = Annotated[Actor, Needs("bridge.read")]
Operator = Annotated[Actor, Needs("bridge.write")]

_KEYED = (IdempotencyKeyRequired, IdempotencyKeyReused, IdempotencyInFlight)

inbox_router = house_router(prefix="/v1/inbox", tag="inbox", problems=_KEYED)
quarantine_router = house_router(prefix="/v1/quarantine", tag="quarantine")


@inbox_router.get("")
async def list_events(
    _by: Observer, wanted: Annotated[InboxQuery, Query()], asked: PageAsked, at: InReading
) -> Page[EventView]:
    """Events as they were received, the newest first."""
    return await lists.event_page(at.sql, wanted, asked)


@inbox_router.post("/replay")
async def replay_unknown(command: Replay, _by: Operator, _once: OnlyOnce, work: InWork) -> Replayed:
    """Put events into their lanes whose type was unknown when they came, as after an upgrade."""
    return await service.replay_unknown(work, command)


@quarantine_router.get("")
async def list_quarantine(_by: Observer, asked: PageAsked, at: InReading) -> Page[QuarantineView]:
    """What was received and could not be read, and events that chase their own tail."""
    return await lists.quarantine_page(at.sql, asked)
