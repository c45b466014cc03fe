"""Reads and set-based writes of opening receivables."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.storage.bulk import Bulk
from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from erp import searched
from erp.receivables.models import OpeningReceivable
from erp.receivables.schemas import OpeningQuery, OpeningView
from erp.sql import Sql
from records.filters import among, total_between
from records.reads import Reads, everybody, sorts_of
from values.comparing import same_when_read

__all__ = [
    "OPENING_RECEIVABLES",
    "add_openings",
    "existing_openings",
    "find_customers",
    "update_settled_openings",
]

_STATE = """r.id, r.version, r.number, r.customer_id, r.issued_on, r.due_on, r.effective_on,
  r.currency, r.amount, r.kind"""
_VIEW = f"""{_STATE}, coalesce(i.open_amount, p.unallocated) as open_amount,
  coalesce(i.written_off, 0) as written_off, p.id as payment_id, r.created_at"""
_FROM = """opening_receivable r left join open_item i on i.source_id = r.id
  left join payment p on p.source_id = r.id"""
_NEW = (
    *("id", "customer_id", "number", "number_key", "issued_on", "due_on", "effective_on"),
    *("currency", "amount", "kind"),
)
_NAMED = """select id, number, status from customer
  where id = any($1::uuid[]) or number = any($2::text[])"""
_KNOWN = """select id, number_key, customer_id, issued_on, due_on, effective_on, amount, kind
  from opening_receivable where number_key = any($1::text[])"""
_NOTE_SETTLED = f"""update opening_receivable r set version = r.version + 1, updated_at = $2
  from open_item i where r.id = any($1::uuid[]) and i.source_id = r.id
  returning {_STATE}, i.open_amount, i.written_off"""


async def find_customers(
    sql: Sql, ids: Sequence[UUID], numbers: Sequence[str]
) -> dict[UUID | str, Mapping[str, Any]]:
    """The customers by their ids and numbers; whom there is not is left out."""
    rows = await sql.fetch(_NAMED, ids, numbers)
    return {row[name]: dict(row) for row in rows for name in ("id", "number")}


async def existing_openings(sql: Sql, keys: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """What was taken over before, by the keys of their numbers."""
    return {row["number_key"]: dict(row) for row in await sql.fetch(_KNOWN, keys)}


async def add_openings(work: Work, openings: Sequence[OpeningReceivable]) -> None:
    """Store opening items."""
    write = Bulk()
    write.insert(
        OpeningReceivable, openings, *_NEW, version=1, created_at=work.now, updated_at=work.now
    )
    await write.execute(work.sql)


async def update_settled_openings(
    work: Work, opening_ids: Sequence[UUID]
) -> list[Mapping[str, Any]]:
    """Count one more change of opening items; their state then."""
    rows = await work.sql.fetch(_NOTE_SETTLED, opening_ids, work.now)
    return [dict(row) for row in rows]


def _filters(_at: Reading, query: OpeningQuery) -> list[Filter]:
    return [
        Filter("r.customer_id = {}", query.customer_id),
        Filter("r.number_key = {}", same_when_read(query.number) if query.number else None),
        among("r.kind", query.kind),
        *total_between("r.amount", query),
        Filter("(coalesce(i.open_amount, p.unallocated) > 0) = {}", query.open),
    ]


OPENING_RECEIVABLES = Reads(
    name="opening_item",
    view=OpeningView,
    columns=_VIEW,
    source=_FROM,
    visible=everybody,
    query=OpeningQuery,
    filters=_filters,
    searched=searched.OPENING_RECEIVABLES,
    sorts=sorts_of("r", named=False, total="r.amount"),
    key="r.id",
)
