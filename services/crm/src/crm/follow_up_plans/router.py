"""Paths of follow-up plans and their runs."""

from typing import Annotated
from uuid import UUID

from fastapi import Response, status

from chassis.actor import Actor
from chassis.http.dependencies import InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import MissingReference, NotFound
from crm.follow_up_plans.errors import (
    FollowUpPlanArchived,
    FollowUpRecordClosed,
    FollowUpRunEnded,
    FollowUpRunning,
)
from crm.follow_up_plans.queries.runs import RUNS
from crm.follow_up_plans.schemas import (
    ChangeFollowUpPlan,
    FollowUpRunView,
    NewFollowUpPlan,
    StartFollowUp,
    UpsertFollowUpPlan,
)
from crm.follow_up_plans.service import runs
from crm.follow_up_plans.service.plans import FOLLOW_UP_PLAN
from records.annotations import annotate
from records.paths import RecordPaths
from records.read_routes import get_route, list_route
from records.routes import RecordRoutes

__all__ = ["follow_up_plan_router", "follow_up_run_router"]

follow_up_plan_router = api_router(prefix="/v1/follow-up-plans", tag="follow-up-plans")
follow_up_plan = RecordRoutes(
    follow_up_plan_router,
    FOLLOW_UP_PLAN,
    one="follow up plan",
    many="follow up plans",
    read="follow_up_plans.read",
    write="follow_up_plans.write",
)
follow_up_plan.list("Follow-up plans; `sort` by created_at, updated_at or name.")
follow_up_plan.create(NewFollowUpPlan, "Create a follow-up plan.")
follow_up_plan.upsert(UpsertFollowUpPlan)
follow_up_plan.links()
follow_up_plan.csv()
follow_up_plan.get()
follow_up_plan.history()
follow_up_plan.change(ChangeFollowUpPlan)
follow_up_plan.archive("Archive the follow-up plan; runs go on.", "Use the follow-up plan again.")
follow_up_plan.link()
follow_up_plan.unlink()
annotate(follow_up_plan.paths)

READ, WRITE = "activities.read", "activities.write"
Writer = Annotated[Actor, Needs(WRITE)]

follow_up_run_router = api_router(prefix="/v1/follow-up-runs", tag="follow-up-plans")
PATHS = RecordPaths(follow_up_run_router, RUNS, "follow up run", READ, WRITE)
list_route(PATHS, "Which plan runs on which record, the newest first.")


@follow_up_run_router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(
        MissingReference, FollowUpPlanArchived, FollowUpRecordClosed, FollowUpRunning
    ),
)
async def follow_up_run_create(
    command: StartFollowUp, _by: Writer, _once: OnlyOnce, work: InWork, response: Response
) -> FollowUpRunView:
    """Follow a lead, a contact or a deal up by a plan: its steps make activities, each once."""
    run_id = await runs.start(work, command)
    response.headers["Location"] = f"/v1/follow-up-runs/{run_id}"
    return await RUNS.get(work, run_id)


get_route(PATHS)


@follow_up_run_router.post(
    "/{follow_up_run_id}/stop", responses=refuses(NotFound, FollowUpRunEnded)
)
async def follow_up_run_stop(
    follow_up_run_id: UUID, _by: Writer, _once: OnlyOnce, work: InWork
) -> FollowUpRunView:
    """Stop a run; the activities that it made stay."""
    return await runs.stop(work, follow_up_run_id)
