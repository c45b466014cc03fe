"""Reads of shipments and returns."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from erp import searched
from erp.base import Base
from erp.catalog.schemas import ItemView
from erp.fulfilment.models import Shipment, ShipmentLine
from erp.fulfilment.schemas import OrderView, ShipmentQuery, ShipmentView
from erp.fulfilment.states import ShipmentKind
from erp.parties.schemas import CustomerView
from erp.sql import Sql
from records.document_types import DocumentType, custom_of
from records.filters import among
from records.includes import Include
from records.reads import Reads, everybody, sorts_of

__all__ = [
    "SHIPMENTS",
    "SHIPMENT_FIELDS",
    "has_later_return",
    "lines_of_shipment",
    "lines_with_shipments",
    "order_of_shipment",
    "shipment_for_update",
    "shipped_lines",
]

_VIEW = """s.id, s.number, s.kind, s.order_id, o.number as order_number, o.customer_id,
  s.shipped_on, s.carrier, s.tracking_number, s.reversed_on, s.reversal_reason, s.created_at,
  (select jsonb_agg(jsonb_build_object('order_line_id', l.order_line_id, 'item_id', i.id,
      'sku', i.sku, 'description', ol.description, 'quantity', l.quantity::text,
      'serials', (select coalesce(jsonb_agg(m.serial order by m.id), '[]') from stock_move m
        where m.source_id = s.id and m.order_line_id = l.order_line_id
          and m.serial is not null),
      'lots', (select coalesce(jsonb_agg(jsonb_build_object('lot_id', m.lot_id,
          'number', n.number, 'quantity', m.quantity::text) order by m.id), '[]')
        from stock_move m join lot n on n.id = m.lot_id
        where m.source_id = s.id and m.order_line_id = l.order_line_id)) order by ol.position)
    from shipment_line l join sales_order_line ol on ol.id = l.order_line_id
    join item i on i.id = ol.item_id where l.shipment_id = s.id) as lines"""
_FROM = "shipment s join sales_order o on o.id = s.order_id"
_WITH_SERIAL = """s.id in (select m.source_id from serial n
  join stock_move m on m.item_id = n.item_id and m.serial = n.number where n.number = {})"""
_WITH_LOT = "s.id in (select m.source_id from stock_move m where m.lot_id = {})"
_LATER_RETURN = """select exists (select from shipment s
  join shipment_line l on l.shipment_id = s.id
  join shipment r on r.order_id = s.order_id and r.kind = 'return' and r.created_at >= s.created_at
    and r.reversed_on is null
  join shipment_line b on b.shipment_id = r.id and b.order_line_id = l.order_line_id
  where s.id = $1)"""
_SORTS = sorts_of("s", named=False, texts=("number",), days=("shipped_on",))


async def order_of_shipment(sql: Sql, shipment_id: UUID) -> UUID | None:
    """The order of the shipment; None: there is no such shipment."""
    found: UUID | None = await sql.fetchval(
        "select order_id from shipment where id = $1", shipment_id
    )
    return found


async def shipment_for_update(work: Work, shipment_id: UUID) -> Shipment:
    """The shipment, its row locked; the caller has locked its order."""
    return await work.session.get_one(Shipment, shipment_id, with_for_update=True)


async def lines_with_shipments(sql: Sql, order_id: UUID) -> set[UUID]:
    """The lines of an order that a shipment names, be it taken back."""
    rows = await sql.fetch(
        """select distinct l.order_line_id from shipment s
             join shipment_line l on l.shipment_id = s.id where s.order_id = $1""",
        order_id,
    )
    return {row[0] for row in rows}


async def lines_of_shipment(work: Work, shipment_id: UUID) -> Sequence[ShipmentLine]:
    """What went along with a shipment, or came back with a return."""
    wanted = (
        select(ShipmentLine)
        .where(ShipmentLine.shipment_id == shipment_id)
        .order_by(ShipmentLine.id)
    )
    return (await work.session.scalars(wanted)).all()


async def shipped_lines(work: Work, order_id: UUID) -> Sequence[ShipmentLine]:
    """What of an order's lines has gone out with shipments that were not taken back."""
    wanted = (
        select(ShipmentLine)
        .join(Shipment, Shipment.id == ShipmentLine.shipment_id)
        .where(
            Shipment.order_id == order_id,
            Shipment.kind == ShipmentKind.DELIVERY,
            Shipment.reversed_on.is_(None),
        )
        .order_by(ShipmentLine.id)
    )
    return (await work.session.scalars(wanted)).all()


async def has_later_return(sql: Sql, shipment_id: UUID) -> bool:
    """Whether anything of the shipment's lines came back after it."""
    found: bool = await sql.fetchval(_LATER_RETURN, shipment_id)
    return found


def _filters(_at: Reading, query: ShipmentQuery) -> list[Filter]:
    return [
        Filter("s.order_id = {}", query.order_id),
        Filter("o.customer_id = {}", query.customer_id),
        among("s.kind", query.kind),
        Filter("s.reversed_on is not null and {}::boolean", query.reversed or None),
        Filter(
            "s.reversed_on is null and not {}::boolean",
            None if query.reversed else query.reversed,
        ),
        Filter("s.number = {}", query.number),
        Filter("s.shipped_on >= {}", query.shipped_on_gte),
        Filter("s.shipped_on <= {}", query.shipped_on_lte),
        Filter(_WITH_SERIAL, query.serial),
        Filter(_WITH_LOT, query.lot_id),
    ]


SHIPMENTS = Reads(
    name="shipment",
    view=ShipmentView,
    columns=f"{_VIEW}, {custom_of('shipment', 's.id')} as custom",
    source=_FROM,
    visible=everybody,
    query=ShipmentQuery,
    filters=_filters,
    searched=searched.SHIPMENTS,
    subtitle="(select c.name from customer c where c.id = o.customer_id)",
    sorts=_SORTS,
    key="s.id",
    includes={
        "order": Include(OrderView, "order_id"),
        "customer": Include(CustomerView, "customer_id"),
        "items": Include(ItemView, "lines.item_id", many=True),
    },
)
SHIPMENT_FIELDS = DocumentType(SHIPMENTS, Base)
