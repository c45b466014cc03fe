"""What activities bring into the CRM."""

from chassis.service import Module
from chassis.work.states import States
from crm import open_work
from crm.activities.events import ActivityChanged
from crm.activities.models import ACTIVITY_RECORD, SEARCH, Activity
from crm.activities.router import activity_router
from crm.activities.service.activities import activity_states
from crm.activities.service.giving import OPEN
from crm.activities.service.moving import NAMED_WITHIN
from crm.activities.service.reminders import REMIND, SCHEDULE, remind
from crm.base import Base
from records.merging.within import declare_named_within

__all__ = ["MODULE"]

declare_named_within(Base, NAMED_WITHIN)
open_work.declare(OPEN)

_BOTH = {"activities.read", "activities.write"}

MODULE = Module(
    name="activities",
    routers=(activity_router,),
    tags={"activities": "Calls, meetings, e-mails and tasks, on records of any type."},
    permissions={
        "activities.read": "See activities: one's own, and those about records that one sees.",
        "activities.write": "Plan, log, change, complete and cancel activities.",
    },
    roles={
        "seller": _BOTH,
        "sales_manager": _BOTH,
        "service_agent": _BOTH,
        "marketer": {"activities.read"},
    },
    tables=(Activity, ACTIVITY_RECORD, SEARCH),
    rights={"activity_record": "select, insert, delete"},
    events=(ActivityChanged,),
    jobs={REMIND: remind},
    schedules=(SCHEDULE,),
    states={ActivityChanged: States("activity", activity_states)},
)
