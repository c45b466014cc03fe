"""What callers ask of absences, and what they see."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from chassis.http.etag import EtagVersion, Revision
from records.custom.fields import CustomValues, CustomView
from records.filters import Statuses
from records.links import ExternalRef
from records.tagged import Tagged
from values.days import Instant
from values.external import SourceVersion
from values.text import Name, OptionalNote, Status, unset

__all__ = [
    "AbsenceQuery",
    "AbsenceView",
    "ChangeAbsence",
    "NewAbsence",
    "UpsertAbsence",
]


class AbsenceFields(CustomValues):
    """Fields of an absence. What is left out of a change stays as it is."""

    note: OptionalNote = Field(default_factory=unset, description="What else is to be known.")


class NewAbsence(AbsenceFields):
    """Create an absence."""

    name: Name = Field(description="Why, such as annual leave.")
    user_id: UUID = Field(description="Who is away.")
    starts_at: Instant = Field(description="From when.")
    ends_at: Instant = Field(description="Until when.")


class ChangeAbsence(AbsenceFields):
    """Change an absence (JSON merge patch)."""

    name: Name = Field(default_factory=unset, description="Why, such as annual leave.")
    starts_at: Instant = Field(default_factory=unset, description="From when.")
    ends_at: Instant = Field(default_factory=unset, description="Until when.")


class UpsertAbsence(AbsenceFields):
    """An absence as another system knows it; fields left out stay as they are here."""

    source_version: SourceVersion
    name: Name = Field(default_factory=unset, description="Needed when it is new here.")
    user_id: UUID = Field(default_factory=unset, description="Needed when it is new; then fixed.")
    starts_at: Instant = Field(default_factory=unset, description="Needed when it is new here.")
    ends_at: Instant = Field(default_factory=unset, description="Needed when it is new here.")
    status: Status = Field(default_factory=unset)


class AbsenceView(CustomView):
    """An absence."""

    id: UUID
    name: str
    note: str
    user_id: UUID = Field(description="Who is away.")
    starts_at: datetime = Field(description="From when.")
    ends_at: datetime = Field(description="Until when.")
    status: Status
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class AbsenceQuery(Tagged):
    """Which absences are wanted."""

    status: Statuses | None = None
    user_id: UUID | None = Field(default=None, description="Of that user.")
    at: datetime | None = Field(default=None, description="Those who are away then.")
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)
