"""Reads and writes of touches."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from chassis.storage.bulk import Bulk
from chassis.storage.paging import Filter, Page, PageQuery, Sort, fetch_page
from crm.leads.models import LeadTouch
from crm.leads.schemas.leads import LeadTouchView
from crm.sql import Sql

__all__ = [
    "empty_referrers",
    "insert_touches",
    "last_touches",
    "settle_first",
    "touch_of",
    "touches_of",
]

_LAST = """select l.id, t.source, t.campaign, t.medium, t.referrer
  from unnest($1::uuid[]) l(id) cross join lateral (
    select source, campaign, medium, referrer from lead_touch t where t.lead_id = l.id
     order by t.touched_at desc, t.id desc limit 1) t"""
_COLUMNS = "id, source, campaign, medium, referrer, touched_at as at, is_first as first, created_at"
_FIRST = """update lead_touch set is_first = true
  where id = (select id from lead_touch where lead_id = $1 order by created_at, id limit 1)
    and not exists (select from lead_touch where lead_id = $1 and is_first)"""
_SAID = """select max(touched_at) as last_touch_at,
    coalesce(max(source) filter (where is_first), '') as source,
    coalesce(max(campaign) filter (where is_first), '') as campaign
  from lead_touch where lead_id = $1"""
_EMPTY = """update lead_touch set referrer = '', emptied = true
  where lead_id = any($1::uuid[]) and referrer <> ''"""


async def last_touches(sql: Sql, lead_ids: Collection[UUID]) -> dict[UUID, tuple[str, ...]]:
    """Source, campaign, medium and referrer of each lead's last touch; who has none is left out."""
    rows = await sql.fetch(_LAST, list(lead_ids))
    return {row["id"]: tuple(row)[1:] for row in rows}


async def insert_touches(sql: Sql, touches: Sequence[LeadTouch]) -> None:
    """Keep touches of leads, in their order."""
    names = ("id", "lead_id", "source", "campaign", "medium", "referrer", "touched_at")
    bulk = Bulk()
    bulk.insert(LeadTouch, touches, *names, "is_first", "created_at")
    await bulk.execute(sql)


async def touches_of(sql: Sql, lead_id: UUID, asked: PageQuery) -> Page[LeadTouchView]:
    """The touches of a lead, the last one first."""
    return await fetch_page(
        sql,
        asked=asked,
        columns=_COLUMNS,
        source="lead_touch",
        view=lambda row: LeadTouchView.model_validate(dict(row)),
        sorts={"at": Sort("touched_at", "timestamptz")},
        default="-at",
        where=[Filter("lead_id = {}", lead_id)],
    )


async def touch_of(sql: Sql, touch_id: UUID) -> LeadTouchView:
    """One touch that there is."""
    row = await sql.fetchrow(f"select {_COLUMNS} from lead_touch where id = $1", touch_id)
    return LeadTouchView.model_validate(dict(row or {}))


async def empty_referrers(sql: Sql, lead_ids: Collection[UUID]) -> int:
    """Take out what may name a person; how many touches said it."""
    done: str = await sql.execute(_EMPTY, list(lead_ids))
    return int(done.rpartition(" ")[2])


async def settle_first(sql: Sql, lead_id: UUID) -> dict[str, Any]:
    """Let a lead have a first touch after others came or went; what it says of its touches then."""
    await sql.execute(_FIRST, lead_id)
    row = await sql.fetchrow(_SAID, lead_id)
    return dict(row or {})
