"""What is done with an activity: it is completed, cancelled, reopened, put to another time."""

from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.work.unit_of_work import Work
from crm.activities.models import Activity
from crm.activities.schemas import (
    CancelActivity,
    CompleteActivity,
    CompletedActivity,
    FollowUp,
    RelatedRecord,
    RescheduleActivity,
)
from crm.activities.service.activities import ACTIVITY
from crm.activities.states import ActivityState
from records.types import Change
from records.writes import create_all, given_values, lock_visible, write

__all__ = ["cancel", "complete", "reopen", "reschedule"]

_TAKEN_OVER = ("record_type", "record_id", "related", "contact_ids", "user_ids", "team_id")


async def complete(work: Work, activity_id: UUID, command: CompleteActivity) -> CompletedActivity:
    """Say that it is done; the next follow-up is made in the same act.

    Raises NotFound, Forbidden, ActivityStateRefused, InvalidInput, MissingReference.
    """
    activity = await _locked(work, activity_id, ActivityState.DONE)
    values = {"state": ActivityState.DONE, "done_at": command.done_at or work.now}
    await _write(work, activity, values | command.given("done_at", "next"))
    following = await _follow(work, activity, command.next) if command.next else None
    await work.flush()
    return CompletedActivity(
        activity=await ACTIVITY.reads.get(work, activity_id),
        next=await ACTIVITY.reads.get(work, following) if following else None,
    )


async def _follow(work: Work, activity: Activity, command: FollowUp) -> UUID:
    """Make the next one: on the same records, and its owner's, where it does not say otherwise."""
    given = given_values(command)
    names = [one for one in _TAKEN_OVER if one not in given]
    if "record_id" in given:
        names = [one for one in names if one != "record_type"]
    values: dict[str, Any] = {name: getattr(activity, name) for name in names}
    if "related" in values:
        values["related"] = [RelatedRecord.model_validate(one) for one in activity.related]
    made = uuid7()
    await create_all(work, ACTIVITY, [(made, {"owner_id": activity.owner_id} | values | given)])
    return made


async def cancel(work: Work, activity_id: UUID, command: CancelActivity) -> None:
    """Say that it will not take place. Raises NotFound, Forbidden, ActivityStateRefused."""
    activity = await _locked(work, activity_id, ActivityState.CANCELLED)
    await _write(work, activity, {"state": ActivityState.CANCELLED} | command.given())


async def reopen(work: Work, activity_id: UUID) -> None:
    """Take it up again. Raises NotFound, Forbidden, ActivityStateRefused."""
    activity = await _locked(work, activity_id, ActivityState.OPEN)
    await _write(work, activity, {"state": ActivityState.OPEN})


async def reschedule(work: Work, activity_id: UUID, command: RescheduleActivity) -> None:
    """Put an open one to another time; a day in place of an instant, and the other way round.

    Raises NotFound, Forbidden, ActivityStateRefused, InvalidInput.
    """
    activity = (await lock_visible(work, ACTIVITY, [activity_id]))[activity_id]
    activity.require_next(ActivityState.DONE)
    values = command.given()
    if not values:
        text = "Give at least one time."
        raise InvalidInput(errors=[FieldError("", "missing", text)])
    for given, other in (("due_on", "due_at"), ("due_at", "due_on")):
        if values.get(given) is not None:
            values.setdefault(other, None)
    await _write(work, activity, values)


async def _locked(work: Work, activity_id: UUID, wanted: ActivityState) -> Activity:
    activity = (await lock_visible(work, ACTIVITY, [activity_id]))[activity_id]
    activity.require_next(wanted)
    return activity


async def _write(work: Work, activity: Activity, values: dict[str, Any]) -> None:
    await write(work, ACTIVITY, [Change(activity, values)])
