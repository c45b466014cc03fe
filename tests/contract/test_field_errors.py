"""What the validator may refuse in any request, told in our words and in both languages."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from chassis.api.events import feed_router
from chassis.api.jobs import router as jobs_router
from chassis.problems.field_errors import MESSAGES, field_error
from chassis.problems.standard import InvalidInput
from chassis.service import Service
from chassis.texts import Texts

SERVICES = ("erp", "crm", "sync_bridge")
REFUSES: dict[str, set[str]] = {
    "any": set(),
    "bool": {"bool_type", "bool_parsing"},
    "date": {
        "date_type",
        "date_parsing",
        "date_from_datetime_parsing",
        "date_from_datetime_inexact",
    },
    "datetime": {
        "datetime_type",
        "datetime_parsing",
        "datetime_object_invalid",
        "datetime_from_date_parsing",
    },
    "decimal": {"decimal_type", "decimal_parsing", "finite_number"},
    "default": set(),
    "definition-ref": set(),
    "definitions": set(),
    "enum": {"literal_error"},
    "dict": {"dict_type", "invalid_key"},
    "float": {"float_type", "float_parsing", "finite_number"},
    "function-after": {"value_error", "assertion_error"},
    "function-before": {"value_error", "assertion_error"},
    "int": {"int_type", "int_parsing", "int_parsing_size", "int_from_float", "finite_number"},
    "is-instance": {"is_instance_of"},
    "json-or-python": set(),
    "lax-or-strict": set(),
    "list": {"list_type"},
    "literal": {"literal_error"},
    "model": {"model_type", "model_attributes_type"},
    "model-field": {"missing"},
    "model-fields": {"missing", "extra_forbidden", "model_type", "invalid_key"},
    "no-info": set(),
    "nullable": set(),
    "str": {"string_type", "string_unicode"},
    "union": set(),
    "uuid": {"uuid_type", "uuid_parsing"},
}
"""Part of a validator -> codes of what it may refuse whatever its limits are."""
LIMITS = {
    "ge": "greater_than_equal",
    "gt": "greater_than",
    "le": "less_than_equal",
    "lt": "less_than",
    "multiple_of": "multiple_of",
    "max_digits": "decimal_max_digits",
    "decimal_places": "decimal_max_places",
    "pattern": "string_pattern_mismatch",
    "tz_constraint": "timezone_naive",
    "version": "uuid_version",
}
"""A limit that a part may have -> code of what is beyond it; lengths are told by kind."""
LENGTHS = {"min_length": "too_short", "max_length": "too_long"}


def service(name: str) -> Service:
    """The service of a package."""
    found: Service = importlib.import_module(f"{name}.app").SERVICE
    return found


def refusals(schema: Any) -> Iterator[str]:
    """Codes of all that a validator may refuse; fails for a part that is not known above."""
    if isinstance(schema, dict):
        kind = schema.get("type")
        if isinstance(kind, str):
            assert kind in REFUSES, "say above what the new part may refuse"
            yield from REFUSES[kind]
            yield from (code for limit, code in LIMITS.items() if limit in schema)
            text = "string_" if kind == "str" else ""
            yield from (text + code for limit, code in LENGTHS.items() if limit in schema)
        for name, inner in schema.items():
            if name not in {"serialization", "metadata"}:
                yield from refusals(inner)
    elif isinstance(schema, list | tuple):
        for inner in schema:
            yield from refusals(inner)


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


def told_in(name: str) -> set[str]:
    """Codes that some request to the service may be refused with."""
    found = service(name)
    chassis = (feed_router(found), jobs_router)
    return {
        code
        for router in (*chassis, *found.routers)
        for route in router.routes
        if isinstance(route, APIRoute)
        for schema in validators(route.dependant)
        for code in refusals(schema)
    }


@pytest.mark.parametrize("name", SERVICES)
def test_all_that_a_request_may_have_wrong_is_said_in_our_words(name):
    used = told_in(name)
    assert {"missing", "string_too_long", "greater_than_equal", "uuid_parsing"} <= used
    assert used <= MESSAGES.keys()


def test_no_message_is_for_what_nothing_refuses():
    assert MESSAGES.keys() - set().union(*map(told_in, SERVICES)) == set()


CONTEXT = {
    "string_too_short": {"min_length": 1},
    "string_too_long": {"max_length": 60},
    "string_pattern_mismatch": {"pattern": "^[A-Z]+$"},
    "literal_error": {"expected": "'active' or 'archived'"},
    "greater_than_equal": {"ge": 1},
    "less_than_equal": {"le": 200},
    "too_short": {"field_type": "List", "min_length": 1, "actual_length": 0},
    "too_long": {"field_type": "List", "max_length": 500, "actual_length": 501},
}
"""What the validator tells beside the code."""


def test_a_secret_is_told_in_characters():
    """The validator counts those of a secret as if it were a list."""
    limits = {"field_type": "Value", "min_length": 12, "actual_length": 5}
    error = {"type": "too_short", "loc": ("body", "password"), "msg": "?", "input": "short"}
    told = field_error(error | {"ctx": limits})
    assert (told.code, told.message) == ("string_too_short", MESSAGES["string_too_short"])


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
