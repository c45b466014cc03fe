"""What orders are expected to bring: receipts that promises to customers count on (E37)."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.production_orders.models import ProductionOrder
from erp.production_orders.states import ProductionOrderState
from erp.purchasing.service.suggesting import update_suggestions
from erp.stock.lines import ExpectedLine
from erp.stock.service.expected_receipts import set_expected_receipts
from records.types import Change

__all__ = ["EXPECTED", "expect_goods", "items_expected"]

EXPECTED = frozenset(
    {ProductionOrderState.FIRM, ProductionOrderState.RELEASED, ProductionOrderState.STARTED}
)
"""States in which the rest of an order is expected on its due day."""
_CHANGING = frozenset({"due_on", "scrapped", "reworked"})
"""What of an order changes what is expected of it, beside its state and what it brings."""
_ZERO = Decimal(0)


async def expect_goods(work: Work, changes: Sequence[Change[ProductionOrder]]) -> None:
    """Expect what is still to be good of orders that became firm, were moved, lost some, or ended.

    Good ones are taken off by the receipt of the goods themselves. Suggestions to buy the items
    follow (E41).
    """
    lines = [_line(one.record) for one in changes if _differs(one)]
    if not lines:
        return
    await set_expected_receipts(work, sorted(lines, key=lambda one: one.item_id))
    await update_suggestions(work, sorted({one.item_id for one in lines}))


def items_expected(changes: Sequence[Change[ProductionOrder]]) -> set[UUID]:
    """The items of which something else is expected after the changes."""
    return {one.record.item_id for one in changes if _differs(one)}


def _differs(change: Change[ProductionOrder]) -> bool:
    order, before = change.record, change.before
    was = not change.is_new and before.get("state", order.state) in EXPECTED
    now = order.state in EXPECTED
    return was != now or (now and not before.keys().isdisjoint(_CHANGING))


def _line(order: ProductionOrder) -> ExpectedLine:
    """No more than can still come of what began: the rest is lost, or of the order made again."""
    left = _ZERO
    if order.state in EXPECTED:
        left = min(order.quantity - order.good, order.start_quantity - order.handled)
    return ExpectedLine(order.id, order.item_id, max(left, _ZERO), order.due_on)
