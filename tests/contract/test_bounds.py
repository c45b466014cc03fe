"""Who is beyond a bound is told the true bound: every field of every request of the services."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from chassis.problems.field_errors import field_error
from chassis.problems.standard import InvalidInput
from chassis.texts import Texts
from tests.contract.test_crossing_fields import resolved
from tests.contract.test_field_errors import SERVICES, service
from tests.contract.test_merge_patch import taken

FROM_ZERO, ABOVE_ZERO, ANY = "from zero", "above zero", "any sign"
NUMBER = re.compile(
    r"\^(\(\?=\.\*\[1-9\]\))?(-\?)?\[0-9\]\{1,(\d+)\}\(\\\.\[0-9\]\{1,(\d+)\}\)\?\$"
)
WORDS = {
    FROM_ZERO: {"en": "zero or a number above zero", "zh-CN": "\u96f6\u6216\u5927\u4e8e\u96f6"},
    ABOVE_ZERO: {"en": "a number above zero", "zh-CN": "\u5927\u4e8e\u96f6"},
}
"""How it is said that a number is from zero up, or above zero."""

Beyond = tuple[Any, tuple[str, ...]]
"""A value that is out of bounds, and what must be said of it in either language."""


def beyond(schema: dict[str, Any]) -> Iterator[Beyond]:
    """Values just beyond each bound that the contract tells, with the bound."""
    number = NUMBER.fullmatch(schema.get("pattern", ""))
    if number:
        yield from _beyond_number(number)
        return
    for limit, wrong in BEYOND.items():
        if limit in schema:
            yield wrong(schema[limit]), (str(schema[limit]),)
    if schema.get("format") == "date":
        yield from DAYS


BEYOND: dict[str, Callable[[Any], Any]] = {
    "maxLength": lambda most: "x" * (most + 1),
    "minLength": lambda least: "x" * (least - 1),
    "minimum": lambda least: least - 1,
    "maximum": lambda most: most + 1,
    "maxItems": lambda most: [None] * (most + 1),
    "minItems": lambda _: [],
}
"""A bound -> what is just beyond it."""
DAYS: list[Beyond] = [
    ("1899-12-31", ("1900-01-01",)),
    ("3000-01-01", ("2999-12-31",)),
    ("2026-02-30", ("YYYY-MM-DD",)),
]


def _beyond_number(number: re.Match[str]) -> Iterator[Beyond]:
    above, minus, whole, decimals = number.groups()
    for text in ("1" * (int(whole) + 1), "0." + "1" * (int(decimals) + 1), "1e2"):
        yield text, (whole, decimals)
    kind = ABOVE_ZERO if above else ANY if minus else FROM_ZERO
    for text in {ABOVE_ZERO: ("-5", "0", "0.00"), FROM_ZERO: ("-5", "-0.01"), ANY: ()}[kind]:
        yield text, (kind,)


def refusals(model: type[BaseModel], field: str, value: Any) -> list[Any]:
    """What is said of the field when it has the value; without what is said of its parts."""
    try:
        TypeAdapter(model).validate_python({field: value})
    except ValidationError as wrong:
        own = [one for one in wrong.errors() if one["loc"] == (field,)]
        return [field_error(one) for one in own if one["type"] != "missing"]
    return []


def fields_of(model: type[BaseModel]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The model's fields with their schemas."""
    whole = model.model_json_schema(mode="validation")
    for name, schema in whole.get("properties", {}).items():
        kinds = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
        if len(kinds) <= 1:
            yield name, resolved(whole, schema)[0]


@pytest.mark.parametrize("name", SERVICES)
def test_the_true_bound_is_named_in_both_languages(name):
    texts, judged = Texts.load((service(name).locale,)), set()
    for model in sorted(taken(name), key=lambda one: one.__qualname__):
        for field, schema in fields_of(model):
            for value, bounds in beyond(schema):
                where = (model.__name__, field, value if len(str(value)) < 80 else "long")
                errors = refusals(model, field, value)
                assert errors, where
                for language in ("en", "zh-CN"):
                    told = InvalidInput(errors=errors).view(texts, language, "r")["errors"]
                    message = " ".join(one["message"] for one in told)
                    for bound in bounds:
                        words = WORDS[bound][language] if bound in WORDS else bound
                        assert words in message, (where, message)
                        if bound == ABOVE_ZERO:
                            assert WORDS[FROM_ZERO][language] not in message, (where, message)
                judged.add(bounds)
    assert len(judged) >= 3
    assert name == "sync_bridge" or {(ABOVE_ZERO,), (FROM_ZERO,), ("14", "6")} <= judged


ZERO = {"amount": "0", "currency": "CNY"}


@pytest.mark.parametrize("name", SERVICES)
def test_zero_is_taken_where_the_contract_says_from_zero(name):
    """Of amounts too: one that must be above zero has a form that says so."""
    for model in taken(name):
        for field, schema in fields_of(model):
            parts = schema.get("properties", {})
            number = NUMBER.fullmatch(schema.get("pattern", ""))
            if number and not number[1]:
                assert refusals(model, field, "0") == [], (model, field)
            if parts.keys() == ZERO.keys() and "[1-9]" not in parts["amount"]["pattern"]:
                assert refusals(model, field, ZERO) == [], (model, field)
