"""Reads of production orders; their rows locked with all that belongs to them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from chassis.storage.bulk import Bulk
from chassis.storage.loading import loaded
from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from chassis.work.locking import lock_all
from chassis.work.unit_of_work import Work
from erp import searched
from erp.catalog.schemas import ItemView
from erp.production_orders.models import (
    OrderByProduct,
    OrderComponent,
    OrderOperation,
    ProductionOrder,
    ProductionStep,
)
from erp.production_orders.schemas.orders import (
    ProductionOrderQuery,
    ProductionOrderView,
    ProductionStepView,
)
from erp.sql import Sql
from records.filters import among, between
from records.includes import Include
from records.links import linked_to
from records.reads import Reads, columns_of, everybody, sorts_of
from records.types import Change

__all__ = [
    "ORDERS",
    "CountedItem",
    "LockedOrder",
    "counted_items",
    "lock_orders",
    "names_item",
    "next_numbers",
    "save_parts",
    "steps_of",
    "steps_that_made",
    "taken_serials",
]

_COMPONENTS = """(select coalesce(jsonb_agg(jsonb_build_object('item_id', c.item_id, 'sku', k.sku,
      'required', trim_scale(c.required)::text, 'issued', trim_scale(c.issued)::text)
      order by c.position), '[]')
    from production_order_component c join item k on k.id = c.item_id
    where c.production_order_id = production_order.id)"""
_OPERATIONS = """(select coalesce(jsonb_agg(jsonb_build_object('sequence', o.sequence,
      'name', o.name, 'work_centre', w.code, 'supplier_number', s.number,
      'setup_minutes', trim_scale(o.setup_minutes)::text,
      'run_minutes', trim_scale(o.run_minutes)::text, 'run_basis', o.run_basis,
      'queue_minutes', trim_scale(o.queue_minutes)::text,
      'setup_family', o.setup_family, 'breaks', o.breaks,
      'yield_part', trim_scale(o.yield_part)::text,
      'start_quantity', trim_scale(o.start_quantity)::text,
      'planned_minutes', trim_scale(o.planned_minutes)::text,
      'good', trim_scale(o.good)::text, 'scrapped', trim_scale(o.scrapped)::text,
      'reworked', trim_scale(o.reworked)::text, 'minutes', trim_scale(o.minutes)::text)
      order by o.sequence), '[]')
    from production_order_operation o join work_centre w on w.id = o.work_centre_id
      left join supplier s on s.id = o.supplier_id
    where o.production_order_id = production_order.id)"""
_BY_PRODUCTS = """(select coalesce(jsonb_agg(jsonb_build_object('item_id', p.item_id, 'sku', k.sku,
      'planned', trim_scale(p.planned)::text, 'received', trim_scale(p.received)::text)
      order by p.position), '[]')
    from production_order_by_product p join item k on k.id = p.item_id
    where p.production_order_id = production_order.id)"""
_OPEN_QUANTITY = """case when production_order.state in ('done', 'closed', 'cancelled') then 0
  else greatest(production_order.quantity - production_order.good, 0) end"""
_SCHEDULED = """(select {} from scheduled_order s
    where s.production_order_id = production_order.id
      and production_order.state in ('firm', 'released', 'started'))"""
_NEEDS = """exists (select from production_order_component c join item k on k.id = c.item_id
  where c.production_order_id = production_order.id and k.sku = {})"""


def _filters(_at: Reading, query: ProductionOrderQuery) -> list[Filter]:
    """The conditions that the query puts on production orders."""
    return [
        Filter("production_order.number = {}", query.number),
        Filter("production_order.item_id = {}", query.item_id),
        Filter("production_order.item_id = (select id from item where sku = {})", query.sku),
        Filter(_NEEDS, query.component_sku),
        among("production_order.state", query.state),
        Filter("production_order.bill_of_material_id = {}", query.bill_of_material_id),
        Filter("production_order.routing_id = {}", query.routing_id),
        Filter("production_order.rework_of_id = {}", query.rework_of_id),
        *between("production_order.start_on", query.start_on_gte, query.start_on_lte),
        *between("production_order.due_on", query.due_on_gte, query.due_on_lte),
        linked_to("production_order", query.external_system, query.external_id),
    ]


ORDERS = Reads(
    name="production_order",
    view=ProductionOrderView,
    columns=columns_of(
        ProductionOrderView,
        ProductionOrder.__table__,
        sku="i.sku",
        unit="i.unit",
        open_quantity=_OPEN_QUANTITY,
        components=_COMPONENTS,
        operations=_OPERATIONS,
        by_products=_BY_PRODUCTS,
        scheduled_start_at=_SCHEDULED.format("s.starts_at"),
        scheduled_end_at=_SCHEDULED.format("s.ends_at"),
    ),
    source="production_order join item i on i.id = production_order.item_id",
    key="production_order.id",
    visible=everybody,
    query=ProductionOrderQuery,
    filters=_filters,
    searched=searched.PRODUCTION_ORDERS,
    title="production_order.number",
    subtitle="i.name",
    sorts=sorts_of("production_order", named=False, texts=("number",), days=("start_on", "due_on")),
    includes={"item": Include(ItemView, "item_id")},
)


@dataclass(frozen=True, slots=True)
class CountedItem:
    """An item, how many decimals its unit has, and how its pieces are tracked."""

    id: UUID
    sku: str
    unit: str
    decimals: int
    kind: str
    tracking: str


async def counted_items(
    sql: Sql, *, skus: Collection[str] = (), ids: Collection[UUID] = ()
) -> list[CountedItem]:
    """The items with the SKUs, or the ids."""
    rows = await sql.fetch(
        """select i.id, i.sku, i.unit, u.decimals, i.kind, i.tracking
             from item i join unit u on u.code = i.unit
            where i.sku = any($1::text[]) or i.id = any($2::uuid[])""",
        list(skus),
        list(ids),
    )
    return [CountedItem(*row.values()) for row in rows]


async def next_numbers(sql: Sql, count: int) -> list[str]:
    """So many numbers of orders that none has had."""
    rows = await sql.fetch(
        "select nextval('production_order_number_seq') from generate_series(1, $1::int)", count
    )
    return [f"MO-{row[0]:05d}" for row in rows]


_COUNTED = ("start_quantity", "bill_of_material_id", "routing_id", "good", "scrapped", "reworked")
"""What acts count on an order, or take from bill and routing, and what is published of it."""


@dataclass
class LockedOrder:
    """An order locked with all that belongs to it, and its item."""

    order: ProductionOrder
    item: CountedItem
    components: list[OrderComponent] = field(default_factory=list)
    operations: list[OrderOperation] = field(default_factory=list)
    by_products: list[OrderByProduct] = field(default_factory=list)
    before: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Keep what the order is before an act."""
        self.before = {name: getattr(self.order, name) for name in _COUNTED}

    def change(self, **values: Any) -> Change[ProductionOrder]:
        """The values, and what was counted on the order since it was locked, as one change."""
        for name, before in self.before.items():
            now = getattr(self.order, name)
            if now != before:
                values.setdefault(name, now)
                setattr(self.order, name, before)
        return Change(self.order, values)


