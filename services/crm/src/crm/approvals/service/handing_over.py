"""Approvals that wait for a user who leaves go to others."""

from collections.abc import Mapping
from uuid import UUID

from approvals.service.handing_over import WAITS, hand_over
from chassis.work.unit_of_work import Work
from crm.approvals.service.asking import APPROVALS
from crm.open_work import OpenWork

__all__ = ["OPEN"]


async def give(work: Work, takers: Mapping[UUID, UUID]) -> None:
    """Give what waits to users, by approver; who may not decide it is not asked."""
    await hand_over(work, APPROVALS, takers)


OPEN = OpenWork(
    type="approval", table="approval_approver", owner="user_id", is_open=WAITS, give=give
)
"""Steps that wait for a user's decision."""
