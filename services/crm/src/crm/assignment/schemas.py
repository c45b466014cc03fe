"""What callers ask of assignment rules, and what they see."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from chassis.http.etag import EtagVersion, Revision
from crm.assignment.states import Method, Operator, Reason
from records.custom.fields import CustomValues, CustomView
from records.filters import Statuses
from records.links import ExternalRef
from records.tagged import Tagged
from values.decimals import Quantity
from values.external import SourceVersion
from values.text import Command, Line, Name, OptionalNote, Status, unset

__all__ = [
    "AssignmentAsked",
    "AssignmentDecisionQuery",
    "AssignmentDecisionView",
    "AssignmentRuleQuery",
    "AssignmentRuleView",
    "AssignmentTrial",
    "AssignmentWaitingQuery",
    "AssignmentWaitingView",
    "CandidateView",
    "ChangeAssignmentRule",
    "Condition",
    "ConditionVerdict",
    "ConditionView",
    "NewAssignmentRule",
    "RequestAssignment",
    "RuleVerdict",
    "TryAssignment",
    "UpsertAssignmentRule",
]

FactName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
SubjectType = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,62}$")]
_SUBJECT_TYPE = "What is assigned, such as account."
_CONDITIONS = "All must be met; without any, everything matches."
_USERS = "Who may get it; or name a team."
_TEAM = "Whose members may get it; or name users."
_POSITION = "Rules with smaller numbers are asked first; among equal ones the older."


class Condition(Command):
    """What must be true of a subject."""

    fact: FactName = Field(description="A fact that the subject has.")
    operator: Operator
    values: Annotated[list[Line], Field(max_length=200)] = Field(
        default=[], description="For equals, among and contains: one of them."
    )
    at_least: Quantity | None = Field(default=None, description="For between.")
    at_most: Quantity | None = Field(default=None, description="For between.")


class ConditionView(BaseModel):
    """What must be true of a subject."""

    fact: str
    operator: Operator
    values: list[str]
    at_least: Quantity | None
    at_most: Quantity | None


def _once(users: list[UUID] | None) -> list[UUID]:
    return sorted(set(users or ()))


Conditions = Annotated[
    Annotated[list[Condition], Field(max_length=50)] | None,
    AfterValidator(lambda given: given or []),
]
Users = Annotated[Annotated[list[UUID], Field(max_length=500)] | None, AfterValidator(_once)]
Position = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]


class AssignmentRuleFields(CustomValues):
    """Fields of an assignment rule. What is left out of a change stays as it is."""

    note: OptionalNote = Field(default_factory=unset, description="What else is to be known.")
    conditions: Conditions = Field(default_factory=unset, description=_CONDITIONS)
    method: Method = Field(default_factory=unset)
    user_ids: Users = Field(default_factory=unset, description=_USERS)
    team_id: UUID | None = Field(default_factory=unset, description=_TEAM)


class NewAssignmentRule(AssignmentRuleFields):
    """Create an assignment rule."""

    name: Name
    subject_type: SubjectType = Field(description=_SUBJECT_TYPE)
    position: Position = Field(description=_POSITION)


class ChangeAssignmentRule(AssignmentRuleFields):
    """Change an assignment rule (JSON merge patch)."""

    name: Name = Field(default_factory=unset)
    position: Position = Field(default_factory=unset, description=_POSITION)


class UpsertAssignmentRule(AssignmentRuleFields):
    """An assignment rule as another system knows it; fields left out stay as they are here."""

    source_version: SourceVersion
    name: Name = Field(default_factory=unset, description="Needed when it is new here.")
    subject_type: SubjectType = Field(
        default_factory=unset, description="Needed when it is new here; then fixed."
    )
    position: Position = Field(default_factory=unset, description="Needed when it is new here.")
    status: Status = Field(default_factory=unset)


class AssignmentRuleView(CustomView):
    """An assignment rule."""

    id: UUID
    name: str
    note: str
    subject_type: str = Field(description=_SUBJECT_TYPE)
    position: int = Field(description=_POSITION)
    conditions: list[ConditionView] = Field(description=_CONDITIONS)
    method: Method
    user_ids: list[UUID] = Field(description=_USERS)
    team_id: UUID | None = Field(description=_TEAM)
    status: Status
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class AssignmentRuleQuery(Tagged):
    """Which assignment rules are wanted."""

    status: Statuses | None = None
    subject_type: SubjectType | None = None
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)


FactValue = Line | None


class TryAssignment(Command):
    """Ask who would get a subject with these facts."""

    subject_type: SubjectType
    facts: Annotated[dict[FactName, FactValue], Field(max_length=100)] = Field(
        description="Facts by name, as text; numbers as decimals."
    )


class ConditionVerdict(BaseModel):
    """A condition, and whether it is met."""

    condition: ConditionView
    met: bool


class RuleVerdict(BaseModel):
    """A rule, and whether it matches."""

    rule_id: UUID
    name: str
    position: int
    matches: bool
    conditions: list[ConditionVerdict]


class CandidateView(BaseModel):
    """A user of the rule that matches, and whether that user may get something now."""

    user_id: UUID
    name: str
    eligible: bool
    reason: Reason | None = Field(description="Why not.")
    load: int = Field(description="Open records of the user.")
    capacity: int | None = Field(description="How many at most; null: no limit.")
    last_turn: int = Field(description="The larger, the later; 0: never.")


class AssignmentTrial(BaseModel):
    """Who would get it now, and why."""

    user_id: UUID | None = Field(description="Who would get it; null: it would wait.")
    rule_id: UUID | None = Field(description="The rule that decides.")
    waits_for: Reason | None = Field(description="Why it would wait.")
    rules: list[RuleVerdict] = Field(description="All active rules, in their order.")
    candidates: list[CandidateView] = Field(description="Users of the rule that decides.")


class RequestAssignment(Command):
    """Let subjects be assigned by the rules."""

    subject_type: SubjectType
    ids: Annotated[list[UUID], Field(min_length=1, max_length=500)]


class AssignmentAsked(BaseModel):
    """What became of the request."""

    waiting: int = Field(description="How many wait now that did not before.")


class AssignmentDecisionView(BaseModel):
    """Who got what, by which rule, and why."""

    id: UUID
    subject_type: str
    subject_id: UUID
    rule_id: UUID
    rule_version: int = Field(description="The version of the rule then.")
    user_id: UUID
    method: Method
    facts: dict[str, str | None] = Field(description="What the rules saw.")
    candidates: list[CandidateView] = Field(description="The users of the rule, as they were.")
    waiting_since: datetime
    recorded_at: datetime


class AssignmentDecisionQuery(BaseModel):
    """Which decisions are wanted."""

    subject_type: SubjectType | None = None
    subject_id: UUID | None = None
    rule_id: UUID | None = None
    user_id: UUID | None = None


class AssignmentWaitingView(BaseModel):
    """A subject that waits."""

    id: UUID
    subject_type: str
    subject_id: UUID
    reason: str = Field(description="no_rule, nobody_eligible, or empty: not looked at yet.")
    recorded_at: datetime


class AssignmentWaitingQuery(BaseModel):
    """Which waiting subjects are wanted."""

    subject_type: SubjectType | None = None
    subject_id: UUID | None = None
