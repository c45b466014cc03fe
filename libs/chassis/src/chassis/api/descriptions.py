"""What fields and parameters mean, said once for all classes that have them.

A text beside a field in the code says what is particular there. All others stand in `fields.toml`
of the service and of the chassis, by name: a name means one thing in a service, and where it does
not, `Class.field` says so. Examples of requests stand beside them, in `examples.toml`.
"""

import re
import tomllib
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from chassis.events.event import Event
from chassis.events.json_schemas import event_schema

__all__ = ["COMMON", "add_examples", "describe_fields", "described_event", "example_id"]

COMMON = Path(__file__).with_name("fields.toml")
_EXAMPLES = "examples.toml"
_RECORD = re.compile(r"\{(\w+)\}")


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


def add_examples(document: dict[str, Any], file: Path | None) -> None:
    """Give each request the example that is known of its class, or of its operation."""
    beside = file.with_name(_EXAMPLES) if file else None
    known = _texts("requests", beside, common=COMMON.with_name(_EXAMPLES))
    for operations in document["paths"].values():
        for operation in operations.values():
            content = operation.get("requestBody", {}).get("content", {})
            for body in content.values():
                name = body["schema"].get("$ref", "").rpartition("/")[2]
                example = known.get(operation["operationId"], known.get(name))
                if example is not None:
                    body["example"] = _with_ids(example)


def example_id(record: str) -> str:
    """The id that stands for such a record in examples; no record has it."""
    return str(uuid5(UUID(int=0), record))


def _with_ids(example: Any) -> Any:
    """The example with ids in the place of `{record}`."""
    if isinstance(example, dict):
        return {name: _with_ids(one) for name, one in example.items()}
    if isinstance(example, list):
        return [_with_ids(one) for one in example]
    record = _RECORD.fullmatch(example) if isinstance(example, str) else None
    return example_id(record[1]) if record else example


def _texts(kind: str, file: Path | None, *, common: Path = COMMON) -> dict[str, Any]:
    """The texts of `fields` or `parameters`, or `requests`, by name; those of the service win."""
    known: dict[str, Any] = {}
    for one in filter(None, (common, file)):
        if one.exists():
            known |= tomllib.loads(one.read_text("utf-8")).get(kind, {})
    return known


def _describe(name: str, schema: dict[str, Any], known: dict[str, str]) -> None:
    """Write the texts to the fields of a class that have none."""
    for field, place in schema.get("properties", {}).items():
        text = known.get(f"{name}.{field}") or known.get(field)
        if text and "description" not in place:
            place["description"] = text
