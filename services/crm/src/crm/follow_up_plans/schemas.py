"""What callers ask of follow-up plans and their runs, and what they see."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, StrictBool

from chassis.http.etag import EtagVersion, Revision
from crm.follow_up_plans.states import RunState, StepKind, StopReason
from records.custom.fields import CustomValues, CustomView
from records.filters import AnyOf, Statuses
from records.links import ExternalRef
from records.tagged import Tagged
from values.external import SourceVersion
from values.text import Code, Command, Name, OptionalNote, Status, unset

__all__ = [
    "ChangeFollowUpPlan",
    "FollowUpPlanQuery",
    "FollowUpPlanView",
    "FollowUpRunQuery",
    "FollowUpRunView",
    "FollowUpStep",
    "FollowUpStepView",
    "MadeStep",
    "NewFollowUpPlan",
    "StartFollowUp",
    "UpsertFollowUpPlan",
]

RecordType = Literal["contact", "lead", "opportunity"]
_STEPS = "What is to be done, in turn."
_REPLY = "Whether a run stops when the customer calls or writes; true by default."
_STAGES = "A run stops in these: codes of stages of deals, statuses of leads."


class FollowUpStep(Command):
    """A task or a call, so many days after the step before it, or after the begin."""

    delay_days: Annotated[int, Field(strict=True, ge=0, le=365)] = Field(
        description="So many days after the step before; 0: on the same day."
    )
    working_days: StrictBool = Field(
        default=False,
        description="Whether only working days count: of the owner's calendar, else Monday to "
        "Friday.",
    )
    kind: StepKind = Field(default=StepKind.TASK, description="What it makes.")
    name: Name = Field(description="What the task or call is about.")
    text: OptionalNote = Field(default="", description="What else there is to say of it.")


class FollowUpStepView(BaseModel):
    """A step of a plan."""

    delay_days: int
    working_days: bool
    kind: StepKind
    name: str
    text: str


def _listed(given: list[str] | None) -> list[str]:
    return list(dict.fromkeys(given or []))


Steps = Annotated[list[FollowUpStep], Field(min_length=1, max_length=30)]
StageCodes = Annotated[Annotated[list[Code], Field(max_length=50)] | None, AfterValidator(_listed)]


class FollowUpPlanFields(CustomValues):
    """Fields of a follow-up plan. What is left out of a change stays as it is."""

    note: OptionalNote = Field(default_factory=unset, description="What else is to be known.")
    stop_on_reply: StrictBool = Field(default_factory=unset, description=_REPLY)
    stop_stages: StageCodes = Field(default_factory=unset, description=_STAGES)


class NewFollowUpPlan(FollowUpPlanFields):
    """Create a follow-up plan."""

    name: Name
    steps: Steps = Field(description=_STEPS)


class ChangeFollowUpPlan(FollowUpPlanFields):
    """Change a follow-up plan (JSON merge patch); runs go on as they began."""

    name: Name = Field(default_factory=unset)
    steps: Steps = Field(default_factory=unset, description=_STEPS)


class UpsertFollowUpPlan(FollowUpPlanFields):
    """A follow-up plan as another system knows it; fields left out stay as they are here."""

    source_version: SourceVersion
    name: Name = Field(default_factory=unset, description="Needed when it is new here.")
    steps: Steps = Field(default_factory=unset, description="Needed when it is new here.")
    status: Status = Field(default_factory=unset)


class FollowUpPlanView(CustomView):
    """A follow-up plan."""

    id: UUID
    name: str
    note: str
    steps: list[FollowUpStepView] = Field(description=_STEPS)
    stop_on_reply: bool = Field(description=_REPLY)
    stop_stages: list[str] = Field(description=_STAGES)
    status: Status
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class FollowUpPlanQuery(Tagged):
    """Which follow-up plans are wanted."""

    status: Statuses | None = None
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)


class StartFollowUp(Command):
    """Follow a record up by a plan."""

    plan_id: UUID = Field(description="The plan.")
    record_type: RecordType = Field(description="A lead, a contact or a deal (opportunity).")
    record_id: UUID = Field(description="The record.")


class MadeStep(BaseModel):
    """What a step of a run made."""

    step: int = Field(description="Number of the step, from 0.")
    activity_id: UUID
    made_at: datetime


class FollowUpRunView(BaseModel):
    """A plan on a record."""

    id: UUID
    plan_id: UUID
    record_type: RecordType
    record_id: UUID
    state: RunState
    stop_reason: StopReason | None = Field(description="Why it was stopped.")
    steps: list[FollowUpStepView] = Field(description="Those of the plan when the run began.")
    made: list[MadeStep] = Field(description="What was made so far, in turn.")
    next_on: date | None = Field(description="The day of the next step; null: it has ended.")
    started_by: str
    ended_at: datetime | None
    created_at: datetime = Field(description="When it began.")
    updated_at: datetime


class FollowUpRunQuery(BaseModel):
    """Which runs are wanted."""

    plan_id: UUID | None = None
    record_type: RecordType | None = Field(
        default=None, description="Only runs on records of this type."
    )
    record_id: UUID | None = Field(default=None, description="Only runs on this record.")
    state: Annotated[str, AnyOf(RunState)] | None = None
