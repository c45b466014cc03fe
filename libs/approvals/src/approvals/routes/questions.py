"""`/v1/approvals`: what waits for a decision, and the acts on it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path

from approvals.errors import AlreadyDecided, NotAnApprover, NotYourRequest, OwnRequest
from approvals.queries import progress_of
from approvals.schemas import ApprovalProgress, ApprovalView, Decide
from approvals.service import asking, deciding
from approvals.subjects import Approvals
from chassis.actor import Actor
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.problems.standard import NotFound
from records.paths import RecordPaths
from records.read_routes import get_route, list_route

__all__ = ["add_question_routes"]

Id = Annotated[UUID, Path(alias="approval_id")]


def add_question_routes(router: APIRouter, of: Approvals, paths: RecordPaths) -> None:
    """The routes of a service's approvals: list, one, its progress, approve, refuse, withdraw.

    Withdrawing is there where one of the kinds can be withdrawn by who asked.
    """
    list_route(paths, "What waits for a decision, and what was decided; the newest first.")
    get_route(paths)
    _progress(router, paths)
    _decisions(router, of, paths)
    if any(one.withdrawable for one in of.subjects):
        _withdrawal(router, of, paths)


def _progress(router: APIRouter, paths: RecordPaths) -> None:
    reader: Any = paths.reader

    async def approval_progress(approval_id: Id, _by: Any, at: InReading) -> ApprovalProgress:
        """The steps of the approval with their people and decisions, and what happened to it."""
        await paths.reads.require(at, approval_id)
        return await progress_of(at, approval_id)

    approval_progress.__annotations__["_by"] = reader
    router.get("/{approval_id}/progress", responses=refuses(NotFound))(approval_progress)


def _decisions(router: APIRouter, of: Approvals, paths: RecordPaths) -> None:
    approver: Any = Annotated[Actor, Needs(of.decide)]
    why = refuses(NotFound, AlreadyDecided, OwnRequest, NotAnApprover)

    async def approval_approve(
        approval_id: Id, command: Decide, _by: Any, _once: OnlyOnce, work: InWork
    ) -> ApprovalView:
        """Say yes; with the last decision needed, what waits goes on at once."""
        await paths.reads.require(work, approval_id)
        await deciding.approve(work, of, approval_id, command.note)
        return await _shown(work, paths, approval_id)

    async def approval_refuse(
        approval_id: Id, command: Decide, _by: Any, _once: OnlyOnce, work: InWork
    ) -> ApprovalView:
        """Say no: one refusal ends it, and what waits is refused."""
        await paths.reads.require(work, approval_id)
        await deciding.refuse(work, approval_id, command.note)
        return await _shown(work, paths, approval_id)

    for act, path in ((approval_approve, "approve"), (approval_refuse, "refuse")):
        act.__annotations__["_by"] = approver
        router.post(f"/{{approval_id}}/{path}", responses=why)(act)


def _withdrawal(router: APIRouter, of: Approvals, paths: RecordPaths) -> None:
    async def approval_withdraw(
        approval_id: Id, _by: Any, _once: OnlyOnce, work: InWork
    ) -> ApprovalView:
        """Withdraw one's own question before it is decided."""
        await paths.reads.require(work, approval_id)
        await asking.withdraw(work, of, approval_id)
        return await _shown(work, paths, approval_id)

    approval_withdraw.__annotations__["_by"] = paths.reader
    why = refuses(NotFound, NotYourRequest, AlreadyDecided)
    router.post("/{approval_id}/withdraw", responses=why)(approval_withdraw)


async def _shown(work: Any, paths: RecordPaths, approval_id: UUID) -> ApprovalView:
    view: ApprovalView = await paths.reads.get(work, approval_id)
    return view
