"""Receipts, and what of them went back: reads, and writes of new ones."""

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from chassis.storage.bulk import Bulk
from chassis.storage.loading import loaded
from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from erp import searched
from erp.base import Base
from erp.catalog.schemas import ItemView
from erp.parties.schemas import SupplierView
from erp.purchasing.models.receipts import (
    PurchaseReceipt,
    PurchaseReceiptLine,
    PurchaseReturn,
    PurchaseReturnLine,
)
from erp.purchasing.schemas.orders import PurchaseOrderView
from erp.purchasing.schemas.receipts import (
    PurchaseReceiptView,
    PurchaseReturnQuery,
    PurchaseReturnView,
    ReceiptQuery,
)
from erp.sql import Sql
from records.document_types import DocumentType, custom_of
from records.filters import among
from records.includes import Include
from records.reads import Reads, everybody

__all__ = [
    "RECEIPTS",
    "RECEIPT_FIELDS",
    "RETURNS",
    "RETURN_FIELDS",
    "ReceiptHead",
    "add_receipts",
    "add_return",
    "case_of_return",
    "lines_of_receipt",
    "lines_of_return",
    "lots_sent_back",
    "receipt_head",
    "return_for_update",
    "return_head",
    "save_receipt_lines",
]

# A receipt of an earlier release may have no lines: its moves say then what came.
_CAME = """(select l.position, l.order_line_id as line_id, l.item_id, l.quantity, l.value,
      l.returned, to_jsonb(l.serials) as serials, l.lots
    from purchase_receipt_line l where l.purchase_receipt_id = r.id
  union all
  select row_number() over (order by min(m.id::text)), null, m.item_id, sum(m.quantity),
      sum(m.value), 0,
      coalesce(jsonb_agg(m.serial order by m.id) filter (where m.serial is not null), '[]'),
      '[]'
    from stock_move m where m.source_id = r.id and not exists (
      select from purchase_receipt_line l where l.purchase_receipt_id = r.id)
    group by m.item_id)"""
_VIEW = f"""r.id, r.number, r.purchase_order_id, o.number as purchase_order_number, o.supplier_id,
  case when u.id is null then 'received' else 'reversed' end as state,
  u.effective_on as reversed_on, r.effective_on, r.recorded_at, r.actor,
  (select coalesce(jsonb_agg(jsonb_build_object('line_id', g.line_id, 'item_id', i.id,
      'sku', i.sku, 'quantity', g.quantity::text, 'value', g.value::text,
      'returned', case when u.id is null then g.returned else 0 end::text,
      'serials', g.serials, 'lots', g.lots) order by g.position), '[]')
    from {_CAME} g join item i on i.id = g.item_id) as lines"""
_SUPPLIER = "(select s.name from supplier s where s.id = o.supplier_id)"
_SORTS = {
    "created_at": Sort("r.recorded_at", "timestamptz"),
    "updated_at": Sort("r.updated_at", "timestamptz"),
    "recorded_at": Sort("r.recorded_at", "timestamptz"),
    "effective_on": Sort("r.effective_on", "date"),
    "number": Sort("r.number", "text"),
}


def _receipt_filters(_at: Reading, query: ReceiptQuery) -> list[Filter]:
    return [Filter("r.purchase_order_id = {}", query.purchase_order_id), *_either(query)]


def _either(query: ReceiptQuery | PurchaseReturnQuery) -> list[Filter]:
    """The conditions that receipts and returns have alike."""
    return [
        Filter("o.supplier_id = {}", query.supplier_id),
        Filter("r.number = {}", query.number),
        Filter("r.effective_on >= {}", query.effective_on_gte),
        Filter("r.effective_on <= {}", query.effective_on_lte),
    ]


RECEIPTS = Reads(
    name="purchase_receipt",
    view=PurchaseReceiptView,
    columns=f"{_VIEW}, {custom_of('purchase_receipt', 'r.id')} as custom",
    source="""purchase_receipt r join purchase_order o on o.id = r.purchase_order_id
      left join purchase_return u on u.purchase_receipt_id = r.id and u.kind = 'reversal'""",
    key="r.id",
    visible=everybody,
    query=ReceiptQuery,
    filters=_receipt_filters,
    searched=searched.RECEIPTS,
    includes={
        "order": Include(PurchaseOrderView, "purchase_order_id"),
        "supplier": Include(SupplierView, "supplier_id"),
        "items": Include(ItemView, "lines.item_id", many=True),
    },
    subtitle=_SUPPLIER,
    sorts=_SORTS,
    default_sort="-recorded_at",
)
RECEIPT_FIELDS = DocumentType(RECEIPTS, Base)

_RETURN = """r.id, r.number, r.kind, r.purchase_receipt_id, g.number as purchase_receipt_number,
  r.purchase_order_id, o.number as purchase_order_number, o.supplier_id, r.effective_on, r.reason,
  r.expected_again, r.reversed_on, r.reversal_id, r.reversal_reason, r.recorded_at, r.actor,
  (select jsonb_agg(jsonb_build_object('line_id', c.order_line_id, 'item_id', c.item_id,
      'sku', i.sku, 'quantity', l.quantity::text, 'value', l.value::text, 'cost', l.cost::text,
      'serials', to_jsonb(l.serials), 'lots', l.lots) order by l.position)
    from purchase_return_line l join purchase_receipt_line c on c.id = l.receipt_line_id
    join item i on i.id = c.item_id where l.purchase_return_id = r.id) as lines"""


