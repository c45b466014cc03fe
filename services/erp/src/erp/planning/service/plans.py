"""Plans: asked for, explained, and taken up as purchase and production orders."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.standard import NotFound
from chassis.storage.reading import Reading
from chassis.work.company_rules import business_day_of
from chassis.work.unit_of_work import Work
from erp.planning.errors import NotPlannedToBuy, NotPlannedToMake, PlanOutdated
from erp.planning.queries import ordering, pegging
from erp.planning.queries import plans as queries
from erp.planning.schemas.plans import (
    MakePlanned,
    OrderPlanned,
    OrderReasons,
    OrdersOfPlan,
    PegView,
    PlanView,
    ProductionOfPlan,
)
from erp.production_orders.service.releasing import make_firm_orders
from erp.purchasing.schemas.orders import NewPurchaseLine, NewPurchaseOrder
from erp.purchasing.service.approving import lock_suppliers
from erp.purchasing.service.ordering import order_goods
from erp.stock.service.expected_receipts import lock_items

__all__ = ["ask_for_plan", "explain", "make_planned", "order_planned"]


async def ask_for_plan(work: Work) -> PlanView:
    """Ask for a plan of what is known when it is begun; one that waits already will do."""
    plan_id = await queries.add(work.sql, uuid7(), work.actor.reference, work.now)
    return await queries.PLANS.get(work, plan_id)


async def explain(at: Reading, order_id: UUID) -> OrderReasons:
    """Why a planned order is there. Raises NotFound."""
    order = await queries.ORDERS.get(at, order_id)
    found = await pegging.reasons_of(at.sql, order_id)
    if found is None:
        raise NotFound(entity="planned_order", id=order_id)
    place = (found["plan_id"], found["item_id"], found["number"])
    above = await pegging.demands_above(at.sql, *place)
    below = await pegging.supplies_below(at.sql, *place)
    return OrderReasons.model_validate(
        {
            **{name: found[name] for name in OrderReasons.model_fields if name in found},
            "order": order,
            "demands": [PegView.model_validate(one) for one in above],
            "supplies": [PegView.model_validate(one) for one in below],
        }
    )


async def order_planned(work: Work, command: OrderPlanned) -> OrdersOfPlan:
    """Place a purchase order for each supplier of the planned orders.

    Two planners who order the same one: the second is refused. What needs an approval waits for it,
    and is not planned again. Raises NotPlannedToBuy,
    PlanOutdated, and what placing an order is refused for.
    """
    ids = list(dict.fromkeys(command.ids))
    await lock_items(work, await ordering.items_of(work.sql, ids))
    rows = await ordering.lock_orders(work.sql, ids)
    for order_id in ids:
        if order_id not in rows:
            raise NotPlannedToBuy(planned_order=order_id)
    await _require_current(work, [one.item_id for one in rows.values()])
    await lock_suppliers(work, {one.supplier_id for one in rows.values()})
    by_supplier: dict[str, list[ordering.OrderToBuy]] = {}
    for order_id in ids:
        by_supplier.setdefault(rows[order_id].supplier_number, []).append(rows[order_id])
    placed = [
        await _place(work, number, by_supplier[number], command.due_on)
        for number in sorted(by_supplier)
    ]
    return OrdersOfPlan(purchase_order_ids=placed)


async def make_planned(work: Work, command: MakePlanned) -> ProductionOfPlan:
    """Let planned orders become firm production orders of what is planned: all or none.

    One that should have begun already begins today. Two planners who make the same one: the second
    is refused. Raises NotPlannedToMake, PlanOutdated, and what making an order firm is refused for.
    """
    ids = list(dict.fromkeys(command.ids))
    await lock_items(work, await ordering.items_of(work.sql, ids))
    rows = await ordering.lock_orders_to_make(work.sql, ids)
    for order_id in ids:
        if order_id not in rows:
            raise NotPlannedToMake(planned_order=order_id)
    await _require_current(work, [one.item_id for one in rows.values()])
    today = business_day_of(work, None)
    values = [_to_make(rows[order_id], today) for order_id in ids]
    made = await make_firm_orders(work, values)
    await ordering.mark_made(work.sql, list(zip(ids, made, strict=True)))
    return ProductionOfPlan(production_order_ids=made)


def _to_make(one: ordering.OrderToMake, today: date) -> dict[str, Any]:
    start_on = max(one.start_on, today)
    return {
        "item_id": one.item_id,
        "quantity": one.quantity,
        "start_on": start_on,
        "due_on": max(one.due_on, start_on),
    }


async def _require_current(work: Work, item_ids: Sequence[UUID]) -> None:
    """Raises PlanOutdated."""
    outdated = await ordering.ordered_since(work.sql, item_ids)
    if outdated:
        raise PlanOutdated(skus=", ".join(outdated))


async def _place(
    work: Work, supplier: str, orders: Sequence[ordering.OrderToBuy], agreed_on: date | None
) -> UUID:
    """The purchase order of these.

    Each line is due on the day agreed, else when the plan says, or after the lead time from today
    where that is later: nobody is promised what cannot be here yet (E37, E54).
    """
    today = business_day_of(work, None)
    lines = [
        NewPurchaseLine(
            sku=one.sku,
            quantity=one.quantity,
            due_on=agreed_on or max(one.due_on, today + timedelta(days=one.lead_days)),
        )
        for one in orders
    ]
    made = await order_goods(work, NewPurchaseOrder(supplier_number=supplier, lines=lines))
    pairs = zip(orders, made.lines, strict=True)
    await ordering.mark_ordered(work.sql, [(one.id, line.id) for one, line in pairs])
    return made.id
