"""What callers ask of approval rules and delegations, and what they see."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from approvals.states import ApproverKind, FactKind
from chassis.http.etag import EtagVersion
from records.filters import Statuses
from values.days import Day
from values.decimals import Quantity
from values.money import CurrencyCode
from values.text import Command, Line, Name, Note, Status, unset

__all__ = [
    "ApprovalDeadEnds",
    "ApprovalDelegationQuery",
    "ApprovalDelegationView",
    "ApprovalRuleQuery",
    "ApprovalRuleView",
    "ApprovalTrial",
    "ChangeApprovalRule",
    "DeadEnd",
    "NewApprovalDelegation",
    "NewApprovalRule",
    "NewCondition",
    "NewStep",
    "PersonView",
    "StuckApproval",
    "TrialStep",
    "TryApproval",
    "TryVerdict",
]

FactName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Kind = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,62}$")]
Role = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]{0,62}$")]
Hours = Annotated[int, Field(strict=True, ge=1, le=8760)]
Small = Annotated[int, Field(strict=True, ge=1, le=20)]
Position = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]

_KIND = "What is approved, such as `credit`."
_POSITION = "Rules with smaller numbers are asked first; among equal ones the older."
_CONDITIONS = "All must be met; without any, everything of the kind matches."
_STEPS = "Who decides: stage after stage, the steps of one stage side by side."
_FALLBACK = "The role that is asked where too few people of a step may decide."
_STAGE = "Steps of the smallest stage are decided first, those of one stage side by side."
_QUORUM = "How many of them have to approve; one refusal is enough to refuse."
_USERS = "Where approvers is `users`: who they are."
_HOURS = "After so many hours `escalate_to` is asked as well; null: never."
_ESCALATE = "The role that is asked as well then; null: none."
_CURRENCY = "Currency of the amounts (ISO 4217); null: the fact is no amount."
_FACTS = "Facts by name, as text; numbers as decimals."


class NewCondition(Command):
    """What must be true of what is approved: a range, or one of some values."""

    fact: FactName = Field(description="A fact that the kind has.")
    at_least: Quantity | None = Field(default=None, description="The range begins here, included.")
    below: Quantity | None = Field(default=None, description="The range ends here, excluded.")
    currency: CurrencyCode | None = Field(default=None, description=_CURRENCY)
    values: Annotated[list[Line], Field(max_length=200)] = Field(
        default=[], description="Of a text: one of these."
    )


class ConditionOfRule(BaseModel):
    """What must be true of what is approved."""

    fact: str = Field(description="A fact that the kind has.")
    at_least: Quantity | None = Field(description="The range begins here, included.")
    below: Quantity | None = Field(description="The range ends here, excluded.")
    currency: str | None = Field(description=_CURRENCY)
    values: list[str] = Field(description="Of a text: one of these.")


def _once(users: list[UUID]) -> list[UUID]:
    return sorted(set(users))


class NewStep(Command):
    """Who decides a step."""

    stage: Small = Field(default=1, description=_STAGE)
    approvers: Literal[ApproverKind.ROLE, ApproverKind.USERS, ApproverKind.TEAM_MANAGER] = Field(
        description="Who decides: users of a role, named users, or managers of the team of whom"
        " asks."
    )
    role: Role | None = Field(default=None, description="Where approvers is `role`: which one.")
    user_ids: Annotated[list[UUID], Field(max_length=100), AfterValidator(_once)] = Field(
        default=[], description=_USERS
    )
    quorum: Small = Field(default=1, description=_QUORUM)
    escalate_after_hours: Hours | None = Field(default=None, description=_HOURS)
    escalate_to: Role | None = Field(default=None, description=_ESCALATE)


class StepOfRule(BaseModel):
    """Who decides a step."""

    stage: int = Field(description=_STAGE)
    approvers: ApproverKind = Field(description="Who decides.")
    role: str = Field(description="The role, where approvers is `role`; else empty.")
    user_ids: list[UUID] = Field(description=_USERS)
    quorum: int = Field(description=_QUORUM)
    escalate_after_hours: int | None = Field(description=_HOURS)
    escalate_to: str = Field(description="The role that is asked as well then; empty: none.")


Conditions = Annotated[list[NewCondition], Field(max_length=50)]
Steps = Annotated[list[NewStep], Field(min_length=1, max_length=20)]


class NewApprovalRule(Command):
    """Say who approves what fulfils conditions."""

    kind: Kind = Field(description=_KIND)
    name: Name = Field(description="What people call the rule.")
    position: Position = Field(description=_POSITION)
    conditions: Conditions = Field(default=[], description=_CONDITIONS)
    steps: Steps = Field(description=_STEPS)
    fallback_role: Role = Field(default="admin", description=_FALLBACK)


class ChangeApprovalRule(Command):
    """Change a rule (JSON merge patch); conditions and steps are replaced as a whole.

    Approvals that were asked for before keep the steps they have.
    """

    name: Name = Field(default_factory=unset, description="What people call the rule.")
    position: Position = Field(default_factory=unset, description=_POSITION)
    conditions: Conditions = Field(default_factory=unset, description=_CONDITIONS)
    steps: Steps = Field(default_factory=unset, description=_STEPS)
    fallback_role: Role = Field(default_factory=unset, description=_FALLBACK)
    status: Status = Field(default_factory=unset, description="Archived rules are not asked.")


class ApprovalRuleView(BaseModel):
    """A rule that says who approves what."""

    id: UUID
    version: EtagVersion
    kind: str = Field(description=_KIND)
    name: str = Field(description="What people call the rule.")
    position: int = Field(description=_POSITION)
    conditions: list[ConditionOfRule] = Field(description=_CONDITIONS)
    steps: list[StepOfRule] = Field(description=_STEPS)
    fallback_role: str = Field(description=_FALLBACK)
    status: Status = Field(description="Archived rules are not asked.")
    updated_by: str = Field(description="Who changed it last: kind and id of the actor.")
    created_at: datetime
    updated_at: datetime


class ApprovalRuleQuery(BaseModel):
    """Which rules are wanted."""

    status: Statuses | None = None


class TryApproval(Command):
    """Ask who would approve something with these facts."""

    kind: Kind = Field(description=_KIND)
    facts: Annotated[dict[FactName, Line | None], Field(max_length=100)] = Field(
        default={}, description=_FACTS
    )
    currency: CurrencyCode | None = Field(default=None, description="Currency of the amounts.")
    asked_by: UUID | None = Field(
        default=None, description="The user who would ask; by default the caller."
    )


class TryVerdict(BaseModel):
    """A rule, and whether it matches."""

    rule_id: UUID = Field(description="Id of the rule.")
    name: str = Field(description="Name of the rule.")
    matches: bool = Field(description="Whether all its conditions are met.")
    conditions: list[bool] = Field(description="Of each condition, whether it is met.")


class PersonView(BaseModel):
    """Somebody who would decide."""

    user_id: UUID = Field(description="Id of the user.")
    name: str = Field(description="The user's name.")


class TrialStep(BaseModel):
    """A step, and who would decide it."""

    stage: int = Field(description=_STAGE)
    approvers: ApproverKind = Field(description="Who decides.")
    quorum: int = Field(description=_QUORUM)
    people: list[PersonView] = Field(description="Who would be asked.")
    rerouted: bool = Field(description="Whether the fallback role would be asked as well.")
    stuck: bool = Field(description="Whether too few people could decide all the same.")


class ApprovalTrial(BaseModel):
    """Who would approve it now, and by which rule."""

    needed: bool = Field(description="Whether it needs an approval.")
    rule_id: UUID | None = Field(description="The rule that says who; null: none matches.")
    rules: list[TryVerdict] = Field(description="All active rules of the kind, in their order.")
    steps: list[TrialStep] = Field(description="Who would decide; without a rule: all who may.")
    facts: dict[str, FactKind] = Field(description="The facts that rules of the kind may ask.")


class DeadEnd(BaseModel):
    """A step of a rule that too few people can decide."""

    rule_id: UUID = Field(description="Id of the rule.")
    name: str = Field(description="Name of the rule.")
    step: int = Field(description="Number of the step in the rule, from 1 on.")
    needed: int = Field(description="How many have to approve.")
    able: int = Field(description="How many of its people may decide.")
    reason: Literal["too_few", "too_few_beside_submitter", "submitters_without_manager"] = Field(
        description="Too few in any case, too few where one of them asks, or users whose team has"
        " no other manager."
    )
    covered: bool = Field(description="Whether people of the fallback role make up for it.")
    user_ids: list[UUID] = Field(description="The users at whose requests it happens; none: any.")


class StuckApproval(BaseModel):
    """An approval that too few people can decide now."""

    approval_id: UUID = Field(description="Id of the approval.")
    step: int = Field(description="Number of the step.")
    needed: int = Field(description="How many have to approve.")
    able: int = Field(description="How many may decide or have approved.")


class ApprovalDeadEnds(BaseModel):
    """What cannot be decided: steps of rules, and approvals that wait."""

    rules: list[DeadEnd] = Field(description="Steps of active rules, in the order of the rules.")
    approvals: list[StuckApproval] = Field(description="Pending approvals, the oldest first.")


class NewApprovalDelegation(Command):
    """Let another user decide in one's place from one day to another."""

    from_user_id: UUID | None = Field(
        default=None, description="Whose approvals; by default the caller's own."
    )
    to_user_id: UUID = Field(description="Who decides in the place.")
    begins_on: Day = Field(description="First day of the delegation.")
    ends_on: Day = Field(description="Last day of the delegation, included.")
    kind: Kind | None = Field(default=None, description="Only what is of this kind; null: all.")
    note: Note = Field(default="", description="Why; others read it.")


class ApprovalDelegationView(BaseModel):
    """Who decides in whose place, and when."""

    id: UUID
    from_user_id: UUID = Field(description="Whose approvals.")
    to_user_id: UUID = Field(description="Who decides in the place.")
    begins_on: date = Field(description="First day of the delegation.")
    ends_on: date = Field(description="Last day of the delegation, included.")
    kind: str | None = Field(description="Only what is of this kind; null: all.")
    note: str = Field(description="Why.")
    created_by: str = Field(description="Who made it: kind and id of the actor.")
    created_at: datetime
    updated_at: datetime
    ended_by: str | None = Field(description="Who ended it; null: nobody did.")
    ended_at: datetime | None = Field(description="When it was ended (UTC); null: it was not.")


class ApprovalDelegationQuery(BaseModel):
    """Which delegations are wanted."""

    from_user_id: UUID | None = Field(default=None, description="Only of this user's approvals.")
    to_user_id: UUID | None = Field(default=None, description="Only those to this user.")
    on: Day | None = Field(default=None, description="Only those in force on the day.")