def _return_filters(_at: Reading, query: PurchaseReturnQuery) -> list[Filter]:
    return [
        among("r.kind", query.kind),
        Filter("r.purchase_receipt_id = {}", query.purchase_receipt_id),
        Filter("r.purchase_order_id = {}", query.purchase_order_id),
        *_either(query),
    ]


RETURNS = Reads(
    name="purchase_return",
    view=PurchaseReturnView,
    columns=f"{_RETURN}, {custom_of('purchase_return', 'r.id')} as custom",
    source="""purchase_return r join purchase_receipt g on g.id = r.purchase_receipt_id
      join purchase_order o on o.id = r.purchase_order_id""",
    key="r.id",
    visible=everybody,
    query=PurchaseReturnQuery,
    filters=_return_filters,
    searched=searched.PURCHASE_RETURNS,
    includes={
        "receipt": Include(PurchaseReceiptView, "purchase_receipt_id"),
        "order": Include(PurchaseOrderView, "purchase_order_id"),
        "supplier": Include(SupplierView, "supplier_id"),
        "items": Include(ItemView, "lines.item_id", many=True),
    },
    subtitle=_SUPPLIER,
    sorts=_SORTS,
    default_sort="-recorded_at",
)
RETURN_FIELDS = DocumentType(RETURNS, Base)

# An array of arrays would come apart in the rows, so serials come as JSON.
_ADD_LINES = """insert into purchase_receipt_line (id, purchase_receipt_id, position, order_line_id,
    item_id, quantity, value, serials, lots, returned, returned_value)
  select n.id, n.purchase_receipt_id, n.position, n.order_line_id, n.item_id, n.quantity, n.value,
      array(select jsonb_array_elements_text(n.serials::jsonb)), n.lots::jsonb, 0, 0
    from {rows}"""
_HEAD = """select r.id, r.number, r.purchase_order_id, r.effective_on,
    coalesce((select t.kind from purchase_return t where t.purchase_receipt_id = r.id
        and t.reversed_on is null order by t.kind desc limit 1), '') as gone
  from purchase_receipt r where r.id = $1"""
_LINES = """select id, purchase_receipt_id, position, order_line_id, item_id, quantity, value,
    serials, lots, returned, returned_value
  from purchase_receipt_line where purchase_receipt_id = $1 order by position
  for no key update"""
# Of lots that were split off since they came, those that came went back.
_LOTS_SENT_BACK = """select l.receipt_line_id,
    coalesce(e.value ->> 'came_as', e.value ->> 'number') as number,
    sum((e.value ->> 'quantity')::numeric) as quantity
  from purchase_return t join purchase_return_line l on l.purchase_return_id = t.id
  cross join lateral jsonb_array_elements(l.lots) e
  where t.purchase_receipt_id = $1 and t.reversed_on is null group by 1, 2"""
_RECEIPT = ("id", "number", "purchase_order_id", "effective_on", "actor")


class ReceiptHead(NamedTuple):
    """A receipt: what it is of, its day, and whether goods of it went back (or all, undone)."""

    id: UUID
    number: str
    purchase_order_id: UUID
    effective_on: date
    returned_as: str


class _NewLine(NamedTuple):
    """What came of an order's line, with its serials and lots as JSON."""

    id: UUID
    purchase_receipt_id: UUID
    position: int
    order_line_id: UUID
    item_id: UUID
    quantity: Decimal
    value: Decimal
    serials: str
    lots: str


async def add_receipts(
    work: Work, receipts: Sequence[PurchaseReceipt], lines: Sequence[PurchaseReceiptLine]
) -> None:
    """Store new receipts with their lines."""
    write = Bulk()
    write.insert(PurchaseReceipt, receipts, *_RECEIPT, recorded_at=work.now, updated_at=work.now)
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
        json.dumps(line.lots),
    )


async def receipt_head(sql: Sql, receipt_id: UUID) -> ReceiptHead | None:
    """What the receipt is of, and what became of it."""
    row = await sql.fetchrow(_HEAD, receipt_id)
    return ReceiptHead(*row) if row else None


async def lines_of_receipt(work: Work, receipt_id: UUID) -> list[PurchaseReceiptLine]:
    """What came with the receipt, locked; the caller has locked its order."""
    return [loaded(PurchaseReceiptLine, row) for row in await work.sql.fetch(_LINES, receipt_id)]


async def lots_sent_back(sql: Sql, receipt_id: UUID) -> dict[UUID, dict[str, Decimal]]:
    """By line of the receipt, what went back of each lot and was not taken back again."""
    rows = await sql.fetch(_LOTS_SENT_BACK, receipt_id)
    found: dict[UUID, dict[str, Decimal]] = {}
    for row in rows:
        found.setdefault(row["receipt_line_id"], {})[row["number"]] = row["quantity"]
    return found


async def case_of_return(sql: Sql, return_id: UUID) -> str | None:
    """The case by which goods went back; None: they went back by themselves."""
    found: str | None = await sql.fetchval(
        """select c.number from nonconformance_disposition d
             join nonconformance c on c.id = d.nonconformance_id where d.purchase_return_id = $1""",
        return_id,
    )
    return found


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
    await save_receipt_lines(work, purchase_return.purchase_receipt_id, receipt_lines)


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


async def save_receipt_lines(
    work: Work, receipt_id: UUID, lines: Sequence[PurchaseReceiptLine]
) -> None:
    """Store what went back of a receipt's lines, and that the receipt changed by it."""
    await work.sql.execute(
        "update purchase_receipt set updated_at = $2 where id = $1", receipt_id, work.now
    )
    write = Bulk()
    write.update(PurchaseReceiptLine, lines, "returned", "returned_value")
    await write.execute(work.sql)
