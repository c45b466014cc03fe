"""Reads of inspection plans."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from erp import searched
from erp.catalog.schemas import ItemView
from erp.inspections.models.plans import InspectionPlan
from erp.inspections.schemas.plans import InspectionPlanQuery, InspectionPlanView
from erp.parties.schemas import CustomerView, SupplierView
from erp.sql import Sql
from records.filters import among
from records.includes import Include
from records.reads import Reads, columns_of, everybody, record_filters, sorts_of

__all__ = ["PLANS", "InTheWay", "Named", "ids_of_names", "plans_in_the_way"]

_COUNTS = "daterange(inspection_plan.effective_from, inspection_plan.effective_to, '[]')"


def _filters(_at: Reading, query: InspectionPlanQuery) -> list[Filter]:
    """The conditions that the query puts on plans."""
    return [
        Filter("inspection_plan.item_id = {}", query.item_id),
        Filter("inspection_plan.item_id = (select id from item where sku = {})", query.sku),
        Filter("inspection_plan.code = {}", query.code),
        among("inspection_plan.stage", query.stage),
        *record_filters("inspection_plan", query),
        Filter(f"{_COUNTS} @> {{}}::date", query.effective_on),
        Filter("inspection_plan.label = {}", query.label),
    ]


PLANS = Reads(
    name="inspection_plan",
    view=InspectionPlanView,
    columns=columns_of(
        InspectionPlanView,
        InspectionPlan.__table__,
        sku="i.sku",
        category="g.code",
        supplier_number="s.number",
        work_centre="w.code",
        customer_number="c.number",
    ),
    source="""inspection_plan left join item i on i.id = inspection_plan.item_id
      left join item_category g on g.id = inspection_plan.category_id
      left join supplier s on s.id = inspection_plan.supplier_id
      left join work_centre w on w.id = inspection_plan.work_centre_id
      left join customer c on c.id = inspection_plan.customer_id""",
    key="inspection_plan.id",
    visible=everybody,
    query=InspectionPlanQuery,
    filters=_filters,
    searched=searched.INSPECTION_PLANS,
    title="inspection_plan.code || ' ' || inspection_plan.label",
    subtitle="coalesce(i.name, '')",
    sorts=sorts_of("inspection_plan", named=False) | {"code": Sort("inspection_plan.code", "text")},
    includes={
        "item": Include(ItemView, "item_id"),
        "supplier": Include(SupplierView, "supplier_id"),
        "customer": Include(CustomerView, "customer_id"),
    },
)


class Named(NamedTuple):
    """What plans name by SKU, code and number: the ids."""

    items: Mapping[str, UUID]
    categories: Mapping[str, UUID]
    suppliers: Mapping[str, UUID]
    work_centres: Mapping[str, UUID]
    customers: Mapping[str, UUID]


_NAMES = """select 0 as kind, sku as word, id from item where sku = any($1::text[])
  union all select 1, code, id from item_category where code = any($2::text[])
  union all select 2, number, id from supplier where number = any($3::text[])
  union all select 3, code, id from work_centre where code = any($4::text[])
  union all select 4, number, id from customer where number = any($5::text[])"""


async def ids_of_names(sql: Sql, words: Sequence[Collection[str]]) -> Named:
    """Items, categories, suppliers, work centres and customers by the words of each kind."""
    found: tuple[dict[str, UUID], ...] = ({}, {}, {}, {}, {})
    for row in await sql.fetch(_NAMES, *(list(one) for one in words)):
        found[row["kind"]][row["word"]] = row["id"]
    return Named(*found)


@dataclass(frozen=True, slots=True)
class InTheWay:
    """Another plan: of the same code and label, or active for the same goods on one of the days."""

    plan_id: UUID
    existing_id: UUID
    code: str
    label: str
    overlaps: bool


_IN_THE_WAY = """with wanted as (
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[],
      $7::date[]) as n(id, code, label, scope_key, status, effective_from, effective_to)),
  others as (
    select * from wanted
    union all
    select p.id, p.code, p.label, p.scope_key, p.status, p.effective_from, p.effective_to
      from inspection_plan p
     where (p.code = any($2::text[]) or p.scope_key = any($4::text[])) and p.id <> all($1::uuid[]))
  select w.id, o.id as existing_id, o.code, o.label,
      (o.code, o.label) is distinct from (w.code, w.label) as is_overlap
    from wanted w join others o on o.id <> w.id and ((o.code, o.label) = (w.code, w.label)
        or o.scope_key = w.scope_key and o.status = 'active' and w.status = 'active'
          and daterange(o.effective_from, o.effective_to, '[]')
            && daterange(w.effective_from, w.effective_to, '[]'))
   order by is_overlap, w.id desc, o.id"""


async def plans_in_the_way(sql: Sql, plans: Sequence[InspectionPlan]) -> list[InTheWay]:
    """Other plans that a label, or a day of an active one, is taken by.

    The plans themselves count as they are to be.
    """
    rows = await sql.fetch(
        _IN_THE_WAY,
        [one.id for one in plans],
        [one.code for one in plans],
        [one.label for one in plans],
        [one.key_of_scope for one in plans],
        [one.status for one in plans],
        [one.effective_from for one in plans],
        [one.effective_to for one in plans],
    )
    return [InTheWay(*row.values()) for row in rows]
