"""Copies of what a linked ERP sends: how orders stand, what is in stock, what customers owe."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from chassis.http.batch import Outcome
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference
from chassis.storage.source_versions import age_of, require_near
from chassis.work.company_rules import require_supported_currency
from chassis.work.unit_of_work import Work
from crm.accounts.service import debts
from crm.catalog.service.availability import Stock, store_stocks
from crm.orders import queries
from crm.orders.models import Order
from crm.orders.schemas import (
    OrderView,
    UpsertAvailability,
    UpsertDebt,
    UpsertFulfilment,
    UpsertRefusal,
)
from crm.orders.service import erp_decisions
from crm.settings import settings_of
from records.upserts import OUTCOMES

__all__ = ["store_availabilities", "store_debts", "store_fulfilments", "store_refusal"]

CLOCK_SKEW_MAX = timedelta(minutes=10)


async def store_fulfilments(work: Work, sent: Sequence[UpsertFulfilment]) -> list[Outcome]:
    """Store the newest state in the ERP of each of different orders, and apply it to the orders.

    An older version than the last one taken is ignored. Raises MissingReference, VersionTooFar,
    CurrencyNotSupported.
    """
    of_orders = (one.erp.currency for one in sent)
    of_lines = (line.currency for one in sent for line in one.erp.lines)
    require_supported_currency(work, *filter(None, (*of_orders, *of_lines)))
    found = await queries.lock_orders(work, [one.order_id for one in sent])
    step_max = settings_of(work.setting).source_version_step_max
    outcomes, newer = [], []
    for one in sent:
        order = found.get(one.order_id)
        if order is None:
            raise MissingReference(entity="order", reference=one.order_id)
        history = work.trace_of(order.id).history or order.erp_history
        last = order.erp_version if history == order.erp_history else 0
        require_near(one.source_version, last, step_max=step_max)
        age = age_of(
            one.source_version,
            order.erp_version,
            history=history,
            last_history=order.erp_history,
        )
        outcomes.append(OUTCOMES[age])
        if age > 0:
            order.erp_version, order.erp_history = one.source_version, history
            order.erp = one.erp.model_dump(mode="json")
            newer.append(one)
    await work.flush()
    for one in newer:
        order = found[one.order_id]
        if order not in work.session:  # Replacing the lines of one before has emptied it.
            order = await _lock_order(work, one.order_id)
        source_history = work.trace_of(order.id).history
        await erp_decisions.apply_erp_order(
            work, order, one.erp, version=one.source_version, history=source_history
        )
    return outcomes


async def store_refusal(work: Work, sent: UpsertRefusal) -> OrderView:
    """The ERP would not take the order, or a change of it. Raises MissingReference.

    Of an older version of the order than its last change here it is ignored.
    """
    order = await _lock_order(work, sent.order_id)
    await erp_decisions.apply_refusal(
        work, order, version=sent.source_version, code=sent.code, about=sent.about
    )
    return await queries.ORDERS.get(work, sent.order_id)


async def _lock_order(work: Work, order_id: UUID) -> Order:
    order = await queries.load_for_update(work, order_id)
    if order is None:
        raise MissingReference(entity="order", reference=order_id)
    return order


async def store_availabilities(work: Work, sent: Sequence[UpsertAvailability]) -> list[Outcome]:
    """Store the newest stock of each of different products.

    Raises NotFound, VersionTooFar.
    """
    stocks = [Stock(one.product_id, one.source_version, one.free, one.incoming) for one in sent]
    return await store_stocks(work, stocks)


async def store_debts(work: Work, sent: Sequence[UpsertDebt]) -> list[Outcome]:
    """Store what each of different customers owes by the newest message.

    Raises NotFound, CurrencyNotSupported, InvalidInput (sent in the future).
    """
    require_supported_currency(work, *(one.currency for one in sent if one.currency))
    if any(one.told_at > work.now + CLOCK_SKEW_MAX for one in sent):
        message = "This is later than now; it would keep what is said later out."
        raise InvalidInput(errors=[FieldError("/told_at", "in_the_future", message)])
    owed = [debts.Owed(one.account_id, one.owes, one.told_at) for one in sent]
    return await debts.store_debts(work, owed)
