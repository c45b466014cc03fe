"""What the clock does: escalate steps that wait too long, re-route those whose people are gone."""

from approvals.service.people import LEFT, reroute
from approvals.subjects import Approvals
from chassis.work.unit_of_work import Work

__all__ = ["sweep"]

_LOCK = f"""select a.id from approval a
   where a.state = 'pending' and exists (
     select from approval_step s where s.approval_id = a.id and (
       s.state = 'open' and s.escalated_at is null and s.escalate_at <= $1
       or s.state in ('waiting', 'open') and s.approvers <> 'permission'
         and s.quorum > {LEFT}))
   order by a.id for update of a"""
_ESCALATE = """with due as (
    update approval_step s set escalated_at = $1 from approval a
     where a.id = s.approval_id and a.id = any($4::uuid[])
       and a.state = 'pending' and s.state = 'open'
       and s.escalated_at is null and s.escalate_at <= $1
    returning s.approval_id, s.number, s.escalate_to, a.asked_by),
  added as (
    insert into approval_approver (id, approval_id, step, user_id, source, added_at)
    select gen_random_uuid(), d.approval_id, d.number, u.id, 'escalation', $1
      from due d join local_user u on u.active and u.roles && $2::text[]
        and d.escalate_to = any(u.roles) and 'user:' || u.id <> d.asked_by
    on conflict do nothing returning approval_id, step, user_id)
  insert into approval_log (approval_id, step, what, facts, recorded_by, recorded_at)
  select d.approval_id, d.number, 'escalated',
      jsonb_build_object('role', d.escalate_to, 'user_ids', coalesce(jsonb_agg(x.user_id)
        filter (where x.user_id is not null), '[]')), $3, $1
    from due d left join added x on (x.approval_id, x.step) = (d.approval_id, d.number)
   group by d.approval_id, d.number, d.escalate_to"""


async def sweep(work: Work, of: Approvals) -> None:
    """Ask the role of the escalation as well where a step waits too long; each step once.

    And the fallback role where too few may decide. What is to be done is locked first, by id, as
    hand-overs do; of what changed meanwhile nothing is done.
    """
    deciding = of.deciding_roles(work)
    locked = [row["id"] for row in await work.sql.fetch(_LOCK, work.now, deciding)]
    await work.sql.execute(_ESCALATE, work.now, deciding, work.actor.reference, locked)
    await reroute(work, of, locked)
