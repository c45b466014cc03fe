"""Changeovers, shared resources and scheduling profiles: commands, views and queries."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from chassis.http.etag import EtagVersion, Revision
from erp.scheduling.states import SharedKind
from records.custom.fields import CustomValues, CustomView
from records.filters import AnyOf, Statuses
from records.links import ExternalRef
from records.tagged import Tagged
from values.external import SourceVersion
from values.text import Code, Line, Name, OptionalNote, Status, unset

__all__ = [
    "ChangeChangeover",
    "ChangeSchedulingProfile",
    "ChangeSharedResource",
    "ChangeoverQuery",
    "ChangeoverView",
    "NewChangeover",
    "NewSchedulingProfile",
    "NewSharedResource",
    "SchedulingProfileQuery",
    "SchedulingProfileView",
    "SharedResourceQuery",
    "SharedResourceView",
    "UpsertChangeover",
    "UpsertSchedulingProfile",
    "UpsertSharedResource",
]

Minutes = Annotated[int, Field(strict=True, ge=0, le=100_000)]
Capacity = Annotated[int, Field(strict=True, ge=1, le=10_000)]
Weight = Annotated[int, Field(strict=True, ge=0, le=10_000)]
_CENTRE = "Code of the work centre; null: all that have no row of their own for these families."
_FROM, _TO = "Set-up family that was made before.", "Set-up family that is made next."
_MINUTES = "Minutes of working time to set up from one to the other."
_NAME = "The skill or tool, as operations of routings name it."
_SIDE = "So many operations take one of it at once."
_CALENDAR = "Id of the calendar in whose hours there is some; null: at all hours."
_HORIZON = "So many days from now are scheduled; what does not fit in is in conflict."
_FROZEN = "What is published to begin within so many hours from now is not moved."
_LATENESS = "What a minute after an order's due time weighs; more by its priority, or for rush."
_SETUP = "What a minute of changeover weighs."
_MAKESPAN = "What a minute until the end of the last operation weighs."
_STABILITY = "What it weighs that a published operation moves, in minutes of changeover."
_SECONDS = "Seconds of work after which the solver stops, counted alike on every machine."


class ChangeoverFields(CustomValues):
    """Fields of a changeover. What is left out of a change stays as it is."""

    note: OptionalNote = Field(default_factory=unset, description="What else is to be known.")


class NewChangeover(ChangeoverFields):
    """Say how long it takes to set up from one set-up family to another."""

    work_centre: Code | None = Field(default=None, description=_CENTRE)
    from_family: Name = Field(description=_FROM)
    to_family: Name = Field(description=_TO)
    minutes: Minutes = Field(description=_MINUTES)


class ChangeChangeover(ChangeoverFields):
    """Change a changeover (JSON merge patch)."""

    minutes: Minutes = Field(default_factory=unset, description=_MINUTES)


class UpsertChangeover(ChangeoverFields):
    """A changeover as another system knows it; what is left out stays as it is here."""

    source_version: SourceVersion
    work_centre: Code | None = Field(default_factory=unset, description=_CENTRE)
    from_family: Name = Field(default_factory=unset, description="Needed when it is new here.")
    to_family: Name = Field(default_factory=unset, description="Needed when it is new here.")
    minutes: Minutes = Field(default_factory=unset, description="Needed when it is new here.")
    status: Status = Field(default_factory=unset)


class ChangeoverView(CustomView):
    """How long it takes to set up from one set-up family to another."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: UUID
    work_centre: str | None = Field(description=_CENTRE)
    from_family: str = Field(description=_FROM)
    to_family: str = Field(description=_TO)
    minutes: int = Field(description=_MINUTES)
    note: str
    status: Status
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class ChangeoverQuery(Tagged):
    """Which changeovers are wanted."""

    status: Statuses | None = None
    work_centre: Code | None = Field(
        default=None, description="Only changeovers of the work centre of this code."
    )
    from_family: Line | None = Field(default=None, description="Only from this set-up family.")
    to_family: Line | None = Field(default=None, description="Only to this set-up family.")


