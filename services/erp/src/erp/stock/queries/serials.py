"""Reads of serials; who changes where they are holds the item's level locked."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from erp import searched
from erp.catalog.schemas import ItemView
from erp.sql import Sql
from erp.stock.queries.views import MOVE_VIEW, MOVED
from erp.stock.rules.serials import SerialPosition
from erp.stock.schemas.goods import MoveView, SerialHistory, SerialQuery, SerialView
from records.includes import Include
from records.reads import Reads, everybody

__all__ = ["SERIALS", "first_serials", "has_moves", "serial_history", "serial_positions"]

# What was sold, came to be repaired and went back is where it was sold to, at its cost then.
_SOLD = """left join lateral (select e.order_line_id, e.value from stock_move e
    where e.item_id = s.item_id and e.serial = s.number
      and e.source_type not in ('repair_receipt', 'repair_dispatch')
    order by e.recorded_at desc, e.id desc limit 1) sold on m.source_type = 'repair_dispatch'"""
_SERIAL_POSITIONS = f"""select s.item_id, s.number, l.kind, l.code as place,
    coalesce(m.order_line_id, sold.order_line_id) as order_line_id,
    coalesce(sold.value, m.value) as value, m.effective_on as moved_on,
    exists (select from stock_hold h
      where (h.item_id, h.serial) = (s.item_id, s.number)) as withheld
  from unnest($1::uuid[], $2::text[]) as n(item_id, number)
  join serial s on (s.item_id, s.number) = (n.item_id, n.number)
  join location l on l.id = s.location_id
  join stock_move m on m.id = s.move_id
  {_SOLD}"""
_FIRST = """select n.item_id, s.number, s.moved_on
  from unnest($1::uuid[], $2::uuid[], $3::bigint[]) as n(item_id, location_id, wanted)
  cross join lateral (select p.id, p.number, m.effective_on as moved_on
    from serial p join stock_move m on m.id = p.move_id
    where p.item_id = n.item_id and p.location_id = n.location_id and m.effective_on <= $4
      and not exists (select from stock_hold h where (h.item_id, h.serial) = (p.item_id, p.number))
    order by p.id limit n.wanted) s
  order by s.id"""

_VIEW = """s.id, s.item_id, i.sku, s.number, l.code as place, l.kind = 'internal' as in_stock,
  case when l.kind = 'customer' then coalesce(m.order_line_id, sold.order_line_id) end
    as order_line_id"""
_SERIALS = f"""serial s join item i on i.id = s.item_id join location l on l.id = s.location_id
  join stock_move m on m.id = s.move_id {_SOLD}"""
_HISTORY = f"""select {MOVE_VIEW} from {MOVED}
  where m.item_id = $1 and m.serial = $2 order by m.recorded_at, m.id"""


def _filters(_at: Reading, query: SerialQuery) -> list[Filter]:
    return [
        Filter("s.item_id = (select id from item where sku = {})", query.sku),
        Filter("s.number = {}", query.number),
        Filter("(l.kind = 'internal') = {}", query.in_stock),
    ]


SERIALS = Reads(
    name="serial",
    view=SerialView,
    columns=_VIEW,
    source=_SERIALS,
    key="s.id",
    visible=everybody,
    query=SerialQuery,
    filters=_filters,
    searched=searched.SERIALS,
    sorts={"number": Sort("s.number", "text")},
    default_sort="number",
    title="s.number",
    subtitle="i.sku",
    includes={"item": Include(ItemView, "item_id")},
)


async def serial_positions(sql: Sql, named: Iterable[tuple[UUID, str]]) -> list[SerialPosition]:
    """Where serials of items are; one that never came is left out."""
    items, numbers = zip(*named, strict=True)
    return [
        SerialPosition(*row.values()) for row in await sql.fetch(_SERIAL_POSITIONS, items, numbers)
    ]


async def first_serials(
    sql: Sql, wanted: Sequence[tuple[UUID, UUID, int]], *, by: date
) -> list[tuple[UUID, str, date]]:
    """Of each item at a place so many serials that were there on a day, the first that came.

    Each with its item, and the day on which it came there.
    """
    rows = await sql.fetch(_FIRST, *map(list, zip(*wanted, strict=True)), by)
    return [(row["item_id"], row["number"], row["moved_on"]) for row in rows]


async def has_moves(work: Work, item_id: UUID) -> bool:
    """Whether goods of the item ever moved; if not, none can until the act ends.

    It does not wait for those who refer to the item: they may be waiting for its level, which the
    caller holds. The database says at once that the row is busy.
    """
    await work.sql.execute("select from item where id = $1 for update nowait", item_id)
    found: bool = await work.sql.fetchval(
        "select exists (select from stock_move where item_id = $1)", item_id
    )
    return found


async def serial_history(at: Reading, serial_id: UUID) -> SerialHistory:
    """The serial with its moves, the first one first. Raises NotFound."""
    serial = await SERIALS.get(at, serial_id)
    moves = await at.sql.fetch(_HISTORY, serial.item_id, serial.number)
    currency = at.setting.currency
    shown = [MoveView.model_validate({**move, "currency": currency}) for move in moves]
    return SerialHistory(**serial.model_dump(), moves=shown)
