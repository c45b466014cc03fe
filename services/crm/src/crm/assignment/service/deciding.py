"""Who gets what: subjects that wait are decided, the oldest first, each once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm.absences.service import away_at
from crm.assignment import queries
from crm.assignment.queries import Decision
from crm.assignment.rules.choosing import Candidate, choose
from crm.assignment.rules.matching import Facts, conditions_met, matches
from crm.assignment.schemas import (
    AssignmentTrial,
    CandidateView,
    ConditionVerdict,
    RequestAssignment,
    RuleVerdict,
    TryAssignment,
)
from crm.assignment.service.subjects import Subject, subject_of, subject_types
from crm.assignment.states import Method, Reason
from crm.calendars.service import working_calendars

__all__ = [
    "DECIDE",
    "SWEEP",
    "ask_for_assignment",
    "decide_waiting",
    "request_assignment",
    "sweep_waiting",
    "try_assignment",
]

DECIDE, SWEEP = "assignment.decide", "assignment.sweep"
BATCH = 500
"""So many subjects are decided in one transaction."""


@dataclass(slots=True)
class Offer:
    """The rules of a type with their users, as they are now."""

    rules: Sequence[Any]
    candidates: Mapping[UUID, Candidate]
    turns: dict[UUID, dict[UUID, int]]

    def users_of(self, rule: Any) -> list[Candidate]:
        """The users that a rule names, or the members of its team."""
        named = set(rule["user_ids"])
        team_id = rule["team_id"]
        return [
            one
            for one in self.candidates.values()
            if one.user_id in named or (team_id is not None and one.team_id == team_id)
        ]

    def rule_for(self, facts: Facts) -> Any | None:
        """The first rule that matches (C18)."""
        return next((one for one in self.rules if matches(one["conditions"], facts)), None)


async def ask_for_assignment(
    work: Work, subject_type: str, subject_ids: Sequence[UUID], *, only_by_rules: bool = False
) -> int:
    """Let records be assigned by a job, right after the commit; how many wait that did not.

    One that was decided before stays as it is (C18). `only_by_rules`: nothing waits as long as
    the type has no active rule.
    """
    ids = sorted(set(subject_ids))
    added = await queries.add_waiting(
        work.sql, subject_type, ids, work.now, only_by_rules=only_by_rules
    )
    if added:
        work.enqueue(DECIDE, {"subject_type": subject_type}, key=subject_type)
    return added


async def request_assignment(work: Work, command: RequestAssignment) -> int:
    """As `ask_for_assignment`, for records that are open and have no owner; others are left out.

    Raises InvalidInput (unknown type).
    """
    subject = subject_of(command.subject_type)
    known = await subject.read_facts(work, command.ids)
    return await ask_for_assignment(work, subject.type, list(known))


async def sweep_waiting(work: Work, _payload: Mapping[str, Any]) -> None:
    """Look again at all that wait: somebody may be back, or have room."""
    for subject_type in await queries.waiting_types(work.sql):
        if subject_type in subject_types():
            work.enqueue(DECIDE, {"subject_type": subject_type}, key=subject_type)


async def decide_waiting(work: Work, payload: Mapping[str, Any]) -> None:
    """Decide the next of those that wait; those that nobody may have wait on (C17).

    All of it is one transaction: a worker that dies has decided nothing, and nobody decides the
    same beside it.
    """
    subject = subject_of(payload["subject_type"])
    turn = await queries.lock_lane(work.sql, subject.type)
    waiting = await queries.oldest_waiting(work.sql, subject.type, _place(payload), BATCH)
    if not waiting:
        return
    facts = await subject.read_facts(work, [row["subject_id"] for row in waiting])
    offer = await _offer(work, subject, lock=True)
    decisions: list[Decision] = []
    reasons: dict[UUID, Reason] = {}
    for row in waiting:
        if row["subject_id"] not in facts:
            continue
        decided = _decide(offer, row, facts[row["subject_id"]], turn + len(decisions) + 1)
        if isinstance(decided, Decision):
            decisions.append(decided)
        elif decided != row["reason"]:
            reasons[row["id"]] = decided
    await _store(work, subject, decisions, reasons)
    gone = [row["subject_id"] for row in waiting if row["subject_id"] not in facts]
    ended = [*gone, *(one.subject_id for one in decisions)]
    await queries.end_waiting(work.sql, subject.type, ended)
    if len(waiting) == BATCH:
        last = {"at": waiting[-1]["recorded_at"].isoformat(), "id": str(waiting[-1]["id"])}
        work.enqueue(DECIDE, {"subject_type": subject.type, "after": last})


def _place(payload: Mapping[str, Any]) -> tuple[datetime, UUID] | None:
    after = payload.get("after")
    return (datetime.fromisoformat(after["at"]), UUID(after["id"])) if after else None


async def _store(
    work: Work, subject: Subject, decisions: Sequence[Decision], reasons: Mapping[UUID, Reason]
) -> None:
    if reasons:
        await queries.store_reasons(work.sql, reasons)
    if decisions:
        await queries.store_decisions(work.sql, subject.type, decisions, work.now)
        await subject.set_owners(work, {one.subject_id: one.user_id for one in decisions})


def _decide(offer: Offer, row: Any, facts: Facts, turn: int) -> Decision | Reason:
    """The decision of one subject, or why it waits on; the user's load and turn are counted."""
    rule = offer.rule_for(facts)
    if rule is None:
        return Reason.NO_RULE
    turns, users = offer.turns[rule["id"]], offer.users_of(rule)
    chosen = choose(users, turns, Method(rule["method"]))
    if chosen is None:
        return Reason.NOBODY_ELIGIBLE
    shown = [one.shown(turns.get(one.user_id, 0)) for one in users]
    chosen.load += 1
    turns[chosen.user_id] = turn
    return Decision(
        subject_id=row["subject_id"],
        rule_id=rule["id"],
        rule_version=rule["version"],
        user_id=chosen.user_id,
        method=rule["method"],
        facts={name: None if fact is None else str(fact) for name, fact in facts.items()},
        candidates=shown,
        waiting_since=row["recorded_at"],
        turn=turn,
    )


