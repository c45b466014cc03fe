"""Up and down from a planned order: one statement each, however deep it goes."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from erp.sql import Sql

__all__ = ["demands_above", "reasons_of", "supplies_below"]

MOST_PEGS = 2_000
MOST_LEVELS = 30
_SHOWN = """i.sku, f.quantity, r.needed_on, r.kind, so.number as sales_order_number, f.supply,
    po.number as purchase_order_number, mo.number as production_order_number,
    md.number as needed_by_production_order, r.possible_on,
    case when r.kind = 'forecast' then r.demand_id end as forecast_id"""
_JOINED = """join item i on i.id = f.item_id
  join plan_requirement r on r.plan_id = $1 and r.item_id = f.item_id and r.place = f.requirement
  left join sales_order_line sl on sl.id = r.demand_id
  left join sales_order so on so.id = sl.order_id
  left join planned_order o on o.plan_id = $1 and o.item_id = f.item_id and o.number = f.number
  left join purchase_order_line pl on pl.id = f.receipt_id
  left join purchase_order po on po.id = pl.purchase_order_id
  left join production_order mo on mo.id = f.receipt_id
  left join production_order md on md.id = r.demand_id"""
_UP = f"""with recursive found as (
    select 0 as level, g.* from plan_peg g
     where g.plan_id = $1 and g.item_id = $2 and g.number = $3
    union
    select f.level + 1, g.* from found f
      join plan_requirement r on r.plan_id = $1 and r.item_id = f.item_id
        and r.place = f.requirement
      join plan_peg g on g.plan_id = $1 and g.item_id = r.parent_item_id
        and g.number = r.parent_number
     where f.level < {MOST_LEVELS})
  select f.level, {_SHOWN}, o.id as supply_order_id from found f {_JOINED}
   order by f.level, i.sku, f.place limit {MOST_PEGS}"""
_DOWN = f"""with recursive found as (
    select 1 as level, g.* from plan_requirement r
      join plan_peg g on g.plan_id = $1 and g.item_id = r.item_id and g.requirement = r.place
     where r.plan_id = $1 and r.parent_item_id = $2 and r.parent_number = $3
    union
    select f.level + 1, g.* from found f
      join plan_requirement r on r.plan_id = $1 and r.parent_item_id = f.item_id
        and r.parent_number = f.number
      join plan_peg g on g.plan_id = $1 and g.item_id = r.item_id and g.requirement = r.place
     where f.level < {MOST_LEVELS})
  select f.level, {_SHOWN}, o.id as supply_order_id from found f {_JOINED}
   order by f.level, i.sku, f.place limit {MOST_PEGS}"""
_REASONS = """select o.plan_id, o.item_id, o.number, t.level, t.on_hand, t.safety_stock, o.needed,
    t.lot_rule, t.yield_part, o.lead_days, o.possible_on
  from planned_order o
  join planned_item t on t.plan_id = o.plan_id and t.item_id = o.item_id where o.id = $1"""


async def reasons_of(sql: Sql, order_id: UUID) -> Mapping[str, Any] | None:
    """With what the item of the planned order was planned."""
    row = await sql.fetchrow(_REASONS, order_id)
    return dict(row) if row else None


async def demands_above(
    sql: Sql, plan_id: UUID, item_id: UUID, number: int
) -> Sequence[Mapping[str, Any]]:
    """What the order covers, what that is needed for, and so on up to demands."""
    return [dict(row) for row in await sql.fetch(_UP, plan_id, item_id, number)]


async def supplies_below(
    sql: Sql, plan_id: UUID, item_id: UUID, number: int
) -> Sequence[Mapping[str, Any]]:
    """What covers the components of the order, and theirs, down to stock and purchases."""
    return [dict(row) for row in await sql.fetch(_DOWN, plan_id, item_id, number)]
