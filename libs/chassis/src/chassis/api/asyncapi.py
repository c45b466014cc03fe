"""AsyncAPI 3.0 of the events a service publishes: topics, their form, and what is sent to them."""

from typing import Any

from chassis.api.descriptions import described_event
from chassis.events.broker import COPIES, RETENTION_MILLISECONDS
from chassis.events.envelope import envelope_schema
from chassis.events.event import Event
from chassis.events.json_schemas import inlined
from chassis.service import Service
from chassis.settings import ServiceSettings

__all__ = ["asyncapi_document"]

Node = dict[str, Any]

FORM = """Each record's key is the aggregate's id, so the events of one aggregate keep their order.
Attributes travel as CloudEvents headers (`ce_...`), data as JSON in the value. The same events,
in the same order, can be read over HTTP: `GET {base_url}/v1/events`, where they stay for at
least {feed_days} days. Delivery is at least once; `ce_id` tells a repeat. Within a major version
fields and enum values are only added: ignore what you do not know. `ce_dataschema` is the address
of the data's JSON Schema, which everybody may read."""
TOPIC_BINDING = "0.5.0"


def asyncapi_document(service: Service, settings: ServiceSettings) -> Node:
    """The document. A service that publishes nothing has no channels.

    Of the installation it tells its own address, partitions and retention; the brokers' addresses,
    which everybody need not know, are left to be filled in.
    """
    events = [event for event in service.events if event.public]
    types = [event.type_for(service.name) for event in events]
    topics = sorted({event.topic_for(service.name) for event in events})
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"{service.title}: events",
            "version": service.version,
            "description": FORM.format(
                base_url=settings.base_url, feed_days=settings.outbox_retention_days
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"kafka": _kafka()},
        "channels": {
            _key(topic): _channel(service, topic, events, settings.kafka_partitions)
            for topic in topics
        },
        "operations": {f"publish-{_key(topic)}": _operation(topic) for topic in topics},
        "components": {
            "messages": {_message_key(event): _message(service, event) for event in events},
            "schemas": {"Attributes": attributes(types)},
        },
    }


def _kafka() -> Node:
    """The brokers, wherever the installation has them."""
    return {
        "host": "{brokers}",
        "protocol": "kafka",
        "description": "The installation's Kafka brokers; the operator tells their addresses, and "
        "whether they are reached by TLS and with which credentials.",
        "variables": {
            "brokers": {
                "default": "localhost:9092",
                "description": "Bootstrap servers, host:port by comma: `KAFKA_BOOTSTRAP_SERVERS`.",
            }
        },
    }


def _key(topic: str) -> str:
    """The channel's name: the topic without dots, which references could not hold."""
    return topic.replace(".", "-")


def _message_key(event: type[Event]) -> str:
    return f"{event.event_name}-v{event.major}"


def _channel(service: Service, topic: str, events: list[type[Event]], partitions: int) -> Node:
    here = [event for event in events if event.topic_for(service.name) == topic]
    names = [_message_key(event) for event in here]
    return {
        "address": topic,
        "description": f"Changes of {', '.join(sorted({event.aggregate for event in here}))}.",
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"kafka": _topic(topic, partitions)},
    }


def _topic(topic: str, partitions: int) -> Node:
    """The topic as the relay makes it."""
    return {
        "topic": topic,
        "partitions": partitions,
        "replicas": COPIES,
        "topicConfiguration": {
            "cleanup.policy": ["delete"],
            "retention.ms": RETENTION_MILLISECONDS,
        },
        "bindingVersion": TOPIC_BINDING,
    }


def _operation(topic: str) -> Node:
    return {
        "action": "send",
        "summary": f"Publishes to {topic}.",
        "channel": {"$ref": f"#/channels/{_key(topic)}"},
    }


def _message(service: Service, event: type[Event]) -> Node:
    schema = described_event(event, service.name, service.fields)
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


def attributes(types: list[str]) -> Node:
    """The Kafka headers: the feed's CloudEvents attributes with `ce_` before, all as text."""
    structured = envelope_schema(types)
    beside = {"data", "datacontenttype"}
    known = {
        f"ce_{name}": {**attribute, "type": "string"}
        for name, attribute in structured["properties"].items()
        if name not in beside
    }
    for attribute in known.values():
        attribute.pop("minimum", None)
    required = [f"ce_{name}" for name in structured["required"] if name not in beside]
    content_type = {"type": "string", "const": "application/json"}
    return {
        "type": "object",
        "required": ["content-type", *required],
        "properties": {"content-type": content_type, **known},
    }
