"""Orders of erased persons lose where goods went, once they are done."""

from collections.abc import Sequence
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.fulfilment.queries import writing
from erp.fulfilment.service.publishing import publish_changes
from records.erasure.outbox import redact_events
from records.erasure.service import erase_replies

__all__ = ["redact_closed_orders"]


async def redact_closed_orders(work: Work, customer_ids: Sequence[UUID]) -> list[UUID]:
    """Take place and note out of the customers' orders that are done; ids of those that had any.

    Events and replies lose them too. Country and region stay: tax depends on them.
    """
    if not customer_ids:
        return []
    orders = await writing.redact_closed(work, customer_ids)
    if orders:
        await redact_events(work.sql, orders, ["note", "ship_to"])
        await erase_replies(work, orders)
        await publish_changes(work, orders, ["note", "ship_to"])
    return orders
