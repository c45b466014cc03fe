"""Orders finished, and closed: what is left of work in progress is a variance (E62)."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.work.company_rules import business_day_of
from chassis.work.unit_of_work import Work
from erp.production_orders.errors import ShortFinish
from erp.production_orders.models import ProductionOrder
from erp.production_orders.queries import orders as queries
from erp.production_orders.schemas.acts import FinishProductionOrder
from erp.production_orders.service.booking import Booking, book, new_step
from erp.production_orders.service.orders import PRODUCTION_ORDER
from erp.production_orders.service.releasing import require_state
from erp.production_orders.states import OPEN, ProductionOrderState, StepKind
from erp.stock.states import StockDocumentKind
from records.types import Change
from records.writes import write
from values.decimals import EXACT, plain

__all__ = ["close", "finish", "require_enough"]


def require_enough(order: ProductionOrder, *, accept_short: bool) -> None:
    """Raises ShortFinish where fewer are good than the tolerance allows."""
    least = EXACT.multiply(order.quantity, 1 - order.under_tolerance)
    if order.good < least and not accept_short:
        raise ShortFinish(
            number=order.number, good=plain(order.good), quantity=plain(order.quantity)
        )


async def finish(work: Work, order_id: UUID, command: FinishProductionOrder) -> None:
    """Report no more on the order. Raises NotFound, WrongProductionState, ShortFinish."""
    [locked] = await queries.lock_orders(work, [order_id])
    require_state(locked.order, *OPEN)
    require_enough(locked.order, accept_short=command.accept_short)
    values = {"state": ProductionOrderState.DONE, "progress_percent": Decimal(100)}
    await write(work, PRODUCTION_ORDER, [Change(locked.order, values)])


async def close(work: Work, order_ids: Sequence[UUID], *, effective_on: date | None = None) -> None:
    """Book what is left of work in progress as variance, so that nothing is left, all or none.

    Raises NotFound, WrongProductionState, NoPeriod, PeriodClosed.
    """
    day = business_day_of(work, effective_on)
    bookings = []
    for locked in await queries.lock_orders(work, order_ids):
        require_state(locked.order, ProductionOrderState.DONE)
        left = locked.order.work_in_progress
        locked.order.variance += left
        step = new_step(work, locked, StepKind.CLOSE, on=day)
        values = {"production_variance": -left}
        state = ProductionOrderState.CLOSED
        bookings.append(Booking(locked, step, values=values, state=state))
    memo = "Production variance"
    await book(work, bookings, StockDocumentKind.PRODUCTION_CLOSE, on=day, memo=memo)
