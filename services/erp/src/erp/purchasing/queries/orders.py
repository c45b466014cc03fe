"""Purchase orders, their lines and receipts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.storage.bulk import Bulk
from chassis.storage.loading import loaded
from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from erp import searched
from erp.base import Base
from erp.catalog.schemas import ItemView
from erp.parties.schemas import SupplierView
from erp.purchasing.models.orders import PurchaseOrder, PurchaseOrderLine
from erp.purchasing.schemas.orders import PurchaseOrderQuery, PurchaseOrderView
from erp.sql import Sql
from records.document_types import DocumentType, custom_of
from records.filters import among, between, total_between
from records.includes import Include
from records.reads import Reads, everybody, sorts_of
from values.money import digits_of

__all__ = [
    "ORDERS",
    "ORDER_FIELDS",
    "LockedPurchaseOrder",
    "add_orders",
    "lock_orders",
    "next_numbers",
    "save_orders",
    "supplier_of",
]

_ORDERS = """select id, version, created_at, updated_at, number, supplier_id, state, ordered_on,
    net, enlarged_at
  from purchase_order where id = any($1::uuid[]) order by id for no key update"""
_LINES = """select l.id, l.purchase_order_id, l.position, l.item_id, l.quantity, l.unit_price,
    l.due_on, l.received, l.received_value, l.billed, l.billed_value, l.returned, l.credited,
    i.sku
  from purchase_order_line l join item i on i.id = l.item_id
  where l.purchase_order_id = any($1::uuid[]) order by l.purchase_order_id, l.position"""

_NEW_ORDER = ("id", "number", "supplier_id", "ordered_on", "net", "state")
_NEW_LINE = ("id", "purchase_order_id", "position", "item_id", "quantity", "unit_price", "due_on")
_NOTHING_CAME: Mapping[str, Any] = dict.fromkeys(
    ("received", "received_value", "billed", "billed_value", "returned", "credited"), 0
)
_CHANGED_ORDER = ("state", "net", "enlarged_at", "version", "updated_at")
_CHANGED_LINE = (
    *("quantity", "unit_price", "due_on", "received", "received_value"),
    *("billed", "billed_value", "returned", "credited"),
)

_STATE = """o.id, o.version, o.number, o.supplier_id, s.number as supplier_number, o.state,
    o.ordered_on, o.net, o.created_at, o.updated_at, s.name as supplier_name,
    (select jsonb_build_object('approval_id', a.id, 'state', a.state, 'asked_by', a.asked_by,
        'asked_at', a.created_at, 'decided_by', a.decided_by, 'decided_at', a.decided_at)
      from approval a where a.kind = 'purchase' and a.subject_id = o.id
      order by a.created_at desc, a.id desc limit 1) as approval,
    (select jsonb_agg(jsonb_build_object('id', l.id, 'item_id', l.item_id, 'sku', i.sku,
        'quantity', trim_scale(l.quantity)::text, 'received', trim_scale(l.received)::text,
        'returned', trim_scale(l.returned)::text, 'billed', trim_scale(l.billed)::text,
        'credited', trim_scale(l.credited)::text, 'due_on', l.due_on,
        'unit_price', trim_scale(l.unit_price)::text) order by l.position)
      from purchase_order_line l join item i on i.id = l.item_id
      where l.purchase_order_id = o.id) as lines,
    (select coalesce(jsonb_agg(jsonb_build_object('receipt_id', r.id, 'sku', i.sku,
        'serial', m.serial) order by m.id), '[]')
      from purchase_receipt r join stock_move m on m.source_id = r.id and m.serial is not null
      join item i on i.id = m.item_id where r.purchase_order_id = o.id
        and not exists (select from purchase_return t join stock_move b on b.source_id = t.id
          where t.purchase_receipt_id = r.id and (b.item_id, b.serial) = (m.item_id, m.serial)))
      as serials"""


def _filters(_at: Reading, query: PurchaseOrderQuery) -> list[Filter]:
    return [
        among("o.state", query.state),
        *between("o.ordered_on", query.ordered_on_gte, query.ordered_on_lte),
        Filter("o.supplier_id = {}", query.supplier_id),
        Filter("o.number = {}", query.number),
        *total_between("o.net", query),
    ]


ORDERS = Reads(
    name="purchase_order",
    view=PurchaseOrderView,
    columns=f"{_STATE}, {custom_of('purchase_order', 'o.id')} as custom",
    source="purchase_order o join supplier s on s.id = o.supplier_id",
    key="o.id",
    visible=everybody,
    query=PurchaseOrderQuery,
    filters=_filters,
    searched=searched.PURCHASE_ORDERS,
    subtitle="s.name",
    sorts=sorts_of("o", named=False, texts=("number",), days=("ordered_on",), total="o.net"),
    show=lambda at, row: PurchaseOrderView.of(row, at.setting.currency),
    includes={
        "supplier": Include(SupplierView, "supplier_id"),
        "items": Include(ItemView, "lines.item_id", many=True),
    },
)
ORDER_FIELDS = DocumentType(ORDERS, Base)


@dataclass
class LockedPurchaseOrder:
    """An order locked with its lines."""

    order: PurchaseOrder
    lines: list[PurchaseOrderLine]
    skus: dict[UUID, str]


async def lock_orders(work: Work, order_ids: Sequence[UUID]) -> dict[UUID, LockedPurchaseOrder]:
    """Lock orders by id, with their lines."""
    rows = await work.sql.fetch(_ORDERS, order_ids)
    locked = {row["id"]: LockedPurchaseOrder(loaded(PurchaseOrder, row), [], {}) for row in rows}
    for row in await work.sql.fetch(_LINES, list(locked)):
        values = dict(row)
        owner = locked[row["purchase_order_id"]]
        owner.skus[row["item_id"]] = values.pop("sku")
        owner.lines.append(loaded(PurchaseOrderLine, values))
    return locked


async def supplier_of(sql: Sql, order_id: UUID) -> UUID | None:
    """From whom the order buys; None: there is no such order."""
    found: UUID | None = await sql.fetchval(
        "select supplier_id from purchase_order where id = $1", order_id
    )
    return found


async def next_numbers(sql: Sql, sequence: str, count: int) -> list[int]:
    """So many numbers that nobody had before, ascending."""
    rows = await sql.fetch(
        "select nextval($1::text::regclass) from generate_series(1, $2::int)", sequence, count
    )
    return [row[0] for row in rows]


async def add_orders(
    work: Work, orders: Sequence[PurchaseOrder], lines: Sequence[PurchaseOrderLine]
) -> None:
    """Store new orders with their lines, and what these cost."""
    decimals, write = digits_of(work.setting.currency), Bulk()
    own: dict[UUID, list[PurchaseOrderLine]] = {order.id: [] for order in orders}
    for line in lines:
        own[line.purchase_order_id].append(line)
    for order in orders:
        order.sum_up(own[order.id], decimals=decimals)
    write.insert(
        PurchaseOrder,
        orders,
        *_NEW_ORDER,
        version=1,
        created_at=work.now,
        updated_at=work.now,
    )
    write.insert(PurchaseOrderLine, lines, *_NEW_LINE, **_NOTHING_CAME)
    await write.execute(work.sql)


async def save_orders(
    work: Work, locked: Iterable[LockedPurchaseOrder], added: Sequence[PurchaseOrderLine] = ()
) -> None:
    """Store what became of locked orders, with new lines, and what all lines cost."""
    kept, decimals = list(locked), digits_of(work.setting.currency)
    for one in kept:
        new = (line for line in added if line.purchase_order_id == one.order.id)
        one.order.sum_up([*one.lines, *new], decimals=decimals)
    write = Bulk()
    write.update(PurchaseOrder, [one.order for one in kept], *_CHANGED_ORDER)
    write.update(PurchaseOrderLine, [line for one in kept for line in one.lines], *_CHANGED_LINE)
    write.insert(PurchaseOrderLine, added, *_NEW_LINE, **_NOTHING_CAME)
    await write.execute(work.sql)
