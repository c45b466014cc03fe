"""Reads and writes of cases."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from erp import searched
from erp.catalog.schemas import ItemView
from erp.parties.schemas import CustomerView, SupplierView
from erp.quality.schemas.cases import NonconformanceQuery, NonconformanceView
from erp.sql import Sql
from records.filters import among, on_days
from records.includes import Include
from records.reads import Reads, everybody, sorts_of

__all__ = [
    "CASES",
    "actions_of",
    "add_row",
    "cost_of_moves",
    "cost_of_return",
    "disposed_serials",
    "has_open_case",
    "item_of_sku",
    "next_numbers",
    "open_actions",
    "receipt_line",
    "receipt_of_inspection",
    "returned_undisposed",
]

_DISPOSITIONS = """(select coalesce(jsonb_agg(jsonb_build_object('id', d.id, 'kind', d.kind,
      'quantity', trim_scale(d.quantity)::text, 'serials', to_jsonb(d.serials),
      'cost', d.cost::text, 'note', d.note, 'purchase_return_id', d.purchase_return_id,
      'inspection_id', d.inspection_id, 'effective_on', d.effective_on,
      'recorded_at', d.recorded_at, 'actor', d.actor) order by d.id), '[]')
    from nonconformance_disposition d where d.nonconformance_id = n.id)"""
_ACTIONS = """(select coalesce(jsonb_agg(jsonb_build_object('position', a.position,
      'description', a.description, 'owner', a.owner, 'due_on', a.due_on, 'done_on', a.done_on,
      'result', a.result) order by a.position), '[]')
    from corrective_action a where a.nonconformance_id = n.id)"""
_OWN = (
    *("id", "number", "source", "state", "item_id", "lot_id", "serials", "quantity", "disposed"),
    *("withheld", "cost", "description", "cause_code", "cause", "inspection_id", "supplier_id"),
    *("customer_id", "order_id", "production_order_id", "external_id", "links", "created_at"),
    *("updated_at", "actor"),
)

_RECEIPT_OF = """with recursive above (id) as (
    select $1::uuid
    union
    select c.inspection_id from above a join inspection n on n.id = a.id
      join nonconformance c on c.id = n.source_id where n.source_type = 'rework')
  select n.source_id from above a join inspection n on n.id = a.id
   where n.source_type = 'purchase_receipt'"""
_RECEIPT_LINE = """with recursive above (lot_id) as (
    select $3::uuid
    union
    select g.from_lot_id from above a join lot_genealogy g on g.to_lot_id = a.lot_id
     where g.kind = 'split')
  select p.order_line_id as line_id, came.number as lot
    from purchase_receipt_line p
    left join lateral (select l.number from above a join lot l on l.id = a.lot_id
      join jsonb_array_elements(p.lots) e on e.value ->> 'number' = l.number limit 1) came on true
   where p.purchase_receipt_id = $1 and p.item_id = $2 and p.quantity - p.returned >= $4
     and p.serials @> $5::text[] and ($3::uuid is null or came.number is not null)
   order by p.position limit 1"""

_RETURNED = """select coalesce((select sum(l.returned) from sales_order_line l
      where l.order_id = $1 and l.item_id = $2), 0)
    - coalesce((select sum(d.quantity) from nonconformance c
      join nonconformance_disposition d on d.nonconformance_id = c.id
      where c.order_id = $1 and c.item_id = $2 and c.source = 'complaint'
        and d.kind in ('scrap', 'rework', 'return_to_supplier')), 0)"""


def _filters(at: Reading, query: NonconformanceQuery) -> list[Filter]:
    return [
        among("n.source", query.source),
        among("n.state", query.state),
        Filter("n.item_id = {}", query.item_id),
        Filter("n.item_id = (select id from item where sku = {})", query.sku),
        Filter("n.lot_id = {}", query.lot_id),
        Filter("n.inspection_id = {}", query.inspection_id),
        Filter("n.supplier_id = {}", query.supplier_id),
        Filter("n.customer_id = {}", query.customer_id),
        Filter("n.number = {}", query.number),
        Filter("n.cause_code = {}", query.cause_code),
        *on_days(at, "n.created_at", query.created_on_gte, query.created_on_lte),
    ]


CASES = Reads(
    name="nonconformance",
    view=NonconformanceView,
    columns=f"""{", ".join(f"n.{one}" for one in _OWN)}, i.sku, l.number as lot,
      {_DISPOSITIONS} as dispositions, {_ACTIONS} as actions""",
    source="""nonconformance n join item i on i.id = n.item_id
      left join lot l on l.id = n.lot_id""",
    key="n.id",
    visible=everybody,
    query=NonconformanceQuery,
    filters=_filters,
    searched=searched.NONCONFORMANCES,
    title="n.number",
    subtitle="i.name",
    sorts=sorts_of("n", named=False, texts=("number",)),
    includes={
        "item": Include(ItemView, "item_id"),
        "supplier": Include(SupplierView, "supplier_id"),
        "customer": Include(CustomerView, "customer_id"),
    },
)


async def add_row(work: Work, row: Any) -> None:
    """Store a new row, and what changed beside it."""
    work.session.add(row)
    await work.flush()


async def next_numbers(sql: Sql, count: int) -> list[str]:
    """So many numbers of cases that none has had."""
    rows = await sql.fetch(
        "select nextval('nonconformance_number_seq') from generate_series(1, $1::int)", count
    )
    return [f"NC-{row[0]:05d}" for row in rows]


async def item_of_sku(sql: Sql, sku: str) -> Any:
    """Id and tracking of an item of goods; None: there is none."""
    return await sql.fetchrow(
        "select id, tracking from item where sku = $1 and kind = 'goods'", sku
    )


async def disposed_serials(sql: Sql, case_id: UUID) -> set[str]:
    """The pieces that dispositions of a case have named."""
    rows = await sql.fetch(
        "select unnest(serials) from nonconformance_disposition where nonconformance_id = $1",
        case_id,
    )
    return {row[0] for row in rows}


async def returned_undisposed(sql: Sql, order_id: UUID, item_id: UUID) -> Decimal:
    """What came back of an item of an order, beyond what complaints of it disposed of; locked."""
    await sql.fetch("select id from sales_order where id = $1 for no key update", order_id)
    found: Decimal = await sql.fetchval(_RETURNED, order_id, item_id)
    return found


async def has_open_case(sql: Sql, lot_id: UUID, *, beside: UUID) -> bool:
    """Whether another open case is of the lot."""
    found: bool = await sql.fetchval(
        """select exists (select from nonconformance
            where lot_id = $1 and id <> $2 and state = 'open' and source <> 'complaint')""",
        lot_id,
        beside,
    )
    return found


async def actions_of(sql: Sql, case_id: UUID) -> list[UUID]:
    """The actions of a case."""
    rows = await sql.fetch("select id from corrective_action where nonconformance_id = $1", case_id)
    return [row[0] for row in rows]


async def open_actions(sql: Sql, case_id: UUID) -> int:
    """How many actions of the case are not done."""
    found: int = await sql.fetchval(
        """select count(*) from corrective_action
            where nonconformance_id = $1 and done_on is null""",
        case_id,
    )
    return found


async def cost_of_moves(sql: Sql, source_id: UUID) -> Decimal:
    """What goods that left by a document were worth, as it was posted."""
    found: Decimal = await sql.fetchval(
        "select coalesce(sum(value), 0) from stock_move where source_id = $1", source_id
    )
    return found


async def cost_of_return(sql: Sql, return_id: UUID) -> Decimal:
    """What goods that went back were worth beyond what they clear: the variance, as posted."""
    found: Decimal = await sql.fetchval(
        """select coalesce(sum(cost - cleared), 0) from purchase_return_line
            where purchase_return_id = $1""",
        return_id,
    )
    return found


async def receipt_of_inspection(sql: Sql, inspection_id: UUID) -> UUID | None:
    """The receipt that goods of an inspection came with, be they worked on since; or None."""
    found: UUID | None = await sql.fetchval(_RECEIPT_OF, inspection_id)
    return found


async def receipt_line(
    sql: Sql,
    receipt_id: UUID,
    goods: tuple[UUID, UUID | None],
    quantity: Decimal,
    serials: Sequence[str],
) -> Any:
    """The order line of a receipt that brought so many, and the lot that came; or None.

    `goods`: item, and the lot that they lie in now, which may have been split off that one.
    """
    return await sql.fetchrow(_RECEIPT_LINE, receipt_id, *goods, quantity, list(serials))
