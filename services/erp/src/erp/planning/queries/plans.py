"""Plans: asked for, made, and what the current one says."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from erp.catalog.schemas import ItemView
from erp.planning.schemas.plans import (
    PlanMessageQuery,
    PlanMessageView,
    PlannedOrderQuery,
    PlannedOrderView,
    PlanQuery,
    PlanView,
)
from erp.sql import Sql
from records.filters import among
from records.includes import Include
from records.reads import Reads, everybody

__all__ = [
    "MESSAGES",
    "ORDERS",
    "PLANS",
    "add",
    "begin",
    "finish",
    "is_any_asked_for",
    "note_failure",
    "note_progress",
    "note_read",
    "oldest_begun",
    "skus_of",
]

_PLAN = """p.id, p.state, p.progress, p.is_current, p.asked_by, p.created_at, p.finished_at,
  p.planned_on, p.items, p.orders, p.messages, p.input_hash, p.output_hash, p.problem"""
PLANS = Reads(
    name="material_plan",
    view=PlanView,
    columns=_PLAN,
    source="material_plan p",
    key="p.id",
    visible=everybody,
    query=PlanQuery,
    filters=lambda _at, query: [among("p.state", query.state)],
    sorts={"created_at": Sort("p.created_at", "timestamptz")},
    default_sort="-created_at",
)


def _order_filters(_at: Reading, query: PlannedOrderQuery) -> list[Filter]:
    return [
        among("o.source", query.source),
        among("o.state", query.state),
        Filter("o.item_id = (select id from item where sku = {})", query.sku),
        Filter("o.release_on <= {}::date", query.release_on_lte),
        Filter("o.due_on >= {}::date", query.due_on_gte),
        Filter("o.due_on <= {}::date", query.due_on_lte),
        Filter("(o.past_due_days > 0) = {}", query.past_due),
        Filter("t.supplier_id = (select id from supplier where number = {})", query.supplier),
    ]


ORDERS = Reads(
    name="planned_order",
    view=PlannedOrderView,
    columns="""o.id, o.item_id, i.sku, i.name, i.unit, o.number, o.source, o.state, o.release_on,
      o.due_on, o.start_quantity, o.quantity, o.past_due_days, u.number as supplier_number,
      l.purchase_order_id, o.production_order_id""",
    source="""planned_order o join item i on i.id = o.item_id
      join planned_item t on t.plan_id = o.plan_id and t.item_id = o.item_id
      left join supplier u on u.id = t.supplier_id
      left join purchase_order_line l on l.id = o.order_line_id""",
    key="o.id",
    visible=lambda _at: [Filter("o.source <> {}", "phantom")],
    query=PlannedOrderQuery,
    filters=_order_filters,
    sorts={
        "release_on": Sort("o.release_on", "date"),
        "due_on": Sort("o.due_on", "date"),
    },
    default_sort="release_on",
    includes={"item": Include(ItemView, "item_id")},
)


def _message_filters(_at: Reading, query: PlanMessageQuery) -> list[Filter]:
    return [
        among("m.kind", query.kind),
        Filter("m.item_id = (select id from item where sku = {})", query.sku),
    ]


MESSAGES = Reads(
    name="plan_message",
    view=PlanMessageView,
    columns="""m.id, m.kind, m.item_id, i.sku, m.day, m.needed_on, m.quantity, m.by_days,
      po.number as purchase_order_number, mo.number as production_order_number,
      o.id as planned_order_id""",
    source="""plan_message m join item i on i.id = m.item_id
      left join purchase_order_line l on l.id = m.receipt_id
      left join purchase_order po on po.id = l.purchase_order_id
      left join production_order mo on mo.id = m.receipt_id
      left join planned_order o on o.plan_id = m.plan_id and o.item_id = m.item_id
        and o.number = m.number""",
    key="m.id",
    visible=everybody,
    query=PlanMessageQuery,
    filters=_message_filters,
    sorts={"id": Sort("m.id", "uuid")},
    default_sort="id",
    includes={"item": Include(ItemView, "item_id")},
)

_ADD = """insert into material_plan (id, state, progress, is_current, asked_by, created_at, items,
    orders, messages) values ($1, 'queued', 0, false, $2, $3, 0, 0, 0)
  on conflict (state) where state = 'queued' do nothing returning id"""
_QUEUED = "select id from material_plan where state = 'queued'"
_ASKED = "select exists (select from material_plan where state in ('queued', 'running'))"
_BEGIN = """update material_plan set state = 'running', progress = 0 where id = (
    select id from material_plan where state in ('running', 'queued')
     order by state desc, created_at limit 1)
  returning id"""
_READ = """update material_plan set read_at = $2, planned_on = $3, input_hash = $4, progress = 5
  where id = $1"""
_OLDEST = """select least($1, min(xact_start)) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid()"""
_FAILED = """update material_plan set state = 'failed', problem = $2, finished_at = $3
  where id = $1"""
_FINISH = """update material_plan set state = 'done', progress = 100, is_current = true,
    output_hash = $2, finished_at = $3,
    items = (select count(*) from planned_item),
    orders = (select count(*) from planned_order where source <> 'phantom'),
    messages = (select count(*) from plan_message)
  where id = $1
  returning id, 1 as version, state, planned_on, finished_at, items, orders, messages, input_hash,
    output_hash"""


async def add(sql: Sql, plan_id: UUID, asked_by: str, at: datetime) -> UUID:
    """Ask for a plan; of those not begun there is one. Its id."""
    found: UUID | None = None
    while found is None:
        # One that waited may be begun in between: then this one is the one that waits.
        found = await sql.fetchval(_ADD, plan_id, asked_by, at) or await sql.fetchval(_QUEUED)
    return found


async def skus_of(sql: Sql, item_ids: Sequence[UUID]) -> list[str]:
    """SKUs of items, sorted."""
    rows = await sql.fetch("select sku from item where id = any($1::uuid[]) order by sku", item_ids)
    return [row[0] for row in rows]


async def is_any_asked_for(sql: Sql) -> bool:
    """Whether a plan waits, or was being made by somebody."""
    return bool(await sql.fetchval(_ASKED))


async def begin(sql: Sql) -> UUID | None:
    """The plan to make now: one whose worker vanished, else the one that waits."""
    found: UUID | None = await sql.fetchval(_BEGIN)
    return found


async def note_read(
    sql: Sql, plan_id: UUID, read_at: datetime, planned_on: date, input_hash: str
) -> None:
    """Note when and as of which day the plan's snapshot was read."""
    await sql.execute(_READ, plan_id, read_at, planned_on, input_hash)


async def oldest_begun(sql: Sql, now: datetime) -> datetime:
    """When the oldest act that goes on now was begun; `now` where none does.

    What it commits later is not in a snapshot that is read next, and is dated from then on.
    """
    found: datetime = await sql.fetchval(_OLDEST, now)
    return found


async def note_progress(sql: Sql, plan_id: UUID, percent: int) -> None:
    """Say how far the plan is."""
    await sql.execute("update material_plan set progress = $2 where id = $1", plan_id, percent)


async def note_failure(sql: Sql, plan_id: UUID, problem: str, at: datetime) -> None:
    """Say why there is no plan; the one before stays."""
    await sql.execute(_FAILED, plan_id, problem, at)


async def finish(sql: Sql, plan_id: UUID, output_hash: str, at: datetime) -> Mapping[str, Any]:
    """Let the plan be the current one; what is published of it."""
    await sql.execute("update material_plan set is_current = false where is_current")
    [row] = await sql.fetch(_FINISH, plan_id, output_hash, at)
    changed: Sequence[str] = sorted(set(row.keys()) - {"id", "version"})
    return dict(row) | {"changed": list(changed)}
