"""Reads and writes of repair orders."""

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from erp import searched
from erp.catalog.schemas import ItemView
from erp.parties.schemas import CustomerView
from erp.repairs.schemas.views import RepairOrderQuery, RepairOrderView
from erp.sql import Sql
from records.filters import among, on_days
from records.includes import Include
from records.reads import Reads, everybody, sorts_of

__all__ = [
    "REPAIR_ORDERS",
    "add_rows",
    "case_exists",
    "customer_terms",
    "goods",
    "lines_of",
    "moved_of_line",
    "next_number",
    "open_demand",
    "rates_of",
    "remove_row",
    "shipped_on",
    "used_lines",
    "warranty_months",
    "work_centres",
]

_LINES = """(select coalesce(jsonb_agg(jsonb_build_object('position', l.position, 'kind', l.kind,
      'sku', p.sku, 'work_centre', w.code, 'description', l.description,
      'quantity', trim_scale(l.quantity)::text, 'used', trim_scale(l.used)::text,
      'reserved', trim_scale(coalesce(d.reserved, 0))::text, 'unit_price', l.unit_price::text,
      'covered', l.covered, 'tax_code', l.tax_code, 'cost', l.cost::text) order by l.position),
      '[]')
    from repair_line l left join item p on p.id = l.item_id
    left join work_centre w on w.id = l.work_centre_id
    left join demand d on d.order_line_id = l.id
    where l.repair_order_id = r.id)"""
_STEPS = """(select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'kind', s.kind,
      'position', l.position, 'quantity', trim_scale(s.quantity)::text, 'cost', s.cost::text,
      'parts', (select coalesce(jsonb_agg(jsonb_build_object('sku', p.sku, 'lot', t.number,
          'serial', m.serial, 'quantity', trim_scale(m.quantity)::text) order by m.id), '[]')
        from stock_move m join item p on p.id = m.item_id left join lot t on t.id = m.lot_id
        where m.source_id = s.id),
      'effective_on', s.effective_on, 'recorded_at', s.recorded_at, 'actor', s.actor)
      order by s.id), '[]')
    from repair_step s left join repair_line l on l.id = s.line_id
    where s.repair_order_id = r.id)"""
_OWN = (
    *("id", "number", "state", "owner", "customer_id", "item_id", "serial", "lot", "quantity"),
    *("description", "problem", "diagnosis", "cause_code", "outcome", "due_on", "bought_on"),
    *("warranty_until", "warranty", "received_on", "sent_back_on", "quoted_on", "quoted_amount"),
    *("quote_answer", "answered_by", "charged", "cost", "invoice_id", "nonconformance_id"),
    *("created_at", "updated_at", "actor"),
)
_OF_PART = "r.id in (select s.repair_order_id from repair_step s join {} where {} = {{}})"
_OF_SERIAL = """(serial n join stock_move m on (m.item_id, m.serial) = (n.item_id, n.number))
  on m.source_id = s.id"""
_SHIPPED_ON = """select m.effective_on from stock_move m
  join location l on l.id = m.to_location_id and l.kind = 'customer'
  where m.item_id = $1 and m.serial = $2 and m.source_type = 'shipment'
  order by m.recorded_at desc, m.id desc limit 1"""
_MOVED = """select m.serial, t.number as lot,
    sum(case when m.source_type = 'repair_issue' then m.quantity else -m.quantity end) as quantity
  from repair_step s join stock_move m on m.source_id = s.id left join lot t on t.id = m.lot_id
  where s.line_id = $1 group by m.serial, t.number"""


def _filters(at: Reading, query: RepairOrderQuery) -> list[Filter]:
    return [
        among("r.state", query.state),
        among("r.owner", query.owner),
        among("r.outcome", query.outcome),
        Filter("r.customer_id = {}", query.customer_id),
        Filter("r.item_id = {}", query.item_id),
        Filter("r.item_id = (select id from item where sku = {})", query.sku),
        Filter("r.serial = {}", query.serial),
        Filter("r.number = {}", query.number),
        Filter("r.cause_code = {}", query.cause_code),
        Filter("r.nonconformance_id = {}", query.nonconformance_id),
        Filter(
            _OF_PART.format("stock_move m on m.source_id = s.id", "m.lot_id"), query.part_lot_id
        ),
        Filter(_OF_PART.format(_OF_SERIAL, "n.number"), query.part_serial),
        *on_days(at, "r.created_at", query.created_on_gte, query.created_on_lte),
    ]


