"""Reads and writes of rush requests."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm import reach, searched
from crm.orders.schemas import OrderView
from crm.rush_requests.schemas import RushRequestQuery, RushRequestView
from crm.sql import Sql
from records.filters import among
from records.includes import Include
from records.reads import Reads, sorts_of

__all__ = ["RUSH_REQUESTS", "add_row", "next_number", "open_request"]


def _filters(_at: Reading, query: RushRequestQuery) -> list[Filter]:
    return [
        among("rush_request.state", query.state),
        Filter("rush_request.order_id = {}", query.order_id),
        Filter("o.account_id = {}", query.account_id),
        Filter("rush_request.number = {}", query.number),
    ]


def _reach(at: Reading) -> Sequence[Filter]:
    return reach.through_account(at, "read", account_id="o.account_id")


def _change(at: Reading) -> Sequence[Filter]:
    return reach.through_account(at, "write", account_id="o.account_id")


RUSH_REQUESTS = Reads(
    name="rush_request",
    view=RushRequestView,
    columns=", ".join(f"rush_request.{name}" for name in RushRequestView.model_fields),
    source="rush_request join customer_order o on o.id = rush_request.order_id",
    key="rush_request.id",
    visible=_reach,
    changeable=_change,
    change_scope=reach.CHANGE_ALL,
    query=RushRequestQuery,
    filters=_filters,
    searched=searched.RUSH_REQUESTS,
    title="rush_request.number",
    subtitle="rush_request.order_number",
    sorts=sorts_of("rush_request", named=False, texts=("number",)),
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
        "select number from rush_request where order_id = $1 and state = 'asked'", order_id
    )
    return found
