"""What the current plan still wants, and how items that are short are got."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from erp.sql import Sql

__all__ = [
    "ShortItem",
    "WantedOrder",
    "current_plan",
    "orders_wanted",
    "production_planned",
    "short_items",
    "supplier_numbers",
]


class WantedOrder(NamedTuple):
    """A planned order that nobody has placed, and what its item's demands have lost since."""

    id: UUID
    item_id: UUID
    sku: str
    source: str
    quantity: Decimal
    start_quantity: Decimal
    due_on: date
    release_on: date
    supplier_number: str | None
    withdrawn: Decimal


class ShortItem(NamedTuple):
    """An item of which something is waited for: how it is got, and how long that takes."""

    item_id: UUID
    sku: str
    is_made: bool
    lead_days: int
    purchase_suggestion_id: UUID | None


_PLAN = "select id from material_plan where is_current"
# What a demand wanted when the plan was made, and wants no more: changed or cancelled since (E41).
# It is taken off what was not reserved or shipped then, for that alone was planned.
_WANTED = """with withdrawn as (
    select r.item_id, sum(least(r.quantity,
        greatest(coalesce(r.wanted, r.quantity) - coalesce(d.wanted, 0), 0))) as quantity
      from plan_requirement r left join demand d on d.order_line_id = r.demand_id
     where r.kind = 'sales_order' group by r.item_id)
  select o.id, o.item_id, i.sku, o.source, o.quantity, o.start_quantity, o.due_on, o.release_on,
    u.number, coalesce(w.quantity, 0)
  from planned_order o join material_plan p on p.id = o.plan_id and p.is_current
  join planned_item t on t.plan_id = o.plan_id and t.item_id = o.item_id
  join item i on i.id = o.item_id left join supplier u on u.id = t.supplier_id
  left join withdrawn w on w.item_id = o.item_id
  where o.state = 'planned' and o.source <> 'phantom'
    and ($1::text is null or i.sku = $1)
  order by o.item_id, o.due_on, o.number"""
_SHORT = """select i.id, i.sku,
    case when p.policy is null then b.item_id is not null else p.policy <> 'buy' end as is_made,
    coalesce(p.lead_days, 0) as lead_days, s.id as suggestion_id
  from item i
  left join planning_parameter p on p.item_id = i.id
  left join lateral (select b.item_id from bill_of_material b
    where b.item_id = i.id and b.status = 'active' and b.kind <> 'phantom'
      and daterange(b.effective_from, b.effective_to, '[]') @> $2::date limit 1) b on true
  left join purchase_suggestion s on s.item_id = i.id and s.state = 'open'
  where i.id = any($1::uuid[])"""


async def current_plan(sql: Sql) -> UUID | None:
    """The current plan."""
    found: UUID | None = await sql.fetchval(_PLAN)
    return found


async def orders_wanted(sql: Sql, sku: str | None) -> list[WantedOrder]:
    """Planned orders of the current plan that nobody has placed, of each item by due day."""
    rows = await sql.fetch(_WANTED, sku)
    return [WantedOrder(*row.values()) for row in rows]


async def short_items(sql: Sql, item_ids: Sequence[UUID], on: date) -> Mapping[UUID, ShortItem]:
    """How items are got: made where their policy or their bill of the day says so."""
    rows = await sql.fetch(_SHORT, list(item_ids), on)
    return {row["id"]: ShortItem(*row.values()) for row in rows}


async def production_planned(sql: Sql, item_ids: Collection[UUID]) -> dict[UUID, Decimal]:
    """By item what production orders make that are only planned; firm ones are expected.

    And what purchase orders bring that wait for approval.
    """
    rows = await sql.fetch(
        """select item_id, sum(quantity) as quantity from (
            select item_id, quantity from production_order
             where state = 'planned' and item_id = any($1::uuid[])
            union all select l.item_id, l.quantity from purchase_order o
              join purchase_order_line l on l.purchase_order_id = o.id
             where o.state = 'pending_approval' and l.item_id = any($1::uuid[])) n
          group by item_id""",
        list(item_ids),
    )
    return {row["item_id"]: row["quantity"] for row in rows}


async def supplier_numbers(sql: Sql, supplier_ids: Collection[UUID]) -> dict[UUID, str]:
    """Numbers of suppliers by id."""
    rows = await sql.fetch(
        "select id, number from supplier where id = any($1::uuid[])", list(supplier_ids)
    )
    return {row["id"]: row["number"] for row in rows}
