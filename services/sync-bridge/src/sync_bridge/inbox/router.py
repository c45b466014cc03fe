"""Paths of the inbox and the quarantine."""

from uuid import UUID

from chassis.http.dependencies import InReading, InWork, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import (
    NotFound,
)
from records.paths import RecordPaths
from records.read_routes import list_route
from sync_bridge.inbox import service, views
from sync_bridge.inbox.errors import NewerVersionCame, NotAnEvent, QuarantineDecided
from sync_bridge.inbox.schemas import (
    Decision,
    QuarantinedContent,
    Replay,
    Replayed,
)
from sync_bridge.routes import READ, WRITE, Operator

__all__ = ["inbox_router", "quarantine_router"]


inbox_router = api_router(prefix="/v1/inbox", tag="inbox")
quarantine_router = api_router(prefix="/v1/quarantine", tag="quarantine")


EVENT = RecordPaths(inbox_router, views.EVENTS, "event", READ, WRITE)
list_route(EVENT, "Events as they were received, the newest first.")


@inbox_router.post("/replay")
async def inbox_replay(command: Replay, _by: Operator, _once: OnlyOnce, work: InWork) -> Replayed:
    """Put events into their lanes whose type was unknown when they came, as after an upgrade."""
    return await service.replay_unknown(work, command)


QUARANTINED = RecordPaths(quarantine_router, views.QUARANTINE, "entry", READ, WRITE)
list_route(QUARANTINED, "What was received and could not be read, and events that go in circles.")


@quarantine_router.get("/{entry}", responses=refuses(NotFound))
async def quarantine_get(entry: UUID, _by: Operator, at: InReading) -> QuarantinedContent:
    """One of them: what is in it, why it is there, and from whom."""
    return await views.quarantine_entry(at, entry)


@quarantine_router.post(
    "/{entry}/release",
    responses=refuses(NotFound, QuarantineDecided, NotAnEvent, NewerVersionCame),
)
async def quarantine_release(
    entry: UUID, command: Decision, _by: Operator, _once: OnlyOnce, work: InWork
) -> QuarantinedContent:
    """Let an event go its ordinary way after all."""
    await service.release_quarantined(work, entry, note=command.note)
    return await views.quarantine_entry(work, entry)


@quarantine_router.post("/{entry}/dismiss", responses=refuses(NotFound, QuarantineDecided))
async def quarantine_dismiss(
    entry: UUID, command: Decision, _by: Operator, _once: OnlyOnce, work: InWork
) -> QuarantinedContent:
    """Leave it where it is for good: it never takes effect, and no longer counts as open."""
    await service.dismiss_quarantined(work, entry, note=command.note)
    return await views.quarantine_entry(work, entry)
