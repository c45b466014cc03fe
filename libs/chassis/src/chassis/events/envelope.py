"""The envelope of an event: CloudEvents 1.0, structured for the feed, binary for Kafka."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson

from chassis.events.event import schema_path

__all__ = [
    "COLUMNS",
    "RECORDS_AFTER",
    "attributes_of",
    "envelope_schema",
    "source_of",
    "to_json",
    "to_kafka",
]

COLUMNS = """s.feed_seq, o.id, o.topic, o.type, o.aggregate_id, o.aggregate_version,
  o.occurred_at, o.origin, o.correlation_id, o.causation_id, o.hops, o.traceparent,
  o.payload::text as payload"""

RECORDS_AFTER = """select s.feed_seq, o.topic, o.type, i.id as installation, i.epoch,
    o.aggregate_id::text::bytea, convert_to(o.payload::text, 'UTF8'), o.id::text::bytea,
    to_char(o.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')::bytea,
    lpad(s.feed_seq::text, 20, '0')::bytea, o.aggregate_version::text::bytea,
    convert_to(o.origin, 'UTF8'), o.hops::text::bytea, o.correlation_id::text::bytea,
    convert_to(o.traceparent, 'UTF8'), o.causation_id::text::bytea
  from installation i
  cross join (select feed_seq, outbox_id from outbox_sequence
    where feed_seq > $1 order by feed_seq limit $2) s
  cross join lateral (select * from outbox where id = s.outbox_id offset 0) o
 order by s.feed_seq"""
"""The events after a `feed_seq`, at most so many, as rows for `to_kafka`: the texts are made where
there is time for it, a relay is a process with one thread.
`offset 0` keeps the planner from joining the whole outbox instead of looking each row up."""

_SEQUENCE_DIGITS = 20


def source_of(topic: str, installation: object) -> str:
    """The `source` of what an installation publishes in a topic: its service and its id."""
    return f"/tandem/{topic.partition('.')[0]}/{installation}"


def attributes_of(row: Mapping[str, Any], base_url: str) -> dict[str, str | int]:
    """The CloudEvents attributes of a published row, standard ones first.

    `base_url` is the service's own, which has the schemas of its events. A state that was read
    has no place in the feed, so it has no `sequence`.
    """
    aggregate_id = str(row["aggregate_id"])
    attributes: dict[str, str | int] = {
        "specversion": "1.0",
        "id": str(row["id"]),
        "source": source_of(row["topic"], row["installation"]),
        "type": row["type"],
        "subject": aggregate_id,
        "time": _rfc3339(row["occurred_at"]),
        "datacontenttype": "application/json",
        "dataschema": base_url + schema_path(row["type"]),
        "partitionkey": aggregate_id,
        "history": row["epoch"],
        "aggversion": row["aggregate_version"],
        "origin": row["origin"],
        "hops": row["hops"],
        "correlationid": str(row["correlation_id"]),
        "traceparent": row["traceparent"],
    }
    if row["feed_seq"] is not None:
        attributes["sequence"] = f"{row['feed_seq']:0{_SEQUENCE_DIGITS}d}"
    if row["causation_id"] is not None:
        attributes["causationid"] = str(row["causation_id"])
    return attributes


def to_json(row: Mapping[str, Any], base_url: str) -> bytes:
    """The event in structured JSON, its payload as the database stores it."""
    payload: str = row["payload"]
    return orjson.dumps(attributes_of(row, base_url))[:-1] + b',"data":' + payload.encode() + b"}"


def to_kafka(
    row: Iterable[Any], base_url: str
) -> tuple[int, str, bytes, bytes, list[tuple[str, bytes]]]:
    """Place, topic, key, value and headers of the Kafka record: binary mode, keyed by aggregate.

    The headers are those of `attributes_of`, in bytes as `RECORDS_AFTER` brings them.
    """
    place, topic, kind, installation, history, key, value, event_id, at, *rest = row
    sequence, version, origin, hops, correlation, traceparent, causation = rest
    headers = [
        *_same_headers(topic, kind, installation, history, base_url),
        ("ce_id", event_id),
        ("ce_subject", key),
        ("ce_time", at),
        ("ce_partitionkey", key),
        ("ce_sequence", sequence),
        ("ce_aggversion", version),
        ("ce_origin", origin),
        ("ce_hops", hops),
        ("ce_correlationid", correlation),
        ("ce_traceparent", traceparent),
    ]
    if causation is not None:
        headers.append(("ce_causationid", causation))
    return place, topic, key, value, headers


@lru_cache(maxsize=1024)
def _same_headers(
    topic: str, event_type: str, installation: object, history: int, base_url: str
) -> list[tuple[str, bytes]]:
    """The headers that all events of a type share."""
    return [
        ("content-type", b"application/json"),
        ("ce_specversion", b"1.0"),
        ("ce_source", source_of(topic, installation).encode()),
        ("ce_type", event_type.encode()),
        ("ce_dataschema", (base_url + schema_path(event_type)).encode()),
        ("ce_history", str(history).encode()),
    ]


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


_TEXTS = {
    "specversion": {"const": "1.0"},
    "id": {"format": "uuid", "description": "The event's own id, unique in its source."},
    "source": {"format": "uri-reference", "description": "/tandem/<service>/<installation id>"},
    "type": {"description": "What happened and the major version: tandem.erp.item-changed.v1"},
    "subject": {"format": "uuid", "description": "The aggregate's id."},
    "time": {"format": "date-time", "description": "When it happened, by the service's clock."},
    "datacontenttype": {"const": "application/json"},
    "dataschema": {
        "format": "uri",
        "description": "Where the data's JSON Schema is served, for everybody; it is its `$id`.",
    },
    "partitionkey": {"format": "uuid", "description": "The key of the Kafka record."},
    "sequence": {"pattern": "^[0-9]{20}$", "description": "Place in the feed, without gaps."},
    "origin": {"description": "The service in which the business process began."},
    "correlationid": {"format": "uuid", "description": "One for the whole business process."},
    "causationid": {"format": "uuid", "description": "The event that led to this one."},
    "traceparent": {"description": "W3C trace context of the act."},
}
_NUMBERS = {
    "history": {
        "minimum": 1,
        "description": "The history of the service's database: another, larger number after a "
        "restore from a backup. Versions are compared within one "
        "history only. Records that a broker kept from older versions of the service have none: 1.",
    },
    "aggversion": {"minimum": 1, "description": "The aggregate's version after the change."},
    "hops": {"minimum": 0, "description": "How often a bridge carried the process across."},
}


def envelope_schema(types: Sequence[str], *, in_feed: bool = True) -> dict[str, Any]:
    """The JSON Schema of a structured event of one of these types; its data is an object.

    Without `in_feed` it is a state that was read: it has no cause and no place in the feed.
    """
    properties: dict[str, Any] = {
        name: {"type": "string"} | described for name, described in _TEXTS.items()
    }
    properties |= {name: {"type": "integer"} | described for name, described in _NUMBERS.items()}
    properties["type"] |= {"examples": list(types)} if types else {}
    if not in_feed:
        del properties["sequence"], properties["causationid"]
    required = [name for name in properties if name not in {"causationid", "history"}]
    properties["data"] = {"type": "object", "description": "The aggregate's whole public state."}
    return {"type": "object", "properties": properties, "required": [*required, "data"]}
