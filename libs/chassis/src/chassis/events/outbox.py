"""The outbox: the public events of one act, written in the act's own transaction."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from chassis.events.event import Event
from chassis.events.schema import PAYLOAD_BYTES_MAX
from chassis.http.problems import Problem
from chassis.ids import uuid7

if TYPE_CHECKING:
    from chassis.storage.work import Work
    from chassis.telemetry.trace import Trace

__all__ = ["EVENT_BYTES_MAX", "EventTooLarge", "written"]

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
_ONE = f"""{_INSERT}
  values ($1, $2, $3, $4, $5, $6, $7::text::jsonb, $13, $8, $9, $10, $11, $12, $14){_VERSIONS}"""
_SEVERAL = f"""{_INSERT}
  select id, topic, type, aggregate_type, aggregate_id, aggregate_version, payload::jsonb,
    $13::timestamptz, origin, correlation_id, causation_id, hops, traceparent, $14::text
    from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::bigint[],
      $7::text[], $8::text[], $9::uuid[], $10::uuid[], $11::smallint[], $12::text[])
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


def written(work: "Work") -> tuple[str, Sequence[Any]]:
    """The CTE that inserts the events of an act, and its arguments. Raises EventTooLarge.

    A version that an aggregate has already published violates `pk_outbox_version`: the act
    published without holding the aggregate's row, and fails whole. Most acts have one event; its
    row as it is costs two thirds of a row in arrays.
    """
    pairs = zip(work.events, work.event_traces, strict=True)
    rows = [_row(work.setting.service, event, trace) for event, trace in pairs]
    besides = work.now, work.actor.reference
    if len(rows) == 1:
        return _ONE, (*rows[0], *besides)
    return _SEVERAL, (*map(list, zip(*rows, strict=True)), *besides)


def _row(service: str, event: Event, trace: "Trace") -> tuple[Any, ...]:
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
