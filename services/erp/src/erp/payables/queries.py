"""Reads of payables."""

from uuid import UUID

from chassis.http.paging import Filter, Page, PageQuery, Sort, fetch_page
from erp.payables.schemas import BillQuery, BillView
from erp.sql import Sql

__all__ = ["bill_page", "bill_view", "is_entered", "supplier_terms"]

_VIEW = """bill.id, bill.version, bill.supplier_id, bill.supplier_number, bill.purchase_order_id,
  bill.effective_on, bill.due_on, bill.currency, bill.net, bill.tax, bill.gross, bill.received,
  bill.created_at,
  (select o.open_amount from open_item o where o.source_id = bill.id) as open_amount,
  (select coalesce(jsonb_agg(jsonb_build_object('position', e.position, 'account', e.account,
      'description', e.description, 'amount', e.amount::text) order by e.position), '[]')
    from bill_expense e where e.bill_id = bill.id) as expenses"""


async def is_entered(sql: Sql, supplier_id: UUID, supplier_number: str, year: int) -> bool:
    """Whether the supplier's number was taken that year, in capitals or not."""
    return bool(
        await sql.fetchval(
            """select true from bill
               where (supplier_id, upper(supplier_number), year) = ($1, upper($2::text), $3)""",
            supplier_id,
            supplier_number,
            year,
        )
    )


async def supplier_terms(sql: Sql, supplier_id: UUID) -> int | None:
    """After how many days we pay the supplier; None: there is no such supplier."""
    found: int | None = await sql.fetchval(
        "select payment_terms_days from supplier where id = $1", supplier_id
    )
    return found


async def bill_page(sql: Sql, asked: PageQuery, query: BillQuery) -> Page[BillView]:
    """One page of bills, the newest first."""
    return await fetch_page(
        sql,
        columns=_VIEW,
        source="bill",
        where=[Filter(f"bill.{name} = {{}}", value) for name, value in query],
        sorts={"created_at": Sort("bill.created_at", "timestamptz")},
        default="-created_at",
        asked=asked,
        key="bill.id",
        view=lambda row: BillView.model_validate(dict(row)),
    )


async def bill_view(sql: Sql, bill_id: UUID) -> BillView | None:
    """The bill as callers see it."""
    row = await sql.fetchrow(f"select {_VIEW} from bill where id = $1", bill_id)
    return BillView.model_validate(dict(row)) if row else None
