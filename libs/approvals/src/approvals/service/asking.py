"""Asking for an approval, and ending the question without a decision."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from approvals.errors import AlreadyDecided, NotYourRequest
from approvals.events import DecisionMade, DecisionStarted
from approvals.rules.matching import alike, meets
from approvals.service.people import as_json, assign_people
from approvals.states import ApprovalState, ApproverKind, LogEntryKind
from approvals.subjects import Approvals, Request, Subject
from chassis.ids import uuid7
from chassis.problems.standard import Conflict, NotFound
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work

__all__ = [
    "approved_measures",
    "is_approved",
    "matching_rule",
    "needs_approval",
    "request_approval",
    "rules_of",
    "void_all_changed",
    "void_changed",
    "void_outdated",
    "withdraw",
    "withdraw_requests",
]

_RULES = """select id, version, name, position, conditions, steps, fallback_role
  from approval_rule where kind = $1 and status = 'active' order by position, created_at, id"""
_ADD = """insert into approval (id, version, created_at, updated_at, kind, subject_type,
    subject_id, reason, facts, asked_by, state, note, rule_id, rule_version, measures, currency,
    fingerprint, stage)
  values ($1, 1, $2, $2, $3, $4, $5, $6, $7, $8, 'pending', '', $9, $10, $11, $12, $13, $14)"""
_ADD_STEPS = """insert into approval_step (approval_id, number, stage, approvers, role, user_ids,
    quorum, fallback_role, escalate_after_hours, escalate_to, state, opened_at, escalate_at)
  select $1, s.number, s.stage, s.approvers, s.role, s.user_ids, s.quorum, $3,
      s.escalate_after_hours, s.escalate_to,
      case when s.stage = first.stage then 'open' else 'waiting' end,
      case when s.stage = first.stage then $4::timestamptz end,
      case when s.stage = first.stage
        then $4::timestamptz + make_interval(hours => s.escalate_after_hours) end
    from (select row_number() over (order by p.at) as number, x.*
        from jsonb_array_elements($2::jsonb) with ordinality as p(step, at),
          jsonb_to_record(p.step) as x(stage integer, approvers text, role text,
            user_ids uuid[], quorum integer, escalate_after_hours integer, escalate_to text)) s,
      (select min((e->>'stage')::integer) as stage from jsonb_array_elements($2::jsonb) e) first"""
LOG = """insert into approval_log (approval_id, step, what, facts, recorded_by, recorded_at)
  select a, null, $2, $3, $4, $5 from unnest($1::uuid[]) a"""
_SAME = """select id from approval where kind = $1 and subject_id = $2 and fingerprint = $3
  and fingerprint <> '' and state in ('pending', 'approved') order by created_at limit 1"""
_LOCK = """select id from approval where subject_id = $1 and state = 'pending'
  order by id for update"""
_END = """update approval set state = $2, version = version + 1, updated_at = $3
  where id = any($1::uuid[])"""
_CLOSE = """update approval_step set state = 'closed'
  where approval_id = any($1::uuid[]) and state in ('waiting', 'open')"""
_LOCK_CHANGED = """select a.id from approval a
    join unnest($2::uuid[], $3::text[]) as now(subject_id, fingerprint)
      on now.subject_id = a.subject_id and now.fingerprint <> a.fingerprint
  where a.kind = $1 and a.state in ('pending', 'approved') order by a.id for update of a"""
_OWN = """select id, kind, subject_type, subject_id, asked_by, state, version
  from approval where id = $1"""
_JUDGED = """select id, state, fingerprint, measures, rule_id from approval
  where kind = $1 and subject_id = $2 and state in ('pending', 'approved') order by id"""
_APPROVED = """select fingerprint, measures from approval
  where kind = $1 and subject_id = $2 and state = 'approved'"""


async def rules_of(at: Reading, kind: str) -> Sequence[Mapping[str, Any]]:
    """The active rules of the kind, in the order in which they are asked."""
    return [dict(row) for row in await at.sql.fetch(_RULES, kind)]


def matching_rule(
    subject: Subject,
    rules: Sequence[Mapping[str, Any]],
    measures: Mapping[str, Any],
    currency: str,
) -> Mapping[str, Any] | None:
    """The first rule all of whose conditions are met."""
    unknown = subject.met_unknown
    for one in rules:
        if all(meets(c, measures, currency, met_unknown=unknown) for c in one["conditions"]):
            return one
    return None


async def needs_approval(at: Reading, of: Approvals, request: Request) -> bool:
    """Whether somebody would be asked; what is approved already is not looked at."""
    subject = of.subject(request.kind)
    if subject.always:
        return True
    rules = await rules_of(at, request.kind)
    return matching_rule(subject, rules, _measures(request), request.currency) is not None


async def request_approval(work: Work, of: Approvals, request: Request) -> UUID | None:
    """Ask those whom the first matching rule names; the approval, or None: none is needed.

    What was asked, or approved, with the same fingerprint is not asked again. The caller holds the
    lock of the document, and has ended questions about what it was before (`void_changed`).
    """
    values = (request.kind, request.subject_id, request.fingerprint)
    same: UUID | None = await work.sql.fetchval(_SAME, *values)
    if same is not None:
        return same
    subject = of.subject(request.kind)
    measures = _measures(request)
    rules = await rules_of(work, request.kind)
    rule = matching_rule(subject, rules, measures, request.currency)
    if rule is None and not subject.always:
        return None
    steps = rule["steps"] if rule else [_whoever_may(of)]
    approval_id, asked_by = uuid7(), work.actor.reference
    await work.sql.execute(
        _ADD,
        approval_id,
        work.now,
        request.kind,
        subject.record_type,
        request.subject_id,
        request.reason,
        as_json(request.facts),
        asked_by,
        rule["id"] if rule else None,
        rule["version"] if rule else None,
        as_json(measures),
        request.currency,
        request.fingerprint,
        min(step["stage"] for step in steps),
    )
    fallback = rule["fallback_role"] if rule else ""
    await work.sql.execute(_ADD_STEPS, approval_id, as_json(steps), fallback, work.now)
    await log(work, [approval_id], LogEntryKind.REQUESTED, rule=rule["name"] if rule else None)
    if rule:
        await assign_people(work, of, approval_id, asked_by)
    return approval_id


def _whoever_may(of: Approvals) -> Mapping[str, Any]:
    """The step where no rule names anybody."""
    return {
        "stage": 1,
        "approvers": ApproverKind.PERMISSION,
        "role": of.decide,
        "user_ids": [],
        "quorum": 1,
        "escalate_after_hours": None,
        "escalate_to": "",
    }


def _measures(request: Request) -> dict[str, str | None]:
    return {name: None if value is None else str(value) for name, value in request.measures.items()}


async def approved_measures(
    at: Reading, kind: str, subject_id: UUID
) -> dict[str, Mapping[str, str | None]]:
    """What is approved of the document now: by fingerprint what rules asked of it then."""
    rows = await at.sql.fetch(_APPROVED, kind, subject_id)
    return {row["fingerprint"]: row["measures"] for row in rows}


async def is_approved(at: Reading, of: Approvals, request: Request) -> bool:
    """Whether it is approved as it is now.

    Nothing that the fingerprint says is another, the same rule matches, and by the same facts.
    """
    rows = await at.sql.fetch(_JUDGED, request.kind, request.subject_id)
    granted = [row for row in rows if row["state"] == ApprovalState.APPROVED]
    return bool(granted) and len(await _outdated(at, of, request, granted)) < len(granted)


async def void_outdated(work: Work, of: Approvals, request: Request) -> int:
    """Void what was asked or approved of the document where it, or what rules ask, is another now.

    The caller holds the lock of the document. How many that were.
    """
    rows = await work.sql.fetch(f"{_JUDGED} for update", request.kind, request.subject_id)
    ids = await _outdated(work, of, request, rows)
    await _end(work, ids, ApprovalState.VOIDED, LogEntryKind.VOIDED)
    return len(ids)


async def _outdated(
    at: Reading, of: Approvals, request: Request, rows: Sequence[Mapping[str, Any]]
) -> list[UUID]:
    """Those of the questions that were about something else."""
    rules = await rules_of(at, request.kind) if rows else ()
    return [
        row["id"]
        for row in rows
        if row["fingerprint"] != request.fingerprint
        or not _judged_alike(of.subject(request.kind), rules, row, request)
    ]


def _judged_alike(
    subject: Subject,
    rules: Sequence[Mapping[str, Any]],
    asked: Mapping[str, Any],
    request: Request,
) -> bool:
    """Whether the rule by which it was asked is that of now, by facts that are the same.

    Where no rule asks any more, none of now may have asked before either.
    """
    before, now = asked["measures"], _measures(request)
    rule = matching_rule(subject, rules, now, request.currency)
    if rule is None:
        return matching_rule(subject, rules, before, request.currency) is None
    names = {one["fact"] for one in rule["conditions"]}
    same = bool(rule["id"] == asked["rule_id"])
    return same and alike(before, now, names, numbers=subject.numbers)


async def void_changed(work: Work, kind: str, subject_id: UUID, fingerprint: str) -> int:
    """Void what was asked or approved of the document as it was before; how many that were.

    "": whatever was asked or approved. The caller holds the lock of the document.
    """
    return await void_all_changed(work, kind, {subject_id: fingerprint})


async def void_all_changed(work: Work, kind: str, fingerprints: Mapping[UUID, str]) -> int:
    """Void what was asked or approved of documents, by id, as they were before; how many."""
    values = (list(fingerprints), list(fingerprints.values()))
    ids = [row["id"] for row in await work.sql.fetch(_LOCK_CHANGED, kind, *values)]
    await _end(work, ids, ApprovalState.VOIDED, LogEntryKind.VOIDED)
    return len(ids)


async def withdraw_requests(work: Work, subject_id: UUID) -> None:
    """What was asked about a document need not be decided any more; its lock is held."""
    ids = [row["id"] for row in await work.sql.fetch(_LOCK, subject_id)]
    await _end(work, ids, ApprovalState.WITHDRAWN, LogEntryKind.WITHDRAWN)


async def withdraw(work: Work, of: Approvals, approval_id: UUID) -> None:
    """Withdraw one's own question; what follows for the document happens in the same act.

    Raises NotFound, NotYourRequest, AlreadyDecided, Conflict (the document says when it is over).
    """
    asked = await work.sql.fetchrow(_OWN, approval_id)
    if asked is None:
        raise NotFound(entity="approval", id=approval_id)
    if asked["asked_by"] != work.actor.reference:
        raise NotYourRequest
    if not of.subject(asked["kind"]).withdrawable:
        raise Conflict
    about = {name: asked[name] for name in ("kind", "subject_type", "subject_id")}
    await work.record(DecisionStarted(**about))
    row = await work.sql.fetchrow(f"{_OWN} for update", approval_id)
    if row is None or row["state"] != ApprovalState.PENDING:
        raise AlreadyDecided(state=row["state"] if row else "")
    await _end(work, [approval_id], ApprovalState.WITHDRAWN, LogEntryKind.WITHDRAWN)
    await work.record(
        DecisionMade(
            id=approval_id,
            version=row["version"] + 1,
            changed=["state"],
            state=ApprovalState.WITHDRAWN,
            note="",
            **about,
        )
    )


async def _end(work: Work, ids: Sequence[UUID], state: ApprovalState, what: LogEntryKind) -> None:
    if ids:
        await work.sql.execute(_END, ids, state, work.now)
        await work.sql.execute(_CLOSE, ids)
        await log(work, ids, what)


async def log(work: Work, ids: Sequence[UUID], what: LogEntryKind, **facts: Any) -> None:
    """Keep what happened to approvals beside decisions."""
    by = work.actor.reference
    await work.sql.execute(LOG, ids, what, as_json(facts), by, work.now)
