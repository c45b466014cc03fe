"""Deciding an order: confirmed, held or rejected, and what follows from each."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from erp.approvals import service as approvals
from erp.fulfilment import queries
from erp.fulfilment.models import CONFIRMED, ON_HOLD, OrderLine
from erp.fulfilment.queries import OrderAtHand
from erp.fulfilment.rules.deciding import (
    Credit,
    Sellable,
    decide,
    refusal_of_items,
    refusal_of_quantities,
)
from erp.fulfilment.service.known import Known
from erp.settlement import service as settlement
from erp.stock import service as stock
from values.decimals import plain

__all__ = [
    "credit_of",
    "decide_orders",
    "not_ordered_so",
    "place_lines",
    "stand_in_credit_lines",
]

_NOTHING = Decimal(0)


async def decide_orders(
    work: Work, hands: Sequence[OrderAtHand], known: Known, *, credit_granted: bool = False
) -> None:
    """Decide draft or held orders in turn, and do what follows; the caller saves and tells them.

    What one is granted or gets, the next one finds gone.
    """
    standing = await _credits(work, hands, known)
    for hand in hands:
        order = hand.order
        credit, total = standing[order.customer_id], order.net + order.charges
        decision = decide(
            [(_sellable(known.items[line.item_id]), line.quantity) for line in hand.lines],
            credit,
            total=total,
            ordered_on=order.ordered_on,
            customer_active=known.customers[order.customer_id]["active"],
            unpriced=hand.unpriced,
            credit_granted=credit_granted,
        )
        order.take_decision(decision)
        if decision.state == CONFIRMED:
            standing[order.customer_id] = replace(credit, ordered=credit.ordered + total)
        elif decision.state == ON_HOLD:
            await _ask_for_credit(work, hand, credit)
    await _place(work, [hand for hand in hands if hand.order.state == CONFIRMED], known)


def _sellable(row: Mapping[str, Any]) -> Sellable:
    return Sellable(row["sku"], row["sold"], row["active"], row["discontinued_on"], row["decimals"])


async def not_ordered_so(
    work: Work, added: Sequence[OrderLine], resized: Sequence[OrderLine], on: date
) -> str:
    """What cannot be ordered on the day or in such a quantity, as a reason; empty: all can."""
    lines = [*added, *resized]
    if not lines:
        return ""
    rows = await queries.items_to_sell(work.sql, {line.item_id for line in lines})
    items = {row["id"]: _sellable(row) for row in rows}
    gone = refusal_of_items([items[line.item_id] for line in added], on)
    return gone or refusal_of_quantities([(items[one.item_id], one.quantity) for one in lines])


async def stand_in_credit_lines(work: Work, customer_ids: Collection[UUID]) -> None:
    """Let nobody else decide on the credit of these customers until the act ends."""
    await advisory_lock(work, *(f"credit:{one}" for one in sorted(customer_ids)))


async def credit_of(work: Work, hand: OrderAtHand, customer_id: UUID) -> Credit:
    """What the customer may owe and does; orders of one customer with a limit stand in line."""
    known = Known(await queries.credit_facts(work.sql, [customer_id]), {})
    return (await _credits(work, [hand], known))[customer_id]


async def _credits(work: Work, hands: Sequence[OrderAtHand], known: Known) -> dict[UUID, Credit]:
    limits = {one["id"]: one["credit_limit"] for one in known.customers.values()}
    limited = [customer_id for customer_id, limit in limits.items() if limit is not None]
    owed: Mapping[UUID, Decimal] = {}
    ordered: Mapping[UUID, Decimal] = {}
    if limited:
        await stand_in_credit_lines(work, limited)
        owed = await settlement.owed_by(work.sql, limited)
        besides = [hand.order.id for hand in hands]
        ordered = await queries.ordered_besides(work.sql, limited, besides)
    return {
        customer_id: Credit(
            limit, owed.get(customer_id, _NOTHING), ordered.get(customer_id, _NOTHING)
        )
        for customer_id, limit in limits.items()
    }


async def _ask_for_credit(work: Work, hand: OrderAtHand, credit: Credit) -> None:
    order = hand.order
    total = order.net + order.charges
    await approvals.request_approval(
        work,
        kind="credit",
        subject_type="sales_order",
        subject_id=order.id,
        reason="credit",
        facts={
            "number": order.number,
            "total": plain(total),
            "limit": plain(credit.limit or _NOTHING),
            "owed": plain(credit.owed),
            "ordered": plain(credit.ordered),
            "beyond": plain(credit.beyond(total)),
        },
    )


async def place_lines(work: Work, hand: OrderAtHand, lines: Sequence[OrderLine]) -> None:
    """Reserve what is free for lines, let the rest wait. Services need nothing of stock."""
    if lines:
        known = await Known.read(work, [], lines)
        await _promised(work, [OrderAtHand(hand.order, list(lines))], known)


async def _place(work: Work, hands: Sequence[OrderAtHand], known: Known) -> None:
    """Reserve for confirmed orders what is free, and promise each of them a day (E37)."""
    for hand, day in zip(hands, await _promised(work, hands, known), strict=True):
        hand.order.promised_on = day


async def _promised(work: Work, hands: Sequence[OrderAtHand], known: Known) -> list[date | None]:
    """Reserve in turn; the day all lines of each order are promised for. None: no known day."""
    return await stock.place_orders(work, [_needs(hand, known) for hand in hands])


def _needs(hand: OrderAtHand, known: Known) -> stock.OrderNeeds:
    """What an order needs of stock: services need nothing."""
    day = hand.order.wanted_on
    lines = [
        stock.DemandLine(line.id, line.order_id, line.item_id, line.quantity, day)
        for line in hand.lines
        if known.is_goods(line.item_id)
    ]
    return stock.OrderNeeds(lines, day)
