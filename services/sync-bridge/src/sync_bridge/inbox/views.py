"""Events and quarantine as lists."""

import base64
from uuid import UUID

import orjson

from chassis.problems.standard import NotFound
from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from records.filters import among, on_days
from records.reads import Reads, everybody
from sync_bridge.flows import types_of
from sync_bridge.inbox.models import RARE_OUTCOME
from sync_bridge.inbox.schemas import (
    EventView,
    InboxQuery,
    QuarantinedContent,
    QuarantineQuery,
    QuarantineView,
    RecordQuery,
)
from sync_bridge.labels import BY_NAME, BY_NUMBER
from sync_bridge.states import COMMON_OUTCOMES

__all__ = ["EVENTS", "QUARANTINE", "quarantine_entry"]


_QUARANTINE = "quarantine q left join lane l on l.key = q.lane"
_QUARANTINED = """q.id, q.source, q.place, q.reason, octet_length(q.raw) as bytes, q.headers,
  q.received_at, q.state, q.type, q.lane, q.subject, l.number, l.name, q.decided_at,
  q.decided_by, q.note"""


async def quarantine_entry(at: Reading, entry: UUID) -> QuarantinedContent:
    """One of them with its content. Raises NotFound."""
    row = await at.sql.fetchrow(
        f"select {_QUARANTINED}, q.raw from {_QUARANTINE} where q.id = $1",
        entry,
    )
    if row is None:
        raise NotFound(entity="quarantine entry", id=str(entry))
    content, raw = None, None
    try:
        content = orjson.loads(row["raw"])
    except orjson.JSONDecodeError:
        raw = base64.b64encode(row["raw"]).decode()
    return QuarantinedContent.model_validate(dict(row) | {"content": content, "raw": raw})


def _record(table: str, wanted: RecordQuery) -> list[Filter]:
    """The conditions on the record that an event tells of."""
    return [
        _of_kind(table, wanted.kind),
        Filter(f"{table}.subject = {{}}", wanted.subject),
        Filter(
            f"{table}.subject in (select subject from lane where {BY_NUMBER})", wanted.number_key
        ),
        Filter(f"{table}.subject in (select subject from lane where {BY_NAME})", wanted.name_key),
    ]


def _of_kind(table: str, kind: str | None) -> Filter:
    """One type is compared as such: then its index is in the list's order."""
    types = types_of(kind) if kind else []
    if len(types) == 1:
        return Filter(f"{table}.type = {{}}", types[0])
    return Filter(f"{table}.type = any({{}})", types if kind else None)


def _subject_of(lane: str | None) -> UUID | None:
    """The record of the lane: events are found by it; None where the key names none."""
    try:
        return UUID(lane.rpartition(":")[2]) if lane else None
    except ValueError:
        return None


def _of_events(at: Reading, wanted: InboxQuery) -> list[Filter]:
    common = wanted.reason in COMMON_OUTCOMES
    return [
        among("inbox.state", wanted.state),
        Filter("inbox.type = {}", wanted.type),
        Filter("inbox.lane = {}", wanted.lane),
        Filter("inbox.subject = {}", _subject_of(wanted.lane)),
        Filter("inbox.outcome = {}", wanted.reason if common else None),
        Filter(f"inbox.outcome = {{}} and {RARE_OUTCOME}", None if common else wanted.reason),
        *_record("inbox", wanted),
        *on_days(at, "inbox.received_at", wanted.received_from, wanted.received_to),
    ]


def _of_quarantined(_at: Reading, wanted: QuarantineQuery) -> list[Filter]:
    return [
        among("q.state", wanted.state),
        Filter("q.reason = {}", wanted.reason),
        *_record("q", wanted),
    ]


EVENTS = Reads(
    name="inbox",
    view=EventView,
    columns="""source, event_id, type, inbox.lane, inbox.subject, aggversion, occurred_at,
      origin, hops, correlationid, causationid, feed_seq, inbox.state, outcome, received_at,
      settled_at, l.number, l.name""",
    source="inbox left join lane l on l.key = inbox.lane",
    key="event_id",
    visible=everybody,
    query=InboxQuery,
    filters=_of_events,
    sorts={"received_at": Sort("received_at", "timestamptz")},
    default_sort="-received_at",
)
_RECEIVED = Sort("q.received_at", "timestamptz")
QUARANTINE = Reads(
    name="quarantine",
    view=QuarantineView,
    columns=_QUARANTINED,
    source=_QUARANTINE,
    key="q.id",
    visible=everybody,
    query=QuarantineQuery,
    filters=_of_quarantined,
    sorts={
        "received_at": _RECEIVED,
        "created_at": _RECEIVED,
        "updated_at": Sort("coalesce(q.decided_at, q.received_at)", "timestamptz"),
    },
    default_sort="-received_at",
)
