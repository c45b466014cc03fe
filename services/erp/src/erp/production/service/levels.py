"""What orders for items need: their components on the day on which making begins (E60, E51)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from erp.production.queries import levels as queries
from erp.production.rules.exploding import summarised
from erp.production.states import BomKind, ComponentSource
from erp.sql import Sql

__all__ = ["ByProductPart", "DirectNeeds", "direct_needs"]


@dataclass(frozen=True, slots=True)
class ByProductPart:
    """What comes out beside one of an item, and which part of the cost it bears."""

    item_id: UUID
    per_piece: Fraction
    cost_share: Decimal


@dataclass(frozen=True, slots=True)
class DirectNeeds:
    """What one of an item needs by the bill that counts, phantoms passed through.

    components  item -> how much of it, scrap included
    phantom     whether the item itself is passed through, and gets no orders
    """

    bom_id: UUID
    phantom: bool
    components: dict[UUID, Fraction]
    by_products: Sequence[ByProductPart]


async def direct_needs(
    sql: Sql, wanted: Collection[tuple[UUID, date]]
) -> dict[tuple[UUID, date], DirectNeeds]:
    """Of each item and day what one needs; an item without a bill that counts is left out."""
    found = await queries.direct_bills(sql, set(wanted))
    bills = {key: structure[key[0]] for key, structure in found.items() if key[0] in structure}
    by_products = await queries.by_products_of(sql, {one.id for one in bills.values()})
    needs = {}
    for key, bill in bills.items():
        components: dict[UUID, Fraction] = {}
        for one in summarised(found[key], key[0], Fraction(1), levels=1):
            if one.source != ComponentSource.PHANTOM:
                already = components.get(one.item_id, Fraction(0))
                components[one.item_id] = already + one.quantity
        needs[key] = DirectNeeds(
            bill.id,
            bill.kind == BomKind.PHANTOM,
            components,
            [
                ByProductPart(
                    one.item_id, Fraction(one.quantity) / Fraction(one.makes), one.cost_share
                )
                for one in by_products.get(bill.id, ())
            ],
        )
    return needs
