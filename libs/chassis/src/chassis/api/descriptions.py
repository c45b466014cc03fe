"""What fields and parameters mean, said once for all classes that have them.

A text beside a field in the code says what is particular there. All others stand in `fields.toml`
of the service and of the chassis, by name: a name means one thing in a service, and where it does
not, `Class.field` says so.
"""

import tomllib
from pathlib import Path
from typing import Any

from chassis.events.event import Event
from chassis.events.json_schemas import event_schema

__all__ = ["COMMON", "describe_fields", "described_event"]

COMMON = Path(__file__).with_name("fields.toml")


def described_event(event: type[Event], service: str, file: Path | None) -> dict[str, Any]:
    """The schema of an event's data, with the texts of its fields."""
    schema = event_schema(event, service)
    known = _texts("fields", file)
    for name, place in {event.__name__: schema, **schema.get("$defs", {})}.items():
        _describe(name, place, known)
    return schema


def describe_fields(document: dict[str, Any], file: Path | None) -> None:
    """Write the texts to the fields and parameters of a document that have none."""
    fields, parameters = _texts("fields", file), _texts("parameters", file)
    for name, schema in document["components"].get("schemas", {}).items():
        _describe(name, schema, fields)
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                text = parameters.get(parameter["name"])
                if text and not parameter.get("description"):
                    parameter["description"] = text


def _texts(kind: str, file: Path | None) -> dict[str, str]:
    """The texts of `fields` or `parameters` by name; those of the service win."""
    known: dict[str, str] = {}
    for one in filter(None, (COMMON, file)):
        known |= tomllib.loads(one.read_text("utf-8")).get(kind, {})
    return known


def _describe(name: str, schema: dict[str, Any], known: dict[str, str]) -> None:
    """Write the texts to the fields of a class that have none."""
    for field, place in schema.get("properties", {}).items():
        text = known.get(f"{name}.{field}") or known.get(field)
        if text and "description" not in place:
            place["description"] = text
