"""Comparisons and differences as lists."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from chassis.problems.standard import NotFound
from chassis.storage.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.reading import Reading
from sync_bridge.comparisons import queries
from sync_bridge.comparisons.schemas import ComparisonView, DifferenceQuery, DifferenceView

__all__ = ["comparison_page", "comparison_view", "difference_page"]

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


async def comparison_page(at: Reading, asked: PageQuery) -> Page[ComparisonView]:
    """Comparisons, the newest first."""
    return await fetch_page(
        at.sql,
        columns=COMPARISON,
        source="comparison",
        view=_comparison,
        sorts={"begun_at": Sort("begun_at", "timestamptz")},
        default="-begun_at",
        asked=asked,
    )


async def comparison_view(at: Reading, comparison_id: UUID) -> ComparisonView:
    """One comparison. Raises NotFound."""
    row = await at.sql.fetchrow(f"select {COMPARISON} from comparison where id = $1", comparison_id)
    if row is None:
        raise NotFound(entity="comparison", id=comparison_id)
    return _comparison(row)


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


def _comparison(row: Mapping[str, Any]) -> ComparisonView:
    return ComparisonView.model_validate(dict(row))


def _difference(row: Mapping[str, Any]) -> DifferenceView:
    return DifferenceView.model_validate(dict(row))
