"""Handlers of purchasing for events of approvals, stock, payables and the catalog."""

from approvals.events import DecisionMade, DecisionStarted
from approvals.states import ApprovalState
from chassis.work.unit_of_work import Work
from erp.approvals.states import ApprovalKind
from erp.catalog.errors import ItemInUse
from erp.catalog.events import UnitOrKindChanging
from erp.payables.events import BillReversed
from erp.purchasing.queries import prices
from erp.purchasing.queries.orders import lock_orders
from erp.purchasing.service.billing import unbill
from erp.purchasing.service.closing import order_decided
from erp.purchasing.service.suggesting import update_suggestions
from erp.stock.events import ItemsShort

__all__ = [
    "follow_shortages",
    "keep_unit_and_kind",
    "lock_order_first",
    "resume_order",
    "unbill_lines",
]


async def lock_order_first(work: Work, event: DecisionStarted) -> None:
    """Orders are locked before their approvals, as changing and closing do."""
    if event.kind == ApprovalKind.PURCHASE:
        await lock_orders(work, [event.subject_id])


async def resume_order(work: Work, event: DecisionMade) -> None:
    """The order was approved, or not: it is placed or closed in the same act (E71)."""
    if event.kind == ApprovalKind.PURCHASE:
        approved = event.state == ApprovalState.APPROVED
        await order_decided(work, event.subject_id, approved=approved)


async def follow_shortages(work: Work, event: ItemsShort) -> None:
    """Let the suggestions follow the demand; stock has the items locked."""
    await update_suggestions(work, event.item_ids)


async def unbill_lines(work: Work, event: BillReversed) -> None:
    """What the bill had billed may be billed anew. Raises BillCredited."""
    await unbill(work, event)


async def keep_unit_and_kind(work: Work, event: UnitOrKindChanging) -> None:
    """What suppliers sell, and orders name, stays counted as it was. Raises ItemInUse."""
    if await prices.is_bought(work.sql, event.item_id):
        raise ItemInUse(sku=event.sku)