async def _offer(at: Reading, subject: Subject, *, lock: bool) -> Offer:
    """What the rules of a type have to offer now; locked, no user is disabled meanwhile."""
    rules = await queries.active_rules(at.sql, subject.type)
    named = {one for rule in rules for one in rule["user_ids"]}
    teams = {rule["team_id"] for rule in rules if rule["team_id"]}
    users = await queries.users_of(at.sql, named, teams, lock=lock)
    ids = [row["id"] for row in users]
    load = await subject.open_load(at, ids)
    away = await away_at(at, ids, at.now)
    calendars = await working_calendars(
        at, {row["calendar_id"] for row in users if row["calendar_id"]}
    )
    works = {key: one.is_working(at.now) for key, one in calendars.items()}
    candidates = {
        row["id"]: Candidate(
            user_id=row["id"],
            name=row["name"],
            team_id=row["team_id"],
            active=row["active"],
            on_shift=works.get(row["calendar_id"], True),
            absent=row["id"] in away,
            load=load.get(row["id"], 0),
            capacity=row["capacity"],
        )
        for row in users
    }
    return Offer(rules, candidates, await queries.turns_of(at.sql, [one["id"] for one in rules]))


async def try_assignment(at: Reading, command: TryAssignment) -> AssignmentTrial:
    """Who would get a subject with these facts now, and why; nothing changes.

    Raises InvalidInput (unknown type).
    """
    offer = await _offer(at, subject_of(command.subject_type), lock=False)
    rule = offer.rule_for(command.facts)
    users = offer.users_of(rule) if rule else []
    turns = offer.turns[rule["id"]] if rule else {}
    chosen = choose(users, turns, Method(rule["method"])) if rule else None
    waits_for = Reason.NOBODY_ELIGIBLE if rule else Reason.NO_RULE
    return AssignmentTrial(
        user_id=chosen.user_id if chosen else None,
        rule_id=rule["id"] if rule else None,
        waits_for=None if chosen else waits_for,
        rules=[_verdict(one, command.facts) for one in offer.rules],
        candidates=[
            CandidateView.model_validate(one.shown(turns.get(one.user_id, 0))) for one in users
        ],
    )


def _verdict(rule: Any, facts: Facts) -> RuleVerdict:
    met = conditions_met(rule["conditions"], facts)
    return RuleVerdict(
        rule_id=rule["id"],
        name=rule["name"],
        position=rule["position"],
        matches=all(met),
        conditions=[
            ConditionVerdict.model_validate({"condition": one, "met": holds})
            for one, holds in zip(rule["conditions"], met, strict=True)
        ],
    )
