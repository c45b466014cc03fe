"""Reads of pipelines, stages, lost reasons and competitors."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from chassis.work.locking import any_of
from chassis.work.unit_of_work import Work
from crm import searched
from crm.opportunities.models import Competitor, LostReason, Pipeline, Stage
from crm.opportunities.rules.stages import PipelineStage, Stages, as_id
from crm.opportunities.schemas.pipelines import (
    CompetitorQuery,
    CompetitorView,
    LostReasonQuery,
    LostReasonView,
    PipelineQuery,
    PipelineStageView,
    PipelineView,
    StageQuery,
)
from crm.sql import Sql
from records.filters import among
from records.includes import Include
from records.reads import BY_NAME, Reads, columns_of, everybody, record_filters

__all__ = [
    "COMPETITORS",
    "LOST_REASONS",
    "PIPELINES",
    "STAGES",
    "default_pipelines",
    "holders_of_codes",
    "holders_of_stage_codes",
    "last_positions",
    "lock_stages",
    "lost_reasons_named",
    "open_deals",
    "pipelines_there_are",
    "stages_for",
]

_STAGES = f"""select {
    ", ".join(
        f"s.{one}"
        for one in (
            "id",
            "code",
            "position",
            "kind",
            "probability",
            "forecast_category",
            "required_fields",
            "exit_fields",
            "status",
            "pipeline_id",
        )
    )
},
    p.code as pipeline_code, p.status as pipeline_status, p.is_default
  from pipeline_stage s join pipeline p on p.id = s.pipeline_id
  where p.is_default or p.id = any($1::uuid[]) or p.code = any($2::text[])
    or p.id = any(array(select n.pipeline_id from pipeline_stage n where n.id = any($1::uuid[])))
  order by s.position, s.id"""
_LOCK = """select s.code, s.status as stage, p.code as pipeline, p.status as pipeline_status
  from pipeline_stage s join pipeline p on p.id = s.pipeline_id
  where s.id = any($1::uuid[]) order by p.id, s.id for share"""
_REASONS = """select id, code, status from lost_reason
  where id = any($1::uuid[]) or code = any($2::text[])"""
_OPEN_DEALS = """select {0} as id, count(*) as count from opportunity
  where {0} = any($1::uuid[]) and state = 'open' and status = 'active' group by {0}"""


def _coded(table: str) -> Any:
    def filters(_at: Reading, query: Any) -> Sequence[Filter]:
        code = Filter(f"{table}.code = {{}}", query.code)
        return [*record_filters(table, query), code]

    return filters


def _stage_filters(_at: Reading, query: StageQuery) -> Sequence[Filter]:
    return [
        *record_filters("pipeline_stage", query),
        Filter("pipeline_id = {}", query.pipeline_id),
        among("kind", query.kind),
    ]


def _competitor_filters(_at: Reading, query: CompetitorQuery) -> Sequence[Filter]:
    return record_filters("competitor", query)


PIPELINES = Reads(
    name="pipeline",
    view=PipelineView,
    columns=columns_of(PipelineView, Pipeline.__table__),
    source="pipeline",
    visible=everybody,
    query=PipelineQuery,
    filters=_coded("pipeline"),
    searched=searched.PIPELINES,
    sorts=BY_NAME,
)
STAGES = Reads(
    name="pipeline_stage",
    view=PipelineStageView,
    columns=columns_of(PipelineStageView, Stage.__table__),
    source="pipeline_stage",
    visible=everybody,
    query=StageQuery,
    filters=_stage_filters,
    searched=searched.STAGES,
    includes={"pipeline": Include(PipelineView, "pipeline_id")},
    sorts={**BY_NAME, "position": Sort("position", "smallint")},
)
LOST_REASONS = Reads(
    name="lost_reason",
    view=LostReasonView,
    columns=columns_of(LostReasonView, LostReason.__table__),
    source="lost_reason",
    visible=everybody,
    query=LostReasonQuery,
    filters=_coded("lost_reason"),
    searched=searched.LOST_REASONS,
    sorts=BY_NAME,
)
COMPETITORS = Reads(
    name="competitor",
    view=CompetitorView,
    columns=columns_of(CompetitorView, Competitor.__table__),
    source="competitor",
    visible=everybody,
    query=CompetitorQuery,
    filters=_competitor_filters,
    searched=searched.COMPETITORS,
    sorts=BY_NAME,
)


async def stages_for(sql: Sql, ids: Collection[UUID], names: Collection[str]) -> Stages:
    """The stages of the default pipeline, and of those that ids (also of stages) or codes name."""
    named = [one for one in map(as_id, names) if one is not None]
    rows = await sql.fetch(_STAGES, [*ids, *named], list(names))
    return Stages(PipelineStage(**row) for row in rows)


async def lock_stages(sql: Sql, ids: Collection[UUID]) -> Sequence[Mapping[str, Any]]:
    """Keep the stages and their pipelines as they are until the act ends; what they are."""
    return await sql.fetch(_LOCK, list(ids))


async def lost_reasons_named(sql: Sql, names: Collection[str]) -> dict[str, Mapping[str, Any]]:
    """The lost reasons by the id or code that they are named by."""
    ids = {name: one for name in names if (one := as_id(name))}
    rows = await sql.fetch(_REASONS, list(ids.values()), list(names))
    coded = {row["code"]: row for row in rows}
    by_id = {row["id"]: row for row in rows}
    found = {name: by_id.get(ids[name]) if name in ids else coded.get(name) for name in names}
    return {name: row for name, row in found.items() if row is not None}


async def open_deals(sql: Sql, column: str, ids: Collection[UUID]) -> dict[UUID, int]:
    """How many open opportunities stand in each of the stages (or pipelines), by `column`."""
    rows = await sql.fetch(_OPEN_DEALS.format(column), list(ids))
    return {row["id"]: row["count"] for row in rows}


async def holders_of_codes(sql: Sql, table: str, codes: Collection[str]) -> dict[str, UUID]:
    """Whose the codes are, by code."""
    rows = await sql.fetch(
        f"select id, code from {table} where code = any($1::text[])", list(codes)
    )
    return {row["code"]: row["id"] for row in rows}


async def holders_of_stage_codes(
    sql: Sql, pipelines: Collection[UUID], codes: Collection[str]
) -> dict[tuple[UUID, str], UUID]:
    """Whose the codes are, by pipeline and code."""
    rows = await sql.fetch(
        """select id, pipeline_id, code from pipeline_stage
          where pipeline_id = any($1::uuid[]) and code = any($2::text[])""",
        list(pipelines),
        list(codes),
    )
    return {(row["pipeline_id"], row["code"]): row["id"] for row in rows}


async def default_pipelines(work: Work) -> Sequence[Pipeline]:
    """The default pipeline, locked."""
    wanted = select(Pipeline).where(Pipeline.is_default).with_for_update(key_share=True)
    return (await work.session.execute(wanted)).scalars().all()


async def pipelines_there_are(work: Work, ids: Collection[UUID]) -> Collection[UUID]:
    """Those of the ids that are pipelines."""
    wanted = select(Pipeline.id).where(Pipeline.id == any_of(ids))
    return set((await work.session.execute(wanted)).scalars())


async def last_positions(sql: Sql, pipelines: Collection[UUID]) -> dict[UUID, int]:
    """The greatest position of a stage in each pipeline; one without stages is left out."""
    rows = await sql.fetch(
        """select pipeline_id, max(position) as last from pipeline_stage
          where pipeline_id = any($1::uuid[]) group by pipeline_id""",
        list(pipelines),
    )
    return {row["pipeline_id"]: row["last"] for row in rows}
