"""Records are read in one place: every `Reads` says who may see which rows."""

import ast
import importlib
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pytest
from fastapi.routing import APIRoute

from chassis.storage.paging import Page
from records.reads import Reads, everybody
from tests.architecture.sources import sources

SERVICES = ("erp", "crm", "sync_bridge")
ONE_RECORDS_OWN = re.compile(r"\{\w+\}/")
"""Lists of what belongs to one record, such as its notes: `Reads` say first whether it is seen."""
READ_OTHERWISE = {
    "account_role_list": "fixed in the program, one for each role; sent whole",
    "fiscal_year_list": "a handful; sent whole",
    "period_list": "those of a year; sent whole",
    "tax_code_list": "a handful; sent whole",
    "unit_list": "a handful; sent whole",
    "flow_pause_list": "one for each kind of record at most; sent whole",
    "api_key_list": "identity stands below the records",
    "audit_entry_list": "identity stands below the records",
    "me_login_list": "identity stands below the records",
    "me_session_list": "identity stands below the records",
    "session_list": "identity stands below the records",
    "export_list": "work of the program: each sees what it asked for",
    "import_list": "work of the program: each sees what it asked for",
    "import_mapping_list": "how files are read, no records of the business",
    "merge_list": "acts on records of any type: of each the rows that its `Reads` show",
    "saved_view_list": "what persons ask lists: their own, their team's and those of all",
}
"""Lists that are not read by `Reads`, each with its reason (decision 0100)."""


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


@lru_cache
def lists() -> dict[str, APIRoute]:
    """The routes that give pages, by operation id and service, without those of one record."""
    found = {}
    for name in SERVICES:
        service = importlib.import_module(f"{name}.app").SERVICE
        for route in (
            one for module in service.modules for router in module.routers for one in router.routes
        ):
            reply = getattr(route, "response_model", None)
            is_page = inspect.isclass(reply) and issubclass(reply, Page)
            if is_page and not ONE_RECORDS_OWN.search(route.path):
                found[f"{name}.{route.name}"] = route
    return found


def read_by_reads(endpoint: Callable[..., Any]) -> bool:
    """Whether the route is one of the kit, or asks a page of `Reads`."""
    if endpoint.__module__ in {"records.read_routes", "records.routes"}:
        return True
    tree = ast.parse(textwrap.dedent(inspect.getsource(endpoint)))
    asked = (
        ast.unparse(node.func.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "page"
    )
    module = inspect.getmodule(endpoint)
    return any(isinstance(_value(module, one.split(".")), Reads) for one in asked)


def _value(place: Any, path: list[str]) -> Any:
    """What a name with points stands for in a module; None: for nothing there."""
    for name in path:
        place = getattr(place, name, None)
    return place


def test_every_list_is_read_by_reads_or_says_why_not():
    assert {"erp.customer_list", "crm.order_list", "sync_bridge.lane_list"} <= lists().keys()
    otherwise = {
        name.partition(".")[2]
        for name, route in lists().items()
        if not read_by_reads(route.endpoint)
    }
    assert otherwise == READ_OTHERWISE.keys()
