"""What a linked ERP tells: how orders stand, what is in stock, what customers owe."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from chassis.http.batch import Outcome
from chassis.http.problems import FieldError, InvalidInput, MissingReference
from chassis.storage.source_versions import require_near
from chassis.storage.work import Work
from crm.accounts.service import debts
from crm.catalog.service import products
from crm.orders import queries
from crm.orders.schemas import TellAvailability, TellDebt, TellFulfilment
from crm.orders.service import orders
from crm.settings import settings_of
from crm.upserts import outcome_of

__all__ = ["store_availabilities", "store_debts", "store_fulfilments"]

CLOCKS_DIFFER_AT_MOST = timedelta(minutes=10)


async def store_fulfilments(work: Work, sent: Sequence[TellFulfilment]) -> list[Outcome]:
    """Keep the newest word of how each of different orders stands; it is no change of the order.

    Only a refusal is: a cancelled order stands again, a changed one is as it is in the ERP. An
    older version than the last one taken is ignored. Raises MissingReference, VersionTooFar.
    """
    found = await queries.lock_orders(work, [one.order_id for one in sent])
    step_max = settings_of(work.setting).source_version_step_max
    outcomes, newer = [], []
    for one in sent:
        order = found.get(one.order_id)
        if order is None:
            raise MissingReference(entity="order", reference=one.order_id)
        require_near(one.source_version, order.erp_version, step_max=step_max)
        outcome = outcome_of(one.source_version, order.erp_version)
        outcomes.append(outcome)
        if outcome == "updated":
            order.erp_version = one.source_version
            order.erp = one.erp.model_dump(mode="json")
            newer.append(one)
    await work.flush()
    for one in newer:
        await _follow(work, one)
    return outcomes


async def _follow(work: Work, sent: TellFulfilment) -> None:
    """Take back what the ERP refused of the order, if that was asked last."""
    answer = sent.erp.last_change
    if answer is None or answer.state != "refused":
        return
    # Read once more: replacing the lines of an order before it has emptied the session.
    order = await queries.for_update(work, sent.order_id)
    if order and answer.refuses("cancellation", order.version):
        await orders.stand(work, order)
    if order and answer.refuses("change", order.version):
        await orders.take_back(work, order, sent.erp)


async def store_availabilities(work: Work, sent: Sequence[TellAvailability]) -> list[Outcome]:
    """Keep the newest word of the stock of each of different products.

    Raises NotFound, VersionTooFar.
    """
    stocks = [
        products.Stock(one.product_id, one.source_version, one.free, one.incoming) for one in sent
    ]
    return await products.store_availabilities(work, stocks)


async def store_debts(work: Work, sent: Sequence[TellDebt]) -> list[Outcome]:
    """Keep the newest word of what each of different customers owes.

    Raises NotFound, InvalidInput (said in the future).
    """
    if any(one.told_at > work.now + CLOCKS_DIFFER_AT_MOST for one in sent):
        message = "This is later than now; it would keep what is said later out."
        raise InvalidInput(errors=[FieldError("/told_at", "in_the_future", message)])
    owed = [debts.Owed(one.account_id, Decimal(one.owes), one.told_at) for one in sent]
    return await debts.store_debts(work, owed)
