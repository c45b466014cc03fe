"""Receipts, and what of them went back: reads, and writes of new ones."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select

from chassis.storage.bulk import Bulk
from chassis.storage.loading import loaded
from chassis.storage.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.searching import containing
from chassis.work.unit_of_work import Work
from erp.purchasing.models import (
    PurchaseReceipt,
    PurchaseReceiptLine,
    PurchaseReturn,
    PurchaseReturnLine,
)
from erp.purchasing.schemas import (
    PurchaseReceiptView,
    PurchaseReturnQuery,
    PurchaseReturnView,
    ReceiptQuery,
)
from erp.searched import PURCHASE_RETURNS, RECEIPTS
from erp.sql import Sql

__all__ = [
    "ReceiptHead",
    "add_receipts",
    "add_return",
    "lines_of_receipt",
    "lines_of_return",
    "receipt_head",
    "receipt_page",
    "receipt_view",
    "return_for_update",
    "return_head",
    "return_page",
    "return_view",
    "save_receipt_lines",
]

# A receipt of an earlier release may have no lines: its moves say then what came.
_CAME = """(select l.position, l.order_line_id as line_id, l.item_id, l.quantity, l.value,
      l.returned, to_jsonb(l.serials) as serials
    from purchase_receipt_line l where l.purchase_receipt_id = r.id
  union all
  select row_number() over (order by min(m.id::text)), null, m.item_id, sum(m.quantity),
      sum(m.value), 0,
      coalesce(jsonb_agg(m.serial order by m.id) filter (where m.serial is not null), '[]')
    from stock_move m where m.source_id = r.id and not exists (
      select from purchase_receipt_line l where l.purchase_receipt_id = r.id)
    group by m.item_id)"""
_VIEW = f"""r.id, r.number, r.purchase_order_id, o.number as purchase_order_number, o.supplier_id,
  case when u.id is null then 'received' else 'reversed' end as state,
  u.effective_on as reversed_on, r.effective_on, r.recorded_at, r.actor,
  (select coalesce(jsonb_agg(jsonb_build_object('line_id', g.line_id, 'item_id', i.id,
      'sku', i.sku, 'quantity', g.quantity::text, 'value', g.value::text,
      'returned', case when u.id is null then g.returned else 0 end::text,
      'serials', g.serials) order by g.position), '[]')
    from {_CAME} g join item i on i.id = g.item_id) as lines"""
_FROM = """purchase_receipt r join purchase_order o on o.id = r.purchase_order_id
  left join purchase_return u on u.purchase_receipt_id = r.id and u.kind = 'reversal'"""
_SORTS = {
    "recorded_at": Sort("r.recorded_at", "timestamptz"),
    "effective_on": Sort("r.effective_on", "date"),
}

_RETURN = """r.id, r.number, r.kind, r.purchase_receipt_id, g.number as purchase_receipt_number,
  r.purchase_order_id, o.number as purchase_order_number, o.supplier_id, r.effective_on, r.reason,
  r.expected_again, r.reversed_on, r.reversal_id, r.reversal_reason, r.recorded_at, r.actor,
  (select jsonb_agg(jsonb_build_object('line_id', c.order_line_id, 'item_id', c.item_id,
      'sku', i.sku, 'quantity', l.quantity::text, 'value', l.value::text, 'cost', l.cost::text,
      'serials', to_jsonb(l.serials)) order by l.position)
    from purchase_return_line l join purchase_receipt_line c on c.id = l.receipt_line_id
    join item i on i.id = c.item_id where l.purchase_return_id = r.id) as lines"""
_FROM_RETURN = """purchase_return r join purchase_receipt g on g.id = r.purchase_receipt_id
  join purchase_order o on o.id = r.purchase_order_id"""

# An array of arrays would come apart in the rows, so serials come as JSON.
_ADD_LINES = """insert into purchase_receipt_line (id, purchase_receipt_id, position, order_line_id,
    item_id, quantity, value, serials, returned, returned_value)
  select n.id, n.purchase_receipt_id, n.position, n.order_line_id, n.item_id, n.quantity, n.value,
      array(select jsonb_array_elements_text(n.serials::jsonb)), 0, 0
    from {rows}"""
_HEAD = """select r.id, r.number, r.purchase_order_id, r.effective_on,
    coalesce((select t.kind from purchase_return t where t.purchase_receipt_id = r.id
        and t.reversed_on is null order by t.kind desc limit 1), '') as gone
  from purchase_receipt r where r.id = $1"""
_LINES = """select id, purchase_receipt_id, position, order_line_id, item_id, quantity, value,
    serials, returned, returned_value
  from purchase_receipt_line where purchase_receipt_id = $1 order by position
  for no key update"""
_RECEIPT = ("id", "number", "purchase_order_id", "effective_on", "recorded_at", "actor")


class ReceiptHead(NamedTuple):
    """A receipt: what it is of, its day, and whether goods of it went back (or all, undone)."""

    id: UUID
    number: str
    purchase_order_id: UUID
    effective_on: date
    returned_as: str


class _NewLine(NamedTuple):
    """What came of an order's line, with its serials as JSON."""

    id: UUID
    purchase_receipt_id: UUID
    position: int
    order_line_id: UUID
    item_id: UUID
    quantity: Decimal
    value: Decimal
    serials: str


