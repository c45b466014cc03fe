"""A name can be read, whatever it names: of every request, by the types of its fields."""

from collections.abc import Iterator
from typing import Annotated, Any, get_args

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from crm.app import SERVICE as CRM
from erp.app import SERVICE as ERP
from sync_bridge.app import SERVICE as BRIDGE

NAMES = {"name", "legal_name", "label", "label_zh"}
QUESTIONS = {"Probe", "LaneFilter"}
"""What is asked names nothing: a name that cannot be read is found nowhere."""

UNSEEN = ["\u200b", "\u200d\u200e", "\u2060\u2060", "\u00ad", "\ufeff", "\u200b \u3000\u00a0\u200b"]


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    """The models that a type is made of."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
        for field in kind.model_fields.values():
            yield from _models(field.annotation)
    for part in get_args(kind):
        yield from _models(part)


def _bodies() -> Iterator[type[BaseModel]]:
    """The models of all requests."""
    for service in (CRM, ERP, BRIDGE):
        for router in service.routers:
            for route in router.routes:
                for body in route.dependant.body_params:
                    yield from _models(body.field_info.annotation)


def _named() -> dict[str, tuple[Any, ...]]:
    """Each field that is a name: what values it takes."""
    return {
        f"{model.__qualname__}.{name}": (field.annotation, *field.metadata)
        for model in _bodies()
        if model.__qualname__ not in QUESTIONS
        for name, field in model.model_fields.items()
        if name in NAMES
    }


NAMED = _named()


def test_there_are_names():
    assert {"NewCustomer.legal_name", "AddContact.name", "NewApiKey.name"} < NAMED.keys()


@pytest.mark.parametrize("field", sorted(NAMED))
@pytest.mark.parametrize("text", UNSEEN)
def test_what_cannot_be_seen_is_no_name(field, text):
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(Annotated[(*NAMED[field], None)]).validate_python(text)
    assert [one["type"] for one in refused.value.errors()] == ["nothing_to_read"]
