"""Approval of purchase orders: which of them wait for it, and what a change makes of it (E71).

Where a rule of the kind exists, orders with the same supplier are judged one after the other: the
items are locked first, then the suppliers, in the order of their ids.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from approvals.rules.matching import fingerprint_of
from approvals.subjects import Fact
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from erp.approvals import service as approvals
from erp.approvals.states import ApprovalKind
from erp.purchasing.errors import PurchaseChangeNotApproved
from erp.purchasing.models.orders import PurchaseOrder, PurchaseOrderLine
from erp.purchasing.queries import spending
from erp.purchasing.queries.spending import Spent
from erp.stock.service.expected_receipts import lock_items
from values.amounts import amount_facts
from values.money import digits_of

__all__ = ["AskedPurchase", "judge_change", "judge_new", "lock_suppliers", "request_approvals"]


@dataclass(frozen=True)
class AskedPurchase:
    """An order that somebody has to approve, with what is asked about it."""

    order: PurchaseOrder
    total: Decimal
    spent: Spent
    fingerprint: str

    @property
    def total_of_30_days(self) -> Decimal:
        """What the order comes to with the supplier's others of 30 days."""
        return self.spent.total + self.total

    @property
    def measures(self) -> dict[str, Fact]:
        """What rules ask."""
        return {
            "total": self.total,
            "total_of_30_days": self.total_of_30_days,
            "supplier_id": str(self.order.supplier_id),
            "supplier_is_new": "true" if self.spent.is_new else "false",
        }


async def lock_suppliers(work: Work, supplier_ids: Collection[UUID]) -> approvals.Rules:
    """Let nobody else order from the suppliers until the act ends, if rules ask about orders.

    Their items are locked before. The rules: one statement where there are none.
    """
    rules = await approvals.rules_of(work, ApprovalKind.PURCHASE)
    if rules:
        await advisory_lock(work, *(f"purchasing:{one}" for one in sorted(supplier_ids)))
    return rules


async def judge_new(
    work: Work,
    orders: Sequence[PurchaseOrder],
    lines: Sequence[PurchaseOrderLine],
    *,
    ordered_on: date,
) -> list[AskedPurchase]:
    """Let new orders, one of each supplier, be placed or wait; those to be asked about."""
    for order in orders:
        order.place()
    if not await approvals.rules_of(work, ApprovalKind.PURCHASE):
        return []
    await lock_items(work, {line.item_id for line in lines})
    rules = await lock_suppliers(work, {order.supplier_id for order in orders})
    suppliers = [order.supplier_id for order in orders]
    spent = await spending.spent_with(work, suppliers, ordered_on=ordered_on, without=())
    own: dict[UUID, list[PurchaseOrderLine]] = {order.id: [] for order in orders}
    for line in lines:
        own[line.purchase_order_id].append(line)
    asked = [_asked(work, one, own[one.id], spent[one.supplier_id]) for one in orders]
    needed = [one for one in asked if _needs(work, rules, one)]
    for one in needed:
        one.order.await_approval()
    return needed


async def judge_change(
    work: Work, order: PurchaseOrder, lines: Sequence[PurchaseOrderLine], *, grows: bool
) -> AskedPurchase | None:
    """Let a locked order with these lines be placed or wait; what is to be asked about it.

    `grows`: more is ordered than before, or dearer; what is not may be less than was approved.
    What was asked or approved before is void where it waits. Raises PurchaseChangeNotApproved
    (some of it came already).
    """
    if not order.is_pending and not grows:
        return None
    asked = await _judged(work, order, lines)
    if order.is_pending:
        now = asked.fingerprint if asked else ""
        await approvals.void_changed(work, ApprovalKind.PURCHASE, order.id, now)
        if asked is None:
            order.place()
        return asked
    if asked is None:
        return None
    if await _is_approved(work, asked):
        return None
    if any(line.is_begun for line in lines):
        raise PurchaseChangeNotApproved(number=order.number)
    await approvals.void_changed(work, ApprovalKind.PURCHASE, order.id, "")
    order.await_approval()
    return asked


async def _is_approved(work: Work, asked: AskedPurchase) -> bool:
    """Whether the order is approved as it is now, with no less in 30 days than there is now.

    Others may have been ordered while it was less than what was approved.
    """
    approved = await approvals.approved_measures(work, ApprovalKind.PURCHASE, asked.order.id)
    most = approved.get(asked.fingerprint, {}).get("total_of_30_days")
    return most is not None and asked.total_of_30_days <= Decimal(most)


async def _judged(
    work: Work, order: PurchaseOrder, lines: Sequence[PurchaseOrderLine]
) -> AskedPurchase | None:
    """What is asked about the order as it is now; None: no rule wants it approved."""
    if not await approvals.rules_of(work, ApprovalKind.PURCHASE):
        return None
    await lock_items(work, {line.item_id for line in lines})
    rules = await lock_suppliers(work, [order.supplier_id])
    spent = await spending.spent_with(
        work, [order.supplier_id], ordered_on=order.ordered_on, without=[order.id]
    )
    asked = _asked(work, order, lines, spent[order.supplier_id])
    return asked if _needs(work, rules, asked) else None


def _asked(
    work: Work, order: PurchaseOrder, lines: Iterable[PurchaseOrderLine], spent: Spent
) -> AskedPurchase:
    kept = [line for line in lines if line.quantity]
    order.sum_up(kept, decimals=digits_of(work.setting.currency))
    content = [(str(one.item_id), one.quantity, one.unit_price, one.due_on) for one in kept]
    fingerprint = fingerprint_of({"supplier_id": order.supplier_id, "lines": content})
    return AskedPurchase(order, order.net, spent, fingerprint)


def _needs(work: Work, rules: approvals.Rules, asked: AskedPurchase) -> bool:
    return approvals.asks(work, rules, ApprovalKind.PURCHASE, asked.measures)


async def request_approvals(work: Work, asked: Sequence[AskedPurchase]) -> None:
    """Ask whom the rules name about stored orders that wait."""
    for one in asked:
        amounts = {"total": one.total, "total_of_30_days": one.total_of_30_days}
        await approvals.request_approval(
            work,
            kind=ApprovalKind.PURCHASE,
            subject_id=one.order.id,
            reason="purchase",
            facts={
                "number": one.order.number,
                "supplier_number": one.spent.supplier_number,
                **amount_facts(work.setting.currency, **amounts),
            },
            measures=one.measures,
            fingerprint=one.fingerprint,
        )
