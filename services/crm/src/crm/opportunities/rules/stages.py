"""Which stage of which pipeline is meant."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.problems.standard import MissingReference
from crm.opportunities.errors import (
    NoSuchStageKind,
    PipelineArchived,
    StageArchived,
    StageOfOtherPipeline,
)
from crm.opportunities.states import StageKind

__all__ = ["PipelineStage", "Stages", "as_id"]

ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class PipelineStage:
    """A stage, and what is to be known of its pipeline."""

    id: UUID
    code: str
    position: int
    kind: str
    probability: int
    forecast_category: str
    required_fields: Sequence[str]
    exit_fields: Sequence[str]
    status: str
    pipeline_id: UUID
    pipeline_code: str
    pipeline_status: str
    is_default: bool


def as_id(name: str) -> UUID | None:
    """The id that a name is; None: it is a code."""
    try:
        return UUID(name)
    except ValueError:
        return None


class Stages:
    """The stages of some pipelines, by position."""

    def __init__(self, stages: Iterable[PipelineStage]) -> None:
        self._stages = list(stages)
        self._by_id = {one.id: one for one in self._stages}

    def __getitem__(self, stage_id: UUID) -> PipelineStage:
        return self._by_id[stage_id]

    def pipeline(self, name: str | None, present: UUID | None) -> UUID:
        """The pipeline of that id or code; without a name the present one, else the default one.

        Raises MissingReference, PipelineArchived (another one than the present).
        """
        if name is None and present is not None:
            return present
        named = as_id(name) if name else None
        found = next(
            (
                one
                for one in self._stages
                if (one.is_default if name is None else name == one.pipeline_code)
                or (named is not None and one.pipeline_id == named)
            ),
            None,
        )
        if found is None:
            raise MissingReference(entity="pipeline", reference=name or "default")
        if found.pipeline_status != ACTIVE and found.pipeline_id != present:
            raise PipelineArchived(pipeline=found.pipeline_code)
        return found.pipeline_id

    def named(self, name: str, pipeline_id: UUID) -> PipelineStage:
        """The stage of that id or code. Raises MissingReference, StageOfOtherPipeline."""
        named = as_id(name)
        if named is not None and named in self._by_id:
            found = self._by_id[named]
            if found.pipeline_id != pipeline_id:
                raise StageOfOtherPipeline(stage=found.code, pipeline=found.pipeline_code)
            return found
        for one in self._stages:
            if one.pipeline_id == pipeline_id and one.code == name:
                return one
        raise MissingReference(entity="pipeline_stage", reference=name)

    def first(self, kind: StageKind, pipeline_id: UUID) -> PipelineStage:
        """The first stage of that kind that is in use. Raises NoSuchStageKind."""
        of_pipeline = [one for one in self._stages if one.pipeline_id == pipeline_id]
        for one in of_pipeline:
            if one.kind == kind and one.status == ACTIVE:
                return one
        code = of_pipeline[0].pipeline_code if of_pipeline else str(pipeline_id)
        raise NoSuchStageKind(pipeline=code, kind=kind)


def require_enterable(stage: PipelineStage) -> None:
    """Raises StageArchived."""
    if stage.status != ACTIVE:
        raise StageArchived(stage=stage.code)
