"""Each package with routes is a module of its service, and brings all it has, once."""

from importlib import import_module
from inspect import isclass
from pathlib import Path

import pytest
from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from chassis.events.event import Event
from chassis.service import Module, Service
from crm.app import SERVICE as CRM
from crm.custom import MODULE as CRM_CUSTOM
from erp.app import SERVICE as ERP
from erp.custom import MODULE as ERP_CUSTOM
from identity.module import MODULE as CALLERS
from records.attachments.module import MODULE as ATTACHMENTS
from records.notes.module import MODULE as NOTES
from sync_bridge.app import SERVICE as BRIDGE
from tests.architecture.sources import ROOT

SHARED = {one.name for one in (ATTACHMENTS, CALLERS, NOTES, CRM_CUSTOM, ERP_CUSTOM)} | {
    *("document_fields", "erasure", "exports", "imports", "merging", "my_day", "saved_views"),
    *("search", "tags"),
}
"""Modules of a library, the same in several services but for their roles or record types."""
SERVICES = {"erp": ERP, "crm": CRM, "sync_bridge": BRIDGE}
ROUTED = {
    f"{package.parent.name}.{package.name}": package
    for router in ROOT.glob("services/*/src/*/*/*router*")
    if (package := router.parent).name not in {"migrations", "__pycache__"}
}


def module_of(package: str) -> Module:
    """What the package says that it brings."""
    module = import_module(f"{package}.module").MODULE
    assert isinstance(module, Module)
    return module


def named(path: Path, package: str, word: str) -> list[object]:
    """What the public names stand for of files, or files in a folder, with the word in the name."""
    files = [*path.glob(f"*{word}*.py"), *path.glob(f"*{word}*/[!_]*.py")]
    inside = [file.relative_to(path).with_suffix("").parts for file in files]
    modules = [import_module(".".join((package, *parts))) for parts in inside]
    return [getattr(module, name) for module in modules for name in module.__all__]


def scopes(dependant: Dependant) -> set[str]:
    """Permissions that a route asks for, all the way down."""
    below = set().union(*(scopes(one) for one in dependant.dependencies))
    scope = getattr(dependant.call, "scope", None)
    return below | {scope} if isinstance(scope, str) else below


def test_the_packages_are_found():
    assert len(ROUTED) >= 18


@pytest.mark.parametrize("package", sorted(ROUTED))
def test_a_package_with_routes_is_a_module_of_its_service(package):
    module = module_of(package)
    root, _, name = package.partition(".")
    assert module.name == name
    assert [one for one in SERVICES[root].modules if one is module] == [module]


@pytest.mark.parametrize("package", sorted(ROUTED))
def test_a_module_brings_its_routers_and_events(package):
    module, path = module_of(package), ROUTED[package]
    routers = [one for one in named(path, package, "router") if isinstance(one, APIRouter)]
    assert routers
    assert {id(one) for one in routers} == {id(one) for one in module.routers}
    events = {
        one
        for one in named(path, package, "events")
        if isclass(one) and issubclass(one, Event) and one.public and hasattr(one, "event_name")
    }
    assert events == set(module.events)


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_every_module_file_is_listed(service):
    root = next(name for name, one in SERVICES.items() if one is service)
    files = list(ROOT.glob(f"services/*/src/{root}/*/module.py"))
    shared = [one for one in service.modules if one.name in SHARED]
    assert len(files) == len(service.modules) - len(shared) - 1  # one is the service as a whole


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_routes_name_only_tags_and_permissions_that_a_module_brings(service: Service):
    routes = [one for router in service.routers for one in router.routes]
    assert routes
    for route in routes:
        assert isinstance(route, APIRoute)
        assert set(map(str, route.tags)) <= service.tags.keys(), route.path
        assert scopes(route.dependant) <= service.permissions.keys(), route.path
    assert {tag for route in routes for tag in route.tags} == service.tags.keys()
    assert {
        scope for role in service.roles.values() for scope in role
    } <= service.permissions.keys()
