"""What components cost now, and which part of a cost by-products bear."""

from collections.abc import Collection
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from erp.production.states import CostSource
from erp.sql import Sql

__all__ = ["KnownCost", "costs_of", "shares_of"]

_COSTS = """select i.id, coalesce(s.cost, p.amount) as cost,
    case when s.cost is null then 'supplier_price' else 'stock' end as source
  from unnest($1::uuid[]) i(id)
    left join lateral (select sum(v.value) / nullif(sum(v.quantity), 0) as cost
      from item_valuation v where v.item_id = i.id) s on true
    left join lateral (select p.amount from supplier_price p
      where p.item_id = i.id order by p.amount limit 1) p on true
  where coalesce(s.cost, p.amount) is not null"""
_SHARES = """select b.item_id, sum(p.cost_share) as share
  from bill_of_material b join bill_of_material_by_product p on p.bill_of_material_id = b.id
  where b.id = any($1::uuid[]) group by b.item_id"""


class KnownCost(NamedTuple):
    """What one of an item costs, and what says so."""

    amount: Decimal
    source: CostSource


async def costs_of(sql: Sql, item_ids: Collection[UUID]) -> dict[UUID, KnownCost]:
    """The average of what is in stock, else the lowest supplier price; others are left out."""
    rows = await sql.fetch(_COSTS, list(item_ids))
    return {row["id"]: KnownCost(row["cost"], CostSource(row["source"])) for row in rows}


async def shares_of(sql: Sql, bom_ids: Collection[UUID]) -> dict[UUID, Decimal]:
    """Of the items that the bills make: which part of the cost their by-products bear."""
    return {row["item_id"]: row["share"] for row in await sql.fetch(_SHARES, list(bom_ids))}
