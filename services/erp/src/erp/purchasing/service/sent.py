"""Purchase orders of other systems: known by their id there, so that none is placed twice."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from chassis.http.batch import BatchReply
from chassis.work.unit_of_work import Work
from erp.purchasing.errors import PurchaseOrderPlaced
from erp.purchasing.models.orders import PurchaseOrder
from erp.purchasing.queries.orders import ORDERS
from erp.purchasing.schemas.orders import SentPurchaseOrder
from erp.purchasing.service.ordering import order_goods
from records.batches import upsert_each
from records.senders import BatchRequest
from records.upserts import Sent, Upserted, upsert

__all__ = ["upsert_orders"]


async def upsert_orders(
    work: Work, request: BatchRequest, items: Sequence[SentPurchaseOrder]
) -> BatchReply:
    """Order goods as another system tells it, each order once; each is judged alone."""
    return await upsert_each(work, request, PurchaseOrder, items, _upsert_order)


async def _upsert_order(
    work: Work, system: str, external_id: str, command: SentPurchaseOrder
) -> Upserted:
    """Raises PurchaseOrderPlaced (another one was placed), and what `order_goods` raises."""

    async def stay(order_id: UUID) -> bool:
        order = await ORDERS.get(work, order_id)
        raise PurchaseOrderPlaced(external_id=external_id, number=order.number)

    sent = Sent(PurchaseOrder.__tablename__, system, external_id, command)
    return await upsert(work, sent, create=partial(order_goods, work, command), change=stay)
