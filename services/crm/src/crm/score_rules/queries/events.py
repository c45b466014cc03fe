"""Reads and writes of events of leads."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from chassis.storage.paging import Filter, Page, PageQuery, Sort, fetch_page
from crm.score_rules.schemas import LeadEventView
from crm.sql import Sql

__all__ = ["NewLeadEvent", "add_event", "event_of", "events_of"]

_COLUMNS = "id, lead_id, event_id, kind, happened_at, created_at"


class NewLeadEvent(NamedTuple):
    """An event that is to be kept."""

    id: UUID
    lead_id: UUID
    event_id: str
    kind: str
    happened_at: datetime
    created_at: datetime


async def add_event(sql: Sql, event: NewLeadEvent) -> bool:
    """Keep an event; False where there is one with its id."""
    added = await sql.fetchval(
        f"""insert into lead_event ({_COLUMNS}) values ($1, $2, $3, $4, $5, $6)
            on conflict (event_id) do nothing returning true""",
        *event,
    )
    return bool(added)


async def event_of(sql: Sql, event_id: str) -> LeadEventView:
    """The event that has the id."""
    [row] = await sql.fetch(f"select {_COLUMNS} from lead_event where event_id = $1", event_id)
    return LeadEventView.model_validate(dict(row))


async def events_of(sql: Sql, lead_id: UUID, asked: PageQuery) -> Page[LeadEventView]:
    """The events of a lead, the last one first."""
    return await fetch_page(
        sql,
        asked=asked,
        columns=_COLUMNS,
        source="lead_event",
        view=lambda row: LeadEventView.model_validate(dict(row)),
        sorts={"happened_at": Sort("happened_at", "timestamptz")},
        default="-happened_at",
        where=[Filter("lead_id = {}", lead_id)],
    )
