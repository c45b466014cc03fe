"""Bodies and queries are taken as they are written: no text becomes a number, no number a day."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, get_args
from uuid import uuid4

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from crm.app import SERVICE

ROUTES = [one for router in SERVICE.routers for one in router.routes if isinstance(one, APIRoute)]
DAYS = ("0", "1764201600", "20261128", "2026-11-28T00:00:00", "2026-11-28T00:00:00Z", "1.5")
TIMES = ("0", "1764201600", "2026-11-28", "2026-11-28T00:00:00", "2026-11-28 00:00:00Z", "1.5")


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


def fields() -> list[tuple[str, FieldInfo]]:
    """Every field of every model in the body of any route."""
    bodies = [
        param.field_info.annotation for route in ROUTES for param in route.dependant.body_params
    ]
    found = {model for body in bodies for model in models_in(body)}
    return [
        (f"{model.__name__}.{name}", field)
        for model in sorted(found, key=lambda one: one.__name__)
        for name, field in model.model_fields.items()
    ]


FIELDS = fields()
WRONG: dict[Any, tuple[Any, ...]] = {
    bool: ("yes", "true", "1", 1, 0),
    int: ("5", 5.0, True),
    date: (0, 1764201600, 1.5, *DAYS),
    datetime: (0, 1764201600, 1.5, *TIMES),
}


@pytest.mark.parametrize("kind", WRONG, ids=lambda kind: kind.__name__)
def test_no_field_of_a_body_takes_another_type(kind):
    """`"yes"` and 1 are no booleans, `"5"` is no integer, 0 and 1764201600 are no days."""
    concerned = [(name, field) for name, field in FIELDS if kind in simple_types(field.annotation)]
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


async def test_a_query_takes_days_only(desk, problem):
    asked = days_asked(desk.crm.app.openapi()["paths"])
    assert asked == [("/v1/products/{product_id}/price", "on")]
    product = await desk.product()
    for path, name in asked:
        for wrong in DAYS:
            reply = await desk.client.get(
                path.format(product_id=product["id"]), params={name: wrong}
            )
            told = problem(reply, 422, "invalid_input")
            found = [one["code"] for one in told["errors"] if one["pointer"].endswith(f"/{name}")]
            assert found == ["day_form"], (path, name, wrong, told["errors"])


async def test_a_wrong_day_is_explained_in_the_readers_language(desk, problem):
    body = {"product": "x", "price": {"amount": "1", "currency": "CNY"}, "valid_from": 0}
    for language, message in (
        ("en", "Write the day as YYYY-MM-DD."),
        ("zh-CN", "请按 YYYY-MM-DD 的格式填写日期。"),
    ):
        reply = await desk.crm.post(
            "/v1/product-prices", body, headers={"Accept-Language": language}
        )
        [wrong] = problem(reply, 422, "invalid_input")["errors"]
        assert (wrong["pointer"], wrong["message"]) == ("/valid_from", message)


async def test_a_debt_is_told_at_a_moment(desk, problem):
    account = await desk.account()
    facts = {"source_version": 1, "account_id": account["id"], "owes": "1"}
    path = f"/v1/account-debts/by-external/erp/{uuid4()}"
    for wrong in (1764201600, "1764201600", "2026-11-28", "2026-11-28T00:00:00"):
        reply = await desk.client.put(path, json=facts | {"told_at": wrong})
        assert problem(reply, 422, "invalid_input")["errors"][0]["pointer"] == "/told_at"
    for right in ("2026-11-28T00:00:00Z", "2026-11-28T08:00:00.5+08:00"):
        reply = await desk.client.put(path, json=facts | {"told_at": right})
        assert reply.is_success, reply.text
