"""JSON Schemas of events: whole in one file, and open, so that a new field breaks no reader."""

from collections.abc import Iterator, Mapping
from typing import Any

from chassis.events.event import Event

__all__ = ["DIALECT", "event_schema", "inlined", "objects_in"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def event_schema(event: type[Event], service: str) -> Schema:
    """The schema of an event's data. Fields with a default are optional: old events lack them."""
    schema = event.model_json_schema(mode="validation")
    for place in objects_in(schema):
        if place.get("additionalProperties") is False:
            del place["additionalProperties"]
    promise = (event.__doc__ or "").strip()
    return {
        "$schema": DIALECT,
        "$id": event.schema_for(service),
        "title": f"{event.event_name}.v{event.major}",
        "description": promise,
        **{key: value for key, value in schema.items() if key not in {"title", "description"}},
    }


def objects_in(schema: Any) -> Iterator[Schema]:
    """Every JSON object inside a document, itself first."""
    if isinstance(schema, dict):
        yield schema
        for value in schema.values():
            yield from objects_in(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from objects_in(value)


def inlined(schema: Mapping[str, Any]) -> Schema:
    """The schema with each `#/$defs/...` reference replaced by what it names."""
    definitions: Mapping[str, Any] = schema.get("$defs", {})

    def inline(place: Any) -> Any:
        if isinstance(place, list):
            return [inline(value) for value in place]
        if not isinstance(place, dict):
            return place
        reference = str(place.get("$ref", ""))
        target = definitions.get(reference.removeprefix("#/$defs/"), {}) if reference else {}
        own = {key: value for key, value in place.items() if key not in {"$ref", "$defs"}}
        return {key: inline(value) for key, value in {**target, **own}.items()}

    result: Schema = inline(dict(schema))
    return result
