"""What decisions bring into the ERP."""

from chassis.service import Module
from chassis.telemetry.metrics import Metric
from erp.approvals.models import Approval
from erp.approvals.router import approval_router

__all__ = ["MODULE"]

MODULE = Module(
    name="approvals",
    routers=(approval_router,),
    tags={
        "approvals": (
            "Decisions on orders that went beyond a limit: who asked, who decided, and why."
        ),
    },
    permissions={
        "sales.approve": "Decide what waits for approval: orders beyond a credit limit.",
    },
    roles={
        "accountant": {"sales.approve"},
    },
    tables=(Approval,),
    metrics=(
        Metric(
            "approvals_pending",
            "Questions that nobody has answered.",
            "select count(*) from approval where state = 'pending'",
        ),
    ),
)
