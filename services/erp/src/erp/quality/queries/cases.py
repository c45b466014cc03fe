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
    "item_of_sku",
    "next_numbers",
    "open_actions",
    "receipt_line",
    "source_of_inspection",
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


async def source_of_inspection(sql: Sql, inspection_id: UUID) -> Any:
    """The receipt that an inspection was opened by, the lot that came, and its number."""
    return await sql.fetchrow(
        """select case when n.source_type = 'purchase_receipt' then n.source_id end as receipt_id,
              l.number as lot, n.number
             from inspection n left join lot l on l.id = n.lot_id where n.id = $1""",
        inspection_id,
    )


async def receipt_line(
    sql: Sql, receipt_id: UUID, item_id: UUID, quantity: Decimal, serials: Sequence[str]
) -> Any:
    """The order line of a receipt that brought so many of an item, and the pieces; or None."""
    return await sql.fetchval(
        """select order_line_id from purchase_receipt_line
            where purchase_receipt_id = $1 and item_id = $2 and quantity - returned >= $3
              and serials @> $4::text[] order by position limit 1""",
        receipt_id,
        item_id,
        quantity,
        list(serials),
    )
