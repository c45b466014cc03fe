"""Reads, locks and set-based writes of receivables.

Whoever changes an invoice locks its open item, and the invoice after that.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from chassis.storage.bulk import Bulk
from chassis.storage.loading import loaded
from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from erp import searched
from erp.base import Base
from erp.catalog.schemas import ItemView
from erp.parties.schemas import CustomerView
from erp.receivables.errors import DebtWrittenOff
from erp.receivables.models import Invoice, InvoiceLine, InvoiceTax
from erp.receivables.schemas import InvoiceQuery, InvoiceView, TaxCodeView
from erp.searched import PRINTED
from erp.settlement.schemas import open_between
from erp.sql import Sql
from records.document_types import DocumentType, custom_of
from records.filters import among, between, total_between
from records.includes import Include
from records.reads import Reads, everybody, sorts_of
from values.amounts import amount_facts

__all__ = [
    "INVOICES",
    "INVOICE_FIELDS",
    "InvoiceDocument",
    "add_document",
    "customer_terms",
    "documents_of_order",
    "documents_to_credit",
    "is_invoiced",
    "order_of_invoice",
    "owed_document",
    "rates",
    "save_credited",
    "take_numbers",
    "tax_codes",
    "update_settled",
]

_STATE = """invoice.id, invoice.version, n.series || '-' || lpad(n.number::text, 6, '0') as number,
  invoice.kind, invoice.state, invoice.customer_id, invoice.order_id, invoice.credits_id,
  invoice.effective_on, invoice.due_on, invoice.currency, invoice.net, invoice.tax, invoice.gross,
  invoice.open_amount, invoice.credited"""
_VIEW = f"""{_STATE}, invoice.reason, invoice.created_at,
  (select jsonb_agg(jsonb_build_object('position', l.position, 'role', l.role,
      'order_line_id', l.order_line_id, 'item_id', l.item_id, 'description', l.description,
      'quantity', l.quantity::text, 'unit_price', l.unit_price::text,
      'discount', l.discount::text, 'net', l.net::text, 'tax_code', l.tax_code,
      'credited_quantity', l.credited_quantity::text) order by l.position)
    from invoice_line l where l.invoice_id = invoice.id) as lines,
  (select coalesce(jsonb_agg(jsonb_build_object('tax_code', t.tax_code, 'rate', t.rate::text,
      'base', t.base::text, 'tax', t.tax::text) order by t.tax_code), '[]')
    from invoice_tax t where t.invoice_id = invoice.id) as taxes"""
_NUMBERED = "invoice join invoice_number n on n.invoice_id = invoice.id"

_NEW_INVOICE = (
    *("id", "kind", "state", "customer_id", "order_id", "credits_id", "effective_on", "due_on"),
    *("currency", "net", "tax", "gross", "open_amount", "reason"),
)
_NEW_LINE = (
    *("id", "position", "role", "order_line_id", "item_id", "description", "quantity"),
    *("unit_price", "discount", "net", "tax_code"),
)
_TAKE_NUMBERS = """select n.id, take_invoice_number(n.id) as number
  from unnest($1::uuid[]) with ordinality as n(id, place) order by n.place"""
_NOTE_SETTLED = f"""update invoice set version = invoice.version + 1, updated_at = $2,
    open_amount = o.open_amount,
    state = case when invoice.credited = invoice.gross and o.open_amount = 0 then 'credited'
      when o.open_amount = 0 and o.written_off > 0 and exists (select from allocation a
        join payment p on p.id = a.payment_id and p.kind = 'bad_debt'
        where a.open_item_id = o.id group by p.id having sum(a.amount) > 0) then 'written_off'
      when o.open_amount = 0 then 'paid'
      when o.open_amount + o.credited + o.written_off < invoice.gross then 'partly_paid'
      else 'issued' end
  from open_item o, invoice_number n
  where invoice.id = any($1::uuid[]) and o.source_id = invoice.id and n.invoice_id = invoice.id
  returning {_STATE}"""
_OWED_DOCUMENT = """select tax, gross, null as number from invoice
  where id = $1 and kind = 'invoice'
  union all select null, amount, number from opening_receivable where id = $1"""
_IS_INVOICED = """select exists (select from invoice i join invoice_line l on l.invoice_id = i.id
  where i.order_id = $1 and i.kind = 'invoice' and l.credited_quantity < l.quantity)"""
_TO_CREDIT = """select invoice.*, (select i.written_off from open_item i
    where i.source_id = invoice.id) as written_off
  from invoice where id = any($1::uuid[]) and kind = 'invoice'
  order by id for no key update of invoice"""
_LINES = """select * from invoice_line where invoice_id = any($1::uuid[])
  order by invoice_id, position"""
_TAXES = "select * from invoice_tax where invoice_id = any($1::uuid[])"
_CREDIT = """update invoice i set credited = i.credited + n.gross from {rows}
  where i.id = n.id"""


class _Credit(NamedTuple):
    """How much is credited of an invoice."""

    id: UUID
    gross: Decimal


@dataclass
class InvoiceDocument:
    """An invoice or credit note with its lines and taxes; so much of it is written off."""

    head: Invoice
    lines: list[InvoiceLine]
    taxes: list[InvoiceTax]
    written_off: Decimal = Decimal(0)

    def require_owed(self, credited: Decimal) -> None:
        """What nobody will pay is not credited as well. Raises DebtWrittenOff."""
        most = self.head.gross - self.head.credited - self.written_off
        if self.written_off and credited > most:
            facts = {"written_off": self.written_off, "most": most}
            raise DebtWrittenOff(**amount_facts(self.head.currency, **facts))


async def rates(sql: Sql, codes: Sequence[str]) -> dict[str, Decimal]:
    """The rates of tax codes; one that is not known is left out."""
    rows = await sql.fetch("select code, rate from tax_code where code = any($1::text[])", codes)
    return {row["code"]: row["rate"] for row in rows}


async def tax_codes(sql: Sql) -> list[TaxCodeView]:
    """Every tax code."""
    rows = await sql.fetch("select code, name, rate from tax_code order by code")
    return [TaxCodeView.model_validate(dict(row)) for row in rows]


async def customer_terms(sql: Sql, customer_id: UUID) -> Mapping[str, Any] | None:
    """Number, status and payment terms of the customer; None: there is no such customer."""
    row = await sql.fetchrow(
        "select number, status, payment_terms_days from customer where id = $1", customer_id
    )
    return dict(row) if row else None


async def add_document(work: Work, document: InvoiceDocument) -> None:
    """Store an invoice or credit note; its number follows at the end of the act."""
    head = document.head
    write = Bulk()
    write.insert(
        Invoice,
        [head],
        *_NEW_INVOICE,
        version=1,
        created_at=work.now,
        updated_at=work.now,
        credited=0,
    )
    write.insert(
        InvoiceTax,
        document.taxes,
        *("tax_code", "rate", "base", "tax"),
        invoice_id=head.id,
        credited_base=0,
        credited_tax=0,
    )
    write.insert(
        InvoiceLine,
        document.lines,
        *_NEW_LINE,
        invoice_id=head.id,
        credited_quantity=0,
        credited_net=0,
    )
    await write.execute(work.sql)


async def take_numbers(work: Work, invoice_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The numbers of invoices, one after the other; their series are locked until the COMMIT."""
    rows = await work.sql.fetch(_TAKE_NUMBERS, invoice_ids)
    return {row["id"]: row["number"] for row in rows}


