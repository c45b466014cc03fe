"""What fulfilment does on events of stock, settlement and approvals."""

from approvals.events import DecisionMade, DecisionStarted
from approvals.states import ApprovalState
from chassis.work.unit_of_work import Work
from erp.approvals.states import ApprovalKind
from erp.catalog.errors import ItemInUse
from erp.catalog.events import UnitOrKindChanging
from erp.fulfilment.queries import reading, writing
from erp.fulfilment.service.billing import record_credit
from erp.fulfilment.service.orders import credit_decided, lock_order_by_id
from erp.fulfilment.service.publishing import enqueue_refresh
from erp.receivables.events import InvoiceCredited, InvoiceCreditStarted
from erp.settlement.events import OrdersPaid
from erp.stock.events import DemandFilled, GoodsExpected, ReservationsReleased

__all__ = [
    "check_unit_or_kind_change",
    "lock_credited_order",
    "lock_order_first",
    "record_credited_lines",
    "refresh_expected_orders",
    "refresh_filled_orders",
    "refresh_paid_orders",
    "reschedule_released_orders",
    "resume_order",
]


async def refresh_filled_orders(work: Work, event: DemandFilled) -> None:
    """Goods were reserved for backorders: those orders are published."""
    enqueue_refresh(work, event.order_ids)


async def refresh_expected_orders(work: Work, event: GoodsExpected) -> None:
    """Goods are expected that orders wait for: they are promised and published."""
    enqueue_refresh(work, event.order_ids)


async def reschedule_released_orders(work: Work, event: ReservationsReleased) -> None:
    """Goods of orders went back: they wait again, are promised another day, and are published."""
    enqueue_refresh(work, event.order_ids, reschedule=True)


async def refresh_paid_orders(work: Work, event: OrdersPaid) -> None:
    """Invoices of orders were paid or reopened: those orders are published."""
    enqueue_refresh(work, event.order_ids)


async def lock_order_first(work: Work, event: DecisionStarted) -> None:
    """Orders are locked before their approvals, as cancelling does."""
    if event.kind == ApprovalKind.CREDIT:
        await lock_order_by_id(work, event.subject_id)


async def resume_order(work: Work, event: DecisionMade) -> None:
    """Credit was granted or refused: the order is confirmed or rejected in the same act."""
    if event.kind == ApprovalKind.CREDIT:
        await credit_decided(work, event.subject_id, granted=event.state == ApprovalState.APPROVED)


async def check_unit_or_kind_change(work: Work, event: UnitOrKindChanging) -> None:
    """What customers have ordered stays counted as it was. Raises ItemInUse."""
    if await reading.is_ordered(work.sql, event.item_id):
        raise ItemInUse(sku=event.sku)


async def lock_credited_order(work: Work, event: InvoiceCreditStarted) -> None:
    """Orders are locked before their invoices, as returns do."""
    await writing.load_for_update(work, [event.order_id])


async def record_credited_lines(work: Work, event: InvoiceCredited) -> None:
    """The order knows what of it was credited by hand."""
    await record_credit(work, event)
