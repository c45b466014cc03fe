"""Reads and writes of rush requests."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from erp import searched
from erp.fulfilment.schemas import OrderView
from erp.rush_requests.schemas import (
    RushProductionOrder,
    RushRequestQuery,
    RushRequestView,
)
from erp.sql import Sql
from records.filters import among
from records.includes import Include
from records.reads import Reads, everybody, sorts_of

__all__ = [
    "RUSH_REQUESTS",
    "add_row",
    "next_number",
    "numbers_of_orders",
    "open_request",
    "waiting_production",
]

# Of each item that the order waits for: what is made, the first due first, until it is enough.
_PRODUCTION = """with wanted as (
    select d.item_id, sum(d.wanted - d.reserved - d.shipped) as quantity from demand d
     where d.order_id = $1 and d.reserved + d.shipped < d.wanted group by d.item_id),
  made as (
    select p.id, p.number, p.item_id, p.due_on, w.quantity as wanted,
      sum(i.quantity) over (partition by p.item_id order by p.due_on, p.number
        rows between unbounded preceding and 1 preceding) as before
    from wanted w join production_order p on p.item_id = w.item_id
    join incoming i on i.source_line_id = p.id
    where p.state in ('firm', 'released', 'started'))
  select m.id as production_order_id, m.number, t.sku, m.due_on
    from made m join item t on t.id = m.item_id
   where coalesce(m.before, 0) < m.wanted order by m.due_on, m.number"""


def _filters(_at: Reading, query: RushRequestQuery) -> list[Filter]:
    return [
        among("r.state", query.state),
        Filter("r.order_id = {}", query.order_id),
        Filter("r.number = {}", query.number),
    ]


RUSH_REQUESTS = Reads(
    name="rush_request",
    view=RushRequestView,
    columns=", ".join(f"r.{name}" for name in RushRequestView.model_fields),
    source="rush_request r",
    key="r.id",
    visible=everybody,
    query=RushRequestQuery,
    filters=_filters,
    searched=searched.RUSH_REQUESTS,
    title="r.number",
    subtitle="r.order_number",
    sorts=sorts_of("r", named=False, texts=("number",)),
    includes={"order": Include(OrderView, "order_id")},
)


async def add_row(work: Work, row: Any) -> None:
    """Store a new row."""
    work.session.add(row)
    await work.flush()


async def next_number(sql: Sql) -> str:
    """A number that no request has had."""
    found = await sql.fetchval("select nextval('rush_request_number_seq')")
    return f"RR-{found:05d}"


async def open_request(sql: Sql, order_id: UUID) -> str | None:
    """Number of the open request of an order that is locked; None: it has none."""
    found: str | None = await sql.fetchval(
        "select number from rush_request where order_id = $1 and state = 'open'", order_id
    )
    return found


async def waiting_production(sql: Sql, order_id: UUID) -> list[RushProductionOrder]:
    """The production orders that make what a sales order waits for."""
    rows = await sql.fetch(_PRODUCTION, order_id)
    return [RushProductionOrder.model_validate(dict(row)) for row in rows]


async def numbers_of_orders(sql: Sql, order_ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """Numbers of sales orders."""
    rows = await sql.fetch(
        "select id, number from sales_order where id = any($1::uuid[])", order_ids
    )
    return {row["id"]: row["number"] for row in rows}
