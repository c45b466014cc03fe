"""Records are read in one place: every `Reads` says who may see which rows."""

import ast
import importlib
import pkgutil
from functools import lru_cache
from typing import Any

import pytest

from records.reads import Reads, everybody
from tests.architecture.sources import sources

SERVICES = ("erp", "crm")


@lru_cache
def reads() -> tuple[tuple[str, Reads[Any]], ...]:
    """Every `Reads` of the services, with the module that has it."""
    found: dict[int, tuple[str, Reads[Any]]] = {}
    for service in SERVICES:
        package = importlib.import_module(service)
        for module in pkgutil.walk_packages(package.__path__, f"{service}."):
            if ".migrations" in module.name or module.name.endswith("__main__"):
                continue
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, Reads):
                    found.setdefault(id(value), (module.name, value))
    return tuple(found.values())


def test_there_are_reads():
    assert {"customer", "supplier"} <= {one.name for _, one in reads()}


def test_every_reads_says_who_sees_its_rows():
    """Decision 0064: `visible` is a rule of the module, or says `everybody` aloud."""
    silent = [
        module
        for module, one in reads()
        if one.visible is not everybody
        and one.visible.__module__.split(".")[:2] != module.split(".")[:2]
    ]
    assert not silent
    unnamed = [
        source.at(node)
        for source in sources("services/*/src")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Reads"
        and "visible" not in {word.arg for word in node.keywords}
    ]
    assert not unnamed


def test_reads_without_a_rule_of_visibility_cannot_be_made():
    make: Any = Reads
    with pytest.raises(TypeError, match="visible"):
        make(name="x", view=object, columns="id", source="x")
