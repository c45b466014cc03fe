"""Paths of inspection plans."""

from typing import Annotated
from uuid import UUID

from fastapi import Response, status

from chassis.actor import Actor
from chassis.http.dependencies import InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import MissingReference, NotFound
from erp.inspections.errors import (
    DuplicatePlan,
    NoCharacteristics,
    OverlappingPlan,
    PlanFixed,
    ReversedPlanDays,
)
from erp.inspections.schemas.plans import (
    ChangeInspectionPlan,
    InspectionPlanView,
    NewInspectionPlan,
    ReviseInspectionPlan,
    UpsertInspectionPlan,
)
from erp.inspections.service.plans import PLAN, revise
from erp.inspections.states import PlanStatus
from records.annotations import annotate
from records.routes import RecordRoutes
from records.sheets.kinds import Reference

__all__ = ["inspection_plan", "inspection_plan_router"]

READ, WRITE = "inspection_plans.read", "inspection_plans.write"
Planner = Annotated[Actor, Needs(WRITE)]
_CONTENT = (MissingReference, DuplicatePlan, ReversedPlanDays)
_BEGUN = (NoCharacteristics, OverlappingPlan)

inspection_plan_router = api_router(prefix="/v1/inspection-plans", tag="inspection-plans")
inspection_plan = RecordRoutes(
    inspection_plan_router,
    PLAN,
    one="inspection plan",
    many="inspection plans",
    read=READ,
    write=WRITE,
    refuses=_CONTENT,
)
inspection_plan.list(
    "Inspection plans, the newest first; `sort` by created_at, updated_at or code."
)
inspection_plan.create(NewInspectionPlan, "Draft an inspection plan.")
inspection_plan.upsert(UpsertInspectionPlan, refuses=(PlanFixed, *_BEGUN))
inspection_plan.csv(
    references={
        "sku": Reference("item", codes=("sku",), take="sku"),
        "category": Reference("item_category", codes=("code",), take="code"),
        "supplier_number": Reference("supplier", codes=("number",), take="number"),
        "work_centre": Reference("work_centre", codes=("code",), take="code"),
        "customer_number": Reference("customer", codes=("number",), take="number"),
    },
    states={PlanStatus.DRAFT.value: {"status": PlanStatus.DRAFT}},
)
inspection_plan.get()
inspection_plan.history()
inspection_plan.change(ChangeInspectionPlan, refuses=(PlanFixed, *_BEGUN))
inspection_plan.put(
    "activate",
    {"status": PlanStatus.ACTIVE},
    "Let the plan count on its days; its content stays from now on.",
    refuses=_BEGUN,
)
inspection_plan.archive(
    "Put the plan away: it counts on no day.",
    "Let the plan count on its days again.",
    refuses=_BEGUN,
)


@inspection_plan_router.post(
    "/{inspection_plan_id}/revise",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(NotFound, *_CONTENT),
)
async def inspection_plan_revise(
    inspection_plan_id: UUID,
    command: ReviseInspectionPlan,
    _by: Planner,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> InspectionPlanView:
    """Draft a new revision that is like this one."""
    new_id = await revise(work, inspection_plan_id, command)
    return await inspection_plan.reply(response, work, new_id, new=True)


inspection_plan.link()
inspection_plan.unlink()
annotate(inspection_plan.paths)
