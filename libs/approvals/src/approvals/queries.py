"""How approvals, rules and delegations are read."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from approvals.rule_schemas import (
    ApprovalDelegationQuery,
    ApprovalDelegationView,
    ApprovalRuleQuery,
    ApprovalRuleView,
)
from approvals.schemas import ApprovalProgress, ApprovalQuery, ApprovalView
from approvals.subjects import Approvals
from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from chassis.storage.searching import Searched
from records.filters import among
from records.reads import BY_TIME, Reads, everybody

__all__ = ["RULES", "WAITS_FOR", "approval_reads", "delegation_reads", "own_only", "progress_of"]

WAITS_FOR = """(approval.state = 'pending' and approval.asked_by <> {reference}
  and exists (select from approval_step s where s.approval_id = approval.id and s.state = 'open'
    and not exists (select from approval_decision d where (d.approval_id, d.step) =
      (s.approval_id, s.number) and {reference} in (d.decided_by, d.on_behalf_of))
    and ((s.approvers = 'permission' and s.role = any({permissions})) or exists (
      select from approval_approver p where (p.approval_id, p.step) = (s.approval_id, s.number)
        and ('user:' || p.user_id = {reference} or exists (
          select from approval_delegation g where g.from_user_id = p.user_id
            and 'user:' || g.to_user_id = {reference} and g.ended_at is null
            and {day} between g.begins_on and g.ends_on
            and (g.kind is null or g.kind = approval.kind)
            and 'user:' || p.user_id <> approval.asked_by
            and not exists (select from approval_decision d where (d.approval_id, d.step) =
              (s.approval_id, s.number)
              and coalesce(d.on_behalf_of, d.decided_by) = 'user:' || p.user_id)))))))"""
"""SQL for the approvals that wait for whom `{reference}` names, on the day, with permissions."""

_COLUMNS = """id, version, kind, subject_type, subject_id, reason, facts, asked_by, state,
  decided_by, decided_at, note, rule_id, stage, created_at"""
_RULE = """id, version, kind, name, position, conditions, steps, fallback_role, status,
  updated_by, created_at, updated_at"""
_DELEGATION = """id, from_user_id, to_user_id, begins_on, ends_on, kind, note, created_by,
  created_at, updated_at, ended_by, ended_at"""
_PROGRESS = """select coalesce(jsonb_agg(jsonb_build_object('number', s.number, 'stage', s.stage,
      'approvers', s.approvers, 'role', s.role, 'quorum', s.quorum, 'state', s.state,
      'escalate_at', s.escalate_at, 'escalated_at', s.escalated_at,
      'people', coalesce((select jsonb_agg(jsonb_build_object('user_id', p.user_id,
          'name', u.name, 'source', p.source, 'added_at', p.added_at)
          order by p.added_at, u.name, u.id)
        from approval_approver p join local_user u on u.id = p.user_id
       where (p.approval_id, p.step) = (s.approval_id, s.number)), '[]'),
      'decisions', coalesce((select jsonb_agg(jsonb_build_object('verdict', d.verdict,
          'decided_by', d.decided_by, 'on_behalf_of', d.on_behalf_of, 'reason', d.reason,
          'recorded_at', d.recorded_at) order by d.recorded_at, d.id)
        from approval_decision d
       where (d.approval_id, d.step) = (s.approval_id, s.number)), '[]'))
    order by s.number), '[]') as steps,
    coalesce((select jsonb_agg(jsonb_build_object('what', l.what, 'step', l.step,
        'facts', l.facts, 'recorded_by', l.recorded_by, 'recorded_at', l.recorded_at)
        order by l.id) from approval_log l where l.approval_id = $1), '[]') as log
  from approval_step s where s.approval_id = $1"""

Visible = Callable[[Reading], Sequence[Filter]]


def _reader(at: Reading, of: Approvals) -> list[str]:
    """Who reads, the day, and the permission to decide if the reader has it."""
    held = [of.decide] if at.actor.may(of.decide) else []
    return [at.actor.reference, at.today().isoformat(), *held]


def _waiting(at: Reading, of: Approvals) -> Filter:
    reader = "({0}::text[])"
    condition = WAITS_FOR.format(
        reference=f"{reader}[1]", day=f"{reader}[2]::date", permissions=f"{reader}[3:]"
    )
    return Filter(condition, _reader(at, of))


def own_only(of: Approvals, everything: str) -> Visible:
    """The rule of approvals that are seen by who asked, who is or was asked, and `everything`."""

    def visible(at: Reading) -> Sequence[Filter]:
        if at.actor.may(everything):
            return ()
        waiting = _waiting(at, of)
        return [
            Filter(
                "(approval.asked_by = ({0}::text[])[1] or exists (select from approval_approver p"
                " where p.approval_id = approval.id"
                " and 'user:' || p.user_id = ({0}::text[])[1]) or exists (select from"
                " approval_decision d where d.approval_id = approval.id"
                f" and d.decided_by = ({{0}}::text[])[1]) or {waiting.condition})",
                waiting.value,
            )
        ]

    return visible


def approval_reads(
    of: Approvals,
    *,
    visible: Visible = everybody,
    searched: Searched | None = None,
    title: str = "approval.reason",
    subtitle: str = "",
) -> Reads[ApprovalView]:
    """How the approvals of a service are read."""

    def filters(at: Reading, query: ApprovalQuery) -> list[Filter]:
        found = [
            among("state", query.state),
            Filter("subject_id = {}", query.subject_id),
            Filter("asked_by = {}", at.actor.reference if query.mine else None),
            Filter("asked_by <> {}", at.actor.reference if query.mine is False else None),
        ]
        if query.waiting_for_me is None:
            return found
        waiting = _waiting(at, of)
        negated = "" if query.waiting_for_me else "not "
        return [*found, Filter(f"{negated}{waiting.condition}", waiting.value)]

    return Reads(
        name="approval",
        view=ApprovalView,
        columns=_COLUMNS,
        source="approval",
        visible=visible,
        query=ApprovalQuery,
        filters=filters,
        searched=searched,
        title=title,
        subtitle=subtitle,
        sorts=BY_TIME,
    )


def _rule_filters(_at: Reading, query: ApprovalRuleQuery) -> list[Filter]:
    return [among("status", query.status)]


RULES: Reads[ApprovalRuleView] = Reads(
    name="approval_rule",
    view=ApprovalRuleView,
    columns=_RULE,
    source="approval_rule",
    visible=everybody,
    query=ApprovalRuleQuery,
    filters=_rule_filters,
    sorts=BY_TIME,
)


def delegation_reads(everything: str) -> Reads[ApprovalDelegationView]:
    """Delegations: one's own and those to one; `everything` is the permission to see all."""

    def visible(at: Reading) -> Sequence[Filter]:
        if at.actor.may(everything):
            return ()
        user = at.actor.id if at.actor.kind == "user" else str(UUID(int=0))
        return [Filter("{}::text::uuid in (from_user_id, to_user_id)", user)]

    def filters(_at: Reading, query: ApprovalDelegationQuery) -> list[Filter]:
        return [
            Filter("from_user_id = {}", query.from_user_id),
            Filter("to_user_id = {}", query.to_user_id),
            Filter("({0}::date between begins_on and ends_on and ended_at is null)", query.on),
        ]

    return Reads(
        name="approval_delegation",
        view=ApprovalDelegationView,
        columns=_DELEGATION,
        source="approval_delegation",
        visible=visible,
        query=ApprovalDelegationQuery,
        filters=filters,
        sorts=BY_TIME,
    )


async def progress_of(at: Reading, approval_id: UUID) -> ApprovalProgress:
    """The steps of an approval that the caller may see."""
    row: Any = await at.sql.fetchrow(_PROGRESS, approval_id)
    return ApprovalProgress(steps=row["steps"], log=row["log"])
