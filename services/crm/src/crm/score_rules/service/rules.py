"""Score rules: what is particular about writing them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.storage.reading import Reading
from chassis.work.locking import read_all
from chassis.work.unit_of_work import Work
from crm.score_rules.events import ScoreRuleChanged
from crm.score_rules.models import ScoreRule
from crm.score_rules.queries import scores
from crm.score_rules.queries.rules import SCORE_RULES
from crm.score_rules.rules.features import wrong_facts
from crm.score_rules.schemas import ScoreRuleView
from crm.score_rules.service.scores import SCORE, late_fields
from crm.score_rules.states import ScoreBasis
from records.entities import Values
from records.types import Change, RecordType, changed_fields

__all__ = ["SCORE_RULE", "score_rule_states"]


async def score_rule_states(at: Reading, ids: Sequence[UUID]) -> list[ScoreRuleChanged]:
    """What is published of score rules, as they are now."""
    return [ScoreRuleChanged.of(one, []) for one in await read_all(at, ScoreRule, ids)]


async def _defaults(_work: Work, count: int) -> Sequence[Values]:
    return [{"conditions": []}] * count


async def _prepare(_work: Work, change: Change[ScoreRule], _sender: str | None) -> Values:
    """The values with conditions as JSON keeps them. Raises InvalidInput (another basis)."""
    values = dict(change.values)
    given = values.get("based_on")
    if not change.is_new and given not in {None, change.record.based_on}:
        raise _wrong("/based_on", "basis_fixed", "This cannot be changed.")
    if "conditions" in values:
        values["conditions"] = [_kept(one) for one in values["conditions"]]
    return values


def _kept(condition: Any) -> Any:
    return condition if isinstance(condition, dict) else condition.model_dump(mode="json")


async def _check(work: Work, changes: Sequence[Change[ScoreRule]], _sender: str | None) -> None:
    """Raises InvalidInput: a fact that there is not or comes too late, a wrong condition."""
    custom = await scores.custom_keys(work.sql)
    for one in changes:
        rule = one.record
        if rule.points == 0:
            raise _wrong("/points", "points_needed", "A rule gives points, or takes some.")
        if rule.count_max is not None and rule.based_on == ScoreBasis.FIELD:
            message = "The fields of a lead count once."
            raise _wrong("/count_max", "fields_count_once", message)
        if one.touches("conditions"):
            errors = wrong_facts(
                ScoreBasis(rule.based_on),
                [condition["fact"] for condition in rule.conditions],
                custom_keys=custom,
                late_fields=late_fields(work),
            )
            errors += [
                error
                for place, condition in enumerate(rule.conditions)
                for error in _errors_of(condition, f"/conditions/{place}")
            ]
            if errors:
                raise InvalidInput(errors=errors)


def _errors_of(condition: dict[str, Any], pointer: str) -> list[FieldError]:
    bounds = [condition[one] for one in ("at_least", "at_most") if condition[one] is not None]
    if condition["operator"] == "between" and not bounds:
        message = "Between asks for a number, and for a bound."
        return [FieldError(f"{pointer}/operator", "between_numbers", message)]
    if condition["operator"] not in {"between", "given"} and not condition["values"]:
        message = "Name a value to compare with."
        return [FieldError(f"{pointer}/values", "value_needed", message)]
    return []


def _wrong(pointer: str, code: str, message: str) -> InvalidInput:
    return InvalidInput(errors=[FieldError(pointer, code, message)])


async def _publish(work: Work, changes: Sequence[Change[ScoreRule]]) -> None:
    """Publish the rules; a job scores all open leads by them."""
    events = [
        ScoreRuleChanged.of(one.record, changed_fields(ScoreRuleChanged, one)) for one in changes
    ]
    await work.record(*events)
    work.enqueue(SCORE, {"all": True}, key="rules")


SCORE_RULE: RecordType[ScoreRule, ScoreRuleView] = RecordType(
    name="score_rule",
    entity=ScoreRule,
    reads=SCORE_RULES,
    required=("name", "based_on", "points"),
    defaults=_defaults,
    prepare=_prepare,
    check=_check,
    publish=_publish,
)
"""How score rules are kept."""
