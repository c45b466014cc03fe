"""What decisions bring into the ERP."""

from approvals.module import approvals_module
from erp.approvals.router import (
    approval_delegation_router,
    approval_router,
    approval_rule_router,
)
from erp.approvals.service import APPROVALS

__all__ = ["MODULE"]

MODULE = approvals_module(
    APPROVALS,
    (approval_router, approval_rule_router, approval_delegation_router),
    tag="Decisions on orders that went beyond a limit, and on purchases: who asked, who decided.",
    permissions={
        APPROVALS.decide: "Decide what waits: orders beyond a credit limit, and purchase orders.",
    },
    deciding=("accountant",),
    keeping=("accountant",),
)
