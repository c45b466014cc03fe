"""Deciding an order: confirmed, held or rejected, and what follows from each."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.storage.work import Work
from erp.approvals import service as approvals
from erp.fulfilment import queries
from erp.fulfilment.models import CONFIRMED, ON_HOLD, OrderLine
from erp.fulfilment.queries import OrderAtHand
from erp.fulfilment.rules.deciding import Credit, Decision, Sellable, decide
from erp.lines import stand_in_line
from erp.settlement import service as settlement
from erp.stock import service as stock

__all__ = ["decide_order"]

_NOTHING = Decimal(0)


async def decide_order(work: Work, hand: OrderAtHand, *, credit_granted: bool = False) -> Decision:
    """Decide a draft or held order, and do what follows; the caller saves and tells it."""
    order = hand.order
    customer = await queries.credit_facts(work.sql, order.customer_id)
    items = await queries.items_to_sell(work.sql, [line.item_id for line in hand.lines], [])
    total = order.net + order.charges
    credit = await _credit(work, hand, customer["credit_limit"] if customer else None)
    decision = decide(
        [Sellable(row["sku"], row["sold"], row["active"], row["discontinued_on"]) for row in items],
        credit,
        total=total,
        ordered_on=order.ordered_on,
        customer_active=bool(customer and customer["active"]),
        credit_granted=credit_granted,
    )
    order.take_decision(decision)
    if decision.state == CONFIRMED:
        goods = {row["id"] for row in items if row["kind"] == "goods"}
        await _reserve(work, hand, goods)
    elif decision.state == ON_HOLD:
        await _ask_for_credit(work, hand, credit)
    return decision


async def _credit(work: Work, hand: OrderAtHand, limit: Any) -> Credit:
    """What the customer may owe and does; orders of one customer with a limit stand in line."""
    if limit is None:
        return Credit(None, _NOTHING, _NOTHING)
    order = hand.order
    await stand_in_line(work, f"credit:{order.customer_id}")
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


async def _reserve(work: Work, hand: OrderAtHand, goods: set[UUID]) -> None:
    """Reserve what is free, let the rest wait, and promise a day for all of it."""
    order = hand.order
    wanted_on = order.requested_on or order.ordered_on
    asked = [line for line in hand.lines if line.item_id in goods]
    promised = await _promised_day(work, asked, wanted_on)
    needed = [
        stock.DemandLine(line.id, order.id, line.item_id, line.quantity, wanted_on, promised)
        for line in asked
    ]
    await stock.place(work, needed)
    order.promised_on = promised


async def _promised_day(work: Work, lines: Sequence[OrderLine], wanted_on: date) -> date | None:
    """The first day on which all lines can be promised (E37); None: no known day."""
    asked = [stock.PromiseAsked(line.item_id, line.quantity, wanted_on) for line in lines]
    days = await stock.promise(work.sql, asked, today=work.today()) if asked else [wanted_on]
    known = [day for day in days if day is not None]
    return max(known) if len(known) == len(days) else None
