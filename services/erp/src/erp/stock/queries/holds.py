"""What is withheld of items without lots; who changes it holds the level of the item locked."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from chassis.ids import uuid7
from chassis.work.unit_of_work import Work

__all__ = ["give_over", "take_off"]

_TAKE_SERIALS = """with gone as (
    delete from stock_hold where source_id = $1 and item_id = $2 and serial = any($3::text[])
    returning quantity)
  select coalesce(sum(quantity), 0) from gone"""
_TAKE_ALL = """with gone as (
    delete from stock_hold where source_id = $1 and item_id = $2 and serial is null
      and quantity = $3 returning quantity),
  less as (
    update stock_hold set quantity = quantity - $3
     where source_id = $1 and item_id = $2 and serial is null and quantity > $3
     returning $3::numeric as quantity)
  select coalesce(sum(quantity), 0)
    from (select quantity from gone union all select quantity from less) n"""
_GIVE_SERIALS = """update stock_hold set source_id = $4
  where source_id = $1 and item_id = $2 and serial = any($3::text[])"""
_GIVE_QUANTITY = """insert into stock_hold as h (id, item_id, source_id, quantity)
  values ($1, $2, $3, $4)
  on conflict (item_id, source_id) where serial is null
    do update set quantity = h.quantity + excluded.quantity"""


async def take_off(
    work: Work, source_id: UUID, item_id: UUID, quantity: Decimal, serials: Sequence[str]
) -> Decimal:
    """Withhold so many less for a source; how many that were, nothing where it has too few."""
    if serials:
        found: Decimal = await work.sql.fetchval(_TAKE_SERIALS, source_id, item_id, list(serials))
    else:
        found = await work.sql.fetchval(_TAKE_ALL, source_id, item_id, quantity)
    return found


async def give_over(
    work: Work,
    ends: tuple[UUID, UUID],
    item_id: UUID,
    quantity: Decimal,
    serials: Sequence[str],
) -> None:
    """Let another source withhold so many; as many are withheld in all. `ends`: from, to."""
    from_id, to_id = ends
    if serials:
        await work.sql.execute(_GIVE_SERIALS, from_id, item_id, list(serials), to_id)
        return
    await take_off(work, from_id, item_id, quantity, ())
    await work.sql.execute(_GIVE_QUANTITY, uuid7(), item_id, to_id, quantity)
