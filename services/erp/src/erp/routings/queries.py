"""Reads of routings, and the set-based writes of their operations."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from chassis.ids import uuid7
from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from erp import searched
from erp.catalog.schemas import ItemView
from erp.routings.models import Operation, Routing, RoutingOperation
from erp.routings.schemas import RoutingQuery, RoutingView
from erp.sql import Sql
from records.includes import Include
from records.reads import Reads, columns_of, everybody, record_filters, sorts_of

__all__ = [
    "ROUTINGS",
    "InTheWay",
    "Named",
    "RatedOperation",
    "Workplace",
    "load_operations",
    "names_of",
    "replace_operations",
    "routings_in_the_way",
    "routings_on",
    "workplaces",
]

_OPERATIONS = """(select coalesce(jsonb_agg(jsonb_build_object('sequence', o.sequence,
      'name', o.name, 'work_centre', w.code,
      'alternates', (select coalesce(jsonb_agg(a.code order by n.place), '[]')
        from unnest(o.alternates) with ordinality n(id, place) join work_centre a on a.id = n.id),
      'setup_minutes', trim_scale(o.setup_minutes)::text,
      'run_minutes', trim_scale(o.run_minutes)::text, 'run_basis', o.run_basis,
      'batch_quantity', trim_scale(o.batch_quantity)::text,
      'queue_minutes', trim_scale(o.queue_minutes)::text,
      'yield_part', trim_scale(o.yield_part)::text, 'skills', to_jsonb(o.skills),
      'tools', to_jsonb(o.tools), 'supplier_number', s.number,
      'setup_family', o.setup_family, 'breaks', o.breaks) order by o.sequence), '[]')
    from routing_operation o join work_centre w on w.id = o.work_centre_id
      left join supplier s on s.id = o.supplier_id
    where o.routing_id = routing.id)"""
_COUNTS = "daterange(routing.effective_from, routing.effective_to, '[]')"
_AT = """exists (select from routing_operation o join work_centre w
    on w.id = o.work_centre_id or w.id = any(o.alternates)
  where o.routing_id = routing.id and w.code = {})"""


def _filters(_at: Reading, query: RoutingQuery) -> list[Filter]:
    """The conditions that the query puts on routings."""
    return [
        Filter("routing.item_id = {}", query.item_id),
        Filter("routing.item_id = (select id from item where sku = {})", query.sku),
        Filter(_AT, query.work_centre),
        *record_filters("routing", query),
        Filter(f"{_COUNTS} @> {{}}::date", query.effective_on),
        Filter("routing.label = {}", query.label),
    ]


ROUTINGS = Reads(
    name="routing",
    view=RoutingView,
    columns=columns_of(RoutingView, Routing.__table__, sku="i.sku", operations=_OPERATIONS),
    source="routing join item i on i.id = routing.item_id",
    key="routing.id",
    visible=everybody,
    query=RoutingQuery,
    filters=_filters,
    searched=searched.ROUTINGS,
    title="i.sku || ' ' || routing.label",
    subtitle="i.name",
    sorts=sorts_of("routing", named=False),
    includes={"item": Include(ItemView, "item_id")},
)


@dataclass(frozen=True, slots=True)
class Workplace:
    """A work centre as operations look at it."""

    id: UUID
    code: str
    active: bool
    has_calendar: bool
    able_to: frozenset[str]


class Named(NamedTuple):
    """What is named by SKU, code and number: the ids, and the words of ids."""

    items: Mapping[str, UUID]
    work_centres: Mapping[str, UUID]
    suppliers: Mapping[str, UUID]


async def names_of(
    sql: Sql,
    *,
    skus: Collection[str] = (),
    codes: Collection[str] = (),
    numbers: Collection[str] = (),
    ids: Collection[UUID] = (),
) -> Named:
    """Items by SKU, work centres by code, suppliers by number; of `ids`, all that they are of."""
    rows = await sql.fetch(
        """select 0 as kind, sku as word, id from item where sku = any($1::text[])
             or id = any($4::uuid[])
           union all select 1, code, id from work_centre where code = any($2::text[])
             or id = any($4::uuid[])
           union all select 2, number, id from supplier where number = any($3::text[])
             or id = any($4::uuid[])""",
        *(list(skus), list(codes), list(numbers), list(ids)),
    )
    found: tuple[dict[str, UUID], ...] = ({}, {}, {})
    for row in rows:
        found[row["kind"]][row["word"]] = row["id"]
    return Named(*found)


async def workplaces(sql: Sql, ids: Collection[UUID]) -> dict[UUID, Workplace]:
    """The work centres by id; they stay as they are until the act ends."""
    rows = await sql.fetch(
        """select id, code, status = 'active' as active, calendar_id is not null as has_calendar,
             skills || tools as able_to
             from work_centre where id = any($1::uuid[]) order by id for share""",
        list(ids),
    )
    return {
        one: Workplace(one, code, active, has_calendar, frozenset(able_to))
        for one, code, active, has_calendar, able_to in rows
    }


_COLUMNS = tuple(one.name for one in fields(Operation))


async def load_operations(sql: Sql, routings: Mapping[UUID, Routing]) -> None:
    """Give the routings their operations, of all at once."""
    rows = await sql.fetch(
        f"""select routing_id, {", ".join(_COLUMNS)} from routing_operation
             where routing_id = any($1::uuid[]) order by sequence""",
        list(routings),
    )
    found: dict[UUID, list[Operation]] = {}
    for routing_id, *values in rows:
        found.setdefault(routing_id, []).append(Operation(*values))
    for routing in routings.values():
        routing.operations = found.get(routing.id, [])


async def replace_operations(sql: Sql, routings: Sequence[Routing]) -> None:
    """Store the operations of the routings in place of what was there."""
    if not routings:
        return
    await sql.execute(
        "delete from routing_operation where routing_id = any($1::uuid[])",
        [one.id for one in routings],
    )
    rows = [
        RoutingOperation(
            id=uuid7(),
            routing_id=routing.id,
            **{name: getattr(one, name) for name in _COLUMNS},
        )
        for routing in routings
        for one in routing.operations
    ]
    # One by one at most 200 each: arrays within rows cannot go through unnest.
    await sql.executemany(
        f"""insert into routing_operation (id, routing_id, {", ".join(_COLUMNS)})
             values ({", ".join(f"${at}" for at in range(1, len(_COLUMNS) + 3))})""",
        [(row.id, row.routing_id, *(getattr(row, one) for one in _COLUMNS)) for row in rows],
    )


@dataclass(frozen=True, slots=True)
class InTheWay:
    """Another routing of the item: of the same label, or active on one of the days."""

    routing_id: UUID
    existing_id: UUID
    label: str
    overlaps: bool


async def routings_in_the_way(sql: Sql, routings: Sequence[Routing]) -> list[InTheWay]:
    """Other routings that a label, or a day of an active one, is taken by.

    The routings themselves count as they are to be.
    """
    rows = await sql.fetch(
        """with wanted as (
             select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::date[],
               $6::date[]) as n(id, item_id, label, status, effective_from, effective_to)),
           others as (
             select id, item_id, label, status, effective_from, effective_to from wanted
             union all
             select r.id, r.item_id, r.label, r.status, r.effective_from, r.effective_to
               from routing r where r.item_id = any($2::uuid[]) and r.id <> all($1::uuid[]))
           select w.id, o.id as existing_id, o.label, o.label <> w.label as is_overlap
             from wanted w join others o on o.item_id = w.item_id and o.id <> w.id
              and (o.label = w.label or o.status = 'active' and w.status = 'active'
                and daterange(o.effective_from, o.effective_to, '[]')
                  && daterange(w.effective_from, w.effective_to, '[]'))
            order by is_overlap, w.id desc, o.id""",
        [one.id for one in routings],
        [one.item_id for one in routings],
        [one.label for one in routings],
        [one.status for one in routings],
        [one.effective_from for one in routings],
        [one.effective_to for one in routings],
    )
    return [InTheWay(*row.values()) for row in rows]


@dataclass(frozen=True, slots=True)
class RatedOperation:
    """An operation with the rates of its work centre, as they are now."""

    operation: Operation
    cost_per_hour: Decimal
    overhead_per_hour: Decimal
    efficiency: Decimal


async def routings_on(
    sql: Sql, wanted: Collection[tuple[UUID, date]]
) -> dict[tuple[UUID, date], tuple[UUID, list[RatedOperation]]]:
    """Of each item and day the routing that counts, and its operations in their sequence."""
    rows = await sql.fetch(
        f"""select n.item_id, n.day, r.id, w.cost_per_hour, w.overhead_per_hour, w.efficiency,
              {", ".join(f"o.{one}" for one in _COLUMNS)}
             from unnest($1::uuid[], $2::date[]) n(item_id, day)
             join routing r on r.item_id = n.item_id and r.status = 'active'
               and daterange(r.effective_from, r.effective_to, '[]') @> n.day
             join routing_operation o on o.routing_id = r.id
             join work_centre w on w.id = o.work_centre_id
            order by n.item_id, n.day, o.sequence""",
        [item_id for item_id, _ in wanted],
        [day for _, day in wanted],
    )
    found: dict[tuple[UUID, date], tuple[UUID, list[RatedOperation]]] = {}
    for item_id, day, routing_id, cost, overhead, efficiency, *values in rows:
        _, operations = found.setdefault((item_id, day), (routing_id, []))
        operations.append(RatedOperation(Operation(*values), cost, overhead, efficiency))
    return found
