"""Publishing the state of orders, and refreshing it when goods or payments come in."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from erp.fulfilment.events import OrderChanged
from erp.fulfilment.queries import reading, writing
from erp.settlement.service.items import paid_by_order
from erp.stock.service.rescheduling import reschedule_orders

__all__ = [
    "ALL_FIELDS",
    "REFRESH",
    "enqueue_refresh",
    "order_states",
    "publish_changes",
    "refresh_orders",
]

REFRESH = "fulfilment.refresh"
"""Job: publishes orders whose goods came in or whose invoices were paid."""

ALL_FIELDS = sorted(OrderChanged.model_fields.keys() - {"id", "version", "changed"})

_UNPUBLISHED = {"created_at", "updated_at", "version", "revision", "custom"}


async def publish_changes(
    work: Work, order_ids: Sequence[UUID], changed: Sequence[str]
) -> list[dict[str, Any]]:
    """Publish the whole state of orders after a change; the states, their parts as published."""
    states = await reading.order_states(work.sql, order_ids)
    for state in states:
        event = _event(state, changed)
        await work.record(event)
        state.update((name, getattr(event, name)) for name in state.keys() - _UNPUBLISHED)
    return states


async def order_states(at: Reading, order_ids: Sequence[UUID]) -> list[OrderChanged]:
    """What is published of orders, as they are now."""
    return [_event(state, []) for state in await reading.order_states(at.sql, order_ids)]


def _event(state: Mapping[str, Any], changed: Sequence[str]) -> OrderChanged:
    values = {name: value for name, value in state.items() if name not in _UNPUBLISHED}
    counted = {"version": state["revision"], "changed": sorted(changed)}
    return OrderChanged.model_validate(values | counted)


def enqueue_refresh(work: Work, order_ids: Sequence[UUID], *, reschedule: bool = False) -> None:
    """Publish orders soon, in an act of its own; `reschedule`: promise them another day first.

    Goods and payments are booked while others hold orders; waiting for those here could end in
    a deadlock, and the order's own rows do not change by it.
    """
    if order_ids:
        named = sorted(str(order_id) for order_id in set(order_ids))
        more = {"promise_anew": True} if reschedule else {}
        work.enqueue(REFRESH, {"order_ids": named} | more)


async def refresh_orders(work: Work, payload: Mapping[str, Any]) -> None:
    """The job: publish the orders as another version, with what is paid of them.

    Those that were promised no day are promised one, as soon as there is one (E37); with
    `promise_anew` all are, whatever they were promised: goods of theirs are here no more.
    """
    order_ids = [UUID(text) for text in payload["order_ids"]]
    counted = await writing.increment_versions(work, order_ids)
    paid = await paid_by_order(work.sql, counted)
    await writing.store_paid_amounts(work, paid)
    anew = bool(payload.get("promise_anew"))
    orders_to_reschedule = await writing.orders_to_reschedule(work.sql, counted, anew=anew)
    if orders_to_reschedule:
        await writing.store_promised_days(work, await reschedule_orders(work, orders_to_reschedule))
    await publish_changes(work, counted, ["lines", "open_amount", "paid", "promised_on"])
