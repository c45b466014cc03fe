"""`/v1/approval-delegations`: who decides in whose place, and when."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, status

from approvals.errors import DelegationEnded, NotYourDelegation
from approvals.queries import delegation_reads
from approvals.routes.rules import WRITE
from approvals.rule_schemas import ApprovalDelegationView, NewApprovalDelegation
from approvals.service import delegations
from approvals.subjects import Approvals
from chassis.actor import Actor
from chassis.http.dependencies import InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import InvalidInput, NotFound
from records.paths import RecordPaths
from records.read_routes import get_route, list_route

__all__ = ["delegation_router"]

PATH = "/v1/approval-delegations"


def delegation_router(of: Approvals) -> APIRouter:
    """The routes of delegations; whoever may decide delegates own approvals."""
    router = api_router(prefix=PATH, tag="approval-delegations")
    reads = delegation_reads(WRITE)
    paths = RecordPaths(router, reads, "approval delegation", of.decide, of.decide)
    list_route(paths, "One's own delegations and those to one; all with `approvals.write`.")
    get_route(paths)
    approver: Any = Annotated[Actor, Needs(of.decide)]

    async def approval_delegation_create(
        command: NewApprovalDelegation, _by: Any, _once: OnlyOnce, work: InWork
    ) -> ApprovalDelegationView:
        """Let another user decide in one's place from one day to another."""
        made = await delegations.delegate(work, of, command, for_others=WRITE)
        return await reads.get(work, made)

    async def approval_delegation_end(
        approval_delegation_id: UUID,
        _by: Any,
        _once: OnlyOnce,
        work: InWork,
    ) -> ApprovalDelegationView:
        """End the delegation at once."""
        await reads.require(work, approval_delegation_id)
        await delegations.end_delegation(work, approval_delegation_id, for_others=WRITE)
        return await reads.get(work, approval_delegation_id)

    for act in (approval_delegation_create, approval_delegation_end):
        act.__annotations__["_by"] = approver
    router.post(
        "",
        status_code=status.HTTP_201_CREATED,
        responses=refuses(InvalidInput, NotYourDelegation),
    )(approval_delegation_create)
    router.post(
        "/{approval_delegation_id}/end",
        responses=refuses(NotFound, NotYourDelegation, DelegationEnded),
    )(approval_delegation_end)
    return router
