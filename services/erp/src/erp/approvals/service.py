"""What the ERP lets be approved, and asking for it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from approvals.service import asking
from approvals.states import FactKind
from approvals.subjects import Approvals, Fact, Request, Subject
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from erp.approvals.states import ApprovalKind

__all__ = [
    "APPROVALS",
    "PURCHASE",
    "Rules",
    "approved_measures",
    "asks",
    "request_approval",
    "rules_of",
    "void_changed",
    "withdraw_requests",
]

Rules = Sequence[Mapping[str, Any]]
"""The active rules of a kind, in the order in which they are asked."""

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

PURCHASE = Subject(
    kind=ApprovalKind.PURCHASE,
    record_type="purchase_order",
    facts={
        "total": FactKind.AMOUNT,
        "total_of_30_days": FactKind.AMOUNT,
        "supplier_id": FactKind.TEXT,
        "supplier_is_new": FactKind.TEXT,
    },
)
"""A purchase order: what it comes to, alone and with the supplier's others of 30 days, so that
splitting it evades nothing; from whom, and whether nothing came from there before."""

APPROVALS = Approvals(subjects=(CREDIT, PURCHASE), read="sales.read", decide="sales.approve")


async def rules_of(at: Reading, kind: ApprovalKind) -> Rules:
    """The active rules of the kind; one statement."""
    return await asking.rules_of(at, kind)


def asks(at: Reading, rules: Rules, kind: ApprovalKind, measures: Mapping[str, Fact]) -> bool:
    """Whether one of the rules wants it approved; amounts are in the company's currency."""
    facts = {name: None if one is None else str(one) for name, one in measures.items()}
    subject = APPROVALS.subject(kind)
    return asking.matching_rule(subject, rules, facts, at.setting.currency) is not None


async def approved_measures(
    at: Reading, kind: ApprovalKind, subject_id: UUID
) -> Mapping[str, Mapping[str, str | None]]:
    """What is approved of the document now: by fingerprint what rules asked of it then."""
    return await asking.approved_measures(at, kind, subject_id)


async def request_approval(
    work: Work,
    *,
    kind: ApprovalKind,
    subject_id: UUID,
    reason: str,
    facts: Mapping[str, Any],
    measures: Mapping[str, Fact],
    fingerprint: str = "",
) -> None:
    """Ask those who may decide; the amounts of `measures` are in the company's currency."""
    request = Request(
        kind=kind,
        subject_id=subject_id,
        reason=reason,
        facts=facts,
        measures=measures,
        currency=work.setting.currency,
        fingerprint=fingerprint,
    )
    await asking.request_approval(work, APPROVALS, request)


async def void_changed(work: Work, kind: ApprovalKind, subject_id: UUID, fingerprint: str) -> None:
    """Void what was asked or approved of the locked document as it was before; "": whatever."""
    await asking.void_changed(work, kind, subject_id, fingerprint)


async def withdraw_requests(work: Work, subject_id: UUID) -> None:
    """What was asked about a document need not be decided any more."""
    await asking.withdraw_requests(work, subject_id)
