"""Paths of activities."""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from chassis.actor import Actor
from chassis.http.dependencies import InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import InvalidInput, MissingReference, NotFound
from crm.activities.errors import ActivityStateRefused
from crm.activities.schemas import (
    ActivityView,
    CancelActivity,
    ChangeActivity,
    CompleteActivity,
    CompletedActivity,
    NewActivity,
    RescheduleActivity,
    UpsertActivity,
)
from crm.activities.service import acts
from crm.activities.service.activities import ACTIVITY
from crm.activities.states import ActivityState
from records.annotations import annotate
from records.erasure.errors import PersonIsErased
from records.routes import RecordRoutes
from records.sheets.kinds import USER, Reference

__all__ = ["activity_router"]

READ, WRITE = "activities.read", "activities.write"
Writer = Annotated[Actor, Needs(WRITE)]

activity_router = api_router(prefix="/v1/activities", tag="activities")
activity = RecordRoutes(
    activity_router,
    ACTIVITY,
    one="activity",
    many="activities",
    read=READ,
    write=WRITE,
    refuses=(MissingReference, PersonIsErased),
)
activity.list("Activities, the newest first; `sort` by created_at, updated_at, name, due or at.")
activity.create(NewActivity, "Plan an activity, or log one that took place.")
activity.upsert(UpsertActivity, refuses=(ActivityStateRefused,))
activity.links()
activity.csv(
    references={"owner_id": USER, "team_id": Reference("team", codes=("name",))},
    put_away={"state": ActivityState.CANCELLED},
)
activity.get()
activity.history()
activity.change(ChangeActivity)

_ACTS = refuses(NotFound, ActivityStateRefused)


@activity_router.post(
    "/{activity_id}/complete",
    responses=refuses(NotFound, ActivityStateRefused, MissingReference, InvalidInput),
)
async def activity_complete(
    activity_id: UUID, command: CompleteActivity, _by: Writer, _once: OnlyOnce, work: InWork
) -> CompletedActivity:
    """Say that it is done, and what came of it; the next follow-up may be made in the same act."""
    return await acts.complete(work, activity_id, command)


@activity_router.post("/{activity_id}/cancel", responses=_ACTS)
async def activity_cancel(
    activity_id: UUID,
    command: CancelActivity,
    _by: Writer,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> ActivityView:
    """Say that it will not take place."""
    await acts.cancel(work, activity_id, command)
    return await activity.reply(response, work, activity_id)


@activity_router.post("/{activity_id}/reopen", responses=_ACTS)
async def activity_reopen(
    activity_id: UUID, _by: Writer, _once: OnlyOnce, work: InWork, response: Response
) -> ActivityView:
    """Take up again what was done or cancelled."""
    await acts.reopen(work, activity_id)
    return await activity.reply(response, work, activity_id)


@activity_router.post("/{activity_id}/reschedule", responses=_ACTS)
async def activity_reschedule(
    activity_id: UUID,
    command: RescheduleActivity,
    _by: Writer,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> ActivityView:
    """Put it to another time; a reminder at another time is due anew."""
    await acts.reschedule(work, activity_id, command)
    return await activity.reply(response, work, activity_id)


activity.link()
activity.unlink()
annotate(activity.paths)
