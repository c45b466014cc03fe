"""Taking orders, placing our own, confirming drafts."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from chassis.http.problems import NotFound
from chassis.ids import uuid7
from chassis.storage.work import Work
from erp.days import business_day_of
from erp.fulfilment import queries
from erp.fulfilment.errors import OrderClosed
from erp.fulfilment.models import DRAFT, ON_HOLD, REJECTED, UNDECIDED
from erp.fulfilment.queries import OrderAtHand
from erp.fulfilment.rules.deciding import Decision
from erp.fulfilment.schemas import BatchOrder, NewOrder, OrderView, UpsertOrder
from erp.fulfilment.service.building import new_order
from erp.fulfilment.service.changing import cancel, change_content, locked
from erp.fulfilment.service.deciding import decide_order, stand_in_credit_lines
from erp.fulfilment.service.replacing import go_on, replace
from erp.fulfilment.service.telling import EVERYTHING, tell
from erp.sql import Sql
from erp.stock import service as stock
from erp.upserts import Sent, Upserted, upsert

__all__ = [
    "confirm_order",
    "credit_decided",
    "hold_order",
    "place_order",
    "prepare_batch",
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


async def place_order(work: Work, command: NewOrder) -> UUID:
    """Take an order of our own; unless it is a draft, decide it at once.

    Raises MissingReference, NoPrice, CurrencyNotSupported, Forbidden (backdated).
    """
    day = business_day_of(work, command.ordered_on)
    hand = await new_order(work, uuid7(), command, on=day)
    await _add(work, hand, draft=command.draft)
    return hand.order.id


async def take_order(work: Work, system: str, external_id: str, command: UpsertOrder) -> Upserted:
    """Accept an order as another system knows it, then decide it (E48, E49).

    The newest version sent is the truth, in whatever order versions arrive. Before confirmation
    it replaces what was sent; afterwards it is a request to change or cancel. Raises
    MissingReference, on which the sender waits; a refusal of the business is a state, no error.
    """
    return await upsert(
        work,
        Sent(KIND, system, external_id, command.source_version),
        create=partial(_accept, work, command),
        change=partial(_accept_again, work, command),
    )


async def _accept(work: Work, command: UpsertOrder, order_id: UUID) -> None:
    day = business_day_of(work, command.ordered_on)
    hand = await new_order(work, order_id, command, on=day)
    if command.cancelled:
        hand.order.cancel()
    await _add(work, hand, draft=command.cancelled)


async def _add(work: Work, hand: OrderAtHand, *, draft: bool) -> None:
    order = hand.order
    await queries.add_order(work, hand)
    if not draft:
        await decide_order(work, hand)
        await queries.save(work, hand, counted=False)
    await tell(work, [order.id], EVERYTHING)


async def _accept_again(work: Work, command: UpsertOrder, order_id: UUID) -> bool:
    hand = await locked(work, order_id)
    if command.cancelled:
        return await cancel(work, hand, command.source_version)
    if hand.order.state in UNDECIDED:
        await replace(work, hand, command)
        return True
    return await change_content(work, hand, command)


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


async def prepare_batch(work: Work, system: str, items: Sequence[BatchOrder]) -> None:
    """Lock all that a batch of orders will touch, in the order every single act keeps.

    One after the other they would hold the items of one order while waiting for the next one's.
    """
    present = await queries.hold_linked(work, system, [one.external_id for one in items])
    await stand_in_credit_lines(work, {one.customer_id for one in items})
    lines = [line for one in items for line in one.lines]
    named = await queries.items_to_sell(
        work.sql,
        [line.item_id for line in lines if line.item_id],
        [line.sku for line in lines if line.sku],
    )
    await stock.lock_items(work, [*present, *(row["id"] for row in named)])
