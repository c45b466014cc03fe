"""What a revision of a bill of material affects: one statement for each kind of it."""

from datetime import date
from typing import Any
from uuid import UUID

from erp.production_orders.schemas.changes import (
    MOST_ROWS,
    AffectedComponent,
    AffectedOrder,
    AffectedUse,
)
from erp.sql import Sql

__all__ = ["affected_components", "affected_orders", "affected_uses", "revision_of"]

_REVISION = """select b.id as bill_of_material_id, b.item_id, i.sku, b.label, p.id as replaces_id,
    p.label as replaces_label, (select coalesce(sum(s.on_hand), 0) from stock_level s
      where s.item_id = b.item_id) as on_hand
  from bill_of_material b join item i on i.id = b.item_id
  left join bill_of_material p on p.item_id = b.item_id and p.id <> b.id and p.status = 'active'
    and daterange(p.effective_from, p.effective_to, '[]') @> $2::date
  where b.id = $1"""
_ORDERS = """select o.id as order_id, o.number, o.state, o.quantity, o.start_on,
    k.label as kept_label, o.state = 'planned'
      and daterange(b.effective_from, b.effective_to, '[]') @> o.start_on as takes_it
  from bill_of_material b join production_order o on o.item_id = b.item_id
    and o.state in ('planned', 'firm', 'released', 'started') and o.rework_of_id is null
  left join bill_of_material k on k.id = o.bill_of_material_id
  where b.id = $1 order by o.start_on, o.id limit $2"""
_PER_PIECE = """select l.item_id, sum(l.quantity * l.numerator / l.denominator / (1 - l.scrap)
      / b.quantity) as quantity
    from bill_of_material_line l join bill_of_material b on b.id = l.bill_of_material_id
    where b.id = {} group by l.item_id"""
_COMPONENTS = f"""select i.id as item_id, i.sku, round(coalesce(p.quantity, 0), 6) as before,
    round(coalesce(n.quantity, 0), 6) as after, coalesce(s.on_hand, 0) as on_hand,
    coalesce(e.quantity, 0) as expected, coalesce(w.quantity, 0) as needed
  from ({_PER_PIECE.format("$1")}) n
  full join ({_PER_PIECE.format("$2")}) p on p.item_id = n.item_id
  join item i on i.id = coalesce(n.item_id, p.item_id)
  left join lateral (select sum(on_hand) as on_hand from stock_level where item_id = i.id) s
    on true
  left join lateral (select sum(quantity) as quantity from incoming where item_id = i.id) e on true
  left join lateral (select sum(c.required - c.issued) as quantity
      from production_order_component c join production_order o on o.id = c.production_order_id
     where c.item_id = i.id and c.required > c.issued
       and o.state in ('firm', 'released', 'started')) w on true
  order by i.sku limit $3"""
_USES = """select distinct u.id as bill_of_material_id, i.sku, u.label
  from bill_of_material b join bill_of_material_line l on l.item_id = b.item_id
  join bill_of_material u on u.id = l.bill_of_material_id and u.status = 'active'
  join item i on i.id = u.item_id
  where b.id = $1 order by i.sku, u.label limit $2"""


async def revision_of(sql: Sql, bom_id: UUID, *, on: date) -> dict[str, Any] | None:
    """The revision, and the one that counts on the day in its place; None: there is none."""
    row = await sql.fetchrow(_REVISION, bom_id, on)
    return None if row is None else dict(row)


async def affected_orders(sql: Sql, bom_id: UUID) -> list[AffectedOrder]:
    """Orders for the item that are not finished."""
    rows = await sql.fetch(_ORDERS, bom_id, MOST_ROWS)
    return [AffectedOrder.model_validate(dict(row)) for row in rows]


async def affected_components(
    sql: Sql, bom_id: UUID, replaced_id: UUID | None
) -> list[AffectedComponent]:
    """Components of the revision and of the one that counts, with their stock."""
    rows = await sql.fetch(_COMPONENTS, bom_id, replaced_id, MOST_ROWS)
    return [AffectedComponent.model_validate(dict(row)) for row in rows]


async def affected_uses(sql: Sql, bom_id: UUID) -> list[AffectedUse]:
    """Active revisions that name the item."""
    rows = await sql.fetch(_USES, bom_id, MOST_ROWS)
    return [AffectedUse.model_validate(dict(row)) for row in rows]
