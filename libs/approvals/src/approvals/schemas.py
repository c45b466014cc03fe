"""Commands and views of approvals: questions, their steps, decisions."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from approvals.states import (
    ApprovalState,
    ApproverKind,
    ApproverSource,
    LogEntryKind,
    StepState,
    Verdict,
)
from chassis.http.etag import EtagVersion, Revision
from records.filters import AnyOf
from values.text import Command, Note

__all__ = ["ApprovalProgress", "ApprovalQuery", "ApprovalView", "Decide"]


class Decide(Command):
    """Approve or refuse, and say why."""

    note: Note = Field(
        default="", description="Why it is approved or refused; whoever asked reads it."
    )


class ApprovalQuery(BaseModel):
    """Which approvals are wanted."""

    state: Annotated[str, AnyOf(ApprovalState)] | None = None
    subject_id: UUID | None = Field(
        default=None, description="Only what concerns the record with this id."
    )
    mine: bool | None = Field(default=None, description="Only those that the caller asked for.")
    waiting_for_me: bool | None = Field(
        default=None,
        description="Only those that the caller may decide now, also as somebody's delegate.",
    )


class ApprovalView(BaseModel):
    """A question to people who may decide, and the answer."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: UUID
    version: EtagVersion
    revision: Revision
    kind: str = Field(description="What somebody is asked to approve, such as `credit`.")
    subject_type: str = Field(description="Kind of that record, such as `sales_order`.")
    subject_id: UUID = Field(description="Id of the record that the decision is about.")
    reason: str = Field(description="Why it needs an approval, in a word.")
    facts: dict[str, Any] = Field(
        description="What the decision is about: the figures that were asked with."
    )
    asked_by: str = Field(description="Who asked: kind and id of the actor.")
    state: ApprovalState = Field(
        description="What became of it: `withdrawn` need not be decided any more, of `voided` what"
        " was asked about has changed since."
    )
    decided_by: str | None = Field(
        description="Who decided last: kind and id of the actor; null: nobody yet."
    )
    decided_at: datetime | None = Field(description="When it was decided (UTC); null: not yet.")
    note: str = Field(description="Why it was approved or refused; empty: not decided yet.")
    rule_id: UUID | None = Field(
        description="The rule that said who decides; null: whoever has the permission."
    )
    stage: int = Field(description="The stage that is decided now, or was last.")
    created_at: datetime


class ApproverView(BaseModel):
    """Somebody who is asked."""

    user_id: UUID
    name: str = Field(description="The user's name.")
    source: ApproverSource = Field(description="Why this user is asked.")
    added_at: datetime = Field(description="Since when (UTC).")


class DecisionView(BaseModel):
    """What one person decided; it is never changed."""

    verdict: Verdict = Field(description="How it was decided.")
    decided_by: str = Field(description="Who decided: kind and id of the actor.")
    on_behalf_of: str | None = Field(
        description="Kind and id of the user whose delegate decided; null: for oneself."
    )
    reason: str = Field(description="Why, in the words of who decided.")
    recorded_at: datetime = Field(description="When it was recorded (UTC).")


class StepView(BaseModel):
    """A step of an approval."""

    number: int = Field(description="Number of the step, from 1 on.")
    stage: int = Field(description="Steps of one stage are decided side by side.")
    approvers: ApproverKind = Field(description="Who is asked: by role, by name, by team.")
    role: str = Field(description="The role or permission asked; empty: it is none.")
    quorum: int = Field(description="How many have to approve.")
    state: StepState = Field(description="How far the step is.")
    escalate_at: datetime | None = Field(
        description="When others are asked as well (UTC); null: never, or not begun."
    )
    escalated_at: datetime | None = Field(
        description="When others were asked as well (UTC); null: not yet."
    )
    people: list[ApproverView] = Field(description="Who is asked.")
    decisions: list[DecisionView] = Field(description="What was decided, the oldest first.")


class LogEntryView(BaseModel):
    """What happened to an approval beside decisions."""

    what: LogEntryKind = Field(description="What happened.")
    step: int | None = Field(description="The step it happened to; null: to all of it.")
    facts: dict[str, Any] = Field(description="The figures and people of it.")
    recorded_by: str = Field(description="Who did it: kind and id of the actor.")
    recorded_at: datetime = Field(description="When it was recorded (UTC).")


class ApprovalProgress(BaseModel):
    """How far an approval is: its steps with people and decisions, and what happened to it."""

    steps: list[StepView] = Field(description="In the order of their numbers.")
    log: list[LogEntryView] = Field(description="The oldest first.")
