"""Reads of payables."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from erp import searched
from erp.base import Base
from erp.parties.schemas import SupplierView
from erp.payables.models import NUMBER_READ, Bill
from erp.payables.schemas import BillQuery, BillView, OpeningPayableQuery, OpeningPayableView
from erp.payables.states import BillKind
from erp.settlement.schemas import open_between
from erp.settlement.states import OpeningKind
from erp.sql import Sql
from records.document_types import DocumentType, custom_of
from records.filters import among, between, total_between
from records.includes import Include
from records.reads import Reads, everybody, sorts_of
from values.comparing import same_when_read

__all__ = [
    "BILLS",
    "BILL_FIELDS",
    "OPENING_PAYABLES",
    "bill_for_update",
    "billed_prices",
    "entered_bill",
    "find_suppliers",
    "is_creditable",
    "is_entered",
    "open_bill_of_order",
    "supplier_terms",
]

_VIEW = """bill.id, bill.version, bill.kind, bill.credits_id, bill.supplier_id,
  bill.supplier_number, bill.purchase_order_id,
  bill.state, coalesce(bill.billed_on, bill.effective_on) as billed_on, bill.reversed_on,
  bill.reversal_reason, bill.effective_on, bill.due_on, bill.currency, bill.net, bill.tax,
  bill.gross, bill.received,
  bill.created_at, bill.open_amount,
  (select jsonb_build_object('payment_id', p.id, 'unallocated', p.unallocated::text)
    from payment p where p.source_id = bill.id and bill.kind = 'credit_note') as credit,
  (select coalesce(jsonb_agg(jsonb_build_object('position', l.position,
      'order_line_id', l.order_line_id, 'quantity', l.quantity::text,
      'unit_price', l.unit_price::text, 'net', l.net::text, 'received', l.received::text)
      order by l.position), '[]')
    from bill_line l where l.bill_id = bill.id) as lines,
  (select coalesce(jsonb_agg(jsonb_build_object('position', e.position, 'account', e.account,
      'description', e.description, 'amount', e.amount::text) order by e.position), '[]')
    from bill_expense e where e.bill_id = bill.id) as expenses"""


async def is_entered(
    sql: Sql, supplier_id: UUID, number_key: str, year: int, *, kind: BillKind
) -> bool:
    """Whether the supplier's number is taken that year, as a person reads it."""
    return bool(
        await sql.fetchval(
            """select true from bill
               where supplier_id = $1 and coalesce(number_key, upper(supplier_number)) = $2
                 and year = $3 and state = 'entered'
                 and (kind = 'credit_note') = ($4 = 'credit_note')""",
            supplier_id,
            number_key,
            year,
            kind,
        )
    )


async def entered_bill(
    sql: Sql, supplier_id: UUID, number_key: str, year: int, *, credit: bool
) -> UUID | None:
    """The bill, or credit note, that has the supplier's number that year."""
    found: UUID | None = await sql.fetchval(
        """select id from bill
            where supplier_id = $1 and coalesce(number_key, upper(supplier_number)) = $2
              and year = $3 and state = 'entered' and (kind = 'credit_note') = $4""",
        supplier_id,
        number_key,
        year,
        credit,
    )
    return found


async def bill_for_update(work: Work, bill_id: UUID) -> Bill | None:
    """The bill, locked until the act ends."""
    found: Bill | None = await work.session.get(Bill, bill_id, with_for_update={"key_share": True})
    return found


async def is_creditable(sql: Sql, supplier_id: UUID, bill_id: UUID) -> bool:
    """Whether it is a bill of the supplier that was not taken back."""
    return bool(
        await sql.fetchval(
            """select true from bill where id = $1 and supplier_id = $2 and kind <> 'credit_note'
                 and state = 'entered'""",
            bill_id,
            supplier_id,
        )
    )


async def open_bill_of_order(sql: Sql, order_id: UUID) -> UUID | None:
    """The bill of the order that is open and due first."""
    found: UUID | None = await sql.fetchval(
        """select b.id from bill b join open_item o on o.source_id = b.id and o.open_amount > 0
            where b.purchase_order_id = $1 and b.kind = 'bill' and b.state = 'entered'
            order by o.due_on, o.id limit 1""",
        order_id,
    )
    return found


