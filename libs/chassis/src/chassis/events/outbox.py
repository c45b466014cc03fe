"""The outbox: the public events of one act, written in the act's own transaction."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from chassis.events.event import Event
from chassis.events.schema import PAYLOAD_BYTES_MAX
from chassis.http.problems import Problem
from chassis.ids import uuid7

if TYPE_CHECKING:
    from chassis.storage.work import Work

__all__ = ["EVENT_BYTES_MAX", "OUTBOX_CTE", "EventTooLarge", "outbox_arrays"]

EVENT_BYTES_MAX = PAYLOAD_BYTES_MAX * 2 // 3
"""Largest event in bytes of compact JSON. The database writes a space after each comma and colon,
which lengthens no document by more than half."""

OUTBOX_CTE = """outbox_row as (
  insert into outbox (id, topic, type, aggregate_type, aggregate_id, aggregate_version, payload,
    occurred_at, origin, correlation_id, causation_id, hops, traceparent, actor)
  select id, topic, type, aggregate_type, aggregate_id, aggregate_version, payload::jsonb,
    $13::timestamptz, origin, correlation_id, causation_id, hops, traceparent, $14::text
    from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::bigint[],
      $7::text[], $8::text[], $9::uuid[], $10::uuid[], $11::smallint[], $12::text[])
      with ordinality as recorded(id, topic, type, aggregate_type, aggregate_id,
      aggregate_version, payload, origin, correlation_id, causation_id, hops, traceparent, place)
   order by place
  returning id, aggregate_id, aggregate_version),
outbox_row_version as (
  insert into outbox_version (aggregate_id, aggregate_version, outbox_id)
  select aggregate_id, aggregate_version, id from outbox_row)"""
"""Inserts the rows of `outbox_arrays`. A version that an aggregate has already published violates
`pk_outbox_version`: the act published without holding the aggregate's row, and fails whole."""


class EventTooLarge(Problem):
    """The record has grown beyond what can be published; nothing was changed."""

    status: ClassVar[int] = 413
    code: ClassVar[str] = "event_too_large"
    title: ClassVar[str] = "The record is too large to be published"
    detail: ClassVar[str] = (
        "The {aggregate} {id} would be published in {bytes} bytes; at most {limit} are accepted. "
        "Shorten its texts or split it into several records."
    )


def outbox_arrays(work: "Work") -> Sequence[Any]:
    """The arguments of OUTBOX_CTE, in its order. Raises EventTooLarge."""
    service, events, traces = work.setting.service, work.events, work.event_traces
    return (
        [uuid7() for _ in events],
        [event.topic_for(service) for event in events],
        [event.type_for(service) for event in events],
        [event.aggregate for event in events],
        [event.id for event in events],
        [event.version for event in events],
        [_payload(event) for event in events],
        [trace.origin or service for trace in traces],
        [trace.correlation_id for trace in traces],
        [trace.causation_id for trace in traces],
        [trace.hops for trace in traces],
        [trace.traceparent for trace in traces],
        work.now,
        work.actor.reference,
    )


def _payload(event: Event) -> str:
    payload = event.model_dump_json()
    size = len(payload.encode())
    if size > EVENT_BYTES_MAX:
        raise EventTooLarge(
            aggregate=event.aggregate, id=event.id, bytes=size, limit=EVENT_BYTES_MAX
        )
    return payload
