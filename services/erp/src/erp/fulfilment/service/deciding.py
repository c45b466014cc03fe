"""Deciding an order: confirmed, held or rejected, and what follows from each."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.storage.work import Work
from erp.approvals import service as approvals
from erp.fulfilment import queries
from erp.fulfilment.models import CONFIRMED, ON_HOLD, OrderLine
from erp.fulfilment.queries import OrderAtHand
from erp.fulfilment.rules.deciding import (
    Credit,
    Decision,
    Sellable,
    decide,
    refusal_of_items,
)
from erp.lines import stand_in_line
from erp.settlement import service as settlement
from erp.stock import service as stock

__all__ = [
    "credit_of",
    "decide_order",
    "not_sold",
    "place_lines",
    "stand_in_credit_lines",
]

_NOTHING = Decimal(0)


async def decide_order(work: Work, hand: OrderAtHand, *, credit_granted: bool = False) -> Decision:
    """Decide a draft or held order, and do what follows; the caller saves and tells it."""
    order = hand.order
    customer = await queries.credit_facts(work.sql, order.customer_id)
    items = await queries.items_to_sell(work.sql, [line.item_id for line in hand.lines], [])
    total = order.net + order.charges
    credit = await _credit(work, hand, customer["credit_limit"] if customer else None)
    decision = decide(
        [_sellable(row) for row in items],
        credit,
        total=total,
        ordered_on=order.ordered_on,
        customer_active=bool(customer and customer["active"]),
        credit_granted=credit_granted,
    )
    order.take_decision(decision)
    if decision.state == CONFIRMED:
        goods = {row["id"] for row in items if row["kind"] == "goods"}
        asked = [line for line in hand.lines if line.item_id in goods]
        order.promised_on = await _reserve(work, hand, asked)
    elif decision.state == ON_HOLD:
        await _ask_for_credit(work, hand, credit)
    return decision


def _sellable(row: Mapping[str, Any]) -> Sellable:
    return Sellable(row["sku"], row["sold"], row["active"], row["discontinued_on"])


async def not_sold(work: Work, item_ids: Sequence[UUID], on: date) -> str:
    """Which of the items cannot be ordered on the day, as a reason; empty: all can."""
    rows = await queries.items_to_sell(work.sql, item_ids, [])
    return refusal_of_items([_sellable(row) for row in rows], on)


async def stand_in_credit_lines(work: Work, customer_ids: Collection[UUID]) -> None:
    """Let nobody else decide on the credit of these customers until the act ends."""
    for customer_id in sorted(customer_ids):
        await stand_in_line(work, f"credit:{customer_id}")


async def credit_of(work: Work, hand: OrderAtHand) -> Credit:
    """What the customer may owe and does; orders of one customer with a limit stand in line."""
    facts = await queries.credit_facts(work.sql, hand.order.customer_id)
    return await _credit(work, hand, facts["credit_limit"] if facts else None)


async def _credit(work: Work, hand: OrderAtHand, limit: Decimal | None) -> Credit:
    if limit is None:
        return Credit(None, _NOTHING, _NOTHING)
    order = hand.order
    await stand_in_credit_lines(work, [order.customer_id])
    owed = await settlement.owed_by(work.sql, order.customer_id)
    ordered = await queries.ordered_besides(work.sql, order.customer_id, order.id)
    return Credit(limit, owed, ordered)


async def _ask_for_credit(work: Work, hand: OrderAtHand, credit: Credit) -> None:
    order = hand.order
    total = order.net + order.charges
    await approvals.ask(
        work,
        kind="credit",
        subject_type="sales_order",
        subject_id=order.id,
        reason="credit",
        facts={
            "number": order.number,
            "total": str(total),
            "limit": str(credit.limit),
            "owed": str(credit.owed),
            "ordered": str(credit.ordered),
            "beyond": str(credit.beyond(total)),
        },
    )


async def place_lines(work: Work, hand: OrderAtHand, lines: Sequence[OrderLine]) -> None:
    """Reserve what is free for lines, let the rest wait. Services need nothing of stock."""
    rows = await queries.items_to_sell(work.sql, [line.item_id for line in lines], [])
    goods = {row["id"] for row in rows if row["kind"] == "goods"}
    await _reserve(work, hand, [line for line in lines if line.item_id in goods])


async def _reserve(work: Work, hand: OrderAtHand, lines: Sequence[OrderLine]) -> date | None:
    """Reserve what is free, let the rest wait; the day all of it is promised for."""
    order, wanted_on = hand.order, hand.order.wanted_on
    promised = await _promised_day(work, lines, wanted_on)
    needed = [
        stock.DemandLine(line.id, order.id, line.item_id, line.quantity, wanted_on, promised)
        for line in lines
    ]
    await stock.place(work, needed)
    return promised


async def _promised_day(work: Work, lines: Sequence[OrderLine], wanted_on: date) -> date | None:
    """The first day on which all lines can be promised (E37); None: no known day."""
    asked = [stock.PromiseAsked(line.item_id, line.quantity, wanted_on) for line in lines]
    days = await stock.promise(work.sql, asked, today=work.today()) if asked else [wanted_on]
    known = [day for day in days if day is not None]
    return max(known) if len(known) == len(days) else None
