"""Who would approve something, and what nobody could."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from uuid import UUID

from approvals.rule_schemas import (
    ApprovalDeadEnds,
    ApprovalTrial,
    DeadEnd,
    PersonView,
    StuckApproval,
    TrialStep,
    TryApproval,
    TryVerdict,
)
from approvals.rules.matching import meets
from approvals.service.asking import matching_rule, rules_of
from approvals.service.people import able_users, managers_of, people_of, stuck_steps
from approvals.service.rules import subject_named
from approvals.states import ApproverKind, FactKind
from approvals.subjects import Approvals, Subject
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.storage.reading import Reading

__all__ = ["dead_ends", "try_approval"]

_RULES = """select id, name, steps, fallback_role from approval_rule
  where status = 'active' order by kind, position, created_at, id"""
_MANAGED = """select u.id, array(select m.id from ({managers}) m where m.id <> u.id) as managers
  from local_user u where u.active order by u.name, u.id"""

People = Sequence[Mapping[str, Any]]
Reason = Literal["too_few", "too_few_beside_submitter", "submitters_without_manager"]


async def try_approval(at: Reading, of: Approvals, command: TryApproval) -> ApprovalTrial:
    """Who would approve it now, by which rule. Raises InvalidInput (kind, fact)."""
    subject = subject_named(of, command.kind)
    _require_facts(subject, command.facts)
    currency = command.currency or ""
    rules = await rules_of(at, command.kind)
    rule = matching_rule(subject, rules, command.facts, currency)
    asks = f"user:{command.asked_by}" if command.asked_by else at.actor.reference
    everyone = await able_users(at, of)
    users = [one for one in everyone if f"user:{one['id']}" != asks]
    managers = await managers_of(at, of, asks)
    steps = (
        [_trial(one, rule["fallback_role"], users, managers) for one in rule["steps"]]
        if rule
        else []
    )
    if rule is None and subject.always:
        steps = [_whoever_may(users)]
    return ApprovalTrial(
        needed=rule is not None or subject.always,
        rule_id=rule["id"] if rule else None,
        rules=[_verdict(subject, one, command.facts, currency) for one in rules],
        steps=steps,
        facts=dict(subject.facts),
    )


def _require_facts(subject: Subject, facts: Mapping[str, str | None]) -> None:
    wrong = []
    for name, value in facts.items():
        kind = subject.facts.get(name)
        if kind is None:
            text = "There is no such fact: {fact}. There are: {facts}."
            known = {"fact": name, "facts": ", ".join(sorted(subject.facts))}
            wrong.append(FieldError(f"/facts/{name}", "fact_unknown", text, known))
        elif kind != FactKind.TEXT and value is not None and not _is_number(value):
            text = "Write a decimal number, such as 12.5."
            wrong.append(FieldError(f"/facts/{name}", "decimal_needed", text))
    if wrong:
        raise InvalidInput(errors=wrong)


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _verdict(
    subject: Subject, rule: Mapping[str, Any], facts: Mapping[str, str | None], currency: str
) -> TryVerdict:
    unknown = subject.met_unknown
    met = [meets(one, facts, currency, met_unknown=unknown) for one in rule["conditions"]]
    return TryVerdict(rule_id=rule["id"], name=rule["name"], matches=all(met), conditions=met)


def _trial(
    step: Mapping[str, Any], fallback: str, users: People, managers: Sequence[UUID]
) -> TrialStep:
    people = people_of(step, users, managers)
    rerouted = len(people) < step["quorum"]
    if rerouted:
        added = [one for one in users if fallback in one["roles"] and one not in people]
        people, rerouted = [*people, *added], bool(added)
    return TrialStep(
        stage=step["stage"],
        approvers=step["approvers"],
        quorum=step["quorum"],
        people=[PersonView(user_id=one["id"], name=one["name"]) for one in people],
        rerouted=rerouted,
        stuck=len(people) < step["quorum"],
    )


def _whoever_may(users: People) -> TrialStep:
    return TrialStep(
        stage=1,
        approvers=ApproverKind.PERMISSION,
        quorum=1,
        people=[PersonView(user_id=one["id"], name=one["name"]) for one in users],
        rerouted=False,
        stuck=False,
    )


async def dead_ends(at: Reading, of: Approvals) -> ApprovalDeadEnds:
    """Steps of active rules that too few people can decide, and approvals that wait in vain."""
    users = await able_users(at, of)
    managed: Mapping[UUID, list[UUID]] = {}
    if of.managers:
        rows = await at.sql.fetch(_MANAGED.format(managers=of.managers.format("u.id")))
        managed = {row["id"]: row["managers"] for row in rows}
    found = [
        end
        for rule in await at.sql.fetch(_RULES)
        for number, step in enumerate(rule["steps"], 1)
        if (end := _dead_end(rule, number, step, users, managed)) is not None
    ]
    stuck = [StuckApproval.model_validate(dict(one)) for one in await stuck_steps(at, of)]
    return ApprovalDeadEnds(rules=found, approvals=stuck)


def _dead_end(
    rule: Mapping[str, Any],
    number: int,
    step: Mapping[str, Any],
    users: People,
    managed: Mapping[UUID, list[UUID]],
) -> DeadEnd | None:
    needed, fallback = step["quorum"], rule["fallback_role"]
    behind = {one["id"] for one in users if fallback in one["roles"]}
    able, reason, whose = _lack(step, users, managed)
    if reason is None:
        return None
    # Whoever asks does not decide, also not for the fallback role.
    covered = all(len((able | behind) - {one}) >= needed for one in whose or [*(able | behind)])
    return DeadEnd(
        rule_id=rule["id"],
        name=rule["name"],
        step=number,
        needed=needed,
        able=len(able),
        reason=reason,
        covered=covered and bool(able | behind),
        user_ids=whose,
    )


def _lack(
    step: Mapping[str, Any], users: People, managed: Mapping[UUID, list[UUID]]
) -> tuple[set[UUID], Reason | None, list[UUID]]:
    """Who may decide the step, why that is too few, and at whose requests (none: anybody's)."""
    needed = step["quorum"]
    if step["approvers"] == ApproverKind.TEAM_MANAGER:
        may = {one["id"] for one in users}
        whose = [one for one, them in managed.items() if len(may.intersection(them)) < needed]
        return set(), "submitters_without_manager" if whose else None, whose
    able = {one["id"] for one in people_of(step, users, ())}
    if len(able) < needed:
        return able, "too_few", []
    if len(able) == needed:
        return able, "too_few_beside_submitter", sorted(able)
    return able, None, []
