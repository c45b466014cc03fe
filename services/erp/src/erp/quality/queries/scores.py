"""Scores of suppliers, of all of them by one statement."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from erp.sql import Sql

__all__ = ["scores_of"]

# What was taken back as a mistake did not come.
_SCORES = """with came as (
    select o.supplier_id, count(*) as receipt_lines, sum(l.quantity) as received,
        count(*) filter (where r.effective_on > d.due_on) as late_lines
      from purchase_receipt r
      join purchase_order o on o.id = r.purchase_order_id
      join purchase_receipt_line l on l.purchase_receipt_id = r.id
      join purchase_order_line d on d.id = l.order_line_id
     where r.effective_on between $1 and $2 and ($3::uuid is null or o.supplier_id = $3)
       and not exists (select from purchase_return t
         where t.purchase_receipt_id = r.id and t.kind = 'reversal')
     group by o.supplier_id),
  looked_at as (
    select n.supplier_id, sum(n.accepted) as accepted, sum(n.rejected) as rejected
      from inspection n
     where n.source_type = 'purchase_receipt' and n.effective_on between $1 and $2
       and n.supplier_id is not null and ($3::uuid is null or n.supplier_id = $3)
     group by n.supplier_id),
  opened as (
    select c.supplier_id, count(*) as cases,
        count(*) filter (where c.source = 'complaint') as complaints
      from nonconformance c
     where c.created_at >= $4 and c.created_at < $5 and c.state <> 'cancelled'
       and c.supplier_id is not null and ($3::uuid is null or c.supplier_id = $3)
     group by c.supplier_id)
  select s.id as supplier_id, s.number, s.name, coalesce(c.receipt_lines, 0) as receipt_lines,
      coalesce(c.received, 0) as received,
      coalesce(l.accepted, 0) + coalesce(l.rejected, 0) as inspected,
      coalesce(l.rejected, 0) as rejected,
      round(l.accepted * 100 / nullif(l.accepted + l.rejected, 0), 2) as accepted_percent,
      round(coalesce(l.rejected, 0) * 1000000 / nullif(c.received, 0))::bigint as rejected_ppm,
      coalesce(c.late_lines, 0) as late_lines, coalesce(o.cases, 0) as cases,
      coalesce(o.complaints, 0) as complaints
    from came c full join looked_at l on l.supplier_id = c.supplier_id
    full join opened o on o.supplier_id = coalesce(c.supplier_id, l.supplier_id)
    join supplier s on s.id = coalesce(c.supplier_id, l.supplier_id, o.supplier_id)
   order by s.number"""


async def scores_of(
    sql: Sql,
    days: tuple[date, date],
    instants: tuple[datetime | None, datetime | None],
    supplier_id: UUID | None,
) -> list[Mapping[str, Any]]:
    """How goods of suppliers came in a period, by number; `instants`: where its days begin, end."""
    return [dict(row) for row in await sql.fetch(_SCORES, *days, supplier_id, *instants)]