async def billed_prices(sql: Sql, order_line_ids: Sequence[UUID]) -> dict[UUID, Decimal]:
    """The price at which each order line was billed last; one that was not is left out."""
    rows = await sql.fetch(
        """select distinct on (l.order_line_id) l.order_line_id, l.unit_price
             from bill_line l join bill b on b.id = l.bill_id
            where l.order_line_id = any($1::uuid[]) and b.kind = 'bill' and b.state = 'entered'
            order by l.order_line_id, b.id desc, l.position desc""",
        order_line_ids,
    )
    return {row["order_line_id"]: row["unit_price"] for row in rows}


async def supplier_terms(sql: Sql, supplier_id: UUID) -> Mapping[str, Any] | None:
    """Number, status and payment terms of the supplier; None: there is no such supplier."""
    row = await sql.fetchrow(
        "select number, status, payment_terms_days from supplier where id = $1", supplier_id
    )
    return dict(row) if row else None


async def find_suppliers(
    sql: Sql, ids: Sequence[UUID], numbers: Sequence[str]
) -> dict[UUID | str, Mapping[str, Any]]:
    """Suppliers by their id and by their number; one that is not there is left out."""
    rows = await sql.fetch(
        """select id, number, status from supplier
            where id = any($1::uuid[]) or number = any($2::text[])""",
        ids,
        numbers,
    )
    return {row[name]: dict(row) for row in rows for name in ("id", "number")}


_OPENING = """bill.id, bill.version, bill.supplier_number as number,
  case when bill.kind = 'credit_note' then 'credit' else 'debt' end as kind, bill.state,
  bill.supplier_id, coalesce(bill.billed_on, bill.effective_on) as issued_on, bill.due_on,
  bill.effective_on, bill.currency, bill.gross as amount,
  coalesce(i.open_amount, p.unallocated) as open_amount,
  coalesce(i.written_off, 0) as written_off, p.id as payment_id, bill.created_at"""
_KIND_OF_OPENING: Mapping[str, str] = {
    OpeningKind.DEBT: BillKind.OPENING,
    OpeningKind.CREDIT: BillKind.CREDIT_NOTE,
}
_OPENINGS = """(select * from bill where opening) bill
  left join open_item i on i.source_id = bill.id and bill.kind = 'opening'
  left join payment p on p.source_id = bill.id and bill.kind = 'credit_note'"""


def _bill_filters(_at: Reading, query: BillQuery) -> list[Filter]:
    number = query.supplier_number
    return [
        Filter("bill.supplier_id = {}", query.supplier_id),
        Filter("bill.purchase_order_id = {}", query.purchase_order_id),
        among("bill.kind", query.kind),
        among("bill.state", query.state),
        *between("bill.effective_on", query.effective_on_gte, query.effective_on_lte),
        *total_between("bill.gross", query),
        *open_between("bill.open_amount", query),
        Filter(f"{NUMBER_READ} = {{}}", None if number is None else same_when_read(number)),
    ]


def _opening_filters(_at: Reading, query: OpeningPayableQuery) -> list[Filter]:
    return [
        Filter("bill.supplier_id = {}", query.supplier_id),
        among("bill.kind", query.kind, _KIND_OF_OPENING),
        *total_between("bill.gross", query),
        Filter(f"{NUMBER_READ} = {{}}", same_when_read(query.number) if query.number else None),
        Filter("(coalesce(i.open_amount, p.unallocated) > 0) = {}", query.open),
    ]


_SORTS = sorts_of("bill", named=False, days=("effective_on",), total="bill.gross")

BILLS = Reads(
    name="bill",
    view=BillView,
    columns=f"{_VIEW}, {custom_of('bill', 'bill.id')} as custom",
    source="bill",
    visible=everybody,
    query=BillQuery,
    filters=_bill_filters,
    searched=searched.BILLS,
    title="bill.supplier_number",
    subtitle="(select s.name from supplier s where s.id = bill.supplier_id)",
    sorts=_SORTS | {"open_amount": Sort("bill.open_amount", "numeric")},
    key="bill.id",
    includes={
        "supplier": Include(SupplierView, "supplier_id"),
        "credits": Include(BillView, "credits_id"),
    },
)
BILL_FIELDS = DocumentType(BILLS, Base)
OPENING_PAYABLES = Reads(
    name="opening_item",
    view=OpeningPayableView,
    columns=_OPENING,
    source=_OPENINGS,
    visible=everybody,
    query=OpeningPayableQuery,
    filters=_opening_filters,
    searched=searched.BILLS,
    sorts=_SORTS,
    key="bill.id",
)
