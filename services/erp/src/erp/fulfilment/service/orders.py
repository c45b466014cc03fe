"""Taking orders, placing our own, confirming drafts."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Literal
from uuid import UUID

from chassis.ids import uuid7
from chassis.storage.source_versions import present_history
from chassis.work.unit_of_work import Work
from erp.fulfilment.errors import OrderClosed
from erp.fulfilment.models import UNDECIDED
from erp.fulfilment.queries import writing
from erp.fulfilment.queries.reading import ORDER_FIELDS
from erp.fulfilment.queries.writing import LockedOrder
from erp.fulfilment.rules.deciding import Decision
from erp.fulfilment.schemas import BatchOrder, NewOrder, OrderView, UpsertOrder
from erp.fulfilment.service.building import build_orders
from erp.fulfilment.service.changing import (
    cancel,
    change_content,
    is_unchanged,
    lock_order,
    with_omitted_fields,
)
from erp.fulfilment.service.deciding import decide_orders, lock_credit
from erp.fulfilment.service.merging import current_content, merge_with_current, sent_content
from erp.fulfilment.service.publishing import ALL_FIELDS, publish_changes
from erp.fulfilment.service.references import OrderReferences
from erp.fulfilment.service.replacing import decide_again, replace
from erp.fulfilment.states import OrderState
from erp.stock.service.expected_receipts import lock_items
from records.batches import InBulk
from records.document_fields.service import change_fields, keep_fields_of_new
from records.upserts import REFUSED, Sent, Upserted, upsert

__all__ = [
    "IN_BULK",
    "confirm_order",
    "credit_decided",
    "lock_order_by_id",
    "place_order",
    "take_order",
]

KIND = "sales_order"


async def place_order(work: Work, command: NewOrder) -> OrderView:
    """Take an order of our own; unless it is a draft, decide it at once. The order then.

    Raises MissingReference, PriceMissing, CurrencyNotSupported, Forbidden (backdated).
    """
    orders, references = await build_orders(work, [(uuid7(), command)])
    decided = [] if command.draft else orders
    custom = {orders[0].header.id: command.custom}
    [state] = await _add(work, orders, references, decided=decided, custom=custom)
    return OrderView.model_validate(state)


async def take_order(work: Work, system: str, external_id: str, command: UpsertOrder) -> Upserted:
    """Accept an order as another system knows it, then decide it (E48, E49).

    The newest version sent is the truth, in whatever order versions arrive. Before confirmation
    it replaces what was sent; afterwards it is a request to change or cancel. Raises
    MissingReference, on which the sender waits; a refusal of the business is a state, no error.
    """
    return await upsert(
        work,
        Sent(KIND, system, external_id, command),
        create=lambda order_id: accept_orders(work, [(order_id, command)]),
        change=partial(_accept_change, work, command),
        repeat=partial(_publish_if_amended, work, command),
    )


async def accept_orders(work: Work, sent: Sequence[tuple[UUID, UpsertOrder]]) -> None:
    """Accept orders that are new here under the ids given, each decided in its turn."""
    orders, references = await build_orders(work, sent)
    decided = []
    for order, (_, command) in zip(orders, sent, strict=True):
        if command.cancelled:
            order.header.cancel()
        else:
            decided.append(order)
    custom = {order_id: command.custom for order_id, command in sent}
    await _add(work, orders, references, decided=decided, custom=custom)


async def _add(
    work: Work,
    orders: Sequence[LockedOrder],
    references: OrderReferences,
    *,
    decided: Sequence[LockedOrder],
    custom: Mapping[UUID, Mapping[str, Any] | None],
) -> list[dict[str, Any]]:
    if decided:
        await decide_orders(work, decided, references)
    await writing.add_orders(work, orders)
    await keep_fields_of_new(work, ORDER_FIELDS, custom)
    return await publish_changes(work, [order.header.id for order in orders], ALL_FIELDS)


async def _publish_if_amended(work: Work, command: UpsertOrder, order_id: UUID) -> None:
    """Publish the order where it differs from what the sender repeats, so that it learns of it."""
    order = await lock_order(work, order_id)
    command = with_omitted_fields(await _with_base_of_now(work, command), order)
    if (
        not command.cancelled
        and merge_with_current(command, order.header, order.lines, order.charges) != command
    ):
        await writing.save(work, order)
        await publish_changes(work, [order_id], ["lines"])


async def _accept_change(
    work: Work, command: UpsertOrder, order_id: UUID
) -> bool | Literal["refused"]:
    """Take over what the sender changed; what it only repeats stays as it is here.

    Where that is another than was sent, the order is published even if nothing changed.
    """
    order = await lock_order(work, order_id)
    given = command.custom
    command = with_omitted_fields(await _with_base_of_now(work, command), order)
    if command.cancelled:
        changed = await cancel(work, order, command.source_version)
    else:
        changed = await _merge_content(work, order, command)
    if order.refusal:
        return REFUSED
    has_others = bool(given) and await change_fields(work, ORDER_FIELDS, order_id, given or {})
    return changed or has_others


async def _merge_content(work: Work, order: LockedOrder, command: UpsertOrder) -> bool:
    """Take over what was sent of header and lines; whether anything changed."""
    header = order.header
    merged = merge_with_current(command, header, order.lines, order.charges)
    version = header.version
    changed = await _apply(work, order, merged)
    if header.version == version and merged is not command:
        await writing.save(work, order)
        await publish_changes(work, [header.id], ["lines"])
    refused = header.version != version and not changed
    header.sent = (
        current_content(header, order.lines, order.charges)
        if refused
        else sent_content(command, version=header.version)
    )
    await writing.store_sent_content(work, header)
    return changed


async def _with_base_of_now(work: Work, command: UpsertOrder) -> UpsertOrder:
    """What was sent, without a state of ours that may have been lost with a restore."""
    base = command.base
    if base is None or base.history is None or base.history == await present_history(work.sql):
        return command
    return command.model_copy(update={"base": None})


async def _apply(work: Work, order: LockedOrder, command: UpsertOrder) -> bool:
    if order.header.state in UNDECIDED:
        if await is_unchanged(work, order, command):
            return False
        await replace(work, order, command)
        return True
    return await change_content(work, order, command)


async def confirm_order(work: Work, order_id: UUID) -> OrderView:
    """Decide a draft, or anew what is on hold; the order then. Raises NotFound, OrderClosed."""
    order = await lock_order(work, order_id)
    if order.header.state not in {OrderState.DRAFT, OrderState.ON_HOLD}:
        raise OrderClosed(number=order.header.number, state=order.header.state)
    return await decide_again(work, order)


async def credit_decided(work: Work, order_id: UUID, *, granted: bool) -> None:
    """Confirm a held order whose credit was granted, or reject it."""
    order = await lock_order(work, order_id)
    if order.header.state != OrderState.ON_HOLD:
        return
    if granted:
        await decide_again(work, order, credit_granted=True)
        return
    order.header.apply_decision(Decision(OrderState.REJECTED, "credit_refused"))
    await writing.save(work, order)
    await publish_changes(work, [order_id], ["reason", "state"])


async def lock_order_by_id(work: Work, order_id: UUID) -> None:
    """Lock the order until the act ends, before anything that is locked after orders."""
    await writing.load_for_update(work, [order_id])


async def _prepare(work: Work, system: str, items: Sequence[BatchOrder]) -> None:
    """Lock all that a batch of orders will touch, in the order every single act keeps.

    One after the other they would hold the items of one order while waiting for the next one's.
    """
    present = await writing.lock_linked_orders(work, system, [one.external_id for one in items])
    await lock_credit(work, {one.customer_id for one in items})
    references = await OrderReferences.read(work, [], [line for one in items for line in one.lines])
    await lock_items(work, {*present, *(item["id"] for item in references.items.values())})


async def _accept_sent(work: Work, _system: str, sent: Sequence[tuple[UUID, BatchOrder]]) -> None:
    await accept_orders(work, sent)


IN_BULK = InBulk[BatchOrder](create=_accept_sent, prepare=_prepare)
"""How orders of a batch that are new here are accepted at once."""
