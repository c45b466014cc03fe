"""What waits for a user who leaves goes to others, or to the fallback role."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from approvals.service.people import reroute
from approvals.subjects import Approvals
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work

__all__ = ["WAITS", "fitting", "hand_over"]

WAITS = """exists (select from approval_step s join approval a on a.id = s.approval_id
  where (s.approval_id, s.number) = (approval_approver.approval_id, approval_approver.step)
    and a.state = 'pending' and s.state in ('waiting', 'open')
    and not exists (select from approval_decision d where (d.approval_id, d.step) =
        (s.approval_id, s.number)
      and coalesce(d.on_behalf_of, d.decided_by) = 'user:' || approval_approver.user_id))"""
"""SQL condition of an approver whose decision is waited for, now or at a later stage."""

_LOCK = """select id from approval
  where id in (select p.approval_id from approval_approver p where p.id = any($1::uuid[]))
  order by id for update"""
# Of an approver and `g.taker_id`; {0} is the parameter of the roles that may decide.
_FITS = """(exists (select from local_user u join approval a on a.id = approval_approver.approval_id
      where u.id = g.taker_id and u.active and u.roles && {0}::text[]
        and 'user:' || u.id <> a.asked_by)
    and not exists (select from approval_approver o where (o.approval_id, o.step, o.user_id) =
      (approval_approver.approval_id, approval_approver.step, g.taker_id))
    and not exists (select from approval_decision d where (d.approval_id, d.step) =
        (approval_approver.approval_id, approval_approver.step)
      and 'user:' || g.taker_id in (d.decided_by, d.on_behalf_of)))"""
_FITTING = f"""select approval_approver.id, g.taker_id
    from approval_approver cross join unnest($2::uuid[]) as g(taker_id)
    where approval_approver.id = any($1::uuid[]) and {_FITS.format("$3")}"""
_MOVE = f"""with here as materialized (
    select approval_approver.id, approval_approver.approval_id, approval_approver.step,
        approval_approver.user_id, g.taker_id,
        {_FITS.format("$3")} as fits
      from unnest($1::uuid[], $2::uuid[]) as g(id, taker_id)
      join approval_approver on approval_approver.id = g.id and {WAITS}),
  moved as (
    update approval_approver p set user_id = h.taker_id, source = 'handover', added_at = $4
      from here h where p.id = h.id and h.fits),
  gone as (delete from approval_approver p using here h where p.id = h.id and not h.fits),
  logged as (
    insert into approval_log (approval_id, step, what, facts, recorded_by, recorded_at)
      select approval_id, step, 'handed_over', jsonb_build_object('from_user_id', user_id,
          'to_user_id', case when fits then taker_id end), $5, $4
        from here)
  select id from here where fits"""


async def fitting(
    at: Reading, of: Approvals, approvers: Sequence[UUID], takers: Sequence[UUID]
) -> set[tuple[UUID, UUID]]:
    """Which of the takers may decide in the place of which approver."""
    values = (list(approvers), list(takers), of.deciding_roles(at))
    return {(row["id"], row["taker_id"]) for row in await at.sql.fetch(_FITTING, *values)}


async def hand_over(work: Work, of: Approvals, takers: Mapping[UUID, UUID | None]) -> set[UUID]:
    """Let others (None: nobody) decide in the place of users, by approver; each is logged.

    Who asked, may not decide, or is asked already does not take it; then fewer are asked, and where
    these are too few, the fallback role of the rule. Returns those whose place was taken.
    """
    ids = list(takers)
    locked = [row["id"] for row in await work.sql.fetch(_LOCK, ids)]
    deciding, by = of.deciding_roles(work), work.actor.reference
    given = list(takers.values())
    moved = await work.sql.fetch(_MOVE, ids, given, deciding, work.now, by)
    await reroute(work, of, locked)
    return {row["id"] for row in moved}
