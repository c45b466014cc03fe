"""What changed after a day, of items locked locked."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.stock.models.goods import ItemValuation
from erp.stock.rules.valuation import DayEnd

__all__ = ["changes_after"]

_CHANGES = """select c.item_id, c.day, sum(c.sign * c.quantity) as quantity,
    sum(c.sign * c.value) as value
  from (select n.item_id, m.effective_on as day, m.quantity, m.value,
      (t.warehouse_id is not distinct from n.warehouse_id)::int
        - (f.warehouse_id is not distinct from n.warehouse_id)::int as sign
    from unnest($1::uuid[], $2::uuid[]) as n(item_id, warehouse_id)
    join stock_move m on m.item_id = n.item_id and m.effective_on > $3
    join location f on f.id = m.from_location_id
    join location t on t.id = m.to_location_id) c
  group by c.item_id, c.day order by c.item_id, c.day"""


async def changes_after(
    work: Work, valuations: Sequence[ItemValuation], day: date
) -> dict[UUID, list[DayEnd]]:
    """By item, what came in less what went out on each day after this one, in their order."""
    rows = await work.sql.fetch(
        _CHANGES, [one.item_id for one in valuations], [one.warehouse_id for one in valuations], day
    )
    found = defaultdict[UUID, list[DayEnd]](list)
    for row in rows:
        found[row["item_id"]].append(DayEnd(row["day"], row["quantity"], row["value"]))
    return found
