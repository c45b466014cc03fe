"""Who waits for goods in which turn, and for which day orders were promised."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.sql import Sql
from erp.stock.rules.turns import Turn

__all__ = ["items_of_orders", "note_promises", "turns_of", "unpromised_orders"]

_ITEMS = "select distinct item_id from demand where order_id = any($1::uuid[])"
_TURNS = """select order_id, item_id, wanted - reserved - shipped as quantity, needed_on,
    promised_on, place
  from demand
  where order_id = any($2::uuid[]) or item_id = any($1::uuid[]) and reserved + shipped < wanted
  order by place"""
_UNPROMISED = """select distinct order_id from demand
  where item_id = any($1::uuid[]) and reserved + shipped < wanted and promised_on is null"""
_NOTE = """update demand d set promised_on = n.promised_on, needed_on = coalesce($3, d.needed_on)
  from unnest($1::uuid[], $2::date[]) as n(order_id, promised_on) where d.order_id = n.order_id"""


async def items_of_orders(sql: Sql, order_ids: Sequence[UUID]) -> list[UUID]:
    """The items that orders need."""
    return [row[0] for row in await sql.fetch(_ITEMS, order_ids)]


async def unpromised_orders(sql: Sql, item_ids: Sequence[UUID]) -> list[UUID]:
    """The orders that wait for items without a promised day."""
    return sorted(row[0] for row in await sql.fetch(_UNPROMISED, item_ids))


async def turns_of(work: Work, item_ids: Sequence[UUID], order_ids: Sequence[UUID]) -> list[Turn]:
    """All who wait for held items, and every line of the orders, whoever came first."""
    return [Turn(*row.values()) for row in await work.sql.fetch(_TURNS, item_ids, order_ids)]


async def note_promises(
    work: Work, promised: Mapping[UUID, date | None], *, needed_on: date | None
) -> None:
    """Note for which day orders whose items are held were promised, and (given) are needed."""
    await work.sql.execute(_NOTE, list(promised), list(promised.values()), needed_on)
