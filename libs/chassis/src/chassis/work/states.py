"""The present state of records, in the form of the event that would publish it.

A reader that never had an event, or whose events are purged, reads the records themselves here and
follows the feed from the position that comes with the first page: a later event beats the state.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID, uuid5

from chassis.events.cursor import Cursor
from chassis.events.envelope import source_of, to_json
from chassis.events.event import Event
from chassis.events.feed import ends_of
from chassis.storage.reading import Reading
from chassis.telemetry.trace import Trace
from chassis.work.database import Database

__all__ = ["StatePage", "StateQuery", "States", "read_states"]

Read: TypeAlias = Callable[[Reading, Sequence[UUID]], Awaitable[Sequence[Event]]]

_STATE_IDS = UUID("6f1d3c2e-5b0a-5e0e-9c55-3a1f6f6f2b71")
"""Namespace of the ids of states."""


@dataclass(frozen=True)
class States:
    """Where the states of one event type are read.

    `read` makes the events of many records at once, in any order, with nothing `changed`; ids
    there are not, and records of which nothing was published yet, are left out. `table` has the
    records' ids in its column `id`.
    """

    table: str
    read: Read


@dataclass(frozen=True)
class StateQuery:
    """What is asked for: these subjects, or so many after a subject in the order of their ids."""

    event: type[Event]
    subjects: Sequence[UUID]
    after: UUID | None
    limit: int


@dataclass(frozen=True)
class StatePage:
    """States in the order of their subjects, and the feed's position before they were read.

    `after`: the subject to go on from; None when there are no more.
    """

    states: Sequence[bytes]
    cursor: Cursor
    after: UUID | None

    def body(self) -> bytes:
        """The batch as JSON."""
        return b"[" + b",".join(self.states) + b"]"


async def read_states(
    database: Database, states: States, query: StateQuery, trace: Trace
) -> StatePage:
    """The page asked for, read in one snapshot: data and version of a state belong together."""
    async with database.snapshot() as at:
        ends = await ends_of(at.sql)
        subjects = query.subjects or await _subjects_after(at, states.table, query)
        events = await states.read(at, subjects) if subjects else []
    setting = database.setting
    rows = [
        to_json(_row(setting.service, event, ends, at, trace), setting.settings.base_url)
        for event in sorted(events, key=lambda event: event.id)
    ]
    more = not query.subjects and len(subjects) == query.limit
    cursor = Cursor.at(ends["installation"], ends["epoch"], ends["head"])
    return StatePage(rows, cursor, subjects[-1] if more else None)


async def _subjects_after(at: Reading, table: str, query: StateQuery) -> list[UUID]:
    rows = await at.sql.fetch(
        f"select id from {table} where id > $1 order by id limit $2",
        query.after or UUID(int=0),
        query.limit,
    )
    return [row["id"] for row in rows]


def _row(service: str, event: Event, ends: Any, at: Reading, trace: Trace) -> dict[str, Any]:
    """The state as a published row, without a place in the feed.

    Its id follows from what it says, so that reading it twice is one event.
    """
    topic, kind = event.topic_for(service), event.type_for(service)
    source = source_of(topic, ends["installation"])
    state_id = uuid5(_STATE_IDS, f"{source} {ends['epoch']} {kind} {event.id} {event.version}")
    return {
        "installation": ends["installation"],
        "epoch": ends["epoch"],
        "feed_seq": None,
        "id": state_id,
        "topic": topic,
        "type": kind,
        "aggregate_id": event.id,
        "aggregate_version": event.version,
        "occurred_at": at.now,
        "origin": service,
        "correlation_id": state_id,
        "causation_id": None,
        "hops": 0,
        "traceparent": trace.traceparent,
        "payload": event.model_dump_json(),
    }
