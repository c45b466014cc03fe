"""Pipelines, their stages, lost reasons and competitors: commands, views and queries."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictBool

from chassis.http.etag import EtagVersion, Revision
from crm.opportunities.states import DealField, ForecastCategory, StageKind
from records.custom.fields import CustomValues, CustomView
from records.filters import AnyOf, Statuses
from records.links import ExternalRef
from records.tagged import Tagged
from values.external import SourceVersion
from values.text import Code, Line, Name, OptionalLine, OptionalNote, Status, unset

__all__ = [
    "ChangeCompetitor",
    "ChangeLostReason",
    "ChangePipeline",
    "ChangeStage",
    "CompetitorQuery",
    "CompetitorView",
    "LostReasonQuery",
    "LostReasonView",
    "NewCompetitor",
    "NewLostReason",
    "NewPipeline",
    "NewStage",
    "PipelineQuery",
    "PipelineStageView",
    "PipelineView",
    "StageQuery",
    "UpsertCompetitor",
    "UpsertLostReason",
    "UpsertPipeline",
    "UpsertStage",
]

_ZH = "The name for those who read Chinese; empty: the name."
_NEEDED = "Needed when it is new here."
Percent = Annotated[int, Field(strict=True, ge=0, le=100)]
Fields = Annotated[list[DealField], Field(max_length=len(DealField))]


class PipelineFields(CustomValues):
    """Fields of a pipeline. What is left out of a change stays as it is."""

    name_zh: OptionalLine = Field(default_factory=unset, description=_ZH)
    is_default: StrictBool = Field(
        default_factory=unset,
        description="True: opportunities that name no pipeline go this way; another one no more.",
    )


class NewPipeline(PipelineFields):
    """Create a pipeline; its stages come after it."""

    code: Code
    name: Name


class ChangePipeline(PipelineFields):
    """Change a pipeline (JSON merge patch)."""

    code: Code = Field(default_factory=unset)
    name: Name = Field(default_factory=unset)


class UpsertPipeline(PipelineFields):
    """A pipeline as another system knows it; fields left out stay as they are here."""

    source_version: SourceVersion
    code: Code = Field(default_factory=unset, description=_NEEDED)
    name: Name = Field(default_factory=unset, description=_NEEDED)
    status: Status = Field(default_factory=unset)


class RecordView(CustomView):
    """What these records show alike."""

    id: UUID
    name: str
    status: Status
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class RecordsQuery(Tagged):
    """Filters that these lists have alike."""

    status: Statuses | None = None
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)


class PipelineView(RecordView):
    """A way on which opportunities go, in stages."""

    code: str
    name_zh: str = Field(description=_ZH)
    is_default: bool = Field(description="Whether opportunities that name none go this way.")


class PipelineQuery(RecordsQuery):
    """Which pipelines are wanted."""

    code: Line | None = None


class StageFields(CustomValues):
    """Fields of a stage. What is left out of a change stays as it is."""

    name_zh: OptionalLine = Field(default_factory=unset, description=_ZH)
    position: Annotated[int, Field(strict=True, ge=0, le=9999)] = Field(
        default_factory=unset, description="Its place: stages go by rising numbers."
    )
    probability: Percent = Field(
        default_factory=unset,
        description="What opportunities that enter it get, in percent; of won 100, of lost 0.",
    )
    forecast_category: ForecastCategory = Field(
        default_factory=unset,
        description="What opportunities that enter it get; of won `closed`, of lost `omitted`.",
    )
    required_fields: Fields = Field(
        default_factory=unset, description="Fields that an opportunity needs to enter the stage."
    )
    exit_fields: Fields = Field(
        default_factory=unset,
        description="Fields that an opportunity needs to go on from the stage, but to be lost.",
    )
    stale_after_days: Annotated[int, Field(strict=True, ge=1, le=3650)] | None = Field(
        default=None,
        description="After so many days in the stage an opportunity is stale; null: never.",
    )


class NewStage(StageFields):
    """Create a stage. Pipeline and kind stay as they are from then on."""

    pipeline_id: UUID
    code: Code = Field(description="Names the stage within its pipeline.")
    name: Name
    kind: StageKind = Field(default_factory=unset, description="By default open.")


class ChangeStage(StageFields):
    """Change a stage (JSON merge patch). Opportunities that stand in it stay as they are."""

    code: Code = Field(default_factory=unset)
    name: Name = Field(default_factory=unset)


class UpsertStage(StageFields):
    """A stage as another system knows it; fields left out stay as they are here."""

    source_version: SourceVersion
    pipeline_id: UUID = Field(default_factory=unset, description=_NEEDED)
    code: Code = Field(default_factory=unset, description=_NEEDED)
    name: Name = Field(default_factory=unset, description=_NEEDED)
    kind: StageKind = Field(default_factory=unset, description="Of a new one; by default open.")
    status: Status = Field(default_factory=unset)


class PipelineStageView(RecordView):
    """A step of a pipeline."""

    pipeline_id: UUID
    code: str = Field(description="Names it within its pipeline.")
    name_zh: str = Field(description=_ZH)
    position: int = Field(description="Its place: stages go by rising numbers.")
    kind: StageKind = Field(description="What an opportunity in it is.")
    probability: int = Field(description="What opportunities that enter it get, in percent.")
    forecast_category: ForecastCategory = Field(description="What opportunities that enter it get.")
    required_fields: list[DealField] = Field(
        description="Fields that an opportunity needs to enter it."
    )
    exit_fields: list[DealField] = Field(
        description="Fields that an opportunity needs to go on from it, but to be lost."
    )
    stale_after_days: int | None = Field(
        description="After so many days in it an opportunity is stale; null: never."
    )


class StageQuery(RecordsQuery):
    """Which stages are wanted."""

    pipeline_id: UUID | None = None
    kind: Annotated[str, AnyOf(StageKind)] | None = None


class LostReasonFields(CustomValues):
    """Fields of a lost reason. What is left out of a change stays as it is."""

    name_zh: OptionalLine = Field(default_factory=unset, description=_ZH)
    note: OptionalNote = Field(default_factory=unset, description="When to choose it.")


class NewLostReason(LostReasonFields):
    """Create a reason for which opportunities are lost."""

    code: Code
    name: Name


class ChangeLostReason(LostReasonFields):
    """Change a lost reason (JSON merge patch)."""

    code: Code = Field(default_factory=unset)
    name: Name = Field(default_factory=unset)


class UpsertLostReason(LostReasonFields):
    """A lost reason as another system knows it; fields left out stay as they are here."""

    source_version: SourceVersion
    code: Code = Field(default_factory=unset, description=_NEEDED)
    name: Name = Field(default_factory=unset, description=_NEEDED)
    status: Status = Field(default_factory=unset)


class LostReasonView(RecordView):
    """Why opportunities are lost."""

    code: str
    name_zh: str = Field(description=_ZH)
    note: str = Field(description="When to choose it.")


class LostReasonQuery(RecordsQuery):
    """Which lost reasons are wanted."""

    code: Line | None = None


class CompetitorFields(CustomValues):
    """Fields of a competitor. What is left out of a change stays as it is."""

    website: OptionalLine = Field(default_factory=unset)
    note: OptionalNote = Field(default_factory=unset, description="What else is to be known.")


class NewCompetitor(CompetitorFields):
    """Create a competitor."""

    name: Name


class ChangeCompetitor(CompetitorFields):
    """Change a competitor (JSON merge patch)."""

    name: Name = Field(default_factory=unset)


class UpsertCompetitor(CompetitorFields):
    """A competitor as another system knows it; fields left out stay as they are here."""

    source_version: SourceVersion
    name: Name = Field(default_factory=unset, description=_NEEDED)
    status: Status = Field(default_factory=unset)


class CompetitorView(RecordView):
    """Who else sells what we sell."""

    website: str
    note: str = Field(description="What else is to be known.")


class CompetitorQuery(RecordsQuery):
    """Which competitors are wanted."""
