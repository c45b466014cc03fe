"""What assignment rules bring into the CRM."""

from datetime import timedelta

from chassis.service import Module, Schedule
from chassis.work.states import States
from crm.assignment.events import AssignmentRuleChanged
from crm.assignment.models import (
    DECISION,
    LANE,
    RIGHTS,
    SEARCH,
    TURN,
    WAITING,
    AssignmentRule,
)
from crm.assignment.router import (
    assignment_rule_router,
    decision_router,
    request_router,
    waiting_router,
)
from crm.assignment.service import deciding
from crm.assignment.service.merging import NAMED_WITHIN
from crm.assignment.service.rules import assignment_rule_states
from crm.base import Base
from records.merging.within import declare_named_within

__all__ = ["MODULE"]

declare_named_within(Base, NAMED_WITHIN)

MODULE = Module(
    name="assignment",
    routers=(assignment_rule_router, request_router, decision_router, waiting_router),
    tags={"assignment": "Rules that decide who gets what, what waits, and what was decided."},
    permissions={
        "assignment.read": "See rules, decisions and what waits; ask who would get something.",
        "assignment.write": "Create, change and archive rules; let records be assigned.",
    },
    roles={"sales_manager": {"assignment.read", "assignment.write"}},
    tables=(AssignmentRule, SEARCH, LANE, TURN, WAITING, DECISION),
    rights=RIGHTS,
    events=(AssignmentRuleChanged,),
    states={AssignmentRuleChanged: States("assignment_rule", assignment_rule_states)},
    jobs={deciding.DECIDE: deciding.decide_waiting, deciding.SWEEP: deciding.sweep_waiting},
    schedules=(Schedule(deciding.SWEEP, timedelta(minutes=1), deciding.SWEEP),),
)
