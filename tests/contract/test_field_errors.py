"""What the validator may refuse in any request, told in our words and in both languages."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from chassis.http.field_errors import MESSAGES, field_error
from chassis.http.problems import InvalidInput
from chassis.http.texts import Texts
from chassis.service import Service

SERVICES = ("erp", "crm", "sync_bridge")
COMPARED = {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}
REFUSES: dict[str, set[str]] = {
    "any": set(),
    "bool": {"bool_type", "bool_parsing"},
    "date": COMPARED
    | {"date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"},
    "datetime": COMPARED
    | {"datetime_type", "datetime_parsing", "datetime_object_invalid"}
    | {"datetime_from_date_parsing", "timezone_naive", "timezone_aware", "timezone_offset"},
    "decimal": COMPARED
    | {"decimal_type", "decimal_parsing", "decimal_max_digits", "decimal_max_places"}
    | {"decimal_whole_digits", "finite_number", "multiple_of"},
    "default": set(),
    "definition-ref": set(),
    "definitions": set(),
    "dict": {"dict_type", "invalid_key", "too_short", "too_long"},
    "float": COMPARED | {"float_type", "float_parsing", "finite_number", "multiple_of"},
    "function-after": {"value_error", "assertion_error"},
    "function-before": {"value_error", "assertion_error"},
    "int": COMPARED
    | {"int_type", "int_parsing", "int_parsing_size", "int_from_float", "multiple_of"}
    | {"finite_number"},
    "is-instance": {"is_instance_of"},
    "json-or-python": set(),
    "lax-or-strict": set(),
    "list": {"list_type", "too_short", "too_long"},
    "literal": {"literal_error"},
    "model": {"model_type", "model_attributes_type"},
    "model-field": {"missing"},
    "model-fields": {"missing", "extra_forbidden", "model_type", "invalid_key"},
    "no-info": set(),
    "nullable": {"none_required"},
    "str": {"string_type", "string_unicode", "string_too_short", "string_too_long"}
    | {"string_pattern_mismatch"},
    "union": set(),
    "uuid": {"uuid_type", "uuid_parsing", "uuid_version"},
}
"""Part of a validator -> codes of what it may refuse."""


def service(name: str) -> Service:
    """The service of a package."""
    found: Service = importlib.import_module(f"{name}.app").SERVICE
    return found


def parts(schema: Any) -> Iterator[str]:
    """Every part that a validator is made of."""
    if isinstance(schema, dict):
        if isinstance(schema.get("type"), str):
            yield schema["type"]
        for name, inner in schema.items():
            if name not in {"serialization", "metadata"}:
                yield from parts(inner)
    elif isinstance(schema, list | tuple):
        for inner in schema:
            yield from parts(inner)


def validators(dependant: Dependant) -> Iterator[Any]:
    """Schemas of what a route and its dependencies take from the request."""
    taken = (
        dependant.path_params,
        dependant.query_params,
        dependant.header_params,
        dependant.body_params,
    )
    for fields in taken:
        for field in fields:
            yield field._type_adapter.core_schema
    for inner in dependant.dependencies:
        yield from validators(inner)


@pytest.mark.parametrize("name", SERVICES)
def test_all_that_a_request_may_have_wrong_is_said_in_our_words(name):
    routes = [one for router in service(name).routers for one in router.routes]
    used = {
        part
        for route in routes
        if isinstance(route, APIRoute)
        for schema in validators(route.dependant)
        for part in parts(schema)
    }
    assert {"str", "model-fields", "uuid"} <= used
    assert used <= REFUSES.keys(), "say above what the new part may refuse"
    assert set().union(*(REFUSES[part] for part in used)) <= MESSAGES.keys()


def test_no_message_is_for_what_nothing_refuses():
    assert MESSAGES.keys() <= set().union(*REFUSES.values())


CONTEXT = {
    "string_too_short": {"min_length": 1},
    "string_too_long": {"max_length": 60},
    "literal_error": {"expected": "'active' or 'archived'"},
    "decimal_max_digits": {"max_digits": 20},
    "decimal_max_places": {"decimal_places": 6},
    "decimal_whole_digits": {"whole_digits": 14},
    "greater_than": {"gt": 0},
    "greater_than_equal": {"ge": 1},
    "less_than": {"lt": 5},
    "less_than_equal": {"le": 200},
    "multiple_of": {"multiple_of": 2},
    "too_short": {"field_type": "List", "min_length": 1, "actual_length": 0},
    "too_long": {"field_type": "List", "max_length": 500, "actual_length": 501},
}
"""What the validator tells beside the code."""


@pytest.mark.parametrize("code", MESSAGES)
def test_a_wrong_field_is_told_in_chinese_with_its_limits(code):
    error = {"type": code, "loc": ("body", "lines", 0), "msg": "?", "ctx": CONTEXT.get(code, {})}
    texts = Texts.load(())
    refused = InvalidInput(errors=[field_error(error)])
    [english] = refused.view(texts, "en", "r1")["errors"]
    [chinese] = refused.view(texts, "zh-CN", "r1")["errors"]
    assert english["pointer"] == "/lines/0"
    assert english["message"].isascii()
    assert not chinese["message"].isascii()
    for told in (english["message"], chinese["message"]):
        assert "{" not in told
        assert " or " not in told or told == english["message"]
        limits = [str(value) for name, value in error["ctx"].items() if name in MESSAGES[code]]
        assert all(limit in told for limit in limits if " or " not in limit)
