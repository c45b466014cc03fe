"""Reads of shipments and returns."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from chassis.http.paging import Filter, Page, PageQuery, Sort, fetch_page
from erp.fulfilment.schemas import ShipmentQuery, ShipmentView
from erp.sql import Sql

__all__ = ["shipment_page", "shipment_view"]

_VIEW = """s.id, s.number, s.kind, s.order_id, o.number as order_number, o.customer_id,
  s.shipped_on, s.carrier, s.tracking_number, s.created_at,
  (select jsonb_agg(jsonb_build_object('order_line_id', l.order_line_id, 'item_id', i.id,
      'sku', i.sku, 'description', ol.description, 'quantity', l.quantity::text,
      'serials', (select coalesce(jsonb_agg(m.serial order by m.id), '[]') from stock_move m
        where m.source_id = s.id and m.order_line_id = l.order_line_id
          and m.serial is not null)) order by ol.position)
    from shipment_line l join sales_order_line ol on ol.id = l.order_line_id
    join item i on i.id = ol.item_id where l.shipment_id = s.id) as lines"""
_FROM = "shipment s join sales_order o on o.id = s.order_id"
_WITH_SERIAL = """s.id in (select m.source_id from serial n
  join stock_move m on m.item_id = n.item_id and m.serial = n.number where n.number = {})"""
_SORTS = {
    "created_at": Sort("s.created_at", "timestamptz"),
    "shipped_on": Sort("s.shipped_on", "date"),
}


async def shipment_page(sql: Sql, wanted: ShipmentQuery, asked: PageQuery) -> Page[ShipmentView]:
    """One page of shipments and returns, the newest first."""
    return await fetch_page(
        sql,
        columns=_VIEW,
        source=_FROM,
        where=[
            Filter("s.order_id = {}", wanted.order_id),
            Filter("o.customer_id = {}", wanted.customer_id),
            Filter("s.kind = {}", wanted.kind),
            Filter("s.number = {}", wanted.number),
            Filter("s.shipped_on >= {}", wanted.shipped_on_gte),
            Filter("s.shipped_on <= {}", wanted.shipped_on_lte),
            Filter(_WITH_SERIAL, wanted.serial),
        ],
        sorts=_SORTS,
        default="-created_at",
        asked=asked,
        key="s.id",
        view=_shipment,
    )


async def shipment_view(sql: Sql, shipment_id: UUID) -> ShipmentView | None:
    """The shipment or return as callers see it."""
    row = await sql.fetchrow(f"select {_VIEW} from {_FROM} where s.id = $1", shipment_id)
    return _shipment(row) if row else None


def _shipment(row: Mapping[str, Any]) -> ShipmentView:
    return ShipmentView.model_validate(dict(row))
