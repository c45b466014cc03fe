"""Every text of the CRM that a caller may read has a Chinese one."""

import ast
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.pofile import read_po

from chassis.problems.problem import every_problem
from crm.app import SERVICE

SOURCES = sorted(Path(SERVICE.locale).parent.rglob("*.py"))


def catalogue():
    with (SERVICE.locale / "zh_CN.po").open(encoding="utf-8") as file:
        return {entry.id: entry.string for entry in read_po(file) if entry.id}


def strings(node):
    """Texts among the arguments of a call, also those named before it."""
    return [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]


def named_in(scope):
    """The texts that names stand for in the scope, or in a part of it."""
    return {
        target.id: node.value.value
        for node in ast.walk(scope)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def texts_told():
    """Messages of wrong fields, as they stand in the code; a name means what its function says."""
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for scope in ast.iter_child_nodes(tree):
            named = named_in(tree) | named_in(scope)
            for node in ast.walk(scope):
                if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                    continue
                if node.func.id in {"FieldError", "PydanticCustomError"}:
                    told = node.args[-1]
                    yield named[told.id] if isinstance(told, ast.Name) else told.value


TOLD = sorted(set(texts_told()))
PROBLEMS = [kind for kind in every_problem().values() if kind.__module__.startswith("crm.")]


def test_the_texts_are_found():
    assert len(TOLD) >= 10
    assert len(PROBLEMS) >= 6


@pytest.mark.parametrize("text", TOLD)
def test_what_is_wrong_with_a_field_is_told_in_chinese(text):
    assert catalogue().get(text)


@pytest.mark.parametrize("kind", PROBLEMS)
def test_problems_are_told_in_chinese_with_the_same_facts(kind):
    known = catalogue()
    assert known.get(kind.title)
    assert facts(known.get(kind.detail, "")) == facts(kind.detail)


def facts(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name}
