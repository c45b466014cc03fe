"""AsyncAPI 3.0 of the events a service publishes: topics, messages, and that it sends them."""

from typing import Any

from chassis.events.event import Event
from chassis.service import Service
from contracts.generator.schemas import event_schema, inlined

__all__ = ["asyncapi_document"]

Node = dict[str, Any]

FORM = """Each record's key is the aggregate's id, so the events of one aggregate keep their order.
Attributes travel as CloudEvents headers (`ce_...`), data as JSON in the value. The same events,
in the same order, can be read over HTTP: `GET /v1/events`. Delivery is at least once; `ce_id`
tells a repeat. Within a major version fields are only added, and unknown enum values may come."""


def asyncapi_document(service: Service) -> Node:
    """The document. A service that publishes nothing has no channels."""
    events = [event for event in service.events if event.public]
    topics = sorted({event.topic_for(service.name) for event in events})
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"{service.title}: events",
            "version": service.version,
            "description": FORM,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {_key(topic): _channel(service, topic, events) for topic in topics},
        "operations": {f"publish-{_key(topic)}": _operation(topic) for topic in topics},
        "components": {
            "messages": {_message_key(event): _message(service, event) for event in events},
            "schemas": {"Attributes": attributes(service)},
        },
    }


def _key(topic: str) -> str:
    """The channel's name: the topic without dots, which references could not hold."""
    return topic.replace(".", "-")


def _message_key(event: type[Event]) -> str:
    return f"{event.event_name}-v{event.major}"


def _channel(service: Service, topic: str, events: list[type[Event]]) -> Node:
    here = [event for event in events if event.topic_for(service.name) == topic]
    names = [_message_key(event) for event in here]
    return {
        "address": topic,
        "description": f"Changes of {', '.join(sorted({event.aggregate for event in here}))}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
    }


def _operation(topic: str) -> Node:
    return {
        "action": "send",
        "summary": f"Publishes to {topic}.",
        "channel": {"$ref": f"#/channels/{_key(topic)}"},
    }


def _message(service: Service, event: type[Event]) -> Node:
    schema = event_schema(event, service.name)
    payload = {key: value for key, value in inlined(schema).items() if not key.startswith("$")}
    return {
        "name": event.type_for(service.name),
        "title": f"{event.event_name}.v{event.major}",
        "summary": str(schema["description"]).splitlines()[0],
        "contentType": "application/json",
        "headers": {"$ref": "#/components/schemas/Attributes"},
        "payload": payload,
        "bindings": {"kafka": {"key": {"type": "string", "format": "uuid"}}},
    }


def attributes(service: Service) -> Node:
    """The CloudEvents attributes as Kafka headers."""
    text = {"type": "string"}
    known: Node = {
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": {"type": "string", "format": "uuid", "description": "Unique within the source."},
        "ce_source": {**text, "description": f"/tandem/{service.name}/<installation id>"},
        "ce_type": {**text, "description": f"tandem.{service.name}.<event>.v<major>"},
        "ce_subject": {**text, "description": "The aggregate's id."},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_datacontenttype": {"type": "string", "const": "application/json"},
        "ce_dataschema": {**text, "description": "Identifier of the data's JSON Schema."},
        "ce_partitionkey": {**text, "description": "The aggregate's id, the record's key."},
        "ce_sequence": {**text, "description": "Position in the service's feed, zero-padded."},
        "ce_aggversion": {**text, "description": "The aggregate's version, the one in its ETag."},
        "ce_origin": {**text, "description": "Where the change began: erp or crm."},
        "ce_correlationid": {**text, "description": "Common to all that one act caused."},
        "ce_causationid": {**text, "description": "The event that caused this one."},
        "ce_hops": {**text, "description": "How often the act crossed the bridge."},
        "ce_traceparent": {**text, "description": "W3C trace context."},
    }
    optional = {"ce_causationid", "ce_traceparent", "ce_partitionkey"}
    return {
        "type": "object",
        "required": [name for name in known if name not in optional],
        "properties": known,
    }
