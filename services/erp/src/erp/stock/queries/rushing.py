"""Who waits for the items of an order, or has some of them reserved."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from erp.sql import Sql
from erp.stock.rules.rushing import WaitingLine

__all__ = ["lines_beside"]

_LINES = """select d.order_line_id, d.order_id, d.item_id,
    d.wanted - d.reserved - d.shipped as waiting, d.reserved, d.needed_on, d.promised_on, d.place,
    not exists (select from sales_order o where o.id = d.order_id) as stays
  from demand d where d.item_id = any($1::uuid[]) and d.shipped < d.wanted
  union all
  select r.id, r.id, r.item_id, r.quantity, 0, r.promised_on, r.promised_on, r.place, true
    from soft_reservation r
   where r.item_id = any($1::uuid[]) and r.state = 'open' and r.expires_at > $2
  order by place"""


async def lines_beside(sql: Sql, item_ids: Sequence[UUID], now: datetime) -> list[WaitingLine]:
    """All that wait for the items or have some reserved; what is no sales order stays as it is.

    So do soft reservations that have not expired.
    """
    return [WaitingLine(*row.values()) for row in await sql.fetch(_LINES, item_ids, now)]
