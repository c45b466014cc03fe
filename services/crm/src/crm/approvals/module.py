"""What approvals bring into the CRM."""

from approvals.module import approvals_module
from crm.approvals.router import (
    approval_delegation_router,
    approval_router,
    approval_rule_router,
)
from crm.approvals.service.asking import APPROVALS
from crm.approvals.service.handing_over import OPEN
from crm.open_work import declare

__all__ = ["MODULE"]

declare(OPEN)
MODULE = approvals_module(
    APPROVALS,
    (approval_router, approval_rule_router, approval_delegation_router),
    tag="Decisions on quotes that go beyond what a seller offers alone: who asked, who decided.",
    permissions={
        APPROVALS.decide: "Decide what waits for approval: quotes by the rules.",
    },
    deciding=("sales_manager",),
    keeping=("sales_manager",),
)
