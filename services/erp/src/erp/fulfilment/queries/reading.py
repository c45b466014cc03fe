"""What fulfilment reads: the whole state of orders, and the rows that a decision needs."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.storage.base import version_columns
from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from erp import searched
from erp.base import Base
from erp.catalog.schemas import ItemView
from erp.fulfilment.models import Order
from erp.fulfilment.schemas import OrderQuery, OrderView
from erp.parties.schemas import CustomerView
from erp.sql import Sql
from records.document_types import DocumentType, custom_of
from records.filters import among, between, total_between
from records.includes import Include
from records.links import linked_to
from records.reads import Reads, everybody, sorts_of

__all__ = [
    "ORDERS",
    "ORDER_FIELDS",
    "customers_by_id",
    "first_shipped_on",
    "is_ordered",
    "items_to_sell",
    "load_references",
    "open_order_values",
    "order_states",
]

_REFERENCES = """(select coalesce(jsonb_agg(jsonb_build_object('system', r.system,
      'external_id', r.external_id, 'source_version', nullif(r.source_version, 0),
      'source_history', case when r.source_version > 0 then r.source_history end)
      order by r.system), '[]')
    from external_reference r
    where r.entity_type = 'sales_order' and r.entity_id = sales_order.id) as external_refs"""

_STATE = f"""sales_order.id, {version_columns(Order.__table__)},
  sales_order.number, sales_order.customer_id,
  sales_order.state, sales_order.reason, sales_order.currency, sales_order.ordered_on,
  sales_order.requested_on, sales_order.promised_on, sales_order.ship_to, sales_order.note,
  sales_order.net, sales_order.charges, sales_order.invoiced, sales_order.paid,
  sales_order.created_at, sales_order.updated_at,
  {custom_of("sales_order", "sales_order.id")} as custom,
  {_REFERENCES},
  (select jsonb_agg(jsonb_build_object('id', l.id, 'external_line_id', l.external_line_id,
      'item_id', l.item_id, 'sku', i.sku, 'quantity', l.quantity::text,
      'unit_price', l.unit_price::text, 'discount', l.discount::text,
      'reserved', coalesce(d.reserved, 0)::text,
      'waiting', coalesce(d.wanted - d.reserved - d.shipped, 0)::text,
      'shipped', l.shipped::text, 'returned', l.returned::text, 'invoiced', l.invoiced::text,
      'net', l.net::text, 'soft_reservation_id', l.soft_reservation_id) order by l.position)
    from sales_order_line l join item i on i.id = l.item_id
    left join demand d on d.order_line_id = l.id
    where l.order_id = sales_order.id) as lines,
  (select coalesce(sum(o.open_amount), 0) from open_item o where o.order_id = sales_order.id)
    as open_amount,
  (select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'number', s.number, 'kind', s.kind,
      'shipped_on', s.shipped_on, 'carrier', s.carrier, 'tracking_number', s.tracking_number,
      'reversed_on', s.reversed_on,
      'serials', (select coalesce(jsonb_agg(jsonb_build_object('order_line_id', m.order_line_id,
          'sku', i.sku, 'serial', m.serial) order by m.id), '[]')
        from stock_move m join item i on i.id = m.item_id
        where m.source_id = s.id and m.serial is not null),
      'lots', (select coalesce(jsonb_agg(jsonb_build_object('order_line_id', m.order_line_id,
          'sku', i.sku, 'lot_id', m.lot_id, 'lot', n.number, 'quantity', m.quantity::text)
          order by m.id), '[]')
        from stock_move m join item i on i.id = m.item_id join lot n on n.id = m.lot_id
        where m.source_id = s.id and m.lot_id is not null))
      order by s.created_at, s.id), '[]')
    from shipment s where s.order_id = sales_order.id) as shipments,
  (select jsonb_build_object('kind', c.kind, 'state', c.state, 'reason', c.reason,
      'source_version', c.source_version, 'source_history', c.source_history)
    from change_request c where c.order_id = sales_order.id
    order by c.recorded_at desc, c.id desc limit 1) as last_change"""


_TOTAL = "(sales_order.net + sales_order.charges)"


def _filters(_at: Reading, query: OrderQuery) -> list[Filter]:
    return [
        among("sales_order.state", query.state),
        *between("sales_order.ordered_on", query.ordered_on_gte, query.ordered_on_lte),
        *total_between(_TOTAL, query),
        Filter("sales_order.customer_id = {}", query.customer_id),
        Filter("sales_order.number = {}", query.number),
        linked_to("sales_order", query.external_system, query.external_id),
    ]


ORDERS = Reads(
    name="sales_order",
    view=OrderView,
    columns=_STATE,
    source="sales_order",
    visible=everybody,
    query=OrderQuery,
    filters=_filters,
    searched=searched.SALES_ORDERS,
    subtitle="(select c.name from customer c where c.id = sales_order.customer_id)",
    sorts=sorts_of(
        "sales_order", named=False, texts=("number",), days=("ordered_on",), total=_TOTAL
    ),
    key="sales_order.id",
    includes={
        "customer": Include(CustomerView, "customer_id"),
        "items": Include(ItemView, "lines.item_id", many=True),
    },
)
ORDER_FIELDS = DocumentType(ORDERS, Base)

_REFERENCED = """select 'item' as entity, i.id, i.name, i.status = 'active' as active, i.sku,
    i.kind, i.sold, i.discontinued_on, i.tax_code, i.unit, u.decimals,
    null::numeric as credit_limit,
    null::integer as payment_terms_days, null::text as price_list,
    null::text as number
  from item i join unit u on u.code = i.unit where i.id = any($1::uuid[]) or i.sku = any($2::text[])
 union all select 'customer', id, name, status = 'active', null, null, null, null, null, null, null,
    credit_limit, payment_terms_days, price_list, number
  from customer where id = any($3::uuid[])"""
# What came back, is billed or given for nothing is not billed any more: nobody will owe it.
_OPEN_VALUES = """select o.customer_id, sum(coalesce(l.net, 0) + coalesce(c.amount, 0)) as ordered
  from sales_order o
  left join lateral (select
      sum(case when n.open = l.quantity then l.net
        else round(greatest(n.open, 0) * l.unit_price * (1 - l.discount), 4) end) as net
    from sales_order_line l
    cross join lateral (select
        l.quantity - l.returned - (l.invoiced - l.credited) - l.waived as open) n
    where l.order_id = o.id) l on true
  left join lateral (select sum(amount) as amount
    from sales_order_charge where order_id = o.id and not invoiced) c on true
  where o.customer_id = any($1::uuid[]) and o.state = 'confirmed' and o.id <> all($2::uuid[])
  group by o.customer_id"""


async def first_shipped_on(sql: Sql, order_id: UUID, line_ids: Sequence[UUID]) -> list[date]:
    """The day the first of each of an order's lines went out; one that did not is left out."""
    rows = await sql.fetch(
        """select min(s.shipped_on) as day from shipment s
             join shipment_line l on l.shipment_id = s.id
            where s.order_id = $1 and s.kind = 'delivery' and s.reversed_on is null
              and l.order_line_id = any($2::uuid[])
            group by l.order_line_id""",
        order_id,
        list(line_ids),
    )
    return [row["day"] for row in rows]


