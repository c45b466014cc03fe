"""Events as a file: what the feed has, one event a row, in its order."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from chassis.clock import days_between
from chassis.storage.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.reading import Reading
from records.sheets.kinds import RecordSheet
from records.sheets.reports import Report
from values.days import Day

__all__ = ["EVENTS"]

_TYPES = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[a-z0-9.,-]+$")]
_COLUMNS = """s.feed_seq as sequence, o.id, o.type, o.aggregate_id as subject,
  o.aggregate_version as aggversion, o.occurred_at as time, o.actor, o.origin,
  o.correlation_id as correlationid, o.causation_id as causationid, o.payload as data"""


class EventQuery(BaseModel):
    """Which events are wanted."""

    types: _TYPES | None = Field(
        default=None, description="Only those of these types, with commas between them."
    )
    subject: UUID | None = Field(default=None, description="Only those of this record.")
    time_from: Day | None = Field(default=None, description="The first day, of the company's zone.")
    time_to: Day | None = Field(default=None, description="The last day, of the company's zone.")


class EventRow(BaseModel):
    """An event, by the names of its envelope; `data` is its payload."""

    sequence: int = Field(description="Its place in the feed.")
    id: UUID
    type: str
    subject: UUID = Field(description="The id of the record.")
    aggversion: int = Field(description="The version of the record after the event.")
    time: datetime
    actor: str = Field(description="Who caused it.")
    origin: str = Field(description="The service in which the process began.")
    correlationid: UUID = Field(description="The process that it was a part of.")
    causationid: UUID | None = Field(description="The event that it follows from; null: none.")
    data: Any


async def _page(at: Reading, wanted: EventQuery, asked: PageQuery) -> Page[EventRow]:
    begin, end = days_between(at.setting.zone, wanted.time_from, wanted.time_to)
    return await fetch_page(
        at.sql,
        columns=_COLUMNS,
        source="outbox_sequence s join outbox o on o.id = s.outbox_id",
        view=_view,
        sorts=SORTS,
        default="sequence",
        asked=asked,
        where=[
            Filter("o.type = any({}::text[])", wanted.types and wanted.types.split(",")),
            Filter("o.aggregate_id = {}", wanted.subject),
            Filter("o.occurred_at >= {}", begin),
            Filter("o.occurred_at < {}", end),
        ],
        key="o.id",
    )


def _view(row: Mapping[str, Any]) -> EventRow:
    return EventRow.model_validate(dict(row))


SORTS = {"sequence": Sort("s.feed_seq", "bigint")}
EVENTS = RecordSheet(
    name="event",
    reads=Report(view=EventRow, query=EventQuery, rows=_page, sorts=SORTS),
    read="events.read",
    tagged=False,
)
"""Events that the feed keeps; in exports by a job."""