async def add_receipts(
    work: Work, receipts: Sequence[PurchaseReceipt], lines: Sequence[PurchaseReceiptLine]
) -> None:
    """Store new receipts with their lines."""
    write = Bulk()
    write.insert(PurchaseReceipt, receipts, *_RECEIPT)
    write.run(_ADD_LINES, _NewLine, [_new_line(line) for line in lines], *_NewLine._fields)
    await write.execute(work.sql)


def _new_line(line: PurchaseReceiptLine) -> _NewLine:
    return _NewLine(
        line.id,
        line.purchase_receipt_id,
        line.position,
        line.order_line_id,
        line.item_id,
        line.quantity,
        line.value,
        json.dumps(line.serials),
    )


async def receipt_head(sql: Sql, receipt_id: UUID) -> ReceiptHead | None:
    """What the receipt is of, and what became of it."""
    row = await sql.fetchrow(_HEAD, receipt_id)
    return ReceiptHead(*row) if row else None


async def lines_of_receipt(work: Work, receipt_id: UUID) -> list[PurchaseReceiptLine]:
    """What came with the receipt, locked; the caller has locked its order."""
    return [loaded(PurchaseReceiptLine, row) for row in await work.sql.fetch(_LINES, receipt_id)]


async def add_return(
    work: Work,
    purchase_return: PurchaseReturn,
    lines: Sequence[PurchaseReturnLine],
    receipt_lines: Sequence[PurchaseReceiptLine],
) -> None:
    """Store what went back, and what became of the receipt's lines."""
    work.session.add(purchase_return)
    await work.flush()
    work.session.add_all(lines)
    await work.flush()
    await save_receipt_lines(work, receipt_lines)


async def return_head(sql: Sql, return_id: UUID) -> tuple[UUID, UUID] | None:
    """The order and the receipt of a return; None: there is none."""
    row = await sql.fetchrow(
        "select purchase_order_id, purchase_receipt_id from purchase_return where id = $1",
        return_id,
    )
    return (row[0], row[1]) if row else None


async def return_for_update(work: Work, return_id: UUID) -> PurchaseReturn:
    """The return, locked; the caller has locked its order."""
    return await work.session.get_one(PurchaseReturn, return_id, with_for_update=True)


async def lines_of_return(work: Work, return_id: UUID) -> Sequence[PurchaseReturnLine]:
    """What went back with the return."""
    wanted = (
        select(PurchaseReturnLine)
        .where(PurchaseReturnLine.purchase_return_id == return_id)
        .order_by(PurchaseReturnLine.position)
    )
    return (await work.session.scalars(wanted)).all()


async def save_receipt_lines(work: Work, lines: Sequence[PurchaseReceiptLine]) -> None:
    """Store what went back of a receipt's lines."""
    write = Bulk()
    write.update(PurchaseReceiptLine, lines, "returned", "returned_value")
    await write.execute(work.sql)


async def receipt_page(
    sql: Sql, wanted: ReceiptQuery, asked: PageQuery
) -> Page[PurchaseReceiptView]:
    """One page of receipts, the newest first."""
    return await fetch_page(
        sql,
        columns=_VIEW,
        source=_FROM,
        where=[
            *await containing(sql, asked.q, RECEIPTS),
            Filter("r.purchase_order_id = {}", wanted.purchase_order_id),
            Filter("o.supplier_id = {}", wanted.supplier_id),
            Filter("r.number = {}", wanted.number),
            Filter("r.effective_on >= {}", wanted.effective_on_gte),
            Filter("r.effective_on <= {}", wanted.effective_on_lte),
        ],
        sorts=_SORTS,
        default="-recorded_at",
        asked=asked,
        key="r.id",
        view=_receipt,
    )


async def receipt_view(sql: Sql, receipt_id: UUID) -> PurchaseReceiptView | None:
    """The receipt as callers see it."""
    row = await sql.fetchrow(f"select {_VIEW} from {_FROM} where r.id = $1", receipt_id)
    return _receipt(row) if row else None


def _receipt(row: Mapping[str, Any]) -> PurchaseReceiptView:
    return PurchaseReceiptView.model_validate(dict(row))


async def return_page(
    sql: Sql, wanted: PurchaseReturnQuery, asked: PageQuery
) -> Page[PurchaseReturnView]:
    """One page of what went back to suppliers, the newest first."""
    return await fetch_page(
        sql,
        columns=_RETURN,
        source=_FROM_RETURN,
        where=[
            *await containing(sql, asked.q, PURCHASE_RETURNS),
            Filter("r.kind = {}", wanted.kind),
            Filter("r.purchase_receipt_id = {}", wanted.purchase_receipt_id),
            Filter("r.purchase_order_id = {}", wanted.purchase_order_id),
            Filter("o.supplier_id = {}", wanted.supplier_id),
            Filter("r.number = {}", wanted.number),
            Filter("r.effective_on >= {}", wanted.effective_on_gte),
            Filter("r.effective_on <= {}", wanted.effective_on_lte),
        ],
        sorts=_SORTS,
        default="-recorded_at",
        asked=asked,
        key="r.id",
        view=lambda row: PurchaseReturnView.model_validate(dict(row)),
    )


async def return_view(sql: Sql, return_id: UUID) -> PurchaseReturnView | None:
    """What went back, as callers see it."""
    row = await sql.fetchrow(f"select {_RETURN} from {_FROM_RETURN} where r.id = $1", return_id)
    return PurchaseReturnView.model_validate(dict(row)) if row else None
