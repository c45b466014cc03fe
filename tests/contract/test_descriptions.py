"""Every field and parameter of the contracts says what it means."""

import re
import tomllib

import pytest

from chassis.api import descriptions
from chassis.api.schemas import schemas_of
from contracts.generator.__main__ import registered
from contracts.generator.generate import openapi_of
from tests.architecture.sources import ROOT

SERVICES = registered(ROOT)
DOCUMENTS = {name: openapi_of(service) for name, service in SERVICES.items()}


def described(document):
    """Place -> name and description of each field and each parameter."""
    for name, schema in document["components"]["schemas"].items():
        for field, place in schema.get("properties", {}).items():
            yield f"{name}.{field}", field, place.get("description", "")
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for one in operation.get("parameters", []):
                where = f"{method.upper()} {path} {one['in']} {one['name']}"
                yield where, one["name"], one.get("description", "")


@pytest.mark.parametrize("name", SERVICES)
def test_every_field_and_parameter_says_what_it_means(name):
    """Decision 0076: more than its name again, in words that end."""
    silent = [
        f"{where}: {text!r}"
        for where, field, text in described(DOCUMENTS[name])
        if plain(text) in {"", plain(field)}
    ]
    assert silent == []


@pytest.mark.parametrize("name", SERVICES)
def test_every_field_of_an_event_says_what_it_means(name):
    silent = [
        f"{file} {where}"
        for file, schema in schemas_of(SERVICES[name]).items()
        for where, field, text in of_event(schema)
        if plain(text) in {"", plain(field)}
    ]
    assert silent == []


def of_event(schema):
    """Place, name and description of each field of an event's data."""
    for name, place in {"": schema, **schema.get("$defs", {})}.items():
        for field, one in place.get("properties", {}).items():
            yield f"{name}.{field}", field, one.get("description", "")


def plain(text):
    return re.sub(r"[^a-z]", "", text.lower())


def test_no_text_is_kept_for_a_field_that_there_is_not():
    named, within = set(), set()
    for document in DOCUMENTS.values():
        for where, field, _ in described(document):
            named.add(field)
            within.add(where)
    files = [service.fields for service in SERVICES.values()]
    for file in [descriptions.COMMON, *files]:
        texts = tomllib.loads(file.read_text("utf-8"))
        kept = [*texts["fields"], *texts["parameters"]]
        assert [one for one in kept if one not in (within if "." in one else named)] == [], file
