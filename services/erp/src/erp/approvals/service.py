"""What the ERP lets be approved, and asking for it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from approvals.service import asking
from approvals.states import FactKind
from approvals.subjects import Approvals, Fact, Request, Subject
from chassis.work.unit_of_work import Work
from erp.approvals.states import ApprovalKind

__all__ = ["APPROVALS", "request_approval", "withdraw_requests"]

CREDIT = Subject(
    kind=ApprovalKind.CREDIT,
    record_type="sales_order",
    facts={
        "beyond": FactKind.AMOUNT,
        "total": FactKind.AMOUNT,
        "customer_id": FactKind.TEXT,
    },
    always=True,
    withdrawable=False,
)
"""An order that goes beyond the limit, by how much, and what it comes to. It waits in any case."""

APPROVALS = Approvals(subjects=(CREDIT,), read="sales.read", decide="sales.approve")


async def request_approval(
    work: Work,
    *,
    kind: ApprovalKind,
    subject_id: UUID,
    reason: str,
    facts: Mapping[str, Any],
    measures: Mapping[str, Fact],
) -> None:
    """Ask those who may decide; the amounts of `measures` are in the company's currency."""
    request = Request(
        kind=kind,
        subject_id=subject_id,
        reason=reason,
        facts=facts,
        measures=measures,
        currency=work.setting.currency,
    )
    await asking.request_approval(work, APPROVALS, request)


async def withdraw_requests(work: Work, subject_id: UUID) -> None:
    """What was asked about a document need not be decided any more."""
    await asking.withdraw_requests(work, subject_id)
