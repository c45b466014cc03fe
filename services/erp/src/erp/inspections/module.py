"""What inspection brings into the ERP."""

from chassis.service import Module
from chassis.work.states import States
from erp.inspections.events import InspectionPlanChanged
from erp.inspections.handlers import keep_pending_lots
from erp.inspections.models.inspections import Inspection, InspectionResult, InspectionVerdict
from erp.inspections.models.plans import InspectionPlan
from erp.inspections.router.inspections import inspection_router
from erp.inspections.router.plans import inspection_plan_router
from erp.inspections.service.plans import plan_states
from erp.stock.events import LotsReleasing

__all__ = ["MODULE"]

MODULE = Module(
    name="inspections",
    routers=(inspection_plan_router, inspection_router),
    tags={
        "inspection-plans": "What is looked at of goods, and how many: in revisions with days.",
        "inspections": "Goods that are looked at before they are used: results and verdicts.",
    },
    permissions={
        "inspections.read": "See inspections.",
        "inspections.write": "Open inspections, enter results, accept and reject goods.",
        "inspection_plans.read": "See inspection plans.",
        "inspection_plans.write": "Draft, change, activate and archive inspection plans.",
    },
    roles={
        "accountant": {"inspection_plans.read", "inspections.read"},
        "buyer": {"inspection_plans.read", "inspections.read"},
        "planner": {
            *("inspection_plans.read", "inspection_plans.write"),
            *("inspections.read", "inspections.write"),
        },
        "seller": {"inspections.read"},
        "storekeeper": {"inspection_plans.read", "inspections.read", "inspections.write"},
    },
    tables=(InspectionPlan, Inspection, InspectionResult, InspectionVerdict),
    rights={
        "inspection_result": "select, insert, delete",
        "inspection_verdict": "select, insert",
    },
    handlers={LotsReleasing: (keep_pending_lots,)},
    events=(InspectionPlanChanged,),
    states={InspectionPlanChanged: States("inspection_plan", plan_states)},
)
"""Planners keep the plans, as they keep bills and routings."""
