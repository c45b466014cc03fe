"""Reads and set-based writes of receivables."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.http.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.work import Work
from erp.receivables.errors import InvoiceDateOrder
from erp.receivables.models import Invoice, InvoiceLine
from erp.receivables.schemas import InvoiceView
from erp.sql import Sql

__all__ = ["add_invoice", "invoice_page", "invoice_view", "last_invoice", "next_number", "rates"]

_VIEW = """invoice.id, invoice.version,
  invoice.series || '-' || lpad(invoice.number::text, 6, '0') as number, invoice.kind,
  invoice.customer_id, invoice.order_id, invoice.effective_on, invoice.due_on, invoice.currency,
  invoice.net, invoice.tax, invoice.gross, invoice.created_at,
  coalesce((select o.open_amount from open_item o where o.source_id = invoice.id), 0)
    as open_amount,
  (select jsonb_agg(jsonb_build_object('position', l.position, 'role', l.role,
      'order_line_id', l.order_line_id, 'item_id', l.item_id, 'description', l.description,
      'quantity', l.quantity::text, 'unit_price', l.unit_price::text,
      'discount', l.discount::text, 'net', l.net::text, 'tax_code', l.tax_code)
      order by l.position)
    from invoice_line l where l.invoice_id = invoice.id) as lines"""

_NEXT = """insert into invoice_series as s (series, last_number, last_on) values ($1, 1, $2)
  on conflict (series) do update set last_number = s.last_number + 1, last_on = excluded.last_on
    where s.last_on <= excluded.last_on
  returning last_number"""
_ADD = """with head as (insert into invoice (id, version, created_at, updated_at, series, number,
    kind, customer_id, order_id, credits_id, effective_on, due_on, currency, net, tax, gross)
  values ($1, 1, $2, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14))
insert into invoice_line (id, invoice_id, position, role, order_line_id, item_id, description,
    quantity, unit_price, discount, net, tax_code)
  select n.id, $1, n.position, n.role, n.order_line_id, n.item_id, n.description, n.quantity,
      n.unit_price, n.discount, n.net, n.tax_code
    from unnest($15::uuid[], $16::smallint[], $17::text[], $18::uuid[], $19::uuid[], $20::text[],
      $21::numeric[], $22::numeric[], $23::numeric[], $24::numeric[], $25::text[])
      as n(id, position, role, order_line_id, item_id, description, quantity, unit_price,
        discount, net, tax_code)"""


async def rates(sql: Sql) -> dict[str, Decimal]:
    """The rate of each tax code."""
    return {row["code"]: row["rate"] for row in await sql.fetch("select code, rate from tax_code")}


async def next_number(work: Work, series: str, on: date) -> int:
    """The next number of the series, locked until the act ends. Raises InvoiceDateOrder."""
    number: int | None = await work.sql.fetchval(_NEXT, series, on)
    if number is None:
        last_on = await work.sql.fetchval(
            "select last_on from invoice_series where series = $1", series
        )
        raise InvoiceDateOrder(series=series, last_on=last_on)
    return number


async def add_invoice(work: Work, invoice: Invoice, lines: Sequence[InvoiceLine]) -> None:
    """Store an invoice with its lines."""
    await work.sql.execute(
        _ADD,
        invoice.id,
        work.now,
        invoice.series,
        invoice.number,
        invoice.kind,
        invoice.customer_id,
        invoice.order_id,
        invoice.credits_id,
        invoice.effective_on,
        invoice.due_on,
        invoice.currency,
        invoice.net,
        invoice.tax,
        invoice.gross,
        [one.id for one in lines],
        [one.position for one in lines],
        [one.role for one in lines],
        [one.order_line_id for one in lines],
        [one.item_id for one in lines],
        [one.description for one in lines],
        [one.quantity for one in lines],
        [one.unit_price for one in lines],
        [one.discount for one in lines],
        [one.net for one in lines],
        [one.tax_code for one in lines],
    )


async def last_invoice(sql: Sql, order_id: UUID) -> UUID | None:
    """The newest invoice of an order."""
    found: UUID | None = await sql.fetchval(
        "select id from invoice where order_id = $1 and kind = 'invoice'"
        " order by created_at desc, id desc limit 1",
        order_id,
    )
    return found


async def invoice_page(
    sql: Sql, asked: PageQuery, *, filters: Sequence[Filter]
) -> Page[InvoiceView]:
    """One page of invoices."""
    return await fetch_page(
        sql,
        columns=_VIEW,
        source="invoice",
        where=filters,
        sorts={"created_at": Sort("invoice.created_at", "timestamptz")},
        default="-created_at",
        asked=asked,
        key="invoice.id",
        view=lambda row: InvoiceView.model_validate(dict(row)),
    )


async def invoice_view(sql: Sql, invoice_id: UUID) -> InvoiceView | None:
    """The invoice as callers see it."""
    row = await sql.fetchrow(f"select {_VIEW} from invoice where id = $1", invoice_id)
    return InvoiceView.model_validate(dict(row)) if row else None
