"""Every text that a user may see exists in both languages (decision 0012)."""

import ast
import importlib
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from chassis.problems.field_errors import MESSAGES
from chassis.problems.problem import Problem
from chassis.texts import OWN_LOCALE
from contracts.generator.catalogue import problem_types
from identity import LOCALE as IDENTITY_LOCALE
from tests.architecture.sources import sources
from values import LOCALE

PACKAGES = {
    "values": LOCALE,
    "chassis": OWN_LOCALE,
    "identity": IDENTITY_LOCALE,
    **{
        name: importlib.import_module(f"{name}.app").SERVICE.locale
        for name in ("erp", "crm", "sync_bridge")
    },
}
LIBRARIES = ("values", "chassis", "identity")
FIELD_ERRORS = {"FieldError", "PydanticCustomError", "Refused", "_refused"}
FACT = re.compile(r"\{(\w*)\}")


@lru_cache
def catalogue(folder: Path) -> dict[str, Message]:
    """Message id -> entry of a folder's Chinese catalogue."""
    with (folder / "zh_CN.po").open(encoding="utf-8") as file:
        return {str(entry.id): entry for entry in read_po(file) if entry.id}


def translated(package: str) -> set[str]:
    """Texts that have a Chinese translation where this package is at work."""
    folders = {LOCALE, OWN_LOCALE, PACKAGES[package]}
    if package not in LIBRARIES:
        folders.add(IDENTITY_LOCALE)
    return {text for folder in folders for text, entry in catalogue(folder).items() if entry.string}


def problems() -> list[type[Problem]]:
    """Every problem class of ours."""
    return [
        problem for problem in problem_types() if problem.__module__.partition(".")[0] in PACKAGES
    ]


def field_messages(package: str) -> Iterator[str]:
    """Texts given to FieldError, PydanticCustomError or Refused, as they stand in the code."""
    folder = f"libs/{package}/src" if package in LIBRARIES else f"services/*/src/{package}"
    for source in sources(folder):
        named = _named_in(source.tree.body)
        for scope in ast.walk(source.tree):
            if isinstance(scope, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef):
                yield from _messages_in(scope, named)


def _named_in(nodes: Iterable[ast.AST]) -> dict[str, list[ast.expr]]:
    """What names stand for."""
    named: dict[str, list[ast.expr]] = {}
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            named.setdefault(node.targets[0].id, []).append(node.value)
    return named


def _messages_in(scope: ast.AST, named_outside: dict[str, list[ast.expr]]) -> Iterator[str]:
    """Texts of the errors of a function: in the call, or named before it."""
    named = named_outside | _named_in(ast.walk(scope))
    for node in ast.walk(scope):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in FIELD_ERRORS:
            given = [*node.args[1:], *(word.value for word in node.keywords)]
            if not isinstance(scope, ast.Module):
                given += [text for one in given for text in named.get(getattr(one, "id", ""), ())]
            yield from (
                str(one.value)
                for one in given
                if isinstance(one, ast.Constant) and " " in str(one.value)
            )


@pytest.mark.parametrize("package", PACKAGES)
def test_every_problem_is_told_in_chinese(package):
    untold = {
        text
        for problem in problems()
        if problem.__module__.startswith(f"{package}.")
        for text in (problem.title, problem.detail)
    } - translated(package)
    assert not untold


@pytest.mark.parametrize("package", PACKAGES)
def test_every_wrong_field_is_told_in_chinese(package):
    assert set(field_messages(package)) <= translated(package)


def test_what_is_said_of_validation_is_told_in_chinese():
    assert set(MESSAGES.values()) <= translated("chassis")


def entities(package: str) -> set[str]:
    """Words that stand for `{entity}` in problems: given by name, as KIND, or of a record type."""
    folder = f"libs/{package}/src" if package in LIBRARIES else f"services/*/src/{package}"
    return {
        str(value.value)
        for source in sources(folder)
        for node in ast.walk(source.tree)
        for value in _named(node)
        if isinstance(value, ast.Constant) and "." not in str(value.value)
    }


def _named(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Call):
        of_type = isinstance(node.func, ast.Name) and node.func.id in {"Reads", "RecordType"}
        given = {"name"} if of_type else {"entity"}
        return [word.value for word in node.keywords if word.arg in given]
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return [node.value] if node.targets[0].id == "KIND" else []
    return []


@pytest.mark.parametrize("package", PACKAGES)
def test_what_a_record_is_called_is_told_in_chinese(package):
    assert entities(package) - translated(package) == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_no_entry_is_empty_or_loses_a_fact(package):
    for text, entry in catalogue(PACKAGES[package]).items():
        assert entry.string, text
        assert set(FACT.findall(str(entry.string))) == set(FACT.findall(text)), text


@pytest.mark.parametrize("package", PACKAGES)
def test_no_entry_is_left_over(package):
    """A translation whose text no code holds any more misleads whoever edits it."""
    folder = f"libs/{package}/src" if package in LIBRARIES else f"services/*/src/{package}"
    texts = {
        node.value
        for source in sources(folder)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert not set(catalogue(PACKAGES[package])) - texts


def test_codes_are_stable_names_used_once_in_a_service():
    by_code: dict[str, list[type[Problem]]] = {}
    for problem in problems():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", problem.code)
        by_code.setdefault(problem.code, []).append(problem)
    for code, same in by_code.items():
        homes = [problem.__module__.partition(".")[0] for problem in same]
        assert len(homes) == len(set(homes)), code
        assert len(homes) == 1 or not {"chassis", "identity"} & set(homes), code
        assert len({problem.status for problem in same}) == 1, code
