"""Reads and set-based writes of inspections."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from chassis.storage.bulk import Bulk
from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from erp import searched
from erp.catalog.schemas import ItemView
from erp.inspections.models.inspections import Inspection, InspectionResult
from erp.inspections.schemas.inspections import InspectionQuery, InspectionView
from erp.inspections.states import InspectionState
from erp.parties.schemas import CustomerView, SupplierView
from erp.sql import Sql
from records.filters import among
from records.includes import Include
from records.reads import Reads, everybody

__all__ = [
    "INSPECTIONS",
    "Goods",
    "Matched",
    "add_inspections",
    "decided_serials",
    "matching_plans",
    "next_numbers",
    "pending_of_lots",
    "pending_of_sources",
    "plan_of",
    "replace_results",
    "results_of",
]

_FAILED = """(select count(distinct r.sample) from inspection_result r
    where r.inspection_id = n.id and not r.good)"""
_RESULTS = """(select coalesce(jsonb_agg(jsonb_build_object('sample', r.sample,
      'number', r.number, 'value', trim_scale(r.value)::text, 'answer', r.answer, 'good', r.good,
      'note', r.note, 'recorded_at', r.recorded_at, 'actor', r.actor)
      order by r.sample, r.number), '[]')
    from inspection_result r where r.inspection_id = n.id)"""
_VERDICTS = """(select coalesce(jsonb_agg(jsonb_build_object(
      'accepted', trim_scale(v.accepted)::text, 'rejected', trim_scale(v.rejected)::text,
      'accepted_serials', to_jsonb(v.accepted_serials),
      'rejected_serials', to_jsonb(v.rejected_serials), 'reason', v.reason,
      'concession', v.concession, 'recorded_at', v.recorded_at, 'actor', v.actor)
      order by v.id), '[]')
    from inspection_verdict v where v.inspection_id = n.id)"""
_VIEW = f"""n.id, n.number, n.stage,
  case when n.pending > 0 then 'open' else 'decided' end as state, n.plan_id,
  p.code || ' ' || p.label as plan, n.item_id, i.sku, n.lot_id, l.number as lot, n.serials,
  n.quantity, n.accepted, n.rejected, n.pending, n.cancelled, n.sample_size, n.acceptance_number,
  {_FAILED} as failed, n.characteristics, {_RESULTS} as results, {_VERDICTS} as verdicts,
  n.supplier_id, n.customer_id, n.order_line_id, n.source_type, n.source_id, n.effective_on,
  n.created_at, n.updated_at, n.actor"""


def _of_state(asked: str | None) -> list[Filter]:
    """As the index of what is pending is written; both states are all."""
    states = set((asked or "").split(",")) - {""}
    if len(states) != 1:
        return []
    open_ones = InspectionState.OPEN in states
    return [Filter(f"(n.pending {'>' if open_ones else '='} 0 and {{}})", value=True)]


def _filters(_at: Reading, query: InspectionQuery) -> list[Filter]:
    return [
        among("n.stage", query.stage),
        *_of_state(query.state),
        Filter("n.item_id = {}", query.item_id),
        Filter("n.item_id = (select id from item where sku = {})", query.sku),
        Filter("n.lot_id = {}", query.lot_id),
        Filter("n.plan_id = {}", query.plan_id),
        Filter("n.supplier_id = {}", query.supplier_id),
        Filter("n.customer_id = {}", query.customer_id),
        Filter("n.order_line_id = {}", query.order_line_id),
        Filter("n.source_id = {}", query.source_id),
        Filter("n.number = {}", query.number),
        Filter("n.effective_on >= {}", query.effective_on_gte),
        Filter("n.effective_on <= {}", query.effective_on_lte),
    ]


INSPECTIONS = Reads(
    name="inspection",
    view=InspectionView,
    columns=_VIEW,
    source="""inspection n join inspection_plan p on p.id = n.plan_id
      join item i on i.id = n.item_id left join lot l on l.id = n.lot_id""",
    key="n.id",
    visible=everybody,
    query=InspectionQuery,
    filters=_filters,
    searched=searched.INSPECTIONS,
    title="n.number",
    subtitle="i.name",
    sorts={
        "created_at": Sort("n.created_at", "timestamptz"),
        "updated_at": Sort("n.updated_at", "timestamptz"),
        "effective_on": Sort("n.effective_on", "date"),
        "number": Sort("n.number", "text"),
    },
    includes={
        "item": Include(ItemView, "item_id"),
        "supplier": Include(SupplierView, "supplier_id"),
        "customer": Include(CustomerView, "customer_id"),
    },
)


class Goods(NamedTuple):
    """Goods at a stage, as plans look at them."""

    item_id: UUID
    supplier_id: UUID | None = None
    customer_id: UUID | None = None
    work_centre_id: UUID | None = None
    operation: str = ""


class Matched(NamedTuple):
    """The plan that counts for goods, and the item that they are of."""

    plan_id: UUID
    sampling: str
    sampling_value: Decimal | None
    characteristics: list[dict[str, Any]]
    sku: str
    tracking: str


_MATCHING = """select distinct on (g.at) g.at, p.id as plan_id, p.sampling, p.sampling_value,
    p.characteristics, i.sku, i.tracking
  from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[]) with ordinality
    as g(item_id, supplier_id, customer_id, work_centre_id, operation, at)
  join item i on i.id = g.item_id
  join inspection_plan p on p.stage = $6 and p.status = 'active'
    and daterange(p.effective_from, p.effective_to, '[]') @> $7::date
    and (p.item_id is null or p.item_id = i.id)
    and (p.category_id is null or p.category_id = i.category_id)
    and (p.supplier_id is null or p.supplier_id = g.supplier_id)
    and (p.customer_id is null or p.customer_id = g.customer_id)
    and (p.work_centre_id is null or p.work_centre_id = g.work_centre_id)
    and (p.operation = '' or p.operation = g.operation)
  order by g.at, (p.item_id is not null)::int * 8 + (p.category_id is not null)::int * 4
      + (num_nonnulls(p.supplier_id, p.customer_id, p.work_centre_id) > 0)::int * 2
      + (p.operation <> '')::int desc, p.id"""


async def matching_plans(
    sql: Sql, stage: str, goods: Sequence[Goods], day: date
) -> dict[int, Matched]:
    """By place in `goods` the most particular active plan that counts for them on the day.

    Item before category before any item; then one that names supplier, customer or work centre;
    then one that names the operation.
    """
    columns = [list(one) for one in zip(*goods, strict=True)]
    rows = await sql.fetch(_MATCHING, *columns, stage, day)
    return {row["at"] - 1: Matched(*list(row.values())[1:]) for row in rows}


async def plan_of(sql: Sql, plan_id: UUID) -> dict[str, Any]:
    """How a plan takes samples, without what is looked at."""
    row = await sql.fetchrow(
        "select id as plan_id, sampling, sampling_value from inspection_plan where id = $1",
        plan_id,
    )
    assert row is not None  # noqa: S101 - plans are not deleted once an inspection names them
    return dict(row) | {"sku": "", "tracking": ""}


async def next_numbers(sql: Sql, count: int) -> list[str]:
    """So many numbers of inspections that none has had."""
    rows = await sql.fetch(
        "select nextval('inspection_number_seq') from generate_series(1, $1::int)", count
    )
    return [f"QI-{row[0]:05d}" for row in rows]


async def add_inspections(work: Work, inspections: Sequence[Inspection]) -> None:
    """Store new inspections."""
    work.session.add_all(inspections)
    await work.flush()


async def decided_serials(sql: Sql, inspection_id: UUID) -> set[str]:
    """The pieces that verdicts have named."""
    rows = await sql.fetch(
        """select unnest(accepted_serials || rejected_serials) from inspection_verdict
            where inspection_id = $1""",
        inspection_id,
    )
    return {row[0] for row in rows}


async def replace_results(work: Work, results: Sequence[InspectionResult]) -> None:
    """Store results in place of those of the same pieces and characteristics."""
    columns = ("id", "inspection_id", "sample", "number", "value", "answer", "good", "note")
    await work.sql.execute(
        """delete from inspection_result r using unnest($1::uuid[], $2::int[], $3::int[])
             as n(inspection_id, sample, number)
            where (r.inspection_id, r.sample, r.number) = (n.inspection_id, n.sample, n.number)""",
        [one.inspection_id for one in results],
        [one.sample for one in results],
        [one.number for one in results],
    )
    write = Bulk()
    shared: dict[str, Any] = {"recorded_at": work.now, "actor": work.actor.reference}
    write.insert(InspectionResult, results, *columns, **shared)
    await write.execute(work.sql)


async def results_of(sql: Sql, inspection_id: UUID) -> tuple[int, int]:
    """How many results there are, and how many pieces of the sample failed."""
    [row] = await sql.fetch(
        """select count(*), count(distinct sample) filter (where not good)
             from inspection_result where inspection_id = $1""",
        inspection_id,
    )
    return row[0], row[1]


async def pending_of_lots(sql: Sql, lot_ids: Sequence[UUID]) -> list[tuple[UUID, str, Decimal]]:
    """Lots with goods that are not decided: lot, number of the inspection, pending."""
    rows = await sql.fetch(
        """select lot_id, number, pending from inspection
            where lot_id = any($1::uuid[]) and pending > 0 and stage <> 'shipment' order by id""",
        list(lot_ids),
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def pending_of_sources(
    sql: Sql, source_id: UUID, lots: Sequence[str] | None
) -> list[tuple[str, Decimal]]:
    """Inspections of a document that are not decided, of all its goods or of these lots."""
    rows = await sql.fetch(
        """select n.number, n.pending from inspection n left join lot l on l.id = n.lot_id
            where n.source_id = $1 and n.pending > 0
              and ($2::text[] is null or l.number = any($2)) order by n.id""",
        source_id,
        lots,
    )
    return [(row[0], row[1]) for row in rows]
