"""Who decides the steps of approvals: named when it is asked, and again when too few are left."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from approvals.states import ApproverKind
from approvals.subjects import Approvals
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work

__all__ = [
    "LEFT",
    "able_users",
    "as_json",
    "assign_people",
    "managers_of",
    "people_of",
    "reroute",
    "stuck_steps",
]

_ABLE = """u.active and u.roles && $2::text[]
    and 'user:' || u.id is distinct from a.asked_by"""
_ASSIGN = f"""insert into approval_approver (id, approval_id, step, user_id, source, added_at)
  select gen_random_uuid(), s.approval_id, s.number, u.id, s.approvers, $3
    from approval_step s join approval a on a.id = s.approval_id
    join local_user u on {_ABLE} and case s.approvers when 'role' then s.role = any(u.roles)
        when 'users' then u.id = any(s.user_ids)
        when 'team_manager' then u.id = any($4::uuid[]) else false end
   where s.approval_id = $1
  on conflict do nothing"""
LEFT = """(select count(*) from approval_decision d where (d.approval_id, d.step) =
      (s.approval_id, s.number) and d.verdict = 'approved')
    + (select count(*) from approval_approver p join local_user v on v.id = p.user_id
       where (p.approval_id, p.step) = (s.approval_id, s.number)
         and v.active and v.roles && $2::text[] and not exists (
           select from approval_decision d where (d.approval_id, d.step) =
             (p.approval_id, p.step)
             and coalesce(d.on_behalf_of, d.decided_by) = 'user:' || p.user_id))"""
"""SQL for how many approved the step `s`, or may still decide it by a role of `$2`."""
_REROUTE = f"""with short as materialized (
    select s.approval_id, s.number, s.quorum, s.fallback_role, a.asked_by,
        {LEFT} as able
      from approval_step s join approval a on a.id = s.approval_id
     where a.state = 'pending' and s.state in ('waiting', 'open')
       and s.approvers <> 'permission' and a.id = any($1::uuid[])
       and s.quorum > {LEFT}),
  added as (
    insert into approval_approver (id, approval_id, step, user_id, source, added_at)
    select gen_random_uuid(), a.approval_id, a.number, u.id, 'fallback', $3
      from short a join local_user u on {_ABLE} and a.fallback_role = any(u.roles)
    on conflict do nothing returning approval_id, step, user_id),
  found as (
    select s.*, coalesce(array_agg(x.user_id order by x.user_id)
        filter (where x.user_id is not null), '{{}}') as people
      from short s left join added x on (x.approval_id, x.step) = (s.approval_id, s.number)
     group by s.approval_id, s.number, s.quorum, s.fallback_role, s.asked_by, s.able),
  said as (
    select f.*, case when f.able + cardinality(f.people) >= f.quorum then 'rerouted'
        else 'stuck' end as what from found f)
  insert into approval_log (approval_id, step, what, facts, recorded_by, recorded_at)
  select f.approval_id, f.number, f.what,
      jsonb_build_object('needed', f.quorum, 'able', f.able, 'role', f.fallback_role,
        'user_ids', to_jsonb(f.people)), $4, $3
    from said f
   where cardinality(f.people) > 0 or not exists (select from approval_log l
     where l.approval_id = f.approval_id and l.step = f.number and l.what = 'stuck')"""
_STUCK = f"""select s.approval_id, s.number as step, s.quorum as needed, {LEFT} as able
  from approval_step s join approval a on a.id = s.approval_id
 where a.state = 'pending' and s.state in ('waiting', 'open') and s.approvers <> 'permission'
   and s.quorum > {LEFT} order by a.created_at, a.id, s.number""".replace("$2", "$1")
_USERS = """select u.id, u.name, u.roles from local_user u
   where u.active and u.roles && $1::text[] order by u.name, u.id"""


async def assign_people(work: Work, of: Approvals, approval_id: UUID, asked_by: str) -> None:
    """Ask the people of each step of a new approval; where they are too few, the fallback role."""
    managers = await managers_of(work, of, asked_by)
    deciding = of.deciding_roles(work)
    await work.sql.execute(_ASSIGN, approval_id, deciding, work.now, managers)
    await reroute(work, of, [approval_id])


async def reroute(work: Work, of: Approvals, approval_ids: Collection[UUID]) -> None:
    """Ask the fallback role where too few may decide, of approvals whose locks are held.

    Locked by id before anything is written about any of them: who adds people to several would
    else wait for another who does the same. What is done is logged; a step that has too few people
    all the same is logged once, as stuck.
    """
    deciding, by = of.deciding_roles(work), work.actor.reference
    await work.sql.execute(_REROUTE, list(approval_ids), deciding, work.now, by)


async def managers_of(at: Reading, of: Approvals, reference: str) -> list[UUID]:
    """Who manages the team of a user; nobody, where there are no teams."""
    kind, _, user_id = reference.partition(":")
    if not of.managers or kind != "user":
        return []
    rows = await at.sql.fetch(of.managers.format("$1"), UUID(user_id))
    return [row["id"] for row in rows]


async def able_users(at: Reading, of: Approvals) -> Sequence[Mapping[str, Any]]:
    """The users who may decide at all, by name."""
    return [dict(row) for row in await at.sql.fetch(_USERS, of.deciding_roles(at))]


async def stuck_steps(at: Reading, of: Approvals) -> Sequence[Mapping[str, Any]]:
    """Steps of pending approvals that too few people can decide, the oldest first."""
    return [dict(row) for row in await at.sql.fetch(_STUCK, of.deciding_roles(at))]


def people_of(
    step: Mapping[str, Any], users: Sequence[Mapping[str, Any]], managers: Sequence[UUID]
) -> list[Mapping[str, Any]]:
    """Those of the users whom the step of a rule names."""
    if step["approvers"] == ApproverKind.ROLE:
        return [one for one in users if step["role"] in one["roles"]]
    wanted = (
        {UUID(one) for one in step["user_ids"]}
        if step["approvers"] == ApproverKind.USERS
        else set(managers)
    )
    return [one for one in users if one["id"] in wanted]


def as_json(value: Any) -> str:
    """Text for a column of JSON; ids, days and numbers as text."""
    return json.dumps(value, default=str, ensure_ascii=False)
