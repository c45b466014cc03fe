"""What fulfilment does when stock, settlement or an approver has news."""

from chassis.work.unit_of_work import Work
from erp.approvals.events import DecisionMade, DecisionStarted
from erp.catalog.errors import ItemInUse
from erp.catalog.events import UnitOrKindChanging
from erp.fulfilment import queries, service
from erp.fulfilment.service.telling import wants_refresh
from erp.receivables.events import InvoiceCredited, InvoiceCreditStarted
from erp.settlement.events import OrdersPaid
from erp.stock.events import DemandFilled, GoodsExpected, ReservationsReleased

__all__ = [
    "go_on_with_order",
    "hold_order_first",
    "keep_unit_and_kind",
    "lock_credited_order",
    "note_credited_lines",
    "promise_orders_anew",
    "tell_filled_orders",
    "tell_paid_orders",
    "tell_promised_orders",
]


async def tell_filled_orders(work: Work, event: DemandFilled) -> None:
    """Goods were reserved for orders that waited: they tell it."""
    wants_refresh(work, event.order_ids)


async def tell_promised_orders(work: Work, event: GoodsExpected) -> None:
    """Goods are expected that orders wait for: they tell for when."""
    wants_refresh(work, event.order_ids)


async def promise_orders_anew(work: Work, event: ReservationsReleased) -> None:
    """Goods of orders went back: they wait again, are promised another day, and tell it."""
    wants_refresh(work, event.order_ids, promise_anew=True)


async def tell_paid_orders(work: Work, event: OrdersPaid) -> None:
    """Invoices of orders were paid or reopened: they tell it."""
    wants_refresh(work, event.order_ids)


async def hold_order_first(work: Work, event: DecisionStarted) -> None:
    """Orders are locked before their approvals, as cancelling does."""
    if event.subject_type == "sales_order":
        await service.hold_order(work, event.subject_id)


async def go_on_with_order(work: Work, event: DecisionMade) -> None:
    """Credit was granted or refused: the order is confirmed or rejected in the same act."""
    if event.subject_type == "sales_order":
        await service.credit_decided(work, event.subject_id, granted=event.state == "approved")


async def keep_unit_and_kind(work: Work, event: UnitOrKindChanging) -> None:
    """What customers have ordered stays counted as it was. Raises ItemInUse."""
    if await queries.is_ordered(work.sql, event.item_id):
        raise ItemInUse(sku=event.sku)


async def lock_credited_order(work: Work, event: InvoiceCreditStarted) -> None:
    """Orders are locked before their invoices, as returns do."""
    await queries.at_hand(work, [event.order_id])


async def note_credited_lines(work: Work, event: InvoiceCredited) -> None:
    """The order knows what of it was credited by hand."""
    await service.note_credited(work, event)
