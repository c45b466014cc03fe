"""Reads of receipts."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from chassis.http.paging import Filter, Page, PageQuery, Sort, fetch_page
from erp.purchasing.schemas import PurchaseReceiptView, ReceiptQuery
from erp.sql import Sql

__all__ = ["receipt_page", "receipt_view"]

_VIEW = """r.id, r.number, r.purchase_order_id, o.number as purchase_order_number, o.supplier_id,
  r.effective_on, r.recorded_at, r.actor,
  (select coalesce(jsonb_agg(jsonb_build_object('item_id', i.id, 'sku', i.sku,
      'quantity', g.quantity::text, 'value', g.value::text, 'serials', g.serials)
      order by g.first_id::text), '[]')
    from (select m.item_id, sum(m.quantity) as quantity, sum(m.value) as value,
        coalesce(jsonb_agg(m.serial order by m.id) filter (where m.serial is not null), '[]')
          as serials, (array_agg(m.id order by m.id))[1] as first_id
      from stock_move m where m.source_id = r.id group by m.item_id) g
    join item i on i.id = g.item_id) as lines"""
_FROM = "purchase_receipt r join purchase_order o on o.id = r.purchase_order_id"
_SORTS = {
    "recorded_at": Sort("r.recorded_at", "timestamptz"),
    "effective_on": Sort("r.effective_on", "date"),
}


async def receipt_page(
    sql: Sql, wanted: ReceiptQuery, asked: PageQuery
) -> Page[PurchaseReceiptView]:
    """One page of receipts, the newest first."""
    return await fetch_page(
        sql,
        columns=_VIEW,
        source=_FROM,
        where=[
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