async def order_states(sql: Sql, order_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """The whole public state of orders, in the order of their ids."""
    rows = await sql.fetch(
        f"select {_STATE} from sales_order where sales_order.id = any($1::uuid[])"
        " order by sales_order.id",
        list(order_ids),
    )
    return [dict(row) for row in rows]


async def items_to_sell(
    sql: Sql, item_ids: Iterable[UUID], skus: Iterable[str] = ()
) -> list[Mapping[str, Any]]:
    """What decides whether items can be sold, by id or SKU."""
    return (await load_references(sql, item_ids=item_ids, skus=skus))[1]


async def customers_by_id(sql: Sql, customer_ids: Iterable[UUID]) -> dict[UUID, Mapping[str, Any]]:
    """Customers' states and terms of business; whom there is not is left out."""
    return (await load_references(sql, customer_ids=customer_ids))[0]


async def load_references(
    sql: Sql,
    *,
    customer_ids: Iterable[UUID] = (),
    item_ids: Iterable[UUID] = (),
    skus: Iterable[str] = (),
) -> tuple[dict[UUID, Mapping[str, Any]], list[Mapping[str, Any]]]:
    """Customers by id as `customers_by_id`, and items as `items_to_sell`, asked at once."""
    rows = await sql.fetch(_REFERENCED, list(item_ids), list(skus), list(customer_ids))
    customers = {row["id"]: row for row in rows if row["entity"] == "customer"}
    return customers, [row for row in rows if row["entity"] == "item"]


async def open_order_values(
    sql: Sql, customer_ids: Sequence[UUID], order_ids: Sequence[UUID]
) -> dict[UUID, Decimal]:
    """What customers' other confirmed orders will come to; one without is left out."""
    rows = await sql.fetch(_OPEN_VALUES, customer_ids, order_ids)
    return {row["customer_id"]: row["ordered"] for row in rows}


async def is_ordered(sql: Sql, item_id: UUID) -> bool:
    """Whether an order names the item."""
    found: bool = await sql.fetchval(
        "select exists (select from sales_order_line where item_id = $1)", item_id
    )
    return found
