"""What fields and parameters mean, said once for all classes that have them.

A text beside a field in the code says what is particular there. All others stand in `fields.toml`
of the service and of the chassis, by name: a name means one thing in a service, and where it does
not, `Class.field` says so.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from chassis.events.event import Event
from chassis.events.json_schemas import event_schema

__all__ = ["COMMON", "FieldTexts", "describe_fields", "described_event"]

COMMON = Path(__file__).with_name("fields.toml")


@dataclass(frozen=True)
class FieldTexts:
    """Texts by `field` or `Class.field`, and by parameter."""

    fields: Mapping[str, str]
    parameters: Mapping[str, str]

    @classmethod
    def of(cls, *files: Path) -> Self:
        """The texts of all files; those of a later file win."""
        fields: dict[str, str] = {}
        parameters: dict[str, str] = {}
        for file in files:
            described = tomllib.loads(file.read_text("utf-8"))
            fields |= described.get("fields", {})
            parameters |= described.get("parameters", {})
        return cls(fields, parameters)

    def describe(self, name: str, schema: dict[str, Any]) -> None:
        """Write the texts to the fields of a class that have none."""
        for field, place in schema.get("properties", {}).items():
            text = self.fields.get(f"{name}.{field}") or self.fields.get(field)
            if text and "description" not in place:
                place["description"] = text


def described_event(event: type[Event], service: str, file: Path | None) -> dict[str, Any]:
    """The schema of an event's data, with the texts of its fields."""
    schema = event_schema(event, service)
    known = FieldTexts.of(COMMON, *([file] if file else []))
    for name, place in {event.__name__: schema, **schema.get("$defs", {})}.items():
        known.describe(name, place)
    return schema


def describe_fields(document: dict[str, Any], file: Path | None) -> None:
    """Write the texts to the fields and parameters of a document that have none."""
    known = FieldTexts.of(COMMON, *([file] if file else []))
    for name, schema in document["components"].get("schemas", {}).items():
        known.describe(name, schema)
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                text = known.parameters.get(parameter["name"])
                if text and not parameter.get("description"):
                    parameter["description"] = text
