"""Comparisons and differences as lists."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from chassis.problems.standard import NotFound
from chassis.storage.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.reading import Reading
from records.filters import among, on_days
from records.reads import Reads, everybody
from sync_bridge.comparisons import queries
from sync_bridge.comparisons.schemas import (
    ComparisonQuery,
    ComparisonView,
    DifferenceQuery,
    DifferenceView,
)

__all__ = ["COMPARISONS", "difference_page"]

COMPARISON = """comparison.*,
  coalesce((select jsonb_agg(jsonb_build_object('half', r.half, 'name', r.name, 'read', r.read,
      'finished', r.finished) order by r.place)
    from comparison_reading r where r.comparison_id = comparison.id), '[]') as sources,
  coalesce((select jsonb_agg(jsonb_build_object('entity', d.entity, 'kind', d.kind,
      'reason', d.reason, 'state', d.state, 'outcome', d.outcome, 'count', d.count)
      order by d.entity, d.kind, d.reason, d.state, d.outcome)
    from (select entity, kind, reason, state, outcome, count(*) as count from difference
      where comparison_id = comparison.id
      group by entity, kind, reason, state, outcome) d), '[]') as differences"""


def _filters(at: Reading, wanted: ComparisonQuery) -> list[Filter]:
    return [
        among("state", wanted.state),
        *on_days(at, "begun_at", wanted.begun_from, wanted.begun_to),
    ]


COMPARISONS = Reads(
    name="comparison",
    view=ComparisonView,
    columns=COMPARISON,
    source="comparison",
    visible=everybody,
    query=ComparisonQuery,
    filters=_filters,
    sorts={"begun_at": Sort("begun_at", "timestamptz")},
    default_sort="-begun_at",
)


async def difference_page(
    at: Reading, comparison_id: UUID, wanted: DifferenceQuery, asked: PageQuery
) -> Page[DifferenceView]:
    """The differences that a comparison found, by entity. Raises NotFound."""
    if await queries.state_of(at.sql, comparison_id) is None:
        raise NotFound(entity="comparison", id=comparison_id)
    return await fetch_page(
        at.sql,
        columns="difference.*",
        source="difference",
        view=_difference,
        sorts={"entity": Sort("entity", "text")},
        default="entity",
        asked=asked,
        where=[
            Filter("comparison_id = {}", comparison_id),
            Filter("entity = {}", wanted.entity),
            Filter("kind = {}", wanted.kind),
            Filter("reason = {}", wanted.reason),
            Filter("state = {}", wanted.state),
        ],
    )


def _difference(row: Mapping[str, Any]) -> DifferenceView:
    return DifferenceView.model_validate(dict(row))