REPAIR_ORDERS = Reads(
    name="repair_order",
    view=RepairOrderView,
    columns=f"""{", ".join(f"r.{one}" for one in _OWN)}, i.sku, {_LINES} as lines,
      {_STEPS} as steps""",
    source="repair_order r left join item i on i.id = r.item_id",
    key="r.id",
    visible=everybody,
    query=RepairOrderQuery,
    filters=_filters,
    searched=searched.REPAIR_ORDERS,
    title="r.number",
    subtitle="coalesce(i.name, r.description)",
    sorts=sorts_of("r", named=False, texts=("number",), days=("due_on",)),
    includes={
        "item": Include(ItemView, "item_id"),
        "customer": Include(CustomerView, "customer_id"),
    },
)


async def add_rows(work: Work, *rows: Any) -> None:
    """Store new rows, and what changed beside them."""
    work.session.add_all(rows)
    await work.flush()


async def remove_row(work: Work, row: Any) -> None:
    """Take a row away."""
    await work.session.delete(row)
    await work.flush()


async def next_number(sql: Sql) -> str:
    """A number of repair orders that none has had."""
    number: int = await sql.fetchval("select nextval('repair_order_number_seq')")
    return f"RO-{number:05d}"


async def goods(sql: Sql, skus: Collection[str]) -> dict[str, Any]:
    """Items of goods by SKU: id, name and tracking."""
    rows = await sql.fetch(
        """select id, sku, name, tracking from item
            where sku = any($1::text[]) and kind = 'goods'""",
        list(skus),
    )
    return {row["sku"]: row for row in rows}


async def warranty_months(sql: Sql, item_id: UUID) -> int:
    """For how many months repairs of the item are free; 0: they are not."""
    found: int = await sql.fetchval(
        "select coalesce(warranty_months, 0) from item where id = $1", item_id
    )
    return found


async def work_centres(sql: Sql, codes: Collection[str]) -> dict[str, Any]:
    """Active work centres by code: id and name."""
    rows = await sql.fetch(
        """select id, code, name from work_centre
            where code = any($1::text[]) and status = 'active'""",
        list(codes),
    )
    return {row["code"]: row for row in rows}


async def rates_of(sql: Sql, work_centre_id: UUID) -> Any:
    """What an hour of a work centre costs: labour and overhead."""
    return await sql.fetchrow(
        "select cost_per_hour, overhead_per_hour from work_centre where id = $1", work_centre_id
    )


async def customer_terms(sql: Sql, customer_id: UUID) -> Any:
    """Number, status and days to pay of a customer; None: there is none."""
    return await sql.fetchrow(
        "select number, status, payment_terms_days from customer where id = $1", customer_id
    )


async def case_exists(sql: Sql, case_id: UUID) -> bool:
    """Whether there is such a case."""
    found: bool = await sql.fetchval(
        "select exists (select from nonconformance where id = $1)", case_id
    )
    return found


async def shipped_on(sql: Sql, item_id: UUID, serial: str) -> date | None:
    """The day on which a piece was shipped last; None: it never was."""
    found: date | None = await sql.fetchval(_SHIPPED_ON, item_id, serial)
    return found


async def lines_of(sql: Sql, order_id: UUID) -> list[UUID]:
    """The lines of an order."""
    rows = await sql.fetch("select id from repair_line where repair_order_id = $1", order_id)
    return [row[0] for row in rows]


async def used_lines(sql: Sql, order_id: UUID) -> set[UUID]:
    """The lines of an order on which something was booked."""
    rows = await sql.fetch(
        """select distinct line_id from repair_step
            where repair_order_id = $1 and line_id is not null""",
        order_id,
    )
    return {row[0] for row in rows}


async def moved_of_line(sql: Sql, line_id: UUID) -> dict[tuple[str | None, str | None], Decimal]:
    """What a line used and did not bring back, by serial and lot."""
    return {(row[0], row[1]): row[2] for row in await sql.fetch(_MOVED, line_id)}


async def open_demand(sql: Sql, line_ids: Sequence[UUID]) -> list[UUID]:
    """The lines for which something is reserved or waited for."""
    rows = await sql.fetch(
        """select order_line_id from demand
            where order_line_id = any($1::uuid[]) and wanted > shipped""",
        list(line_ids),
    )
    return [row[0] for row in rows]
