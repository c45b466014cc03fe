"""Events and quarantine as lists."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import asyncpg

from chassis.http.paging import Filter, Page, PageQuery, Sort, fetch_page
from sync_bridge.inbox.schemas import EventView, InboxQuery, QuarantineView

__all__ = ["event_page", "quarantine_page"]

Sql: TypeAlias = "asyncpg.Connection[Any]"
_RECEIVED = {"received_at": Sort("received_at", "timestamptz")}


async def event_page(sql: Sql, wanted: InboxQuery, asked: PageQuery) -> Page[EventView]:
    """Events, the newest first."""
    return await fetch_page(
        sql,
        columns="""source, event_id, type, lane, subject, aggversion, occurred_at, origin, hops,
          correlationid, causationid, feed_seq, state, outcome, received_at, settled_at""",
        source="inbox",
        view=_event,
        sorts=_RECEIVED,
        default="-received_at",
        asked=asked,
        where=[Filter(f"{name} = {{}}", value) for name, value in wanted],
        key="event_id",
    )


async def quarantine_page(sql: Sql, asked: PageQuery) -> Page[QuarantineView]:
    """What is in quarantine, the newest first."""
    return await fetch_page(
        sql,
        columns="id, source, place, reason, octet_length(raw) as bytes, headers, received_at",
        source="quarantine",
        view=_quarantined,
        sorts=_RECEIVED,
        default="-received_at",
        asked=asked,
    )


def _event(row: Mapping[str, Any]) -> EventView:
    return EventView.model_validate(dict(row))


def _quarantined(row: Mapping[str, Any]) -> QuarantineView:
    return QuarantineView.model_validate(dict(row))
