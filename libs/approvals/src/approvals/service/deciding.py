"""Deciding: one person after the other, until an approval is granted or refused.

Approvals are locked after the documents they are about, and one decision after the other is taken.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

from approvals.errors import AlreadyDecided, NotAnApprover, OwnRequest
from approvals.events import DecisionMade, DecisionStarted
from approvals.service.people import reroute
from approvals.states import ApprovalState, ApproverKind, Verdict
from approvals.subjects import Approvals
from chassis.problems.standard import NotFound
from chassis.work.unit_of_work import Work

__all__ = ["approve", "refuse"]

_ABOUT = "select kind, subject_type, subject_id from approval where id = $1"
_LOCK = """select id, version, kind, subject_type, subject_id, asked_by, state, stage
  from approval where id = $1 for update"""
_STEPS = """select s.number, s.approvers, s.role,
    exists (select from approval_approver p where (p.approval_id, p.step) =
      (s.approval_id, s.number) and 'user:' || p.user_id = $2) as own,
    array(select 'user:' || p.user_id from approval_approver p
        join approval_delegation g on g.from_user_id = p.user_id and g.ended_at is null
          and 'user:' || g.to_user_id = $2 and $3 between g.begins_on and g.ends_on
          and (g.kind is null or g.kind = $4)
       where (p.approval_id, p.step) = (s.approval_id, s.number)
         and not exists (select from approval_decision d
           where (d.approval_id, d.step) = (s.approval_id, s.number)
             and coalesce(d.on_behalf_of, d.decided_by) = 'user:' || p.user_id)
       order by p.added_at, p.user_id) as represented,
    exists (select from approval_decision d where (d.approval_id, d.step) =
      (s.approval_id, s.number) and $2 in (d.decided_by, d.on_behalf_of)) as decided
  from approval_step s where s.approval_id = $1 and s.state = 'open' order by s.number"""
_DECIDE = """insert into approval_decision
    (id, approval_id, step, verdict, decided_by, on_behalf_of, reason, recorded_at)
  select gen_random_uuid(), $1, x.step, $4, $5, nullif(x.represented, ''), $6, $7
    from unnest($2::integer[], $3::text[]) as x(step, represented)"""
_REACHED = """update approval_step s set state = 'approved'
   where s.approval_id = $1 and s.state = 'open' and s.quorum <= (
     select count(*) from approval_decision d
      where (d.approval_id, d.step) = (s.approval_id, s.number) and d.verdict = 'approved')"""
_NEXT = """with next as (
    select min(stage) as stage from approval_step
     where approval_id = $1 and state = 'waiting' and not exists (
       select from approval_step o where o.approval_id = $1 and o.state = 'open')),
  opened as (update approval_step s set state = 'open', opened_at = $2::timestamptz,
      escalate_at = $2::timestamptz + make_interval(hours => s.escalate_after_hours)
     from next where s.approval_id = $1 and s.stage = next.stage returning 1)
  update approval set stage = coalesce((select stage from next), stage),
      version = version + 1, updated_at = $2 where id = $1
  returning (select count(*) from opened) as opened"""
_LEFT = """select count(*) from approval_step
  where approval_id = $1 and state in ('waiting', 'open')"""
_REFUSED = """update approval_step set state =
    case when number = any($2::integer[]) then 'refused' else 'closed' end
  where approval_id = $1 and state in ('waiting', 'open')"""
_END = """update approval set state = $2, decided_by = $3, decided_at = $4, note = $5,
    version = version + 1, updated_at = $4 where id = $1"""


async def approve(work: Work, of: Approvals, approval_id: UUID, note: str) -> None:
    """Say yes; with the last one needed, what waits goes on in this act.

    Raises NotFound, AlreadyDecided, OwnRequest, NotAnApprover.
    """
    row, mine = await _locked(work, approval_id)
    await _decide(work, approval_id, mine, Verdict.APPROVED, note)
    await work.sql.execute(_REACHED, approval_id)
    if await work.sql.fetchval(_LEFT, approval_id):
        if await work.sql.fetchval(_NEXT, approval_id, work.now):
            await reroute(work, of, [approval_id])
        return
    await _end(work, row, ApprovalState.APPROVED, note)


async def refuse(work: Work, approval_id: UUID, note: str) -> None:
    """Say no; what waits ends in this act, whatever others said.

    Raises NotFound, AlreadyDecided, OwnRequest, NotAnApprover.
    """
    row, mine = await _locked(work, approval_id)
    await _decide(work, approval_id, mine, Verdict.REFUSED, note)
    await work.sql.execute(_REFUSED, approval_id, list(mine))
    await _end(work, row, ApprovalState.REFUSED, note)


async def _locked(work: Work, approval_id: UUID) -> tuple[Mapping[str, Any], dict[int, str]]:
    """The approval, locked, and the open steps that the caller decides, for whom ("": oneself)."""
    about = await work.sql.fetchrow(_ABOUT, approval_id)
    if about is None:
        raise NotFound(entity="approval", id=approval_id)
    await work.record(DecisionStarted(**dict(about)))
    row: Any = await work.sql.fetchrow(_LOCK, approval_id)
    if row["state"] != ApprovalState.PENDING:
        raise AlreadyDecided(state=row["state"])
    actor = work.actor.reference
    if actor == row["asked_by"]:
        raise OwnRequest
    steps = await work.sql.fetch(_STEPS, approval_id, actor, work.today(), row["kind"])
    mine = _steps_of_caller(work, steps, row["asked_by"])
    if not mine:
        raise NotAnApprover
    return row, mine


def _steps_of_caller(
    work: Work, steps: Sequence[Mapping[str, Any]], asked_by: str
) -> dict[int, str]:
    mine: dict[int, str] = {}
    for step in steps:
        if step["decided"]:
            continue
        represented = [one for one in step["represented"] if one != asked_by]
        by_permission = step["approvers"] == ApproverKind.PERMISSION
        if step["own"] or (by_permission and work.actor.may(step["role"])):
            mine[step["number"]] = ""
        elif represented:
            mine[step["number"]] = represented[0]
    return mine


async def _decide(
    work: Work, approval_id: UUID, mine: Mapping[int, str], verdict: Verdict, note: str
) -> None:
    actor, for_whom = work.actor.reference, list(mine.values())
    values = (list(mine), for_whom, verdict, actor, note, work.now)
    await work.sql.execute(_DECIDE, approval_id, *values)


async def _end(
    work: Work,
    row: Mapping[str, Any],
    state: Literal[ApprovalState.APPROVED, ApprovalState.REFUSED],
    note: str,
) -> None:
    await work.sql.execute(_END, row["id"], state, work.actor.reference, work.now, note)
    await work.record(
        DecisionMade(
            id=row["id"],
            version=row["version"] + 1,
            changed=["state"],
            kind=row["kind"],
            subject_type=row["subject_type"],
            subject_id=row["subject_id"],
            state=state,
            note=note,
        )
    )
