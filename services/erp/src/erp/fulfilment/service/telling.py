"""Telling the state of orders, and taking note of what happened around them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.fulfilment import queries
from erp.fulfilment.events import OrderChanged
from erp.settlement import service as settlement
from erp.stock import service as stock

__all__ = ["EVERYTHING", "REFRESH", "order_states", "refresh_orders", "tell", "wants_refresh"]

REFRESH = "fulfilment.refresh"
"""Job: orders whose goods came in or whose invoices were paid tell how they stand."""

EVERYTHING = sorted(OrderChanged.model_fields.keys() - {"id", "version", "changed"})

_UNTOLD = {"created_at", "updated_at", "version", "revision"}


async def tell(
    work: Work, order_ids: Sequence[UUID], changed: Sequence[str]
) -> list[dict[str, Any]]:
    """Publish the whole state of orders after a change; the states, their parts as published."""
    states = await queries.states_of(work.sql, order_ids)
    for state in states:
        event = _event(state, changed)
        await work.record(event)
        state.update((name, getattr(event, name)) for name in state.keys() - _UNTOLD)
    return states


async def order_states(work: Work, order_ids: Sequence[UUID]) -> list[OrderChanged]:
    """What is published of orders, as they are now."""
    return [_event(state, []) for state in await queries.states_of(work.sql, order_ids)]


def _event(state: Mapping[str, Any], changed: Sequence[str]) -> OrderChanged:
    told = {name: value for name, value in state.items() if name not in _UNTOLD}
    counted = {"version": state["revision"], "changed": sorted(changed)}
    return OrderChanged.model_validate(told | counted)


def wants_refresh(work: Work, order_ids: Sequence[UUID], *, promise_anew: bool = False) -> None:
    """Let orders tell how they stand, soon, in an act of its own; `promise_anew`: for which day.

    Goods and payments are booked while others hold orders; waiting for those here could end in
    a deadlock, and the order's own rows do not change by it.
    """
    if order_ids:
        named = sorted(str(order_id) for order_id in set(order_ids))
        more = {"promise_anew": True} if promise_anew else {}
        work.enqueue(REFRESH, {"order_ids": named} | more)


async def refresh_orders(work: Work, payload: Mapping[str, Any]) -> None:
    """The job: count and tell the orders anew, with what is paid of them.

    Those that were promised no day are promised one, as soon as there is one (E37); with
    `promise_anew` all are, whatever they were promised: goods of theirs are here no more.
    """
    order_ids = [UUID(text) for text in payload["order_ids"]]
    counted = await queries.count_again(work, order_ids)
    paid = await settlement.paid_by_order(work.sql, counted)
    await queries.note_paid(work, paid)
    anew = bool(payload.get("promise_anew"))
    to_promise = await queries.to_promise(work.sql, counted, anew=anew)
    if to_promise:
        await queries.note_promised(work, await stock.promise_anew(work, to_promise))
    await tell(work, counted, ["lines", "open_amount", "paid", "promised_on"])
