"""Paths of assignment: rules, who would get what, what waits, what was decided."""

from typing import Annotated

from chassis.actor import Actor
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.routing import api_router
from chassis.problems.standard import MissingReference
from crm.assignment import queries
from crm.assignment.schemas import (
    AssignmentAsked,
    AssignmentTrial,
    ChangeAssignmentRule,
    NewAssignmentRule,
    RequestAssignment,
    TryAssignment,
    UpsertAssignmentRule,
)
from crm.assignment.service import deciding
from crm.assignment.service.rules import ASSIGNMENT_RULE
from records.annotations import annotate
from records.paths import RecordPaths
from records.read_routes import list_route
from records.routes import RecordRoutes
from records.sheets.kinds import Reference

__all__ = ["assignment_rule_router", "decision_router", "request_router", "waiting_router"]

READ, WRITE = "assignment.read", "assignment.write"

assignment_rule_router = api_router(prefix="/v1/assignment-rules", tag="assignment")
assignment_rule = RecordRoutes(
    assignment_rule_router,
    ASSIGNMENT_RULE,
    one="assignment rule",
    many="assignment rules",
    read=READ,
    write=WRITE,
    refuses=(MissingReference,),
)
assignment_rule.list("Assignment rules; `sort` by created_at, updated_at or name.")
assignment_rule.create(NewAssignmentRule, "Create an assignment rule.")
assignment_rule.upsert(UpsertAssignmentRule)
assignment_rule.links()
assignment_rule.csv(references={"team_id": Reference("team", codes=("name",))})


@assignment_rule_router.post("/try")
async def assignment_rule_try(
    command: TryAssignment, _by: Annotated[Actor, Needs(READ)], at: InReading
) -> AssignmentTrial:
    """Who would get a subject with these facts now, and why. Nothing changes."""
    return await deciding.try_assignment(at, command)


assignment_rule.get()
assignment_rule.history()
assignment_rule.change(ChangeAssignmentRule)
assignment_rule.archive("Archive the assignment rule.", "Use the assignment rule again.")
assignment_rule.link()
assignment_rule.unlink()
annotate(assignment_rule.paths)

request_router = api_router(prefix="/v1/assignment-requests", tag="assignment")


@request_router.post("", status_code=202)
async def assignment_request_create(
    command: RequestAssignment,
    _by: Annotated[Actor, Needs(WRITE)],
    _once: OnlyOnce,
    work: InWork,
) -> AssignmentAsked:
    """Let records without an owner be assigned by the rules; what was decided before stays."""
    return AssignmentAsked(waiting=await deciding.request_assignment(work, command))


decision_router = api_router(prefix="/v1/assignment-decisions", tag="assignment")
list_route(
    RecordPaths(decision_router, queries.DECISIONS, "assignment decision", READ, WRITE),
    "Who got what by which rule, the newest first.",
)
waiting_router = api_router(prefix="/v1/assignment-queue", tag="assignment")
list_route(
    RecordPaths(waiting_router, queries.QUEUE, "assignment queue", READ, WRITE),
    "What waits to be assigned, the oldest first, and for what.",
)
