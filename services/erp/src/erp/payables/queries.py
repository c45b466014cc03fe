"""Reads of payables."""

from collections.abc import Sequence
from uuid import UUID

from chassis.http.paging import Filter, Page, PageQuery, Sort, fetch_page
from erp.payables.schemas import BillView
from erp.sql import Sql

__all__ = ["bill_page", "bill_view"]

_VIEW = """bill.id, bill.version, bill.supplier_id, bill.supplier_number, bill.purchase_order_id,
  bill.effective_on, bill.due_on, bill.currency, bill.net, bill.received, bill.created_at,
  coalesce((select o.open_amount from open_item o where o.source_id = bill.id), 0) as open_amount"""


async def bill_page(sql: Sql, asked: PageQuery, *, filters: Sequence[Filter]) -> Page[BillView]:
    """One page of bills."""
    return await fetch_page(
        sql,
        columns=_VIEW,
        source="bill",
        where=filters,
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
