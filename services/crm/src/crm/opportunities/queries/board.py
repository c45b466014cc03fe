"""The board: totals of its columns, and their first cards, each by one statement."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.ranges import require_ranges
from chassis.problems.standard import InvalidInput, MissingReference
from chassis.storage.conditions import Numbered, all_of
from chassis.storage.cursors import encoded
from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from chassis.storage.searching import containing
from crm import searched
from crm.opportunities.queries.deals import OPPORTUNITIES, WEIGHTED
from crm.opportunities.schemas.deals import (
    Board,
    BoardColumn,
    BoardQuery,
    ColumnSum,
    ColumnTotals,
    OpportunityQuery,
    OpportunityView,
)
from crm.opportunities.states import StageKind
from records.tagged import tagged_with

__all__ = ["column_totals", "conditions_in_use", "read"]

_COLUMNS = """select s.id as stage_id, s.code as stage_code, s.name, s.name_zh, s.kind,
    s.probability, s.pipeline_id
  from pipeline_stage s join pipeline p on p.id = s.pipeline_id
  where case when $1::uuid is null then p.is_default else p.id = $1 end and s.status = 'active'
  order by s.position, s.id"""
_ON_IT = """(opportunity.state = 'open'
  or opportunity.stage_id = any(({0}::text[])[2:]::uuid[])
    and opportunity.closes_on >= ({0}::text[])[1]::date)"""
"""Open deals, and those that closed in the closed stages from a day on."""
_TOTALS = f"""select stage_id, currency, count(*) as count, coalesce(sum(amount), 0) as amount,
    coalesce(sum({WEIGHTED}), 0) as weighted
  from opportunity"""


async def column_totals(
    at: Reading,
    wanted: OpportunityQuery,
    stage_ids: Collection[UUID],
    more: Sequence[Filter] = (),
) -> dict[UUID, ColumnTotals]:
    """How many deals stand in each of the stages, and what they come to by currency.

    Of those that the actor may see and the filters let through; archived ones are left out unless
    the filter asks for them.
    """
    numbered = Numbered()
    chosen = [
        Filter("opportunity.stage_id = any({}::uuid[])", list(stage_ids)),
        *conditions_in_use(at, wanted),
        *more,
    ]
    where = [numbered.condition(one) for one in chosen if one.value is not None]
    sql = f"{_TOTALS}{all_of(where)} group by stage_id, currency order by stage_id, currency"
    sums: dict[UUID, list[ColumnSum]] = {one: [] for one in stage_ids}
    for row in await at.sql.fetch(sql, *numbered.values):
        sums[row["stage_id"]].append(ColumnSum.model_validate(dict(row)))
    return {
        stage_id: ColumnTotals(
            stage_id=stage_id, count=sum(one.count for one in of_stage), sums=of_stage
        )
        for stage_id, of_stage in sums.items()
    }


def conditions_in_use(at: Reading, wanted: OpportunityQuery) -> list[Filter]:
    """The conditions of the list, of deals in use where nothing else is asked for."""
    require_ranges(vars(wanted))
    tagged = [tagged_with("opportunity", "opportunity.id", wanted.tag)] if wanted.tag else []
    in_use = [] if wanted.status else [Filter("opportunity.status = {}", "active")]
    return [
        *OPPORTUNITIES.conditions(at),
        *OPPORTUNITIES.filters(at, wanted),
        *tagged,
        *in_use,
    ]


async def read(at: Reading, wanted: BoardQuery) -> Board:
    """The columns of a pipeline. Raises MissingReference (pipeline), InvalidInput (sort)."""
    stages = await at.sql.fetch(_COLUMNS, wanted.pipeline_id)
    if not stages:
        raise MissingReference(entity="pipeline", reference=wanted.pipeline_id or "default")
    ids = [one["stage_id"] for one in stages]
    since = at.today() - timedelta(days=wanted.closed_days)
    closed = [str(one["stage_id"]) for one in stages if one["kind"] != StageKind.OPEN]
    more = [
        Filter(_ON_IT, [since.isoformat(), *closed]),
        *(await containing(at.sql, wanted.q, searched.OPPORTUNITIES) if wanted.q else ()),
    ]
    totals = await column_totals(at, wanted, ids, more)
    cards = await _cards(at, wanted, ids, more)
    columns = [
        BoardColumn.model_validate(
            {**dict(one), **dict(totals[one["stage_id"]]), **cards[one["stage_id"]]}
        )
        for one in stages
    ]
    return Board(pipeline_id=stages[0]["pipeline_id"], columns=columns)


async def _cards(
    at: Reading, wanted: BoardQuery, stage_ids: Sequence[UUID], more: Sequence[Filter]
) -> dict[UUID, dict[str, Any]]:
    """The first cards of each column, and the cursor of the list that goes on from there."""
    sort = wanted.sort
    chosen = OPPORTUNITIES.sorts.get(sort.removeprefix("-"))
    if chosen is None:
        known = {"known": ", ".join(OPPORTUNITIES.sorts)}
        text = "Sort by one of: {known}."
        raise InvalidInput(errors=[FieldError("/query/sort", "unknown_sort", text, known)])
    way = "desc" if sort.startswith("-") else "asc"
    numbered = Numbered()
    column = numbered.value(list(stage_ids))
    conditions = [*conditions_in_use(at, wanted), *more]
    where = ["opportunity.stage_id = col.id"]
    where += [numbered.condition(one) for one in conditions if one.value is not None]
    page = (
        f"select {OPPORTUNITIES.columns}, ({chosen.expression})::text as page_sort"
        f" from opportunity{all_of(where)}"
        f" order by {chosen.expression} {way}, opportunity.id {way}"
        f" limit {numbered.value(wanted.cards + 1)}"
    )
    sql = f"select card.* from unnest({column}::uuid[]) as col(id) cross join lateral ({page}) card"
    found: dict[UUID, list[Mapping[str, Any]]] = {one: [] for one in stage_ids}
    for row in await at.sql.fetch(sql, *numbered.values):
        found[row["stage_id"]].append(row)
    return {stage_id: _page(rows, wanted.cards, sort) for stage_id, rows in found.items()}


def _page(rows: Sequence[Mapping[str, Any]], limit: int, sort: str) -> dict[str, Any]:
    shown = rows[:limit]
    more = len(rows) > limit
    cursor = encoded(sort, shown[-1]["page_sort"], str(shown[-1]["id"])) if more else None
    cards = [OpportunityView.model_validate(dict(one)) for one in shown]
    return {"cards": cards, "next_cursor": cursor}
