"""The words of a state stand once: commands, views, events and the database take them from an enum.

That migrations make the constraints that models list is tested with the migrations of each service.
"""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from importlib import import_module
from pkgutil import walk_packages
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel
from sqlalchemy import CheckConstraint

from chassis.service import Service
from crm.app import SERVICE as CRM
from erp.app import SERVICE as ERP

SERVICES: Mapping[str, Service] = {"crm": CRM, "erp": ERP}


def modules(service: str) -> Iterator[Any]:
    """Every module of a service but its migrations."""
    for found in walk_packages(import_module(service).__path__, f"{service}."):
        if "migrations" not in found.name and "__main__" not in found.name:
            yield import_module(found.name)


def enums_of(service: str) -> set[type[StrEnum]]:
    """Every enum of words that a service defines."""
    return {
        one
        for module in modules(service)
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, StrEnum) and one.__module__ == module.__name__
    }


def checks_of(service: str) -> list[CheckConstraint]:
    """Every constraint that lists the words of a column."""
    tables = SERVICES[service].metadata.sorted_tables
    checks = [one for table in tables for one in table.constraints]
    return [
        one
        for one in checks
        if isinstance(one, CheckConstraint) and str(one.name).endswith("_known")
    ]


def words_of(check: CheckConstraint) -> set[str]:
    """The words in quotes of a constraint."""
    return set(re.findall(r"'(\w+)'", str(check.sqltext)))


def literals(annotation: Any) -> Iterator[set[str]]:
    """The words of each list of words in a field's type that are no members of an enum."""
    if get_origin(annotation) is Literal:
        yield {str(one) for one in get_args(annotation) if not isinstance(one, StrEnum)}
    for part in get_args(annotation):
        yield from literals(part)


def listed_again(service: str, words: set[str]) -> list[str]:
    """Fields of commands, views and events whose type lists these words itself."""
    return [
        f"{model.__module__}.{model.__name__}.{name}"
        for module in modules(service)
        for model in vars(module).values()
        if isinstance(model, type) and issubclass(model, BaseModel)
        for name, field in model.model_fields.items()
        if words in literals(field.annotation)
    ]


@pytest.mark.parametrize(
    ("service", "enum"),
    [(service, enum) for service in SERVICES for enum in sorted(enums_of(service), key=str)],
)
def test_no_field_lists_the_words_of_an_enum_again(service, enum):
    """Commands, views and events have the enum itself."""
    assert listed_again(service, set(enum)) == []


@pytest.mark.parametrize("service", SERVICES)
def test_constraints_take_their_words_from_the_enums(service):
    """A column of states or kinds is checked by the enum that schemas and events have."""
    enums, checks = enums_of(service), checks_of(service)
    used = [one.info["states"] for one in checks if "states" in one.info]
    assert set(used) <= enums
    again = [
        str(one.name)
        for one in checks
        if "states" not in one.info and any(words_of(one) == set(enum) for enum in enums)
    ]
    assert again == []


@pytest.mark.parametrize("service", ["crm"])
def test_enums_are_on_the_wire(service):
    """A constraint's enum is one that callers or readers of events see."""
    annotated = {
        part
        for module in modules(service)
        for model in vars(module).values()
        if isinstance(model, type) and issubclass(model, BaseModel)
        for field in model.model_fields.values()
        for part in (field.annotation, *get_args(field.annotation))
    }
    assert {one.info["states"] for one in checks_of(service) if "states" in one.info} <= annotated
