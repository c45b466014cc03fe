"""What a made item costs, rolled up from what its components cost now."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.storage.reading import Reading
from erp.production.errors import ExplosionTooLarge, NoBom
from erp.production.queries import costs as queries
from erp.production.queries.costs import KnownCost
from erp.production.queries.structure import ItemInfo, items_of, lines_below
from erp.production.rules.costing import (
    COST_DIGITS,
    CostedLine,
    ItemCost,
    low_level_codes,
    rolled_up,
)
from erp.production.schemas.costs import CostAsked, CostRollUp, ItemCostView
from erp.production.schemas.structure import MOST_ROWS
from erp.production.service.exploding import MOST_LINES, find_item
from erp.production.states import CostSource
from erp.sql import Sql
from values.decimals import rounded
from values.money import UnitPriceView

__all__ = ["roll_up", "unit_costs"]


async def unit_costs(sql: Sql, item_ids: Collection[UUID], *, on: date) -> dict[UUID, Decimal]:
    """What one of each item costs now; an item of which nobody knows is left out.

    The average of what is in stock, else the lowest supplier price, else what its components come
    to by the revisions that count on the day. Raises ExplosionTooLarge.
    """
    known = {one: cost.amount for one, cost in (await queries.costs_of(sql, item_ids)).items()}
    missing = [one for one in item_ids if one not in known]
    below = await lines_below(sql, missing, on=on, most=MOST_LINES) if missing else (set(), [])
    if below is None:
        raise ExplosionTooLarge(most=MOST_LINES)
    bom_ids, lines = below
    if not lines:
        return known
    bought = {line.component for line in lines} - {line.parent for line in lines}
    bought_for = await queries.costs_of(sql, bought)
    shares = await queries.shares_of(sql, bom_ids)
    costs = {one: cost.amount for one, cost in bought_for.items()}
    made = {one.item_id: one.unit_cost for one in rolled_up(lines, costs, shares)}
    return known | {one: made[one] for one in missing if one in made}


async def roll_up(at: Reading, asked: CostAsked, *, today: date) -> CostRollUp:
    """What one of the item costs, by the revisions that count on the day.

    Raises NotFound (item), NoBom, ExplosionTooLarge.
    """
    on = asked.on or today
    item = await find_item(at.sql, asked.sku)
    below = await lines_below(at.sql, [item.id], on=on, most=MOST_LINES)
    if below is None:
        raise ExplosionTooLarge(most=MOST_LINES)
    bom_ids, lines = below
    made = {line.parent for line in lines}
    if item.id not in made:
        raise NoBom(sku=item.sku, on=on)
    bought = {line.component for line in lines} - made
    if len(made) + len(bought) > MOST_ROWS:
        raise ExplosionTooLarge(most=MOST_ROWS)
    known = await queries.costs_of(at.sql, bought)
    shares = await queries.shares_of(at.sql, bom_ids)
    found = rolled_up(lines, {one: cost.amount for one, cost in known.items()}, shares)
    infos = await items_of(at.sql, ids=made | bought)
    unknown = sorted(infos[one].sku for one in bought - known.keys())
    of_item = {one.item_id: one for one in found}
    items = _views(infos, lines, of_item, known, currency=at.setting.currency)
    return CostRollUp(
        item_id=item.id,
        sku=item.sku,
        on=on,
        unit_cost=UnitPriceView(amount=of_item[item.id].unit_cost, currency=at.setting.currency),
        unknown=unknown,
        items=items,
    )


def _views(
    infos: Mapping[UUID, ItemInfo],
    lines: Sequence[CostedLine],
    rolled: Mapping[UUID, ItemCost],
    known: Mapping[UUID, KnownCost],
    *,
    currency: str,
) -> list[ItemCostView]:
    """All items, by level and SKU."""
    below: dict[UUID, list[UUID]] = {}
    for line in lines:
        below.setdefault(line.parent, []).append(line.component)
    codes = low_level_codes(below)
    views = []
    for item in sorted(infos.values(), key=lambda one: (codes[one.id], one.sku)):
        amount, source = None, CostSource.UNKNOWN
        if item.id in rolled:
            amount, source = rolled[item.id].unit_cost, CostSource.ROLLED_UP
        elif item.id in known:
            amount, source = rounded(known[item.id].amount, COST_DIGITS), known[item.id].source
        cost = None if amount is None else UnitPriceView(amount=amount, currency=currency)
        views.append(
            ItemCostView(
                level=codes[item.id],
                item_id=item.id,
                sku=item.sku,
                name=item.name,
                unit=item.unit,
                unit_cost=cost,
                source=source,
            )
        )
    return views
