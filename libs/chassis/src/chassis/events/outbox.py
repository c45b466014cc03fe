"""The outbox: the public events of one act, written in the act's own transaction."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from itertools import chain
from typing import Any, ClassVar, NamedTuple

from chassis.events.event import Event
from chassis.events.schema import PAYLOAD_BYTES_MAX
from chassis.ids import uuid7
from chassis.problems.problem import Problem
from chassis.telemetry.trace import Trace

__all__ = ["EVENT_BYTES_MAX", "EventTooLarge", "Recorded", "insert_events"]

EVENT_BYTES_MAX = PAYLOAD_BYTES_MAX * 2 // 3
"""Largest event in bytes of compact JSON. The database writes a space after each comma and colon,
which lengthens no document by more than half."""

_INSERT = """outbox_row as (
  insert into outbox (id, topic, type, aggregate_type, aggregate_id, aggregate_version, payload,
    occurred_at, origin, correlation_id, causation_id, hops, traceparent, actor)"""
_VERSIONS = """
  returning id, aggregate_id, aggregate_version),
outbox_row_version as (
  insert into outbox_version (aggregate_id, aggregate_version, outbox_id)
  select aggregate_id, aggregate_version, id from outbox_row)"""
_ROW = """({}::uuid, {}::text, {}::text, {}::text, {}::uuid, {}::bigint, {}::text::jsonb,
    $1::timestamptz, {}::text, {}::uuid, {}::uuid, {}::smallint, {}::text, $2::text)"""
_FIELDS = _ROW.count("{}")
FEW = 8
"""So many events are written as rows, more of them as arrays."""
_MANY = f"""{_INSERT}
  select id, topic, type, aggregate_type, aggregate_id, aggregate_version, payload::jsonb,
    $1::timestamptz, origin, correlation_id, causation_id, hops, traceparent, $2::text
    from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::bigint[],
      $9::text[], $10::text[], $11::uuid[], $12::uuid[], $13::smallint[], $14::text[])
      with ordinality as recorded(id, topic, type, aggregate_type, aggregate_id,
      aggregate_version, payload, origin, correlation_id, causation_id, hops, traceparent, place)
   order by place{_VERSIONS}"""


class EventTooLarge(Problem):
    """The record has grown beyond what can be published; nothing was changed."""

    status: ClassVar[int] = 413
    code: ClassVar[str] = "event_too_large"
    title: ClassVar[str] = "The record is too large to be published"
    detail: ClassVar[str] = (
        "The {aggregate} {id} would be published in {bytes} bytes; at most {limit} are accepted. "
        "Shorten its texts or split it into several records."
    )


class Recorded(NamedTuple):
    """A public event of an act, and the trace that it continues."""

    event: Event
    trace: Trace


def insert_events(
    recorded: Sequence[Recorded], *, service: str, now: datetime, actor: str
) -> tuple[str, Sequence[Any]]:
    """The CTE that inserts the events of an act, and its arguments. Raises EventTooLarge.

    A version that an aggregate has already published violates `pk_outbox_version`: the act
    published without holding the aggregate's row, and fails whole. Most acts have few events;
    written as rows they cost two thirds of what they cost in arrays.
    """
    rows = [_row(service, event, trace) for event, trace in recorded]
    if len(rows) <= FEW:
        return _few(len(rows)), (now, actor, *chain.from_iterable(rows))
    return _MANY, (now, actor, *map(list, zip(*rows, strict=True)))


@cache
def _few(count: int) -> str:
    numbers = iter(range(3, 3 + count * _FIELDS))
    rows = [_ROW.format(*(f"${next(numbers)}" for _ in range(_FIELDS))) for _ in range(count)]
    return f"{_INSERT}\n  values {', '.join(rows)}{_VERSIONS}"


def _row(service: str, event: Event, trace: Trace) -> tuple[Any, ...]:
    return (
        uuid7(),
        event.topic_for(service),
        event.type_for(service),
        event.aggregate,
        event.id,
        event.version,
        _payload(event),
        trace.origin or service,
        trace.correlation_id,
        trace.causation_id,
        trace.hops,
        trace.traceparent,
    )


def _payload(event: Event) -> str:
    payload = event.model_dump_json()
    size = len(payload.encode())
    if size > EVENT_BYTES_MAX:
        raise EventTooLarge(
            aggregate=event.aggregate, id=event.id, bytes=size, limit=EVENT_BYTES_MAX
        )
    return payload
