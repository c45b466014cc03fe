"""What inspections and cases withhold of goods that came with a receipt."""

from decimal import Decimal
from uuid import UUID

from erp.sql import Sql

__all__ = ["withheld_of_receipt"]

# Goods that were rejected and worked on again are inspected for their case.
_WITHHELD = """with recursive reached (id, item_id, lot) as (
    select n.id, n.item_id, coalesce(l.number, '')
      from inspection n left join lot l on l.id = n.lot_id
     where n.source_id = $1 and n.source_type = 'purchase_receipt'
    union
    select n.id, r.item_id, r.lot from reached r
      join nonconformance c on c.inspection_id = r.id
      join inspection n on n.source_id = c.id)
  select r.item_id, r.lot, sum(n.pending + c.undisposed) as withheld
    from reached r join inspection n on n.id = r.id
    cross join lateral (select coalesce(sum(c.quantity - c.disposed), 0) as undisposed
      from nonconformance c where c.inspection_id = r.id and c.state = 'open') c
   group by 1, 2 having sum(n.pending + c.undisposed) > 0 order by 1, 2"""


async def withheld_of_receipt(sql: Sql, receipt_id: UUID) -> dict[tuple[UUID, str], Decimal]:
    """What is pending, or in an open case, by item and lot that came (empty: without lots)."""
    rows = await sql.fetch(_WITHHELD, receipt_id)
    return {(row["item_id"], row["lot"]): row["withheld"] for row in rows}
