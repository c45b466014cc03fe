"""Assignment rules: what is particular about writing them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference
from chassis.storage.reading import Reading
from chassis.work.locking import read_all
from chassis.work.unit_of_work import Work
from crm.assignment import queries
from crm.assignment.events import AssignmentRuleChanged
from crm.assignment.models import AssignmentRule
from crm.assignment.schemas import AssignmentRuleView
from crm.assignment.service.subjects import Subject, subject_of
from crm.assignment.states import FactKind, Method, Operator
from crm.staff.service.teams import require_open_team
from records.entities import Values
from records.types import Change, RecordType, changed_fields

__all__ = ["ASSIGNMENT_RULE", "assignment_rule_states"]


async def assignment_rule_states(at: Reading, ids: Sequence[UUID]) -> list[AssignmentRuleChanged]:
    """What is published of assignment rules, as they are now."""
    return [AssignmentRuleChanged.of(one, []) for one in await read_all(at, AssignmentRule, ids)]


async def _defaults(_work: Work, count: int) -> Sequence[Values]:
    return [{"conditions": [], "user_ids": [], "method": Method.ROUND_ROBIN}] * count


async def _prepare(work: Work, change: Change[AssignmentRule], _sender: str | None) -> Values:
    """The values with conditions as JSON keeps them.

    Raises InvalidInput (another type), MissingReference (user, team).
    """
    values = dict(change.values)
    given = values.get("subject_type")
    if not change.is_new and given not in {None, change.record.subject_type}:
        message = "This cannot be changed."
        raise InvalidInput(errors=[FieldError("/subject_type", "subject_fixed", message)])
    if "conditions" in values:
        values["conditions"] = [_kept(one) for one in values["conditions"]]
    if values.get("team_id"):
        await require_open_team(work, values["team_id"])
    if values.get("user_ids"):
        await _require_users(work, values["user_ids"])
    return values


def _kept(condition: Any) -> Any:
    return condition if isinstance(condition, dict) else condition.model_dump(mode="json")


async def _require_users(work: Work, user_ids: Sequence[UUID]) -> None:
    found = {row["id"] for row in await queries.users_of(work.sql, user_ids, (), lock=False)}
    missing = [one for one in user_ids if one not in found]
    if missing:
        raise MissingReference(entity="user", reference=missing[0])


async def _check(
    _work: Work, changes: Sequence[Change[AssignmentRule]], _sender: str | None
) -> None:
    """Raises InvalidInput: an unknown type or fact, a wrong condition, users and a team."""
    for one in changes:
        rule = one.record
        if bool(rule.user_ids) == bool(rule.team_id):
            message = "Name users or a team, one of both."
            raise InvalidInput(errors=[FieldError("/user_ids", "users_or_team", message)])
        if one.touches("conditions", "subject_type"):
            subject = subject_of(rule.subject_type)
            errors = [
                error
                for at, condition in enumerate(rule.conditions)
                for error in _errors_of(subject, condition, f"/conditions/{at}")
            ]
            if errors:
                raise InvalidInput(errors=errors)


def _errors_of(subject: Subject, condition: dict[str, Any], pointer: str) -> list[FieldError]:
    kind = subject.facts.get(condition["fact"])
    if kind is None:
        message = "There is no such fact: {fact}. There are: {facts}."
        facts = {"fact": condition["fact"], "facts": ", ".join(sorted(subject.facts))}
        return [FieldError(f"{pointer}/fact", "fact_unknown", message, facts)]
    bounds = [condition[one] for one in ("at_least", "at_most") if condition[one] is not None]
    between = condition["operator"] == Operator.BETWEEN
    if between and (kind != FactKind.NUMBER or not bounds):
        message = "Between asks for a number, and for a bound."
        return [FieldError(f"{pointer}/operator", "between_numbers", message)]
    asks_values = condition["operator"] not in {Operator.BETWEEN, Operator.GIVEN}
    if asks_values and not condition["values"]:
        message = "Name a value to compare with."
        return [FieldError(f"{pointer}/values", "value_needed", message)]
    return []


async def _publish(work: Work, changes: Sequence[Change[AssignmentRule]]) -> None:
    events = [
        AssignmentRuleChanged.of(one.record, changed_fields(AssignmentRuleChanged, one))
        for one in changes
    ]
    await work.record(*events)


ASSIGNMENT_RULE: RecordType[AssignmentRule, AssignmentRuleView] = RecordType(
    name="assignment_rule",
    entity=AssignmentRule,
    reads=queries.ASSIGNMENT_RULES,
    required=("name", "subject_type", "position"),
    defaults=_defaults,
    prepare=_prepare,
    check=_check,
    publish=_publish,
    in_bulk=False,
)
