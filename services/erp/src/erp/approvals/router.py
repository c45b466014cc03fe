"""Paths of approvals."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from chassis.actor import Actor
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.paging import RecordSearchAsked
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import NotFound
from chassis.storage.paging import Page
from erp.approvals import queries, service
from erp.approvals.errors import AlreadyDecided, OwnRequest
from erp.approvals.schemas import ApprovalQuery, ApprovalView, Decide
from records.sheets.at_once import add_export
from records.sheets.kinds import RecordSheet

__all__ = ["LISTS", "approval_router"]

Approver = Annotated[Actor, Needs("sales.approve")]
Reader = Annotated[Actor, Needs("sales.read")]

approval_router = api_router(prefix="/v1/approvals", tag="approvals")


@approval_router.get("")
async def approval_list(
    _by: Reader, wanted: Annotated[ApprovalQuery, Query()], asked: RecordSearchAsked, at: InReading
) -> Page[ApprovalView]:
    """What waits for a decision, and what was decided; the newest first."""
    return await queries.APPROVALS.page(at, wanted, asked)


@approval_router.get("/{approval_id}", responses=refuses(NotFound))
async def approval_get(approval_id: UUID, _by: Reader, at: InReading) -> ApprovalView:
    """The approval."""
    return await queries.APPROVALS.get(at, approval_id)


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
