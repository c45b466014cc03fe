"""Bodies and queries are taken as they are written: no text becomes a number, no number a day."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, get_args
from uuid import uuid4

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from tests.records.kinds import HALVES
from tests.records.of_crm import product

DAYS = ("0", "1764201600", "20261128", "2026-11-28T00:00:00", "2026-11-28T00:00:00Z", "1.5")
TIMES = ("0", "1764201600", "2026-11-28", "2026-11-28T00:00:00", "2026-11-28 00:00:00Z", "1.5")
WRONG: dict[Any, tuple[Any, ...]] = {
    bool: ("yes", "true", "1", 1, 0),
    int: ("5", 5.0, True),
    date: (0, 1764201600, 1.5, *DAYS),
    datetime: (0, 1764201600, 1.5, *TIMES),
}
TAKEN = [(half, kind) for half in HALVES for kind in WRONG if (half, kind) != ("erp", datetime)]
"""What bodies have in each half; the ERP takes no moment."""


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models an annotation is made of, however deep."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from models_in(field.annotation)
    for part in get_args(annotation):
        yield from models_in(part)


def simple_types(annotation: Any) -> set[Any]:
    """The types a field's value may have, without lists and models around them."""
    parts = [one for one in get_args(annotation) if one is not type(None)]
    return {annotation} if not parts else {one for part in parts for one in simple_types(part)}


def fields(half: str) -> list[tuple[str, FieldInfo]]:
    """Every field of every model in the body of any route."""
    routes = [one for router in HALVES[half].routers for one in router.routes]
    bodies = [
        param.field_info.annotation
        for route in routes
        if isinstance(route, APIRoute)
        for param in route.dependant.body_params
    ]
    found = {model for body in bodies for model in models_in(body)}
    return [
        (f"{model.__name__}.{name}", field)
        for model in sorted(found, key=lambda one: one.__name__)
        for name, field in model.model_fields.items()
    ]


@pytest.mark.parametrize(("half", "kind"), TAKEN)
def test_no_field_of_a_body_takes_another_type(half, kind):
    """`"yes"` and 1 are no booleans, `"5"` is no integer, 0 and 1764201600 are no days."""
    concerned = [
        (name, field) for name, field in fields(half) if kind in simple_types(field.annotation)
    ]
    assert concerned
    for name, field in concerned:
        adapter = TypeAdapter(field.rebuild_annotation())
        for wrong in WRONG[kind]:
            with pytest.raises(ValidationError):
                pytest.fail(f"{name} takes {wrong!r} as {adapter.validate_python(wrong)!r}")


def days_asked(paths: dict[str, Any]) -> list[tuple[str, str]]:
    """Path and name of every query parameter that is a day."""
    return [
        (path, one["name"])
        for path, acts in paths.items()
        for one in acts.get("get", {}).get("parameters", ())
        for schema in (one["schema"], *one["schema"].get("anyOf", ()))
        if one["in"] == "query" and schema.get("format") == "date"
    ]


@pytest.mark.parametrize(("half", "least"), [("crm", 1), ("erp", 12)])
async def test_a_query_takes_days_only(desks, problem, half, least):
    desk = desks[half]
    asked = days_asked(desk.server.app.openapi()["paths"])
    assert len(asked) >= least
    priced = await product(desk) if half == "crm" else ""
    known = defaultdict(lambda: str(uuid4()))
    if priced:
        [known["product_id"]] = await desk.listed("/v1/products", code=priced)
    for path, name in asked:
        for wrong in DAYS:
            reply = await desk.client.get(path.format_map(known), params={name: wrong})
            refusal = problem(reply, 422, "invalid_input")
            codes = [
                one["code"] for one in refusal["errors"] if one["pointer"].endswith(f"/{name}")
            ]
            assert codes == ["day_form"], (path, name, wrong, refusal["errors"])


def words_asked(paths: dict[str, Any]) -> list[tuple[str, str]]:
    """Path and name of every query parameter of a list that takes one of some words."""
    return [
        (path, one["name"])
        for path, acts in paths.items()
        if "{" not in path
        for one in acts.get("get", {}).get("parameters", ())
        for schema in (one["schema"], *one["schema"].get("anyOf", ()))
        if one["in"] == "query" and ("enum" in schema or "$ref" in schema)
    ]


@pytest.mark.parametrize(("half", "least"), [("crm", 5), ("erp", 10)])
async def test_a_word_that_there_is_not_is_refused_with_those_there_are(
    desks, problem, half, least
):
    """The code is that of any list of words, and the words are among the facts."""
    desk = desks[half]
    asked = words_asked(desk.server.app.openapi()["paths"])
    assert len(asked) >= least
    for path, name in asked:
        refusal = problem(await desk.client.get(path, params={name: "other"}), 422, "invalid_input")
        [error] = [one for one in refusal["errors"] if one["pointer"].endswith(f"/{name}")]
        assert error["code"] == "literal_error", (path, name)
        assert "Write one of: '" in error["message"]
