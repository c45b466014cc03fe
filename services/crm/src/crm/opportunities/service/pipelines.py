"""Pipelines, stages, lost reasons and competitors: what is particular about writing them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from crm.opportunities.errors import CodeTaken, DefaultPipeline, PipelineInUse, StageInUse
from crm.opportunities.models import Competitor, LostReason, Pipeline, Stage
from crm.opportunities.queries import pipelines as queries
from crm.opportunities.schemas.pipelines import (
    CompetitorView,
    LostReasonView,
    PipelineStageView,
    PipelineView,
)
from crm.opportunities.states import ForecastCategory, StageKind
from records.entities import ARCHIVED, Values
from records.history import keep_change
from records.types import Change, RecordType

__all__ = ["COMPETITOR", "LOST_REASON", "PIPELINE", "STAGE"]

_STEP = 10
_OF_KIND = {
    StageKind.OPEN: {"probability": 0, "forecast_category": ForecastCategory.PIPELINE},
    StageKind.WON: {"probability": 100, "forecast_category": ForecastCategory.CLOSED},
    StageKind.LOST: {"probability": 0, "forecast_category": ForecastCategory.OMITTED},
}


async def _choose_default(
    work: Work, changes: Sequence[Change[Pipeline]], _sender: str | None
) -> Sequence[Values]:
    """Of the pipelines that are to be the default one the last is; the former one steps back.

    Raises DefaultPipeline where the default one is to be none, or is archived.
    """
    values = [dict(one.values) for one in changes]
    for one, given in zip(changes, values, strict=True):
        ends = given.get("is_default") is False or given.get("status") == ARCHIVED
        if one.record.is_default and ends:
            raise DefaultPipeline(pipeline=one.record.code)
    chosen = [one.record.id for one in changes if one.values.get("is_default")]
    if not chosen:
        return values
    for one, given in zip(changes, values, strict=True):
        if given.get("is_default") and one.record.id != chosen[-1]:
            given["is_default"] = False
    await advisory_lock(work, "default_pipeline")
    for former in await queries.default_pipelines(work):
        if former.id != chosen[-1]:
            before = former.change({"is_default": False}, work.now)
            keep_change(work, PIPELINE.name, former, before)
    await work.flush()
    return values


async def _check_pipelines(
    work: Work, changes: Sequence[Change[Pipeline]], _sender: str | None
) -> None:
    """Raises CodeTaken, DefaultPipeline, PipelineInUse."""
    await _claim_codes(work, "pipeline", changes)
    archived = {one.record.id: one.record for one in changes if _is_archived_now(one)}
    for record in archived.values():
        if record.is_default:
            raise DefaultPipeline(pipeline=record.code)
    for pipeline_id, count in (await _open_deals(work, "pipeline_id", archived)).items():
        raise PipelineInUse(pipeline=archived[pipeline_id].code, count=count)


def _is_archived_now(change: Change[Any]) -> bool:
    return change.record.status == ARCHIVED and "status" in change.before


async def _open_deals(work: Work, column: str, archived: dict[UUID, Any]) -> dict[UUID, int]:
    if not archived:
        return {}
    await work.flush()  # who enters one of them waits for us, and is refused then
    return await queries.open_deals(work.sql, column, archived)


async def _claim_codes(work: Work, table: str, changes: Sequence[Change[Any]]) -> None:
    """See to it that each code is of one record. Raises CodeTaken."""
    named = [one.record for one in changes if one.touches("code")]
    if not named:
        return
    await advisory_lock(work, *sorted({f"{table}_code:{one.code}" for one in named}))
    taken = await queries.holders_of_codes(work.sql, table, [one.code for one in named])
    for one in named:
        existing_id = taken.setdefault(one.code, one.id)
        if existing_id != one.id:
            raise CodeTaken(record_code=one.code, existing_id=existing_id)


async def _ready_stages(
    work: Work, changes: Sequence[Change[Stage]], _sender: str | None
) -> Sequence[Values]:
    """The values of new stages with what is usual of their kind, and their place.

    Raises MissingReference (pipeline), InvalidInput (a known one of another pipeline or kind).
    """
    for one in changes:
        if not one.is_new:
            _require_fixed(one)
    new = [
        one.values["pipeline_id"] for one in changes if one.is_new and "pipeline_id" in one.values
    ]
    known = await queries.pipelines_there_are(work, new) if new else set()
    for pipeline_id in new:
        if pipeline_id not in known:
            raise MissingReference(entity="pipeline", reference=pipeline_id)
    last = await queries.last_positions(work.sql, new) if new else {}
    return [_with_usual(one.values, last) if one.is_new else one.values for one in changes]


def _with_usual(values: Values, last: dict[UUID, int]) -> Values:
    kind = StageKind(values.get("kind") or StageKind.OPEN)
    position = last.get(values["pipeline_id"], 0) + _STEP
    return {"kind": kind, "position": position, **_OF_KIND[kind], **values}


def _require_fixed(change: Change[Stage]) -> None:
    for name in ("pipeline_id", "kind"):
        if change.values.get(name) not in {None, getattr(change.record, name)}:
            message = "A stage keeps its pipeline and its kind. Make another stage."
            raise InvalidInput(errors=[FieldError(f"/{name}", "stage_fixed", message)])


async def _check_stages(work: Work, changes: Sequence[Change[Stage]], _sender: str | None) -> None:
    """Raises InvalidInput (what the kind decides), CodeTaken, StageInUse."""
    for one in changes:
        _require_fitting(one.record)
    named = [one.record for one in changes if one.touches("code")]
    if named:
        names = {f"stage_code:{one.pipeline_id}:{one.code}" for one in named}
        await advisory_lock(work, *sorted(names))
        taken = await queries.holders_of_stage_codes(
            work.sql, [one.pipeline_id for one in named], [one.code for one in named]
        )
        for record in named:
            existing_id = taken.setdefault((record.pipeline_id, record.code), record.id)
            if existing_id != record.id:
                raise CodeTaken(record_code=record.code, existing_id=existing_id)
    archived = {one.record.id: one.record for one in changes if _is_archived_now(one)}
    for stage_id, count in (await _open_deals(work, "stage_id", archived)).items():
        raise StageInUse(stage=archived[stage_id].code, count=count)


def _require_fitting(stage: Stage) -> None:
    usual = _OF_KIND[StageKind(stage.kind)]
    message = "The kind of the stage decides this: won is 100 and closed, lost 0 and omitted."
    if stage.kind == StageKind.OPEN:
        if stage.forecast_category == ForecastCategory.CLOSED:
            raise InvalidInput(
                errors=[FieldError("/forecast_category", "decided_by_kind", message)]
            )
        return
    for name, value in usual.items():
        if getattr(stage, name) != value:
            raise InvalidInput(errors=[FieldError(f"/{name}", "decided_by_kind", message)])


async def _check_reasons(
    work: Work, changes: Sequence[Change[LostReason]], _sender: str | None
) -> None:
    """Raises CodeTaken."""
    await _claim_codes(work, "lost_reason", changes)


PIPELINE: RecordType[Pipeline, PipelineView] = RecordType(
    name="pipeline",
    entity=Pipeline,
    reads=queries.PIPELINES,
    required=("code", "name"),
    look_up=_choose_default,
    check=_check_pipelines,
    last_has=frozenset({"uq_pipeline_is_default"}),
)
STAGE: RecordType[Stage, PipelineStageView] = RecordType(
    name="pipeline_stage",
    entity=Stage,
    reads=queries.STAGES,
    required=("pipeline_id", "code", "name"),
    look_up=_ready_stages,
    check=_check_stages,
)
LOST_REASON: RecordType[LostReason, LostReasonView] = RecordType(
    name="lost_reason",
    entity=LostReason,
    reads=queries.LOST_REASONS,
    required=("code", "name"),
    check=_check_reasons,
)
COMPETITOR: RecordType[Competitor, CompetitorView] = RecordType(
    name="competitor", entity=Competitor, reads=queries.COMPETITORS
)
