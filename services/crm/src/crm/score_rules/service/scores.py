"""Leads are scored: by the worker all that are due, and one of them when somebody asks why."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.service import Schedule
from chassis.storage.paging import Page, PageQuery
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm.activities.events import ActivityChanged
from crm.leads.service.leads import LEAD
from crm.score_rules.errors import LeadEventTaken
from crm.score_rules.queries import events, scores
from crm.score_rules.queries.events import NewLeadEvent
from crm.score_rules.rules.features import late_features
from crm.score_rules.schemas import AddLeadEvent, LeadEventView, LeadScoreView, ScorePart
from crm.settings import settings_of

__all__ = [
    "SCHEDULE",
    "SCORE",
    "add_lead_event",
    "late_fields",
    "lead_events",
    "lead_score",
    "note_activity",
    "score_due",
]

SCORE = "crm.lead_scores"
SCHEDULE = Schedule(name=SCORE, every=timedelta(minutes=1), kind=SCORE)
AT_ONCE = 2000
"""So many leads are scored in one transaction."""
FRESH_FOR = timedelta(hours=24)
"""Points fade by whole days: a score that nothing happened to is good for so long."""


def late_fields(at: Reading) -> frozenset[str]:
    """Keys of the custom fields of leads that are filled in only once the outcome is known."""
    named = settings_of(at.setting).late_lead_fields.split(",")
    return frozenset(one.strip() for one in named if one.strip())


async def score_due(work: Work, payload: Mapping[str, Any]) -> None:
    """Score open leads that something happened to, or whose score is a day old.

    With `all` it scores every open lead, as after a change of a rule. Each batch is a transaction
    of its own; a full one asks for another. Leads that another act has locked come with the next.
    """
    if not await scores.has_rules(work.sql):
        return
    before = work.now - FRESH_FOR
    if payload.get("all"):
        before = datetime.fromisoformat(payload["before"]) if "before" in payload else work.now
    due = await scores.lock_due(work.sql, before, AT_ONCE)
    if due:
        await scores.give_scores(work.sql, due, await _rules(work), work.now)
    if len(due) == AT_ONCE:
        again = {"all": True, "before": before.isoformat()} if payload.get("all") else {}
        work.enqueue(SCORE, again, key=f"again {before.isoformat()}")


async def lead_score(at: Reading, lead_id: UUID) -> LeadScoreView:
    """The score of a lead and what it is made of. Raises NotFound.

    That of an open lead as it is now; a closed one keeps its last.
    """
    await LEAD.reads.get(at, lead_id)
    closed = await scores.closed_score(at.sql, lead_id)
    if closed is None:
        rows: Sequence[Any] = await scores.parts_of(at.sql, lead_id, await _rules(at), at.now)
    else:
        rows = closed["score_parts"] or []
    names = await scores.names_of(at.sql, [UUID(str(row["rule_id"])) for row in rows])
    parts = [
        ScorePart.model_validate(dict(row) | {"name": names[UUID(str(row["rule_id"]))]})
        for row in rows
    ]
    parts.sort(key=lambda one: (-one.points, one.name))
    return LeadScoreView(
        lead_id=lead_id,
        score=sum((one.points for one in parts), Decimal(0)),
        calculated_at=closed["scored_at"] if closed else at.now,
        parts=parts,
    )


async def _rules(at: Reading) -> list[dict[str, Any]]:
    """The rules as the statement takes them; one that asks for what comes too late gives none."""
    late = late_fields(at)
    rules = [dict(row) for row in await scores.rules_in_use(at.sql)]
    return [
        one | {"id": str(one["id"]), "conditions": [_folded(each) for each in one["conditions"]]}
        for one in rules
        if not late_features((each["fact"] for each in one["conditions"]), late)
    ]


def _folded(condition: Mapping[str, Any]) -> dict[str, Any]:
    return dict(condition) | {"values": [str(one).lower() for one in condition["values"]]}


async def add_lead_event(work: Work, lead_id: UUID, command: AddLeadEvent) -> LeadEventView:
    """Note an event of a lead; the same one again is answered as the first time (C19).

    Raises NotFound, Forbidden, InvalidInput (in the future), LeadEventTaken.
    """
    await LEAD.reads.get(work, lead_id)
    await LEAD.reads.require_changeable(work, [lead_id])
    happened_at = command.at or work.now
    if happened_at > work.now:
        message = "An event lies in the past."
        raise InvalidInput(errors=[FieldError("/at", "in_the_future", message)])
    event = NewLeadEvent(uuid7(), lead_id, command.event_id, command.kind, happened_at, work.now)
    if await events.add_event(work.sql, event):
        await scores.mark_due(work.sql, [lead_id])
    kept = await events.event_of(work.sql, command.event_id)
    if (kept.lead_id, kept.kind) != (lead_id, command.kind):
        raise LeadEventTaken(event_id=command.event_id)
    return kept


async def lead_events(at: Reading, lead_id: UUID, asked: PageQuery) -> Page[LeadEventView]:
    """What a lead did, the last first. Raises NotFound."""
    await LEAD.reads.get(at, lead_id)
    return await events.events_of(at.sql, lead_id, asked)


async def note_activity(work: Work, changed: ActivityChanged) -> None:
    """Let the leads that an activity is about be scored anew."""
    about = [(changed.record_type, changed.record_id)]
    about += [(one.record_type, one.record_id) for one in changed.related]
    for record_type, record_id in about:
        if record_type == LEAD.name and record_id:
            work.at_last(_mark, record_id)


async def _mark(work: Work, lead_ids: list[Any]) -> None:
    await scores.mark_due(work.sql, sorted(set(lead_ids)))
