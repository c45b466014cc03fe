"""What planning brings into the ERP."""

from chassis.service import Module
from erp.planning.events import PlanChanged
from erp.planning.models import (
    MaterialPlan,
    PlanMessage,
    PlannedItemRow,
    PlannedOrderRow,
    PlanningParameter,
    PlanPeg,
    PlanRequirement,
)
from erp.planning.router import (
    message_router,
    parameter_router,
    plan_router,
    planned_order_router,
    promise_router,
    supply_router,
)
from erp.planning.service.running import make_plans

__all__ = ["MODULE"]

_OF_PLANS = "select, insert, delete"

MODULE = Module(
    name="planning",
    routers=(
        parameter_router,
        plan_router,
        planned_order_router,
        message_router,
        supply_router,
        promise_router,
    ),
    tags={
        "planning-parameters": "How items are planned: policy, lots, lead time, safety stock.",
        "material-plans": "Plans of what to buy and make: asked for, and how far they are.",
        "planned-orders": "What the current plan wants bought or made, and why.",
        "supply-suggestions": "What is to be made or bought now, each need once.",
        "earliest-promise": "When so many could be there, and what that follows from.",
        "plan-messages": "What should be done about what is ordered.",
    },
    permissions={
        "planning.read": "See planning parameters, plans, planned orders and messages.",
        "planning.write": "Say how items are planned, have plans made.",
    },
    roles={
        "planner": {"planning.read", "planning.write"},
        "buyer": {"planning.read"},
    },
    tables=(
        PlanningParameter,
        MaterialPlan,
        PlannedItemRow,
        PlannedOrderRow,
        PlanRequirement,
        PlanPeg,
        PlanMessage,
    ),
    rights={
        "planned_item": _OF_PLANS,
        "planned_order": f"{_OF_PLANS}, update (state, order_line_id, production_order_id)",
        "plan_requirement": _OF_PLANS,
        "plan_peg": _OF_PLANS,
        "plan_message": _OF_PLANS,
    },
    events=(PlanChanged,),
    background=(make_plans,),
)