_PARTS: Any = (
    (OrderComponent, "components", "position"),
    (OrderOperation, "operations", "sequence"),
    (OrderByProduct, "by_products", "position"),
)


async def lock_orders(work: Work, order_ids: Collection[UUID]) -> list[LockedOrder]:
    """Lock orders in key order, with all that belongs to them. Raises NotFound."""
    found = await lock_all(work, ProductionOrder, order_ids)
    items = await counted_items(work.sql, ids={one.item_id for one in found.values()})
    by_id = {one.id: one for one in items}
    locked = {one.id: LockedOrder(one, by_id[one.item_id]) for one in found.values()}
    for entity, name, order in _PARTS:
        columns = ", ".join(column.name for column in entity.__table__.columns)
        rows = await work.sql.fetch(
            f"""select {columns} from {entity.__tablename__}
                 where production_order_id = any($1::uuid[]) order by {order}""",
            list(locked),
        )
        for row in rows:
            getattr(locked[row["production_order_id"]], name).append(loaded(entity, row))
    return [locked[one] for one in sorted(locked)]


_CHANGED = {
    OrderComponent: ("issued", "issued_value"),
    OrderOperation: ("good", "scrapped", "reworked", "minutes"),
    OrderByProduct: ("received", "received_value"),
}
_STEP = tuple(column.name for column in ProductionStep.__table__.columns)
_COMPONENT = tuple(column.name for column in OrderComponent.__table__.columns)


async def save_parts(
    work: Work,
    locked: Sequence[LockedOrder],
    steps: Sequence[ProductionStep] = (),
    added: Sequence[OrderComponent] = (),
) -> None:
    """Store what became of components, operations and by-products; steps and components added."""
    write = Bulk()
    new = {one.id for one in added}
    components = [part for one in locked for part in one.components if part.id not in new]
    write.update(OrderComponent, components, *_CHANGED[OrderComponent])
    operations = [part for one in locked for part in one.operations]
    write.update(OrderOperation, operations, *_CHANGED[OrderOperation])
    by_products = [part for one in locked for part in one.by_products]
    write.update(OrderByProduct, by_products, *_CHANGED[OrderByProduct])
    write.insert(OrderComponent, added, *_COMPONENT)
    write.insert(ProductionStep, steps, *_STEP)
    await write.execute(work.sql)


async def steps_of(sql: Sql, order_id: UUID) -> list[ProductionStepView]:
    """What was booked on the order, the first one first."""
    rows = await sql.fetch(
        f"""select {", ".join(ProductionStepView.model_fields)} from production_step
             where production_order_id = $1 order by id""",
        order_id,
    )
    return [ProductionStepView.model_validate(dict(row)) for row in rows]


async def steps_that_made(sql: Sql, order_ids: Collection[UUID]) -> list[tuple[UUID, UUID, bool]]:
    """By order its steps, and those of orders whose pieces it makes again (the last: its own)."""
    rows = await sql.fetch(
        """with recursive line (order_id, of_id) as (
             select id, id from production_order where id = any($1::uuid[])
             union
             select l.order_id, o.rework_of_id from line l join production_order o on o.id = l.of_id
              where o.rework_of_id is not null)
           select l.order_id, s.id, l.of_id = l.order_id
             from line l join production_step s on s.production_order_id = l.of_id""",
        list(order_ids),
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def taken_serials(
    sql: Sql, order_id: UUID, named: Sequence[tuple[UUID, str]]
) -> set[tuple[UUID, str]]:
    """Of the serials of items those that were taken last for the order."""
    items, numbers = zip(*named, strict=True)
    rows = await sql.fetch(
        """select s.item_id, s.number from unnest($1::uuid[], $2::text[]) as n(item_id, number)
             join serial s on (s.item_id, s.number) = (n.item_id, n.number)
             join stock_move m on m.id = s.move_id
             join production_step p on p.id = m.source_id
            where p.production_order_id = $3""",
        items,
        numbers,
        order_id,
    )
    return {(row["item_id"], row["number"]) for row in rows}


async def names_item(sql: Sql, item_id: UUID) -> bool:
    """Whether an order makes the item, or was made firm with it."""
    found: bool = await sql.fetchval(
        """select exists (select from production_order where item_id = $1)
            or exists (select from production_order_component where item_id = $1)
            or exists (select from production_order_by_product where item_id = $1)""",
        item_id,
    )
    return found
