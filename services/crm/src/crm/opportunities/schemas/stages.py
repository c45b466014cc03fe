"""The stages that an opportunity entered: views."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from crm.opportunities.states import ForecastCategory, StageKind
from values.money import MoneyView

__all__ = ["StageChangeView", "StageTime", "StageTimes"]


class StageChangeView(BaseModel):
    """A stage that the opportunity entered, and its figures then."""

    id: UUID
    from_stage_id: UUID | None = Field(description="Null: it began here.")
    to_stage_id: UUID
    to_stage_code: str
    entered_at: datetime
    by: str = Field(description="Who moved it: `user:…`, `key:…`, `token:…` or `system:…`.")
    amount: MoneyView | None
    probability: int
    forecast_category: ForecastCategory
    closes_on: date | None
    revision: int = Field(description="The opportunity's version then.")


class StageTime(BaseModel):
    """How long the opportunity was in a stage, all visits together."""

    stage_id: UUID
    stage_code: str
    kind: StageKind
    visits: int
    seconds: int = Field(description="Up to now, where it is there.")


class StageTimes(BaseModel):
    """How long the opportunity was in each stage."""

    items: list[StageTime] = Field(description="By the first visit.")
