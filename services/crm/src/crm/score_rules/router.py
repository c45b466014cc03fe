"""Paths of score rules."""

from typing import Annotated
from uuid import UUID

from fastapi import status

from chassis.actor import Actor
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.paging import PageAsked
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import NotFound
from chassis.storage.paging import Page
from crm.score_rules.errors import LeadEventTaken
from crm.score_rules.schemas import (
    AddLeadEvent,
    ChangeScoreRule,
    LeadEventView,
    LeadScoreView,
    NewScoreRule,
    UpsertScoreRule,
)
from crm.score_rules.service import scores
from crm.score_rules.service.rules import SCORE_RULE
from records.annotations import annotate
from records.routes import RecordRoutes

__all__ = ["lead_score_router", "score_rule_router"]

score_rule_router = api_router(prefix="/v1/score-rules", tag="score-rules")
score_rule = RecordRoutes(
    score_rule_router,
    SCORE_RULE,
    one="score rule",
    many="score rules",
    read="score_rules.read",
    write="score_rules.write",
)
score_rule.list("Score rules; `sort` by created_at, updated_at or name.")
score_rule.create(NewScoreRule, "Create a score rule.")
score_rule.upsert(UpsertScoreRule)
score_rule.links()
score_rule.csv()
score_rule.get()
score_rule.history()
score_rule.change(ChangeScoreRule)
score_rule.archive("Archive the score rule.", "Use the score rule again.")
score_rule.link()
score_rule.unlink()
annotate(score_rule.paths)

lead_score_router = api_router(prefix="/v1/leads", tag="score-rules")
Reader = Annotated[Actor, Needs("leads.read")]


@lead_score_router.get("/{lead_id}/score", responses=refuses(NotFound))
async def lead_score_get(lead_id: UUID, _by: Reader, at: InReading) -> LeadScoreView:
    """The score of a lead, and the points of each rule, which sum to it."""
    return await scores.lead_score(at, lead_id)


@lead_score_router.get("/{lead_id}/events", responses=refuses(NotFound))
async def lead_event_list(
    lead_id: UUID, _by: Reader, asked: PageAsked, at: InReading
) -> Page[LeadEventView]:
    """What the lead did, the last first."""
    return await scores.lead_events(at, lead_id, asked)


@lead_score_router.post(
    "/{lead_id}/events",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(NotFound, LeadEventTaken),
)
async def lead_event_create(
    lead_id: UUID,
    command: AddLeadEvent,
    _by: Annotated[Actor, Needs("leads.write")],
    _once: OnlyOnce,
    work: InWork,
) -> LeadEventView:
    """Note something that the lead did; the same event sent again counts once."""
    return await scores.add_lead_event(work, lead_id, command)
