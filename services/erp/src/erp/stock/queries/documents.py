"""Reads of the documents that moved goods: what their moves say together."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from chassis.storage.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.searching import containing
from erp.searched import STOCK_DOCUMENTS
from erp.sql import Sql
from erp.stock.schemas import StockDocumentQuery, StockDocumentView

__all__ = ["document_page", "document_view"]

_VIEW = """d.source_id as id, d.source_type as kind, d.effective_on, d.recorded_at, d.memo, d.actor,
  (select jsonb_agg(jsonb_build_object('item_id', i.id, 'sku', i.sku,
      'quantity', g.quantity::text, 'value', g.value::text, 'serials', g.serials)
      order by g.first_id::text)
    from (select m.item_id,
        sum(case when t.kind = 'internal' then m.quantity else -m.quantity end) as quantity,
        sum(case when t.kind = 'internal' then m.value else -m.value end) as value,
        coalesce(jsonb_agg(m.serial order by m.id) filter (where m.serial is not null), '[]')
          as serials, (array_agg(m.id order by m.id))[1] as first_id
      from stock_move m join location t on t.id = m.to_location_id
      where m.source_id = d.source_id group by m.item_id) g
    join item i on i.id = g.item_id) as lines"""
# The first move of a document stands for it: all its moves have its kind, day, memo and actor.
_DOCUMENTS = """(select * from stock_move m where not exists
  (select from stock_move e where e.source_id = m.source_id and e.id < m.id)) d"""
_OF_ITEM = """d.source_id in (select m.source_id from stock_move m
  where m.item_id = (select id from item where sku = {}))"""
_SORTS = {
    "recorded_at": Sort("d.recorded_at", "timestamptz"),
    "effective_on": Sort("d.effective_on", "date"),
}


async def document_page(
    sql: Sql, wanted: StockDocumentQuery, asked: PageQuery
) -> Page[StockDocumentView]:
    """One page of documents, the newest first."""
    return await fetch_page(
        sql,
        columns=_VIEW,
        source=_DOCUMENTS,
        where=[
            *await containing(sql, asked.q, STOCK_DOCUMENTS),
            Filter("d.source_type = {}", wanted.kind),
            Filter(_OF_ITEM, wanted.sku),
            Filter("d.effective_on >= {}", wanted.effective_on_gte),
            Filter("d.effective_on <= {}", wanted.effective_on_lte),
        ],
        sorts=_SORTS,
        default="-recorded_at",
        asked=asked,
        key="d.id",
        view=_document,
    )


async def document_view(sql: Sql, document_id: UUID) -> StockDocumentView | None:
    """The document as callers see it."""
    row = await sql.fetchrow(
        f"select {_VIEW} from stock_move d where d.source_id = $1 order by d.id limit 1",
        document_id,
    )
    return _document(row) if row else None


def _document(row: Mapping[str, Any]) -> StockDocumentView:
    return StockDocumentView.model_validate(dict(row))
