"""What callers ask of score rules and scores, and what they see."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from chassis.http.etag import EtagVersion, Revision
from crm.assignment.schemas import Condition, ConditionView
from crm.score_rules.states import ScoreBasis
from records.custom.fields import CustomValues, CustomView
from records.filters import Statuses
from records.links import ExternalRef
from records.tagged import Tagged
from values.decimals import Quantity
from values.external import ExternalId, SourceVersion
from values.text import Command, Name, OptionalNote, Status, unset

__all__ = [
    "AddLeadEvent",
    "ChangeScoreRule",
    "LeadEventView",
    "LeadScoreView",
    "NewScoreRule",
    "ScoreCondition",
    "ScoreConditionView",
    "ScorePart",
    "ScoreRuleQuery",
    "ScoreRuleView",
    "UpsertScoreRule",
]

FactName = Annotated[str, Field(pattern=r"^(custom\.)?[a-z][a-z0-9_]{0,62}$")]
Points = Annotated[int, Field(strict=True, ge=-1000, le=1000)]
HalfLife = Annotated[int, Field(strict=True, ge=1, le=3650)]
CountMax = Annotated[int, Field(strict=True, ge=1, le=1000)]
EventKind = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]{0,62}$")]
_BASIS = "What gives points: the lead's fields once, or each touch, activity or event of it."
_CONDITIONS = "All must be met; without any, everything meets them."
_POINTS = "Points that are given, or taken where they are below zero; not 0."
_HALF_LIFE = "After so many days half of the points is left; null: they stay."
_COUNT = "So many of the touches, activities or events count at most, the last ones; null: all."


class ScoreCondition(Condition):
    """What must be true of the lead, or of what happened."""

    fact: FactName = Field(description="Such as source, kind or custom.<key>.")


class ScoreConditionView(ConditionView):
    """What must be true of the lead, or of what happened."""


Conditions = Annotated[
    Annotated[list[ScoreCondition], Field(max_length=50)] | None,
    AfterValidator(lambda given: given or []),
]


class ScoreRuleFields(CustomValues):
    """Fields of a score rule. What is left out of a change stays as it is."""

    note: OptionalNote = Field(default_factory=unset, description="What else is to be known.")
    conditions: Conditions = Field(default_factory=unset, description=_CONDITIONS)
    half_life_days: HalfLife | None = Field(default_factory=unset, description=_HALF_LIFE)
    count_max: CountMax | None = Field(default_factory=unset, description=_COUNT)


class NewScoreRule(ScoreRuleFields):
    """Create a score rule."""

    name: Name
    based_on: ScoreBasis = Field(description=_BASIS)
    points: Points = Field(description=_POINTS)


class ChangeScoreRule(ScoreRuleFields):
    """Change a score rule (JSON merge patch)."""

    name: Name = Field(default_factory=unset)
    points: Points = Field(default_factory=unset, description=_POINTS)


class UpsertScoreRule(ScoreRuleFields):
    """A score rule as another system knows it; fields left out stay as they are here."""

    source_version: SourceVersion
    name: Name = Field(default_factory=unset, description="Needed when it is new here.")
    based_on: ScoreBasis = Field(
        default_factory=unset, description="Needed when it is new here; then fixed."
    )
    points: Points = Field(default_factory=unset, description="Needed when it is new here.")
    status: Status = Field(default_factory=unset)


class ScoreRuleView(CustomView):
    """A score rule."""

    id: UUID
    name: str
    note: str
    based_on: ScoreBasis = Field(description=_BASIS)
    conditions: list[ScoreConditionView] = Field(description=_CONDITIONS)
    points: int = Field(description=_POINTS)
    half_life_days: int | None = Field(description=_HALF_LIFE)
    count_max: int | None = Field(description=_COUNT)
    status: Status
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class ScoreRuleQuery(Tagged):
    """Which score rules are wanted."""

    status: Statuses | None = None
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)


class ScorePart(BaseModel):
    """What one rule gives."""

    rule_id: UUID
    name: str = Field(description="Of the rule.")
    points: Quantity = Field(description="What is left of its points, to two decimals.")
    count: int = Field(description="How many touches, activities or events count; 1 of fields.")
    last_at: datetime = Field(description="When the last of them happened, or the lead came.")


class LeadScoreView(BaseModel):
    """A lead's score, and what it is made of."""

    lead_id: UUID
    score: Quantity = Field(description="The sum of the points of all parts.")
    calculated_at: datetime | None = Field(
        description="Now for an open lead; a closed one keeps its last score, null: it has none."
    )
    parts: list[ScorePart] = Field(description="By rule, the most points first.")


class AddLeadEvent(Command):
    """Note something that a lead did; the same event sent again counts once."""

    event_id: ExternalId = Field(description="By which the event is told from all others.")
    kind: EventKind = Field(description="Such as page_viewed or brochure_opened.")
    at: AwareDatetime | None = Field(default=None, description="When it was; null: now.")


class LeadEventView(BaseModel):
    """Something that a lead did."""

    id: UUID
    lead_id: UUID
    event_id: str
    kind: str
    happened_at: datetime
    created_at: datetime
