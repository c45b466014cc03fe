"""Reads and writes of soft reservations; who writes them holds the level of the item locked."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from erp import searched
from erp.catalog.schemas import ItemView
from erp.parties.schemas import CustomerView
from erp.sql import Sql
from erp.stock.models.soft_reservations import SoftReservation
from erp.stock.schemas.soft_reservations import SoftReservationQuery, SoftReservationView
from records.filters import among
from records.includes import Include
from records.reads import Reads, everybody

__all__ = [
    "SOFT_RESERVATIONS",
    "add_soft_reservations",
    "customer_exists",
    "goods_named",
    "item_of",
    "lengthen",
    "next_numbers",
]

_OWN = (
    *("id", "number", "state", "item_id", "customer_id", "quantity", "wanted_on", "promised_on"),
    *("expires_at", "used", "order_id", "order_line_id", "reference", "note", "created_at"),
    *("updated_at", "actor"),
)
_LIVE = "(n.state = 'open' and n.expires_at > {})"
_GOODS = """select id, sku from item
  where (id = any($1::uuid[]) or sku = any($2::text[])) and kind = 'goods'"""
_LENGTHEN = """update stock_level
  set soft_reserved_until = greatest(coalesce(soft_reserved_until, $2), $2)
  where item_id = any($1::uuid[])"""


def _filters(at: Reading, query: SoftReservationQuery) -> list[Filter]:
    return [
        among("n.state", query.state),
        Filter(_LIVE if query.live else f"not {_LIVE}", None if query.live is None else at.now),
        Filter("n.item_id = {}", query.item_id),
        Filter("n.item_id = (select id from item where sku = {})", query.sku),
        Filter("n.customer_id = {}", query.customer_id),
        Filter("n.order_id = {}", query.order_id),
        Filter("n.reference = {}", query.reference),
        Filter("n.number = {}", query.number),
        Filter("n.promised_on >= {}", query.promised_on_gte),
        Filter("n.promised_on <= {}", query.promised_on_lte),
    ]


SOFT_RESERVATIONS = Reads(
    name="soft_reservation",
    view=SoftReservationView,
    columns=f"""{", ".join(f"n.{one}" for one in _OWN)}, i.sku,
      n.state = 'open' and n.expires_at > statement_timestamp() as live""",
    source="soft_reservation n join item i on i.id = n.item_id",
    key="n.id",
    visible=everybody,
    query=SoftReservationQuery,
    filters=_filters,
    searched=searched.SOFT_RESERVATIONS,
    title="n.number",
    subtitle="i.name",
    sorts={
        "created_at": Sort("n.created_at", "timestamptz"),
        "updated_at": Sort("n.updated_at", "timestamptz"),
        "expires_at": Sort("n.expires_at", "timestamptz"),
        "promised_on": Sort("n.promised_on", "date"),
        "number": Sort("n.number", "text"),
    },
    includes={
        "item": Include(ItemView, "item_id"),
        "customer": Include(CustomerView, "customer_id"),
    },
)


async def next_numbers(sql: Sql, count: int) -> list[str]:
    """So many numbers of soft reservations that none has had."""
    rows = await sql.fetch(
        "select nextval('soft_reservation_number_seq') from generate_series(1, $1::int)", count
    )
    return [f"SR-{row[0]:05d}" for row in rows]


async def goods_named(
    sql: Sql, ids: Collection[UUID], skus: Collection[str]
) -> Mapping[UUID | str, Mapping[str, Any]]:
    """Id and SKU of goods, by each of the two."""
    rows = await sql.fetch(_GOODS, list(ids), list(skus))
    return {row["id"]: row for row in rows} | {row["sku"]: row for row in rows}


async def customer_exists(sql: Sql, customer_id: UUID) -> bool:
    """Whether there is such a customer, merged or archived ones left out."""
    found: bool = await sql.fetchval(
        "select exists (select from customer where id = $1 and status = 'active')", customer_id
    )
    return found


async def item_of(sql: Sql, soft_reservation_id: UUID) -> UUID | None:
    """The item of a soft reservation, which never changes; None: there is no such one."""
    found: UUID | None = await sql.fetchval(
        "select item_id from soft_reservation where id = $1", soft_reservation_id
    )
    return found


async def add_soft_reservations(work: Work, made: Sequence[SoftReservation]) -> None:
    """Store new ones."""
    work.session.add_all(made)
    await work.flush()


async def lengthen(work: Work, item_ids: Sequence[UUID], until: datetime) -> None:
    """Some of the locked items have soft reservations until then, if not for longer."""
    await work.sql.execute(_LENGTHEN, item_ids, until)
