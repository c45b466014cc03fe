"""Reads of the documents that moved goods: what their moves say together."""

from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from erp import searched
from erp.base import Base
from erp.catalog.schemas import ItemView
from erp.stock.schemas.goods import StockDocumentQuery, StockDocumentView
from records.document_types import DocumentType, custom_of
from records.filters import among
from records.includes import Include
from records.reads import Reads, everybody, sorts_of_postings

__all__ = [
    "DOCUMENTS",
    "DOCUMENT_FIELDS",
]

_VIEW = """d.source_id as id, d.source_type as kind, d.effective_on, d.recorded_at, d.memo, d.actor,
  (select jsonb_agg(jsonb_build_object('item_id', i.id, 'sku', i.sku,
      'quantity', g.quantity::text, 'value', g.value::text, 'serials', g.serials, 'lots', g.lots)
      order by g.first_id::text)
    from (select m.item_id,
        sum(case when t.kind in ('internal', 'foreign') then m.quantity else -m.quantity end)
          as quantity,
        sum(case when t.kind in ('internal', 'foreign') then m.value else -m.value end) as value,
        coalesce(jsonb_agg(m.serial order by m.id) filter (where m.serial is not null), '[]')
          as serials,
        (select coalesce(jsonb_agg(jsonb_build_object('lot_id', n.id, 'number', n.number,
            'quantity', o.quantity::text) order by n.number), '[]')
          from (select x.lot_id, sum(x.quantity) as quantity from stock_move x
            where x.source_id = d.source_id and x.item_id = m.item_id and x.lot_id is not null
            group by x.lot_id) o join lot n on n.id = o.lot_id) as lots,
        (array_agg(m.id order by m.id))[1] as first_id
      from stock_move m join location t on t.id = m.to_location_id
      where m.source_id = d.source_id group by m.item_id) g
    join item i on i.id = g.item_id) as lines"""
# The first move of a document stands for it: all its moves have its kind, day, memo and actor.
_DOCUMENTS = """(select * from stock_move m where not exists
  (select from stock_move e where e.source_id = m.source_id and e.id < m.id)) d"""
_OF_ITEM = """d.source_id in (select m.source_id from stock_move m
  where m.item_id = (select id from item where sku = {}))"""


def _filters(_at: Reading, query: StockDocumentQuery) -> list[Filter]:
    return [
        among("d.source_type", query.kind),
        Filter(_OF_ITEM, query.sku),
        Filter("d.effective_on >= {}", query.effective_on_gte),
        Filter("d.effective_on <= {}", query.effective_on_lte),
    ]


DOCUMENTS = Reads(
    name="stock_document",
    view=StockDocumentView,
    columns=f"{_VIEW}, {custom_of('stock_document', 'd.source_id')} as custom",
    source=_DOCUMENTS,
    key="d.source_id",
    place="d.id",
    visible=everybody,
    query=StockDocumentQuery,
    filters=_filters,
    searched=searched.STOCK_DOCUMENTS,
    title="d.source_type",
    subtitle="d.memo",
    sorts=sorts_of_postings("d") | {"effective_on": Sort("d.effective_on", "date")},
    default_sort="-recorded_at",
    includes={"items": Include(ItemView, "lines.item_id", many=True)},
)
DOCUMENT_FIELDS = DocumentType(DOCUMENTS, Base)