class SharedResourceFields(CustomValues):
    """Fields of a shared resource. What is left out of a change stays as it is."""

    calendar_id: UUID | None = Field(default_factory=unset, description=_CALENDAR)
    note: OptionalNote = Field(default_factory=unset, description="What else is to be known.")


class NewSharedResource(SharedResourceFields):
    """Say of how many people with a skill, or tools of a kind, operations share."""

    kind: SharedKind = Field(description="skill or tool.")
    name: Name = Field(description=_NAME)
    capacity: Capacity = Field(description=_SIDE)


class ChangeSharedResource(SharedResourceFields):
    """Change a shared resource (JSON merge patch)."""

    capacity: Capacity = Field(default_factory=unset, description=_SIDE)


class UpsertSharedResource(SharedResourceFields):
    """A shared resource as another system knows it; what is left out stays as it is here."""

    source_version: SourceVersion
    kind: SharedKind = Field(default_factory=unset, description="Needed when it is new here.")
    name: Name = Field(default_factory=unset, description="Needed when it is new here.")
    capacity: Capacity = Field(default_factory=unset, description="Needed when it is new here.")
    status: Status = Field(default_factory=unset)


class SharedResourceView(CustomView):
    """People with a skill, or tools of a kind, that operations share."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: UUID
    kind: SharedKind = Field(description="skill or tool.")
    name: str = Field(description=_NAME)
    capacity: int = Field(description=_SIDE)
    calendar_id: UUID | None = Field(description=_CALENDAR)
    note: str
    status: Status
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class SharedResourceQuery(Tagged):
    """Which shared resources are wanted."""

    status: Statuses | None = None
    kind: Annotated[str, AnyOf(SharedKind)] | None = Field(
        default=None, description="Only skills, or only tools."
    )
    calendar_id: UUID | None = None


class SchedulingProfileFields(CustomValues):
    """Fields of a scheduling profile. What is left out of a change stays as it is."""

    horizon_days: Annotated[int, Field(strict=True, ge=1, le=730)] = Field(
        default_factory=unset, description=f"{_HORIZON} By default 90."
    )
    frozen_hours: Annotated[int, Field(strict=True, ge=0, le=8760)] = Field(
        default_factory=unset, description=f"{_FROZEN} By default 0."
    )
    lateness_weight: Weight = Field(
        default_factory=unset, description=f"{_LATENESS} By default 10."
    )
    setup_weight: Weight = Field(default_factory=unset, description=f"{_SETUP} By default 1.")
    makespan_weight: Weight = Field(default_factory=unset, description=f"{_MAKESPAN} By default 1.")
    stability_weight: Weight = Field(
        default_factory=unset, description=f"{_STABILITY} By default 240."
    )
    solver_seconds: Annotated[int, Field(strict=True, ge=1, le=600)] = Field(
        default_factory=unset, description=f"{_SECONDS} By default 30."
    )
    note: OptionalNote = Field(default_factory=unset, description="What else is to be known.")


class NewSchedulingProfile(SchedulingProfileFields):
    """Say how schedules are made."""

    code: Code = Field(description="The profile `default` counts where a try names none.")


class ChangeSchedulingProfile(SchedulingProfileFields):
    """Change how schedules are made (JSON merge patch)."""


class UpsertSchedulingProfile(SchedulingProfileFields):
    """A scheduling profile as another system knows it; what is left out stays as it is here."""

    source_version: SourceVersion
    code: Code = Field(default_factory=unset, description="Needed when it is new here.")
    status: Status = Field(default_factory=unset)


class SchedulingProfileView(CustomView):
    """How schedules are made."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: UUID
    code: str
    horizon_days: int = Field(description=_HORIZON)
    frozen_hours: int = Field(description=_FROZEN)
    lateness_weight: int = Field(description=_LATENESS)
    setup_weight: int = Field(description=_SETUP)
    makespan_weight: int = Field(description=_MAKESPAN)
    stability_weight: int = Field(description=_STABILITY)
    solver_seconds: int = Field(description=_SECONDS)
    note: str
    status: Status
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class SchedulingProfileQuery(Tagged):
    """Which scheduling profiles are wanted."""

    status: Statuses | None = None
