"""What quality brings into the ERP."""

from chassis.service import Module
from chassis.work.states import States
from erp.inspections.events import GoodsRejected
from erp.quality.events import NonconformanceChanged
from erp.quality.models.cases import CorrectiveAction, Disposition, Nonconformance
from erp.quality.router.cases import nonconformance_router
from erp.quality.router.complaints import complaint_router, score_router
from erp.quality.service.cases import case_states, open_rejected

__all__ = ["MODULE"]

MODULE = Module(
    name="quality",
    routers=(nonconformance_router, complaint_router, score_router),
    tags={
        "nonconformances": "Goods that do not conform, why, and what becomes of them.",
        "supplier-scores": "How goods of suppliers came: received, rejected, late, and cases.",
    },
    permissions={
        "quality.read": "See cases of goods that do not conform, and scores of suppliers.",
        "quality.write": "Take up complaints, keep causes and corrective actions.",
        "quality.decide": "Open cases of goods, dispose of these, close cases.",
    },
    roles={
        "accountant": {"quality.read"},
        "buyer": {"quality.read", "quality.write"},
        "planner": {"quality.read", "quality.write", "quality.decide"},
        "seller": {"quality.read", "quality.write"},
        "storekeeper": {"quality.read", "quality.write"},
    },
    tables=(Nonconformance, Disposition, CorrectiveAction),
    rights={"nonconformance_disposition": "select, insert"},
    events=(NonconformanceChanged,),
    states={NonconformanceChanged: States("nonconformance", case_states)},
    handlers={GoodsRejected: (open_rejected,)},
)
