"""Bodies are taken as they are written: no text becomes a number, no number a truth or a day."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, get_args

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError

from sync_bridge.app import SERVICE

ROUTES = [one for router in SERVICE.routers for one in router.routes if isinstance(one, APIRoute)]
WRONG: dict[Any, tuple[Any, ...]] = {
    bool: ("yes", "true", "1", 1, 0),
    int: ("5", 5.0, True),
    date: (0, 1764201600, 1.5, "0", "1764201600", "2026-11-28T00:00:00"),
    datetime: (0, 1764201600, 1.5, "0", "1764201600", "2026-11-28"),
}


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


def test_no_field_of_a_body_takes_another_type():
    """Of any route: whole numbers today; another kind is judged as soon as there is one."""
    judged = 0
    bodies = [
        param.field_info.annotation for route in ROUTES for param in route.dependant.body_params
    ]
    for model in {model for body in bodies for model in models_in(body)}:
        for name, field in model.model_fields.items():
            for kind in WRONG.keys() & simple_types(field.annotation):
                judged += 1
                adapter = TypeAdapter(field.rebuild_annotation())
                for wrong in WRONG[kind]:
                    with pytest.raises(ValidationError):
                        pytest.fail(f"{model.__name__}.{name}: {adapter.validate_python(wrong)!r}")
    assert judged >= 1


def test_what_is_asked_of_a_day_is_a_day_of_the_calendar():
    """No query takes instants, whose zone is easily left out, nor numbers for days."""
    annotations = [
        param.field_info.annotation for route in ROUTES for param in route.dependant.query_params
    ]
    fields = [
        field.annotation
        for model in {model for one in annotations for model in models_in(one)}
        for field in model.model_fields.values()
    ]
    of_days = [one for one in [*annotations, *fields] if simple_types(one) & {date, datetime}]
    assert of_days
    for one in of_days:
        assert datetime not in simple_types(one)
        for wrong in (0, 1764201600, 1.5, "1764201600", "2026-02-30", "2026-11-29T08:00:00Z"):
            with pytest.raises(ValidationError):
                TypeAdapter(one).validate_python(wrong)


@pytest.mark.parametrize("limit", ["5", 5.0, True])
async def test_many_lanes_are_retried_by_a_number(bridge, limit):
    reply = await bridge.post("/v1/lanes/retry", {"filter": {}, "limit": limit})
    assert (reply.status_code, reply.json()["code"]) == (422, "invalid_input")
    assert [one["pointer"] for one in reply.json()["errors"]] == ["/limit"]
