"""What callers ask of work centres, and what they see."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from chassis.http.etag import EtagVersion, Revision
from records.custom.fields import CustomValues, CustomView
from records.filters import Statuses
from records.links import ExternalRef
from records.tagged import Tagged
from values.decimals import NonNegativeDecimal, PositiveDecimal
from values.external import SourceVersion
from values.text import Code, Name, OptionalNote, Status, unset

__all__ = [
    "ChangeWorkCentre",
    "NewWorkCentre",
    "UpsertWorkCentre",
    "Words",
    "WorkCentreQuery",
    "WorkCentreView",
]


def _once(words: list[str] | None) -> list[str]:
    return sorted(set(words or []))


Words = Annotated[
    Annotated[list[Name], Field(max_length=50)] | None,
    AfterValidator(_once),
]
Capacity = Annotated[int, Field(strict=True, ge=1, le=10_000)]
Efficiency = Annotated[PositiveDecimal, Field(le=1000)]
_CALENDAR = "Id of the calendar by which it works; null: none yet."
_CAPACITY = "So many orders are worked on at once, such as machines that stand side by side."
_COST = "What an hour of its work costs, in the company's currency."
_OVERHEAD = "What overhead an hour of its work bears, in the company's currency."
_EFFICIENCY = "Percent: at 80, an hour of a routing takes 75 minutes."
_SKILLS = "What its people can do, such as welding."
_TOOLS = "What it has at hand, such as a jig."


class WorkCentreFields(CustomValues):
    """Fields of a work centre. What is left out of a change stays as it is."""

    calendar_id: UUID | None = Field(default=None, description=_CALENDAR)
    capacity: Capacity = Field(default_factory=unset, description=f"{_CAPACITY} By default 1.")
    cost_per_hour: NonNegativeDecimal = Field(default_factory=unset, description=_COST)
    overhead_per_hour: NonNegativeDecimal = Field(default_factory=unset, description=_OVERHEAD)
    efficiency: Efficiency = Field(
        default_factory=unset, description=f"{_EFFICIENCY} By default 100."
    )
    skills: Words = Field(default_factory=unset, description=_SKILLS)
    tools: Words = Field(default_factory=unset, description=_TOOLS)
    note: OptionalNote = Field(default_factory=unset, description="What else is to be known.")


class NewWorkCentre(WorkCentreFields):
    """Add a work centre."""

    code: Code
    name: Name


class ChangeWorkCentre(WorkCentreFields):
    """Change a work centre (JSON merge patch)."""

    name: Name = Field(default_factory=unset)


class UpsertWorkCentre(WorkCentreFields):
    """A work centre as another system knows it; fields left out stay as they are here."""

    source_version: SourceVersion
    code: Code = Field(default_factory=unset, description="Needed when it is new here.")
    name: Name = Field(default_factory=unset, description="Needed when it is new here.")
    status: Status = Field(default_factory=unset)


class WorkCentreView(CustomView):
    """A work centre."""

    id: UUID
    code: str
    name: str
    calendar_id: UUID | None = Field(description=_CALENDAR)
    capacity: int = Field(description=_CAPACITY)
    cost_per_hour: NonNegativeDecimal = Field(description=_COST)
    overhead_per_hour: NonNegativeDecimal = Field(description=_OVERHEAD)
    efficiency: PositiveDecimal = Field(description=_EFFICIENCY)
    skills: list[str] = Field(description=_SKILLS)
    tools: list[str] = Field(description=_TOOLS)
    note: str
    status: Status
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class WorkCentreQuery(Tagged):
    """Which work centres are wanted."""

    status: Statuses | None = None
    calendar_id: UUID | None = None
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)
