"""Giving up what never came, and what follows when an order is approved or refused."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from chassis.problems.standard import NotFound
from chassis.work.unit_of_work import Work
from erp.approvals.service import withdraw_requests
from erp.purchasing.models.orders import PurchaseOrderLine
from erp.purchasing.queries import orders as queries
from erp.purchasing.queries.orders import LockedPurchaseOrder
from erp.purchasing.schemas.orders import PurchaseOrderView
from erp.purchasing.service.orders import expected_line, expected_lines, publish_orders
from erp.purchasing.service.suggesting import update_suggestions
from erp.stock.service.expected_receipts import set_expected_receipts

__all__ = ["close_order", "order_decided"]


async def close_order(work: Work, order_id: UUID) -> PurchaseOrderView:
    """Expect nothing more of the order; what is still waited for is suggested anew.

    Of one that waits for approval the question is withdrawn. Raises NotFound, PurchaseOrderClosed.
    """
    locked = await queries.lock_orders(work, [order_id])
    if order_id not in locked:
        raise NotFound(entity="purchase_order", id=order_id)
    one = locked[order_id]
    if one.order.is_pending:
        await withdraw_requests(work, order_id)
    return await _close(work, one)


async def order_decided(work: Work, order_id: UUID, *, approved: bool) -> None:
    """Place a locked order that was approved, or close it: it was refused or withdrawn."""
    one = (await queries.lock_orders(work, [order_id]))[order_id]
    if not approved:
        await _close(work, one)
        return
    one.order.place()
    one.order.enlarge(work.now)
    one.order.update_state(one.lines, work.now)
    await queries.save_orders(work, [one])
    await set_expected_receipts(work, expected_lines(one.lines))
    await _publish(work, order_id, one.lines)


async def _close(work: Work, one: LockedPurchaseOrder) -> PurchaseOrderView:
    one.order.close(work.now)
    open_lines = [line for line in one.lines if line.expected > 0]
    await queries.save_orders(work, [one])
    await set_expected_receipts(work, [expected_line(line, Decimal(0)) for line in open_lines])
    return await _publish(work, one.order.id, open_lines)


async def _publish(
    work: Work, order_id: UUID, lines: Sequence[PurchaseOrderLine]
) -> PurchaseOrderView:
    """Let suggestions follow, and publish that the order is in another state."""
    await update_suggestions(work, sorted({line.item_id for line in lines}))
    [view] = await publish_orders(work, [order_id], ["state"])
    return view
