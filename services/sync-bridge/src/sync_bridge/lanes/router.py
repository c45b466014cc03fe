"""Paths of lanes, and of flows that are held."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Path, status

from chassis.http.dependencies import InReading, InWork, OnlyOnce, ProblemViews
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import (
    NotFound,
)
from chassis.storage.paging import Page
from chassis.storage.reading import Reading
from records.paths import RecordPaths
from records.read_routes import Explain, list_route
from sync_bridge.lanes import commands, views
from sync_bridge.lanes.errors import LaneMoving, LaneNotParked
from sync_bridge.lanes.schemas import (
    LanesRetried,
    LaneView,
    Note,
    PauseView,
    RetryLanes,
)
from sync_bridge.routes import READ, WRITE, Observer, Operator
from sync_bridge.translator import InLanguage

__all__ = ["act_router", "flow_router", "hole_router", "lane_router"]

Key = Annotated[str, Path(max_length=120, description="Such as crm.customer:<id>; or its id.")]
Kind = Annotated[str, Path(max_length=60, description="Such as crm.customer.")]

hole_router = api_router(prefix="/v1/lanes/holes", tag="lanes")
act_router = api_router(prefix="/v1/lanes/acts", tag="lanes")
lane_router = api_router(prefix="/v1/lanes", tag="lanes")
flow_router = api_router(prefix="/v1/flows", tag="flows")


async def explained(translator: InLanguage) -> Explain:
    """What says to this caller what holds lanes."""

    async def in_words(at: Reading, lanes: Sequence[LaneView]) -> Sequence[LaneView]:
        return await views.explain_lanes(at, lanes, translator)

    return in_words


LANE = RecordPaths(lane_router, views.LANES, "lane", READ, WRITE)
list_route(
    LANE,
    "Lanes, those first that have been as they are for longest.",
    explain=Annotated[Explain, Depends(explained)],
)
HOLE = RecordPaths(hole_router, views.HOLES, "hole", READ, WRITE)
list_route(HOLE, "Events that were skipped by a person, the newest first.")
ACT = RecordPaths(act_router, views.ACTS, "act", READ, WRITE)
list_route(ACT, "What persons did to lanes, the newest first.")


@lane_router.post("/retry")
async def lane_retry_batch(
    command: RetryLanes, _by: Operator, _once: OnlyOnce, work: InWork, view_of: ProblemViews
) -> LanesRetried:
    """Deliver lanes that are held again now: those named, or those that a filter finds.

    Each is judged alone. Where the flow of one is paused, the pause is lifted for one try.
    """
    return await commands.retry_requested(work, command, view_of=view_of)


@lane_router.get("/{key}", responses=refuses(NotFound))
async def lane_get(key: Key, _by: Observer, at: InReading, translator: InLanguage) -> LaneView:
    """A lane, with what holds it and what to do."""
    return await views.lane_view(at, key, translator)


@lane_router.post("/{key}/retry", responses=refuses(NotFound, LaneMoving, LaneNotParked))
async def lane_retry(
    key: Key,
    command: Note,
    _by: Operator,
    _once: OnlyOnce,
    work: InWork,
    translator: InLanguage,
) -> LaneView:
    """Deliver a lane that is held again now, from where it stands; also one whose tries fail.

    Where its flow is paused, the pause is lifted for one try.
    """
    done = await commands.retry_lane(work, key, note=command.note)
    return await views.lane_view(work, done, translator)


@lane_router.post("/{key}/skip", responses=refuses(NotFound, LaneMoving, LaneNotParked))
async def lane_skip(
    key: Key,
    command: Note,
    _by: Operator,
    _once: OnlyOnce,
    work: InWork,
    translator: InLanguage,
) -> LaneView:
    """Go on behind the event that holds the lane; it leaves a visible hole."""
    done = await commands.skip_event(work, key, note=command.note)
    return await views.lane_view(work, done, translator)


@flow_router.get("/pauses")
async def flow_pause_list(_by: Observer, at: InReading) -> Page[PauseView]:
    """Flows that are held because the other half refuses the bridge's key."""
    return await views.pause_page(at)


@flow_router.post(
    "/{kind}/resume",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=refuses(NotFound),
)
async def flow_resume(kind: Kind, _by: Operator, _once: OnlyOnce, work: InWork) -> None:
    """Let the lanes of a kind move again now, as after a new key."""
    await commands.resume_flow(work, kind)
