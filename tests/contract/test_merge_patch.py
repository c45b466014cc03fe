"""What every change of the three services has in common, seen in their contracts and validators."""

import json
from collections.abc import Iterator
from functools import lru_cache
from types import UnionType
from typing import Any, get_args

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError

from chassis.api.events import feed_router
from chassis.api.jobs import router as jobs_router
from chassis.problems.field_errors import NEVER_EMPTY, field_error
from tests.architecture.sources import ROOT
from tests.contract.test_crossing_fields import resolved
from tests.contract.test_field_errors import SERVICES, service

HALVES = ("crm", "erp", "sync-bridge")
MERGE_PATCH = "application/merge-patch+json"
WHOLE = {
    "base": "what the sender knew of the order: a state, not a field of it",
    "erp": "a copy of how the ERP's order stands",
}
"""Objects in upserts that are taken whole, by name of the field."""
COPIES = ("order-fulfilments", "order-refusals", "product-availabilities", "account-debts")
"""What is told of a record that is another's: always the whole of it."""


ONCE = ("opening-stock", "journal-entries", "payments")
"""What is posted once, never changed: it is sent whole."""


@lru_cache
def contract(half: str) -> dict[str, Any]:
    """The half's OpenAPI document."""
    found: dict[str, Any] = json.loads((ROOT / f"contracts/openapi/{half}.json").read_text())
    return found


def changes(half: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and content of every change and upsert."""
    for path, methods in contract(half)["paths"].items():
        for method, operation in methods.items():
            is_upsert = "/by-external/" in path and not path.endswith("/erase")
            is_upsert = is_upsert and not any(f"/{one}/" in path for one in ONCE)
            if method == "patch" or (method in {"put", "post"} and is_upsert):
                yield path, method, operation["requestBody"]["content"]


def objects(half: str, schema: dict[str, Any], at: str = "") -> Iterator[tuple[str, Any]]:
    """Place and schema of every object in an object; what stands in a list is whole."""
    own, _ = resolved(contract(half), schema)
    for name, part in own.get("properties", {}).items():
        inner, _ = resolved(contract(half), part)
        if inner.get("type") == "object":
            yield f"{at}/{name}", inner
            yield from objects(half, part, f"{at}/{name}")


@pytest.mark.parametrize("half", HALVES)
def test_an_object_in_a_change_may_be_given_in_part(half):
    """A change is a merge patch at every depth, and so is what another system sends."""
    demanding, seen = [], 0
    for path, method, content in changes(half):
        body, _ = resolved(contract(half), content["application/json"]["schema"])
        if path.endswith("/batch"):
            body, _ = resolved(contract(half), body["properties"]["items"]["items"])
        is_copy = any(f"/v1/{name}/" in path for name in COPIES)
        for at, inner in objects(half, body):
            seen += 1
            known = set(WHOLE) if is_copy else {"base"}
            if inner.get("required") and not known & set(at.split("/")):
                demanding.append(f"{method} {path} {at} needs {inner['required']}")
    assert demanding == []
    assert bool(seen) == (half != "sync-bridge"), "the bridge has no records that others change"


@pytest.mark.parametrize("half", HALVES)
def test_a_change_says_that_it_may_be_sent_as_a_merge_patch(half):
    """One media type with a schema: of two, openapi-python-client makes code that does not load."""
    patches = [
        acts["patch"]["requestBody"] for acts in contract(half)["paths"].values() if "patch" in acts
    ]
    assert all(list(one["content"]) == ["application/json"] for one in patches)
    assert all(MERGE_PATCH in one["description"] for one in patches)
    assert bool(patches) == (half != "sync-bridge")


def models(kind: Any) -> Iterator[type[BaseModel]]:
    """The models in a type."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    elif isinstance(kind, UnionType) or get_args(kind):
        for inner in get_args(kind):
            yield from models(inner)


def taken(name: str) -> set[type[BaseModel]]:
    """Every model that some request to the service consists of, at any depth."""
    owner = service(name)
    routers = (feed_router(owner), jobs_router, *owner.routers)
    new = {
        model
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for field in route.dependant.body_params
        for model in models(field.field_info.annotation)
    }
    found: set[type[BaseModel]] = set()
    while new:
        found |= new
        fields = [field for model in new for field in model.model_fields.values()]
        new = {model for field in fields for model in models(field.annotation)} - found
    return found


@pytest.mark.parametrize("name", SERVICES)
def test_null_where_a_value_is_needed_is_refused_in_plain_words(name):
    """One text for every field of every request, whatever it is a field of."""
    refused = 0
    for model in taken(name):
        for field in model.model_fields:
            try:
                TypeAdapter(model).validate_python({field: None})
            except ValidationError as wrong:
                told = [field_error(one) for one in wrong.errors() if one["loc"] == (field,)]
                assert {(one.code, one.message) for one in told} <= {("never_empty", NEVER_EMPTY)}
                refused += len(told)
    assert refused
