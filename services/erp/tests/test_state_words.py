"""The words of a state stand once: schema, event and database take them from one enum."""

import re
from collections.abc import Iterator
from enum import StrEnum
from importlib import import_module
from pkgutil import walk_packages
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel
from sqlalchemy import CheckConstraint

import erp
from erp.app import SERVICE

LISTED = {
    str(check.name): check
    for table in SERVICE.metadata.sorted_tables
    for check in table.constraints
    if isinstance(check, CheckConstraint) and str(check.name).endswith("_known")
}
MODULES = [one.name for one in walk_packages(erp.__path__, "erp.") if "migrations" not in one.name]
ENUMS: dict[str, type[StrEnum]] = {
    name: getattr(import_module(module), name)
    for module in MODULES
    if module.endswith(".states")
    for name in import_module(module).__all__
}
DEFINED = """select c.conname, pg_get_constraintdef(c.oid) as text from pg_constraint c
  join pg_namespace n on n.oid = c.connamespace
  where n.nspname = current_schema() and c.conname like '%\\_known'"""


def words(text: str) -> set[str]:
    """The words in quotes of a constraint."""
    return set(re.findall(r"'(\w+)'", text))


def literals(annotation: Any) -> Iterator[set[str]]:
    """The words of each list of words in a field's type."""
    if get_origin(annotation) is Literal:
        yield {str(one) for one in get_args(annotation) if not isinstance(one, StrEnum)}
    for part in get_args(annotation):
        yield from literals(part)


def fields() -> Iterator[tuple[str, Any]]:
    """Every field of commands, views and events: its name and its type."""
    for module in MODULES:
        if "schemas" in module or "events" in module:
            for one in vars(import_module(module)).values():
                if isinstance(one, type) and issubclass(one, BaseModel):
                    for name, field in one.model_fields.items():
                        yield f"{one.__module__}.{one.__name__}.{name}", field.annotation


async def test_the_database_knows_the_words_that_the_models_list(desk):
    """Migrations and models name the same constraints, with the same words."""
    async with desk.erp.database.transaction() as work:
        rows = await work.sql.fetch(DEFINED)
    assert {row["conname"]: words(row["text"]) for row in rows} == {
        name: words(str(check.sqltext)) for name, check in LISTED.items()
    }


@pytest.mark.parametrize("name", sorted(ENUMS))
def test_no_field_lists_the_words_of_an_enum_again(name):
    """Commands, views and events have the enum itself."""
    enum = {str(one) for one in ENUMS[name]}
    listed = [where for where, kind in fields() if enum in list(literals(kind))]
    assert listed == []


def test_constraints_take_their_words_from_the_enums():
    """A column of states or kinds is checked by the enum that schemas and events have."""
    kept = {check.info["states"] for check in LISTED.values() if "states" in check.info}
    assert kept <= set(ENUMS.values())
    again = [
        name
        for name, check in LISTED.items()
        if "states" not in check.info
        and any(words(str(check.sqltext)) == {str(word) for word in one} for one in ENUMS.values())
    ]
    assert again == []


@pytest.mark.parametrize("path", ["purchase-orders?state=", "bills?kind=", "approvals?state="])
async def test_a_word_that_there_is_not_is_refused_with_those_there_are(desk, problem, path):
    """The code is that of any list of words, and the words are among the facts."""
    refusal = problem(await desk.client.get(f"/v1/{path}other"), 422, "invalid_input")
    [error] = refusal["errors"]
    assert error["code"] == "literal_error"
    assert "Write one of: '" in error["message"]
