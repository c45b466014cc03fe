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
from erp.approvals.states import ApprovalKind
from erp.fulfilment.models import OrderLine
from erp.fulfilment.queries import reading
from erp.fulfilment.queries.writing import LockedOrder
from erp.fulfilment.rules.deciding import (
    CreditExposure,
    SalesItem,
    decide,
    refusal_of_items,
    refusal_of_quantities,
)
from erp.fulfilment.service.references import OrderReferences
from erp.fulfilment.states import OrderState
from erp.settlement.service.items import owed_by
from erp.stock.lines import DemandLine, OrderDemand
from erp.stock.service.allocating import allocate_orders
from values.amounts import amount_facts

__all__ = [
    "allocate_lines",
    "credit_exposure",
    "decide_orders",
    "lock_credit",
    "refusal_of_lines",
]

_NOTHING = Decimal(0)


async def decide_orders(
    work: Work,
    orders: Sequence[LockedOrder],
    references: OrderReferences,
    *,
    credit_granted: bool = False,
) -> None:
    """Decide draft or held orders in turn, and do what follows; the caller saves and publishes.

    What one is granted or gets, the next one finds gone. Raises SoftReservationEnded,
    SoftReservationNotFor (a line names one that it cannot use; `credit_granted`: passed over).
    """
    standing = await _exposures(work, orders, references)
    for order in orders:
        header = order.header
        credit, total = standing[header.customer_id], header.net + header.charges
        decision = decide(
            [(_sales_item(references.items[line.item_id]), line.quantity) for line in order.lines],
            credit,
            total=total,
            ordered_on=header.ordered_on,
            customer_active=references.customers[header.customer_id]["active"],
            unpriced=order.unpriced,
            credit_granted=credit_granted,
        )
        header.apply_decision(decision)
        if decision.state == OrderState.CONFIRMED:
            standing[header.customer_id] = replace(credit, ordered=credit.ordered + total)
        elif decision.state == OrderState.ON_HOLD:
            await _ask_for_credit(work, order, credit)
    confirmed = [order for order in orders if order.header.state == OrderState.CONFIRMED]
    # Who grants credit cannot help it that a soft reservation has expired meanwhile.
    await _allocate(work, confirmed, references, lapsed=credit_granted)


def _sales_item(row: Mapping[str, Any]) -> SalesItem:
    return SalesItem(
        row["sku"], row["sold"], row["active"], row["discontinued_on"], row["decimals"]
    )


async def refusal_of_lines(
    work: Work, added: Sequence[OrderLine], resized: Sequence[OrderLine], on: date
) -> str:
    """What cannot be ordered on the day or in such a quantity, as a reason; empty: all can."""
    lines = [*added, *resized]
    if not lines:
        return ""
    rows = await reading.items_to_sell(work.sql, {line.item_id for line in lines})
    items = {row["id"]: _sales_item(row) for row in rows}
    gone = refusal_of_items([items[line.item_id] for line in added], on)
    return gone or refusal_of_quantities([(items[one.item_id], one.quantity) for one in lines])


async def lock_credit(work: Work, customer_ids: Collection[UUID]) -> None:
    """Let nobody else decide on the credit of these customers until the act ends."""
    await advisory_lock(work, *(f"credit:{one}" for one in sorted(customer_ids)))


async def credit_exposure(work: Work, order: LockedOrder, customer_id: UUID) -> CreditExposure:
    """What the customer may owe and does; of a customer with a limit one order at a time."""
    references = OrderReferences(await reading.customers_by_id(work.sql, [customer_id]), {})
    return (await _exposures(work, [order], references))[customer_id]


async def _exposures(
    work: Work, orders: Sequence[LockedOrder], references: OrderReferences
) -> dict[UUID, CreditExposure]:
    limits = {one["id"]: one["credit_limit"] for one in references.customers.values()}
    limited = [customer_id for customer_id, limit in limits.items() if limit is not None]
    owed: Mapping[UUID, Decimal] = {}
    ordered: Mapping[UUID, Decimal] = {}
    if limited:
        await lock_credit(work, limited)
        owed = await owed_by(work.sql, limited)
        own = [order.header.id for order in orders]
        ordered = await reading.open_order_values(work.sql, limited, own)
    return {
        customer_id: CreditExposure(
            limit, owed.get(customer_id, _NOTHING), ordered.get(customer_id, _NOTHING)
        )
        for customer_id, limit in limits.items()
    }


async def _ask_for_credit(work: Work, order: LockedOrder, credit: CreditExposure) -> None:
    header = order.header
    total = header.net + header.charges
    await approvals.request_approval(
        work,
        kind=ApprovalKind.CREDIT,
        subject_id=header.id,
        reason="credit",
        facts={
            "number": header.number,
            **amount_facts(
                header.currency,
                total=total,
                limit=credit.limit or _NOTHING,
                owed=credit.owed,
                ordered=credit.ordered,
                beyond=credit.excess(total),
            ),
        },
        measures={
            "beyond": credit.excess(total),
            "total": total,
            "customer_id": str(header.customer_id),
        },
    )


async def allocate_lines(work: Work, order: LockedOrder, lines: Sequence[OrderLine]) -> None:
    """Reserve what is free for lines, let the rest wait. Services need nothing of stock."""
    if lines:
        references = await OrderReferences.read(work, [], lines)
        await _allocated_days(work, [LockedOrder(order.header, list(lines))], references)


async def _allocate(
    work: Work, orders: Sequence[LockedOrder], references: OrderReferences, *, lapsed: bool
) -> None:
    """Reserve for confirmed orders what is free, and promise each of them a day (E37)."""
    days = await _allocated_days(work, orders, references, lapsed=lapsed)
    for order, day in zip(orders, days, strict=True):
        order.header.promised_on = day


async def _allocated_days(
    work: Work,
    orders: Sequence[LockedOrder],
    references: OrderReferences,
    *,
    lapsed: bool = False,
) -> list[date | None]:
    """Reserve in turn; the day all lines of each order are promised for. None: no known day."""
    demand = [_demand(order, references) for order in orders]
    return await allocate_orders(work, demand, lapsed=lapsed)


def _demand(order: LockedOrder, references: OrderReferences) -> OrderDemand:
    """What an order needs of stock: services need nothing."""
    day = order.header.wanted_on
    lines = [
        DemandLine(
            line.id,
            line.order_id,
            line.item_id,
            line.quantity,
            day,
            soft_reservation_id=line.soft_reservation_id,
        )
        for line in order.lines
        if references.is_goods(line.item_id)
    ]
    return OrderDemand(lines, day, order.header.customer_id)
