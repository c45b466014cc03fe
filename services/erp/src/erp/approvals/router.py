"""Paths of approvals."""

from typing import Annotated
from uuid import UUID

from chassis.actor import Actor
from chassis.http.dependencies import InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import NotFound
from erp.approvals import queries, service
from erp.approvals.errors import AlreadyDecided, OwnRequest
from erp.approvals.schemas import ApprovalView, Decide
from records.paths import RecordPaths
from records.read_routes import get_route, list_route
from records.sheets.at_once import add_export
from records.sheets.kinds import RecordSheet

__all__ = ["LISTS", "approval_router"]

READ, WRITE = "sales.read", "sales.approve"
Approver = Annotated[Actor, Needs(WRITE)]

approval_router = api_router(prefix="/v1/approvals", tag="approvals")
APPROVAL = RecordPaths(approval_router, queries.APPROVALS, "approval", READ, WRITE)
list_route(APPROVAL, "What waits for a decision, and what was decided; the newest first.")
get_route(APPROVAL)


@approval_router.post(
    "/{approval_id}/approve", responses=refuses(NotFound, AlreadyDecided, OwnRequest)
)
async def approval_approve(
    approval_id: UUID, command: Decide, _by: Approver, _once: OnlyOnce, work: InWork
) -> ApprovalView:
    """Say yes: the order goes on at once."""
    await service.approve(work, approval_id, command)
    return await queries.APPROVALS.get(work, approval_id)


@approval_router.post(
    "/{approval_id}/refuse", responses=refuses(NotFound, AlreadyDecided, OwnRequest)
)
async def approval_refuse(
    approval_id: UUID, command: Decide, _by: Approver, _once: OnlyOnce, work: InWork
) -> ApprovalView:
    """Say no: the order is rejected."""
    await service.refuse(work, approval_id, command)
    return await queries.APPROVALS.get(work, approval_id)


LISTS = (
    add_export(
        approval_router,
        RecordSheet(name="approval", reads=queries.APPROVALS, read="sales.read", tagged=False),
        "approvals",
    ),
)
"""What leaves as files."""
