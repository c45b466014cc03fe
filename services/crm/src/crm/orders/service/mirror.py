"""What a linked ERP tells: how orders stand, what is in stock, what customers owe."""

from decimal import Decimal
from uuid import UUID

from chassis.http.problems import MissingReference
from chassis.storage.work import Work
from crm.accounts.service import debts
from crm.catalog.service import products
from crm.orders import queries
from crm.orders.schemas import TellAvailability, TellDebt, TellFulfilment
from crm.orders.service import orders

__all__ = ["tell_availability", "tell_debt", "tell_fulfilment"]


async def tell_fulfilment(work: Work, command: TellFulfilment) -> UUID:
    """Keep the newest word of how the order stands; it is no change of the order.

    Only a refusal is: a cancelled order stands again, a changed one is as it is in the ERP. An
    older version than the last one taken is ignored. Raises MissingReference.
    """
    order = await queries.for_update(work, command.order_id)
    if order is None:
        raise MissingReference(entity="order", reference=command.order_id)
    if command.source_version > order.erp_version:
        order.erp_version = command.source_version
        order.erp = command.erp.model_dump(mode="json")
        await work.flush()
        answer = command.erp.last_change
        if answer and answer.refuses("cancellation", order.version):
            await orders.stand(work, order)
        if answer and answer.refuses("change", order.version):
            await orders.take_back(work, order, command.erp)
    return order.id


async def tell_availability(work: Work, command: TellAvailability) -> UUID:
    """Keep the newest word of the product's stock. Raises NotFound."""
    await products.tell_availability(
        work,
        command.product_id,
        version=command.source_version,
        free=command.free,
        incoming=command.incoming,
    )
    return command.product_id


async def tell_debt(work: Work, command: TellDebt) -> None:
    """Keep the newest word of what the customer owes. Raises NotFound."""
    await debts.tell_debt(
        work, command.account_id, owes=Decimal(command.owes), told_at=command.told_at
    )