async def update_settled(work: Work, invoice_ids: Sequence[UUID]) -> list[Mapping[str, Any]]:
    """Take over what is open of invoices; their state then, one version on."""
    rows = await work.sql.fetch(_NOTE_SETTLED, invoice_ids, work.now)
    return [dict(row) for row in rows]


async def order_of_invoice(sql: Sql, invoice_id: UUID) -> UUID | None:
    """The order that the document invoices, if any."""
    found: UUID | None = await sql.fetchval(
        "select order_id from invoice where id = $1", invoice_id
    )
    return found


async def owed_document(sql: Sql, document_id: UUID) -> Mapping[str, Any] | None:
    """Tax and gross of an invoice, or gross alone and the number of what was open before."""
    row = await sql.fetchrow(_OWED_DOCUMENT, document_id)
    return dict(row) if row else None


async def is_invoiced(sql: Sql, order_id: UUID) -> bool:
    """Whether anything of an invoice of the order is not credited."""
    found: bool = await sql.fetchval(_IS_INVOICED, order_id)
    return found


async def documents_of_order(sql: Sql, order_id: UUID) -> list[UUID]:
    """The invoices of an order, the newest first."""
    rows = await sql.fetch(
        "select id from invoice where order_id = $1 and kind = 'invoice' order by id desc",
        order_id,
    )
    return [row["id"] for row in rows]


