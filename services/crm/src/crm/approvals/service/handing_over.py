"""Approvals that wait for a user who leaves go to others."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from approvals.service.handing_over import WAITS, fitting, hand_over
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm.approvals.service.asking import APPROVALS
from crm.open_work import OpenWork

__all__ = ["OPEN"]


async def _give(work: Work, takers: Mapping[UUID, UUID]) -> set[UUID]:
    """Give what waits to users, by approver; those given: who may not decide it is not asked."""
    return await hand_over(work, APPROVALS, takers)


async def _release(work: Work, approvers: Sequence[UUID]) -> None:
    """Let what waits fall to the fallback roles of its rules."""
    await hand_over(work, APPROVALS, dict.fromkeys(approvers))


async def _fitting(
    at: Reading, approvers: Sequence[UUID], takers: Sequence[UUID]
) -> set[tuple[UUID, UUID]]:
    """Which of the takers may decide which step, by approver."""
    return await fitting(at, APPROVALS, approvers, takers)


OPEN = OpenWork(
    type="approval",
    table="approval_approver",
    owner="user_id",
    is_open=WAITS,
    give=_give,
    fitting=_fitting,
    release=_release,
    order=1,
)
"""Steps that wait for a user's decision; locked after their quotes, as decisions do."""
