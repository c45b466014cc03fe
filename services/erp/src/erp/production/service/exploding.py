"""Explosions of items, and what they go into."""

from datetime import date
from fractions import Fraction
from itertools import islice
from uuid import UUID

from chassis.problems.standard import NotFound
from erp.production.errors import ExplosionTooLarge, NoBom
from erp.production.queries import structure as queries
from erp.production.queries.structure import ItemInfo
from erp.production.rules.exploding import Need, indented, rounded_up, summarised, uses
from erp.production.schemas.structure import (
    MOST_ROWS,
    ComponentNeed,
    Explosion,
    ExplosionAsked,
    ItemUse,
    ItemUses,
    UsesAsked,
)
from erp.production.states import Layout
from erp.sql import Sql

__all__ = ["MOST_LINES", "explode", "find_item", "where_used"]

MOST_LINES = 100_000
"""So many lines are looked at for one explosion."""


async def explode(sql: Sql, asked: ExplosionAsked, *, today: date) -> Explosion:
    """What is needed to make so many, by the revisions that count on the day (E60).

    Raises NotFound (item), NoBom, ExplosionTooLarge.
    """
    on = asked.on or today
    item = await find_item(sql, asked.sku)
    bills = await queries.bills_below(sql, item.id, on=on, most=MOST_LINES)
    if bills is None:
        raise ExplosionTooLarge(most=MOST_LINES)
    if item.id not in bills:
        raise NoBom(sku=item.sku, on=on)
    shape = summarised if asked.layout == Layout.SUMMARISED else indented
    found = shape(bills, item.id, Fraction(asked.quantity), levels=asked.levels)
    needs = _bounded(list(islice(found, MOST_ROWS + 1)))
    infos = await queries.items_of(sql, ids={one.item_id for one in needs})
    return Explosion(
        item_id=item.id,
        sku=item.sku,
        bill_of_material_id=bills[item.id].id,
        quantity=asked.quantity,
        on=on,
        layout=asked.layout,
        components=[
            _need(one, infos[one.item_id], bills[one.item_id].id if one.item_id in bills else None)
            for one in needs
        ],
    )


def _bounded(needs: list[Need]) -> list[Need]:
    """Raises ExplosionTooLarge."""
    if len(needs) > MOST_ROWS:
        raise ExplosionTooLarge(most=MOST_ROWS)
    return needs


def _need(need: Need, item: ItemInfo, bom_id: UUID | None) -> ComponentNeed:
    return ComponentNeed(
        level=need.level,
        item_id=item.id,
        sku=item.sku,
        name=item.name,
        quantity=rounded_up(need.quantity, item.decimals),
        unit=item.unit,
        source=need.source,
        bill_of_material_id=bom_id,
    )


async def where_used(sql: Sql, asked: UsesAsked, *, today: date) -> ItemUses:
    """Everything that an item goes into on a day. Raises NotFound (item), ExplosionTooLarge."""
    on = asked.on or today
    item = await find_item(sql, asked.sku)
    bills = await queries.bills_above(sql, item.id, on=on, most=MOST_LINES)
    if bills is None:
        raise ExplosionTooLarge(most=MOST_LINES)
    parents: dict[UUID, dict[UUID, Fraction]] = {}
    for bill in bills:
        above = parents.setdefault(bill.component_id, {})
        above[bill.item_id] = above.get(bill.item_id, Fraction(0)) + bill.per_piece
    found = uses(parents, item.id, levels=asked.levels)
    if len(found) > MOST_ROWS:
        raise ExplosionTooLarge(most=MOST_ROWS)
    by_item = {bill.item_id: bill for bill in bills}
    infos = await queries.items_of(sql, ids={one.item_id for one in found})
    rows = [
        ItemUse(
            level=one.level,
            item_id=one.item_id,
            sku=infos[one.item_id].sku,
            name=infos[one.item_id].name,
            quantity=rounded_up(one.quantity, 6),
            unit=item.unit,
            bill_of_material_id=by_item[one.item_id].id,
            label=by_item[one.item_id].label,
        )
        for one in found
    ]
    return ItemUses(item_id=item.id, sku=item.sku, on=on, uses=rows)


async def find_item(sql: Sql, sku: str) -> ItemInfo:
    """The item with the SKU. Raises NotFound."""
    for item in (await queries.items_of(sql, sku=sku)).values():
        return item
    raise NotFound(entity="item", id=sku)
