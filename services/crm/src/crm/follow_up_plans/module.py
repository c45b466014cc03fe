"""What follow-up plans bring into the CRM."""

from chassis.service import Module
from chassis.work.states import States
from crm.base import Base
from crm.follow_up_plans.events import FollowUpPlanChanged
from crm.follow_up_plans.models import RIGHTS, SEARCH, STEP, FollowUpPlan, FollowUpRun
from crm.follow_up_plans.router import follow_up_plan_router, follow_up_run_router
from crm.follow_up_plans.service.merging import NAMED_WITHIN
from crm.follow_up_plans.service.plans import follow_up_plan_states
from crm.follow_up_plans.service.runs import FOLLOW_UP, SCHEDULE, follow_up
from records.merging.within import declare_named_within

__all__ = ["MODULE"]

declare_named_within(Base, NAMED_WITHIN)

MODULE = Module(
    name="follow_up_plans",
    routers=(follow_up_plan_router, follow_up_run_router),
    tags={"follow-up-plans": "Plans by which records are followed up, and where they run."},
    permissions={
        "follow_up_plans.read": "See follow-up plans.",
        "follow_up_plans.write": "Create, change, archive and link follow-up plans.",
    },
    roles={
        "seller": {"follow_up_plans.read"},
        "sales_manager": {"follow_up_plans.read", "follow_up_plans.write"},
        "service_agent": {"follow_up_plans.read"},
        "marketer": {"follow_up_plans.read"},
    },
    tables=(FollowUpPlan, SEARCH, FollowUpRun, STEP),
    rights=RIGHTS,
    jobs={FOLLOW_UP: follow_up},
    schedules=(SCHEDULE,),
    events=(FollowUpPlanChanged,),
    states={FollowUpPlanChanged: States("follow_up_plan", follow_up_plan_states)},
)