async def documents_to_credit(work: Work, invoice_ids: Sequence[UUID]) -> list[InvoiceDocument]:
    """Invoices with lines and taxes, locked, in the order asked."""
    rows = await _rows(work, _TO_CREDIT, invoice_ids)
    lost = {row["id"]: row.pop("written_off") or Decimal(0) for row in rows}
    heads = {row["id"]: loaded(Invoice, row) for row in rows}
    documents = {
        one: InvoiceDocument(heads[one], [], [], lost[one]) for one in invoice_ids if one in heads
    }
    for row in await _rows(work, _LINES, list(documents)):
        documents[row["invoice_id"]].lines.append(loaded(InvoiceLine, row))
    for row in await _rows(work, _TAXES, list(documents)):
        documents[row["invoice_id"]].taxes.append(loaded(InvoiceTax, row))
    return list(documents.values())


async def _rows(work: Work, statement: str, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    return [dict(row) for row in await work.sql.fetch(statement, list(ids))]


async def save_credited(work: Work, document: InvoiceDocument, gross: Decimal) -> None:
    """Store what was credited of an invoice."""
    credit = _Credit(document.head.id, gross)
    write = Bulk()
    write.run(_CREDIT, _Credit, [credit], *_Credit._fields)
    write.update(InvoiceTax, document.taxes, "credited_base", "credited_tax")
    write.update(InvoiceLine, document.lines, "credited_quantity", "credited_net")
    await write.execute(work.sql)


def _filters(_at: Reading, query: InvoiceQuery) -> list[Filter]:
    where = [
        Filter("invoice.customer_id = {}", query.customer_id),
        Filter("invoice.order_id = {}", query.order_id),
        Filter("invoice.credits_id = {}", query.credits_id),
        among("invoice.kind", query.kind),
        among("invoice.state", query.state),
        *between("invoice.effective_on", query.effective_on_gte, query.effective_on_lte),
        *total_between("invoice.gross", query),
        *open_between("invoice.open_amount", query),
    ]
    if query.number is not None:
        series, _, counted = query.number.rpartition("-")
        # What does not end with a count is no number of ours; none is the zeroth.
        nth = int(counted) if re.fullmatch("[0-9]{1,18}", counted) else 0
        where += [Filter("n.series = {}", series), Filter("n.number = {}", nth)]
    return where


INVOICES = Reads(
    name="invoice",
    view=InvoiceView,
    columns=f"{_VIEW}, {custom_of('invoice', 'invoice.id')} as custom",
    source=_NUMBERED,
    visible=everybody,
    query=InvoiceQuery,
    filters=_filters,
    searched=searched.INVOICES,
    subtitle="(select c.name from customer c where c.id = invoice.customer_id)",
    sorts=sorts_of("invoice", named=False, days=("effective_on",), total="invoice.gross")
    | {
        "number": Sort(PRINTED.format(of="n."), "text"),
        "open_amount": Sort("invoice.open_amount", "numeric"),
    },
    key="invoice.id",
    includes={
        "customer": Include(CustomerView, "customer_id"),
        "credits": Include(InvoiceView, "credits_id"),
        "items": Include(ItemView, "lines.item_id", many=True),
    },
)
INVOICE_FIELDS = DocumentType(INVOICES, Base)
