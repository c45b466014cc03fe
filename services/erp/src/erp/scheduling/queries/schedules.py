"""Published schedules: heads, assignments, orders and loads; published by set-based writes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from chassis.ids import uuid7
from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from erp.scheduling.queries.tries import FIGURES
from erp.scheduling.schemas.schedules import (
    ScheduleAssignmentQuery,
    ScheduleAssignmentView,
    ScheduledOrderQuery,
    ScheduledOrderView,
    ScheduleQuery,
    ScheduleView,
)
from erp.scheduling.schemas.tries import ScheduleTryResult
from erp.sql import Sql
from records.reads import Reads, everybody

__all__ = [
    "ASSIGNMENTS",
    "SCHEDULED_ORDERS",
    "SCHEDULES",
    "Busy",
    "busy_times",
    "current_id",
    "publish",
]

_OPEN = "o.state in ('firm', 'released', 'started')"
"""Orders whose operations are still to be done: of others nothing is scheduled any more."""
SCHEDULES = Reads(
    name="schedule",
    view=ScheduleView,
    columns=f"""s.id, s.number, s.is_current, s.published_at, s.published_by, s.input_hash,
      {", ".join(f"s.{one}" for one in FIGURES)}""",
    source="schedule s",
    key="s.id",
    visible=everybody,
    query=ScheduleQuery,
    filters=lambda _at, query: [Filter("s.is_current = {}", query.is_current)],
    sorts={"published_at": Sort("s.published_at", "timestamptz")},
    default_sort="-published_at",
)


def _assignment_filters(_at: Reading, query: ScheduleAssignmentQuery) -> list[Filter]:
    return [
        Filter(
            "a.work_centre_id = (select id from work_centre where code = {})", query.work_centre
        ),
        Filter("a.production_order_id = {}", query.production_order_id),
        Filter("a.ends_at > {}::timestamptz", query.ends_after),
        Filter("a.setup_starts_at < {}::timestamptz", query.starts_before),
    ]


ASSIGNMENTS = Reads(
    name="schedule_assignment",
    view=ScheduleAssignmentView,
    columns="""a.id, a.operation_id, a.production_order_id, o.number, i.sku, p.sequence, p.name,
      a.work_centre_id, w.code as work_centre, a.unit, p.setup_family, a.setup_starts_at,
      a.starts_at, a.ends_at, a.is_fixed""",
    source=f"""schedule_assignment a
      join production_order o on o.id = a.production_order_id and {_OPEN}
      join item i on i.id = o.item_id
      join production_order_operation p on p.id = a.operation_id
      join work_centre w on w.id = a.work_centre_id""",
    key="a.id",
    visible=everybody,
    query=ScheduleAssignmentQuery,
    filters=_assignment_filters,
    sorts={"starts_at": Sort("a.starts_at", "timestamptz")},
    default_sort="starts_at",
)


def _order_filters(_at: Reading, query: ScheduledOrderQuery) -> list[Filter]:
    return [
        Filter("(s.late_minutes > 0) = {}", query.late),
        Filter("o.item_id = (select id from item where sku = {})", query.sku),
    ]


SCHEDULED_ORDERS = Reads(
    name="scheduled_order",
    view=ScheduledOrderView,
    columns="""s.production_order_id, o.number, i.sku, s.due_at, s.starts_at, s.ends_at,
      s.late_minutes, s.reasons""",
    source=f"""scheduled_order s
      join production_order o on o.id = s.production_order_id and {_OPEN}
      join item i on i.id = o.item_id""",
    key="s.production_order_id",
    visible=everybody,
    query=ScheduledOrderQuery,
    filters=_order_filters,
    sorts={"ends_at": Sort("s.ends_at", "timestamptz")},
    default_sort="ends_at",
)

_BUSY = f"""select w.id as work_centre_id, w.code, w.capacity, w.calendar_id, a.setup_starts_at,
    a.ends_at
  from work_centre w left join schedule_assignment a on a.work_centre_id = w.id
    and a.ends_at > $1 and a.setup_starts_at < $2
    and exists (select from production_order o where o.id = a.production_order_id and {_OPEN})
  where w.calendar_id is not null and ($3::text is null or w.code = $3)
    and (w.status = 'active' or a.id is not null)
  order by w.code, a.setup_starts_at"""
_CHANGED = """with new as (
    select * from unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[])
      n(id, starts_at, ends_at))
  select o.id as production_order_id, o.number, n.starts_at as scheduled_start_at,
    n.ends_at as scheduled_end_at
  from new n full join scheduled_order s on s.production_order_id = n.id
  join production_order o on o.id = coalesce(n.id, s.production_order_id)
  where (n.starts_at, n.ends_at) is distinct from (s.starts_at, s.ends_at)
  order by o.number"""
_ADD = f"""insert into schedule (id, number, is_current, published_at, published_by, input_hash,
    setups, {", ".join(FIGURES)})
  values ($1, (select coalesce(max(number), 0) + 1 from schedule), true, $2, $3, $4, $5,
    {", ".join(f"${at}" for at in range(6, 6 + len(FIGURES)))})
  returning number"""
_ASSIGNED = (
    *("id", "schedule_id", "production_order_id", "operation_id", "work_centre_id", "unit"),
    *("setup_starts_at", "starts_at", "ends_at", "is_fixed"),
)
_ORDERED = (
    *("production_order_id", "schedule_id", "due_at", "starts_at", "ends_at", "late_minutes"),
    "reasons",
)


class Busy(NamedTuple):
    """A work centre, and a time in which one of its machines is busy; None: not in the window."""

    work_centre_id: UUID
    code: str
    capacity: int
    calendar_id: UUID
    starts_at: datetime | None
    ends_at: datetime | None


async def busy_times(sql: Sql, start: datetime, end: datetime, code: str | None) -> list[Busy]:
    """What is published of the work centres within a window."""
    return [Busy(*row.values()) for row in await sql.fetch(_BUSY, start, end, code)]


async def current_id(sql: Sql) -> UUID | None:
    """The published schedule; None: there is none yet."""
    found: UUID | None = await sql.fetchval("select id from schedule where is_current")
    return found


async def publish(
    sql: Sql,
    schedule_id: UUID,
    result: ScheduleTryResult,
    *,
    figures: Mapping[str, Any],
    input_hash: str,
    setups: Mapping[tuple[UUID, int], str],
    by: str,
    at: datetime,
) -> tuple[int, Sequence[Mapping[str, Any]]]:
    """Put the schedule in place of the one before: its number, and orders whose times changed."""
    changed = await sql.fetch(
        _CHANGED,
        [one.production_order_id for one in result.orders],
        [one.starts_at for one in result.orders],
        [one.ends_at for one in result.orders],
    )
    await sql.execute("update schedule set is_current = false where is_current")
    values = [figures[name] for name in FIGURES]
    set_up = orjson.dumps(
        [
            {"work_centre_id": str(place), "unit": unit, "family": family}
            for (place, unit), family in setups.items()
        ]
    ).decode()
    number: int = await sql.fetchval(_ADD, schedule_id, at, by, input_hash, set_up, *values)
    for table in ("schedule_assignment", "scheduled_order"):
        await sql.execute(f"delete from {table}")
    await sql.copy_records_to_table(
        "schedule_assignment",
        columns=_ASSIGNED,
        records=[
            (
                *(uuid7(), schedule_id, one.production_order_id, one.operation_id),
                *(one.work_centre_id, one.unit, one.setup_starts_at, one.starts_at, one.ends_at),
                one.is_fixed,
            )
            for one in result.assignments
        ],
    )
    await sql.copy_records_to_table(
        "scheduled_order",
        columns=_ORDERED,
        records=[
            (
                *(one.production_order_id, schedule_id, one.due_at, one.starts_at, one.ends_at),
                one.late_minutes,
                orjson.dumps([reason.model_dump(mode="json") for reason in one.reasons]).decode(),
            )
            for one in result.orders
        ],
    )
    return number, [dict(row) for row in changed]
