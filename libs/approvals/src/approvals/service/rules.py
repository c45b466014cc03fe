"""Approval rules: making and changing them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from approvals.rule_schemas import ChangeApprovalRule, NewApprovalRule, NewCondition, NewStep
from approvals.service.people import as_json
from approvals.states import ApproverKind, FactKind
from approvals.subjects import Approvals, Subject
from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, NotFound, StaleRevision
from chassis.work.unit_of_work import Work

__all__ = ["add_rule", "change_rule", "subject_named"]

_ADD = """insert into approval_rule (id, created_at, updated_at, updated_by, kind, name, position,
    conditions, steps, fallback_role)
  values ($1, $2, $2, $3, $4, $5, $6, $7, $8, $9)"""
_LOCK = """select version, kind, name, position, conditions, steps, fallback_role, status
  from approval_rule where id = $1 for update"""
_CHANGE = """update approval_rule set name = $2, position = $3, conditions = $4, steps = $5,
    fallback_role = $6, status = $7, updated_by = $8, updated_at = $9, version = version + 1
  where id = $1"""
_USERS = "select id from local_user where id = any($1::uuid[])"


async def add_rule(work: Work, of: Approvals, command: NewApprovalRule) -> UUID:
    """Add a rule. Raises InvalidInput for what it names and there is not."""
    subject = subject_named(of, command.kind)
    await _require_sound(work, of, subject, dict(command))
    rule_id = uuid7()
    await work.sql.execute(
        _ADD,
        rule_id,
        work.now,
        work.actor.reference,
        command.kind,
        command.name,
        command.position,
        as_json([_condition(one) for one in command.conditions]),
        as_json([_step(one) for one in command.steps]),
        command.fallback_role,
    )
    return rule_id


async def change_rule(
    work: Work, of: Approvals, rule_id: UUID, command: ChangeApprovalRule, *, revision: int
) -> None:
    """Change a rule; nothing is done where nothing differs.

    Raises NotFound, StaleRevision, InvalidInput.
    """
    row = await work.sql.fetchrow(_LOCK, rule_id)
    if row is None:
        raise NotFound(entity="approval_rule", id=rule_id)
    before = dict(row)
    if before["version"] != revision:
        raise StaleRevision(expected=revision, current=before["version"])
    given = command.given()
    await _require_sound(work, of, subject_named(of, before["kind"]), given)
    if "conditions" in given:
        given["conditions"] = [_condition(one) for one in command.conditions]
    if "steps" in given:
        given["steps"] = [_step(one) for one in command.steps]
    after = before | given
    if after == before:
        return
    await work.sql.execute(
        _CHANGE,
        rule_id,
        after["name"],
        after["position"],
        as_json(after["conditions"]),
        as_json(after["steps"]),
        after["fallback_role"],
        after["status"],
        work.actor.reference,
        work.now,
    )


def subject_named(of: Approvals, kind: str) -> Subject:
    """The kind of that name. Raises InvalidInput."""
    found = next((one for one in of.subjects if one.kind == kind), None)
    if found is None:
        facts = {"expected": ", ".join(f"'{one.kind}'" for one in of.subjects)}
        text = "Write one of: {expected}."
        raise InvalidInput(errors=[FieldError("/kind", "literal_error", text, facts)])
    return found


def _condition(one: NewCondition) -> dict[str, Any]:
    return one.model_dump(mode="json")


def _step(one: NewStep) -> dict[str, Any]:
    step = one.model_dump(mode="json")
    return step | {"role": one.role or "", "escalate_to": one.escalate_to or ""}


async def _require_sound(
    work: Work, of: Approvals, subject: Subject, given: Mapping[str, Any]
) -> None:
    steps: Sequence[NewStep] = given.get("steps") or ()
    wrong = [
        error
        for at, one in enumerate(given.get("conditions") or ())
        for error in _wrong_condition(subject, one, f"/conditions/{at}")
    ]
    for at, step in enumerate(steps):
        wrong += _wrong_step(of, step, f"/steps/{at}")
        wrong += _unknown_roles(work, step, f"/steps/{at}")
    if "fallback_role" in given:
        wrong += _unknown_role(work, given["fallback_role"], "/fallback_role")
    wrong += await _unknown_users(work, steps)
    if wrong:
        raise InvalidInput(errors=wrong)


def _wrong_condition(subject: Subject, one: NewCondition, at: str) -> list[FieldError]:
    kind = subject.facts.get(one.fact)
    if kind is None:
        text = "There is no such fact: {fact}. There are: {facts}."
        facts = {"fact": one.fact, "facts": ", ".join(sorted(subject.facts))}
        return [FieldError(f"{at}/fact", "fact_unknown", text, facts)]
    ranged = one.at_least is not None or one.below is not None
    if kind == FactKind.TEXT and (ranged or not one.values):
        text = "This fact is a text: name values, and no range."
        return [FieldError(f"{at}/values", "values_needed", text)]
    if kind != FactKind.TEXT and (one.values or not ranged):
        text = "This fact is a number: name a range, and no values."
        return [FieldError(f"{at}/at_least", "range_needed", text)]
    if _is_reversed(one.at_least, one.below):
        text = "The range is empty: it ends before it begins."
        return [FieldError(f"{at}/below", "empty_range", text)]
    if (kind == FactKind.AMOUNT) != (one.currency is not None):
        text = "An amount needs its currency, and another number has none."
        return [FieldError(f"{at}/currency", "currency_of_amount", text)]
    return []


def _is_reversed(least: Decimal | None, below: Decimal | None) -> bool:
    return least is not None and below is not None and least >= below


def _wrong_step(of: Approvals, step: NewStep, at: str) -> list[FieldError]:
    by_role, by_name = step.approvers == ApproverKind.ROLE, step.approvers == ApproverKind.USERS
    if by_role != (step.role is not None):
        text = "Name the role where a role decides, and only there."
        return [FieldError(f"{at}/role", "role_needed", text)]
    if by_name != bool(step.user_ids):
        text = "Name users where named users decide, and only there."
        return [FieldError(f"{at}/user_ids", "users_needed", text)]
    if by_name and len(step.user_ids) < step.quorum:
        text = "More people have to approve than are named."
        return [FieldError(f"{at}/quorum", "quorum_too_large", text)]
    if step.approvers == ApproverKind.TEAM_MANAGER and not of.managers:
        text = "There are no teams here. Name a role or users."
        return [FieldError(f"{at}/approvers", "no_teams", text)]
    if (step.escalate_after_hours is None) != (step.escalate_to is None):
        text = "Say after how many hours, and to which role; or neither."
        return [FieldError(f"{at}/escalate_to", "escalation_incomplete", text)]
    return []


def _unknown_roles(work: Work, step: NewStep, at: str) -> list[FieldError]:
    return [
        *(_unknown_role(work, step.role, f"{at}/role") if step.role else ()),
        *(_unknown_role(work, step.escalate_to, f"{at}/escalate_to") if step.escalate_to else ()),
    ]


def _unknown_role(work: Work, role: str, at: str) -> list[FieldError]:
    if role in work.setting.roles:
        return []
    text = "There is no such role: {role}. There are: {roles}."
    facts = {"role": role, "roles": ", ".join(sorted(work.setting.roles))}
    return [FieldError(at, "role_unknown", text, facts)]


async def _unknown_users(work: Work, steps: Sequence[NewStep]) -> list[FieldError]:
    wanted = {one for step in steps for one in step.user_ids}
    if not wanted:
        return []
    found = {row["id"] for row in await work.sql.fetch(_USERS, list(wanted))}
    text = "There is no such user: {user}."
    return [
        FieldError(f"/steps/{at}/user_ids/{place}", "user_unknown", text, {"user": str(one)})
        for at, step in enumerate(steps)
        for place, one in enumerate(step.user_ids)
        if one not in found
    ]
