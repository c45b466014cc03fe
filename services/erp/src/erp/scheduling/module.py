"""What scheduling brings into the ERP."""

from chassis.service import Module
from erp.scheduling.events import SchedulePublished
from erp.scheduling.models.masters import Changeover, SchedulingProfile, SharedResource
from erp.scheduling.models.schedules import (
    Schedule,
    ScheduleAssignment,
    ScheduledOrder,
    ScheduleTry,
)
from erp.scheduling.router.masters import (
    changeover_router,
    scheduling_profile_router,
    shared_resource_router,
)
from erp.scheduling.router.schedules import (
    assignment_router,
    schedule_router,
    scheduled_order_router,
    try_router,
)
from erp.scheduling.service.running import make_tries

__all__ = ["MODULE"]

_OF_SCHEDULES = "select, insert, delete"

MODULE = Module(
    name="scheduling",
    routers=(
        *(changeover_router, shared_resource_router, scheduling_profile_router),
        *(try_router, schedule_router, assignment_router, scheduled_order_router),
    ),
    tags={
        "changeovers": "How long it takes to set up from one set-up family to another.",
        "shared-resources": "People with a skill and tools of a kind that operations share.",
        "scheduling-profiles": "How schedules are made: how far ahead, what stays, what weighs.",
        "schedule-tries": "Schedules that are tried: what would move; kept or dropped.",
        "schedules": "The published schedule: by work centre, by order, and why orders are late.",
    },
    permissions={
        "scheduling.read": "See changeovers, shared resources, schedules and schedule tries.",
        "scheduling.write": "Keep changeovers and shared resources, make and publish schedules.",
    },
    roles={
        "planner": {"scheduling.read", "scheduling.write"},
        "seller": {"scheduling.read"},
        "storekeeper": {"scheduling.read"},
    },
    tables=(
        *(Changeover, SharedResource, SchedulingProfile),
        *(Schedule, ScheduleTry, ScheduledOrder, ScheduleAssignment),
    ),
    rights={
        "schedule": "select, insert, update (is_current)",
        "scheduled_order": _OF_SCHEDULES,
        "schedule_assignment": _OF_SCHEDULES,
    },
    events=(SchedulePublished,),
    background=(make_tries,),
)
