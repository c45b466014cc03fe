"""What is to be made or bought now: the plan and the shortages of orders as one answer (E41)."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import groupby
from uuid import UUID

from chassis.storage.reading import Reading
from erp.planning.queries import supply as queries
from erp.planning.queries.supply import ShortItem, WantedOrder
from erp.planning.rules.supply import beyond, still_wanted
from erp.planning.schemas.supply import (
    SupplySuggestion,
    SupplySuggestionQuery,
    SupplySuggestions,
)
from erp.planning.states import Source, SupplyOrigin
from erp.purchasing.service.suggesting import requirements_of
from erp.stock.lines import Shortage
from erp.stock.service.expected_receipts import backordered_items, shortages

__all__ = ["MOST_SUGGESTIONS", "supply_suggestions"]

MOST_SUGGESTIONS = 5_000


async def supply_suggestions(at: Reading, query: SupplySuggestionQuery) -> SupplySuggestions:
    """Each need once: what the plan wants, and what orders lack beyond it.

    Orders that came since the plan was made are short at once; what was changed or cancelled since
    is taken off the planned orders of its item. Components follow with the next plan.
    """
    planned: dict[UUID, list[Decimal]] = {}
    found: list[SupplySuggestion] = []
    wanted = await queries.orders_wanted(at.sql, query.sku)
    for item_id, some in groupby(wanted, key=lambda one: one.item_id):
        orders = list(some)
        planned[item_id] = still_wanted([one.quantity for one in orders], orders[0].withdrawn)
        found += _of_plan(orders, planned[item_id])
    found += await _of_shortages(at, planned, query.sku)
    chosen = [one for one in found if query.source in {None, one.source}]
    chosen.sort(key=lambda one: (one.release_on, one.sku, one.due_on))
    return SupplySuggestions(
        plan_id=await queries.current_plan(at.sql),
        suggestions=chosen[:MOST_SUGGESTIONS],
        complete=len(chosen) <= MOST_SUGGESTIONS,
    )


def _of_plan(orders: Sequence[WantedOrder], left: Sequence[Decimal]) -> Iterable[SupplySuggestion]:
    for one, good in zip(orders, left, strict=True):
        if good <= 0:
            continue
        yield SupplySuggestion(
            item_id=one.item_id,
            sku=one.sku,
            source=Source(one.source),
            origin=SupplyOrigin.PLAN,
            quantity=one.start_quantity if good == one.quantity else good,
            due_on=one.due_on,
            release_on=one.release_on,
            supplier_number=one.supplier_number,
            planned_order_id=one.id,
            purchase_suggestion_id=None,
        )


async def _of_shortages(
    at: Reading, planned: dict[UUID, list[Decimal]], sku: str | None
) -> list[SupplySuggestion]:
    """What is short beyond what is planned, as the item's policy says: made or bought."""
    short = await shortages(at, await backordered_items(at.sql))
    open_shortages = {
        item_id: one._replace(quantity=rest)
        for item_id, one in short.items()
        if (rest := beyond(one.quantity, planned.get(item_id, ())))
    }
    items = await queries.short_items(at.sql, list(open_shortages), at.today())
    named = {one: item for one, item in items.items() if sku in {None, item.sku}}
    to_buy = {one: open_shortages[one] for one, item in named.items() if not item.is_made}
    bought = await requirements_of(at, to_buy)
    suppliers = {one.supplier_id for one in bought.values() if one.supplier_id}
    numbers = await queries.supplier_numbers(at.sql, suppliers)
    made = {one: item for one, item in named.items() if item.is_made}
    begun = await queries.production_planned(at.sql, made)
    found = [
        _made(item, open_shortages[one]._replace(quantity=rest))
        for one, item in made.items()
        if (rest := beyond(open_shortages[one].quantity, [begun.get(one, Decimal(0))]))
    ]
    for item_id, need in bought.items():
        item = named[item_id]
        found.append(
            SupplySuggestion(
                item_id=item_id,
                sku=item.sku,
                source=Source.BUY,
                origin=SupplyOrigin.SHORTAGE,
                quantity=need.quantity,
                due_on=need.needed_on,
                release_on=need.order_by,
                supplier_number=numbers.get(need.supplier_id) if need.supplier_id else None,
                planned_order_id=None,
                purchase_suggestion_id=item.purchase_suggestion_id,
            )
        )
    return found


def _made(item: ShortItem, short: Shortage) -> SupplySuggestion:
    return SupplySuggestion(
        item_id=item.item_id,
        sku=item.sku,
        source=Source.MAKE,
        origin=SupplyOrigin.SHORTAGE,
        quantity=short.quantity,
        due_on=short.needed_on,
        release_on=short.needed_on - timedelta(days=item.lead_days),
        supplier_number=None,
        planned_order_id=None,
        purchase_suggestion_id=None,
    )
