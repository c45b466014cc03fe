"""Taking orders, placing our own, confirming drafts."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal
from uuid import UUID

from chassis.http.problems import NotFound
from chassis.ids import uuid7
from chassis.storage.source_versions import present_history
from chassis.work.unit_of_work import Work
from erp.fulfilment import queries
from erp.fulfilment.errors import OrderClosed
from erp.fulfilment.models import DRAFT, ON_HOLD, REJECTED, UNDECIDED
from erp.fulfilment.queries import OrderAtHand
from erp.fulfilment.rules.deciding import Decision
from erp.fulfilment.schemas import BatchOrder, NewOrder, OrderView, ShipmentView, UpsertOrder
from erp.fulfilment.service.building import new_orders
from erp.fulfilment.service.changing import cancel, change_content, completed, is_as_sent, locked
from erp.fulfilment.service.deciding import decide_orders, stand_in_credit_lines
from erp.fulfilment.service.known import Known
from erp.fulfilment.service.merging import content_of, present_content, with_ours
from erp.fulfilment.service.replacing import go_on, replace
from erp.fulfilment.service.telling import EVERYTHING, tell
from erp.sql import Sql
from erp.stock import service as stock
from records.batches import InBulk
from records.upserts import REFUSED, Sent, Upserted, upsert

__all__ = [
    "IN_BULK",
    "confirm_order",
    "credit_decided",
    "hold_order",
    "place_order",
    "see_order",
    "take_order",
]

KIND = "sales_order"


async def see_order(sql: Sql, order_id: UUID) -> OrderView:
    """The order as callers see it. Raises NotFound."""
    state = await queries.state_of(sql, order_id)
    if state is None:
        raise NotFound(entity="sales order", id=order_id)
    return OrderView.of(state)


async def place_order(work: Work, command: NewOrder) -> OrderView:
    """Take an order of our own; unless it is a draft, decide it at once. The order then.

    Raises MissingReference, PriceMissing, CurrencyNotSupported, Forbidden (backdated).
    """
    hands, known = await new_orders(work, [(uuid7(), command)])
    [state] = await _add(work, hands, known, decided=[] if command.draft else hands)
    return OrderView.of(state)


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
        change=partial(_accept_again, work, command),
        repeat=partial(_tell_amended, work, command),
    )


async def accept_orders(work: Work, sent: Sequence[tuple[UUID, UpsertOrder]]) -> None:
    """Accept orders that are new here under the ids given, each decided in its turn."""
    hands, known = await new_orders(work, sent)
    decided = []
    for hand, (_, command) in zip(hands, sent, strict=True):
        if command.cancelled:
            hand.order.cancel()
        else:
            decided.append(hand)
    await _add(work, hands, known, decided=decided)


async def _add(
    work: Work, hands: Sequence[OrderAtHand], known: Known, *, decided: Sequence[OrderAtHand]
) -> list[dict[str, Any]]:
    if decided:
        await decide_orders(work, decided, known)
    await queries.add_orders(work, hands)
    return await tell(work, [hand.order.id for hand in hands], EVERYTHING)


async def _tell_amended(work: Work, command: UpsertOrder, order_id: UUID) -> None:
    """Tell the order where it is another than the sender repeats, so that it learns of it."""
    hand = await locked(work, order_id)
    command = completed(await _with_base_of_now(work, command), hand)
    if (
        not command.cancelled
        and with_ours(command, hand.order, hand.lines, hand.charges) != command
    ):
        await queries.save(work, hand)
        await tell(work, [order_id], ["lines"])


async def _accept_again(
    work: Work, command: UpsertOrder, order_id: UUID
) -> bool | Literal["refused"]:
    """Take over what the sender changed; what it only repeats stays as it is here.

    Where that is another than was sent, the order is told even if nothing changed.
    """
    hand = await locked(work, order_id)
    command = completed(await _with_base_of_now(work, command), hand)
    if command.cancelled:
        cancelled = await cancel(work, hand, command.source_version)
        return REFUSED if hand.refusal else cancelled
    order = hand.order
    merged = with_ours(command, order, hand.lines, hand.charges)
    version = order.version
    changed = await _take_over(work, hand, merged)
    if order.version == version and merged is not command:
        await queries.save(work, hand)
        await tell(work, [order_id], ["lines"])
    refused = order.version != version and not changed
    order.sent = (
        present_content(order, hand.lines, hand.charges)
        if refused
        else content_of(command, version=order.version)
    )
    await queries.note_sent(work, order)
    return REFUSED if hand.refusal else changed


async def _with_base_of_now(work: Work, command: UpsertOrder) -> UpsertOrder:
    """What was sent, without a state of ours that may have been lost with a restore."""
    base = command.base
    if base is None or base.history is None or base.history == await present_history(work.sql):
        return command
    return command.model_copy(update={"base": None})


async def _take_over(work: Work, hand: OrderAtHand, command: UpsertOrder) -> bool:
    if hand.order.state in UNDECIDED:
        if await is_as_sent(work, hand, command):
            return False
        await replace(work, hand, command)
        return True
    return await change_content(work, hand, command)


async def see_shipment(sql: Sql, shipment_id: UUID) -> ShipmentView:
    """The shipment or return. Raises NotFound."""
    seen = await queries.shipment_view(sql, shipment_id)
    if seen is None:
        raise NotFound(entity="shipment", id=shipment_id)
    return seen


async def confirm_order(work: Work, order_id: UUID) -> OrderView:
    """Decide a draft, or anew what is on hold; the order then. Raises NotFound, OrderClosed."""
    hand = await locked(work, order_id)
    if hand.order.state not in {DRAFT, ON_HOLD}:
        raise OrderClosed(number=hand.order.number, state=hand.order.state)
    return await go_on(work, hand)


async def credit_decided(work: Work, order_id: UUID, *, granted: bool) -> None:
    """Confirm a held order whose credit was granted, or reject it."""
    hand = await locked(work, order_id)
    if hand.order.state != ON_HOLD:
        return
    if granted:
        await go_on(work, hand, credit_granted=True)
        return
    hand.order.take_decision(Decision(REJECTED, "credit_refused"))
    await queries.save(work, hand)
    await tell(work, [order_id], ["reason", "state"])


async def hold_order(work: Work, order_id: UUID) -> None:
    """Lock the order until the act ends, before anything that is locked after orders."""
    await queries.at_hand(work, [order_id])


async def _prepare(work: Work, system: str, items: Sequence[BatchOrder]) -> None:
    """Lock all that a batch of orders will touch, in the order every single act keeps.

    One after the other they would hold the items of one order while waiting for the next one's.
    """
    present = await queries.hold_linked(work, system, [one.external_id for one in items])
    await stand_in_credit_lines(work, {one.customer_id for one in items})
    known = await Known.read(work, [], [line for one in items for line in one.lines])
    await stock.lock_items(work, {*present, *(item["id"] for item in known.items.values())})


async def _accept_sent(work: Work, _system: str, sent: Sequence[tuple[UUID, BatchOrder]]) -> None:
    await accept_orders(work, sent)


IN_BULK = InBulk[BatchOrder](create=_accept_sent, prepare=_prepare)
"""How orders of a batch that are new here are accepted at once."""
