"""`/v1/approval-rules`: who approves what, who would, and what nobody could."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response, status

from approvals.queries import RULES
from approvals.rule_schemas import (
    ApprovalDeadEnds,
    ApprovalRuleView,
    ApprovalTrial,
    ChangeApprovalRule,
    NewApprovalRule,
    TryApproval,
)
from approvals.service import rules, trying
from approvals.subjects import Approvals
from chassis.actor import Actor
from chassis.http.dependencies import IfMatch, InReading, InWork, Needs, OnlyOnce
from chassis.http.etag import reply_with
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import InvalidInput, NotFound
from chassis.work.unit_of_work import Work
from records.paths import RecordPaths
from records.read_routes import get_route, list_route

__all__ = ["READ", "WRITE", "rule_router"]

PATH = "/v1/approval-rules"
READ, WRITE = "approvals.read", "approvals.write"
Reader = Annotated[Actor, Needs(READ)]
Keeper = Annotated[Actor, Needs(WRITE)]


def rule_router(of: Approvals) -> APIRouter:
    """The routes of approval rules."""
    router = api_router(prefix=PATH, tag="approval-rules")
    paths = RecordPaths(router, RULES, "approval rule", READ, WRITE)
    list_route(paths, "Approval rules, the newest first; `position` says in which order they act.")
    _asking(router, of)
    get_route(paths)
    _writing(router, of)
    return router


def _asking(router: APIRouter, of: Approvals) -> None:
    @router.post("/try", responses=refuses(InvalidInput))
    async def approval_rule_try(command: TryApproval, _by: Reader, at: InReading) -> ApprovalTrial:
        """Who would approve something with these facts now, and by which rule. Nothing changes."""
        return await trying.try_approval(at, of, command)

    @router.get("/dead-ends")
    async def approval_rule_dead_ends(_by: Reader, at: InReading) -> ApprovalDeadEnds:
        """What too few people can decide: steps of active rules, and approvals that wait."""
        return await trying.dead_ends(at, of)


def _writing(router: APIRouter, of: Approvals) -> None:
    @router.post("", status_code=status.HTTP_201_CREATED, responses=refuses(InvalidInput))
    async def approval_rule_create(
        command: NewApprovalRule, _by: Keeper, _once: OnlyOnce, work: InWork, response: Response
    ) -> ApprovalRuleView:
        """Say who approves what fulfils conditions."""
        view = await _shown(work, await rules.add_rule(work, of, command))
        reply_with(response, view, location=f"{PATH}/{view.id}")
        return view

    @router.patch("/{approval_rule_id}", responses=refuses(NotFound, InvalidInput))
    async def approval_rule_update(
        approval_rule_id: UUID,
        command: ChangeApprovalRule,
        _by: Keeper,
        revision: IfMatch,
        work: InWork,
        response: Response,
    ) -> ApprovalRuleView:
        """Change the fields given; approvals asked for before keep their steps."""
        await rules.change_rule(work, of, approval_rule_id, command, revision=revision)
        view = await _shown(work, approval_rule_id)
        reply_with(response, view)
        return view


async def _shown(work: Work, rule_id: UUID) -> ApprovalRuleView:
    return await RULES.get(work, rule_id)
