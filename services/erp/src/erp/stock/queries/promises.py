"""Who waits for goods in which turn, and for which day orders were promised."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from chassis.storage.bulk import Bulk
from chassis.work.unit_of_work import Work
from erp.sql import Sql
from erp.stock.models.demand import Demand
from erp.stock.rules.rescheduling import QueuePosition

__all__ = ["items_of_orders", "queue_positions", "store_promises", "unpromised_orders"]

_ITEMS = "select distinct item_id from demand where order_id = any($1::uuid[])"
_POSITIONS = """select order_id, item_id, wanted - reserved - shipped as quantity, needed_on,
    promised_on, place
  from demand
  where order_id = any($2::uuid[]) or item_id = any($1::uuid[]) and reserved + shipped < wanted
  union all select id, item_id, quantity, promised_on, promised_on, place from soft_reservation
   where item_id = any($1::uuid[]) and state = 'open' and expires_at > $3
  order by place"""
_UNPROMISED = """select distinct order_id from demand
  where item_id = any($1::uuid[]) and reserved + shipped < wanted and promised_on is null"""


class _Promise(NamedTuple):
    """For which day an order is promised, and (where given) needed."""

    order_id: UUID
    promised_on: date | None
    needed_on: date | None


async def items_of_orders(sql: Sql, order_ids: Sequence[UUID]) -> list[UUID]:
    """The items that orders need."""
    return [row[0] for row in await sql.fetch(_ITEMS, order_ids)]


async def unpromised_orders(sql: Sql, item_ids: Sequence[UUID]) -> list[UUID]:
    """The orders that wait for items without a promised day."""
    return sorted(row[0] for row in await sql.fetch(_UNPROMISED, item_ids))


async def queue_positions(
    work: Work, item_ids: Sequence[UUID], order_ids: Sequence[UUID]
) -> list[QueuePosition]:
    """All who wait for locked items, and every line of the orders, whoever came first.

    A soft reservation that counts stands among them as an order of one line.
    """
    return [
        QueuePosition(*row.values())
        for row in await work.sql.fetch(_POSITIONS, item_ids, order_ids, work.now)
    ]


async def store_promises(
    work: Work, promised: Mapping[UUID, date | None], *, needed_on: date | None
) -> None:
    """Store for which day orders whose items are locked were promised, and (given) are needed."""
    columns = ("promised_on",) if needed_on is None else ("promised_on", "needed_on")
    promises = [_Promise(order_id, day, needed_on) for order_id, day in promised.items()]
    write = Bulk()
    write.update(Demand, promises, *columns, key=("order_id",))
    await write.execute(work.sql)
