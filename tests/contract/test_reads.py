"""What only reads changes nothing: no GET route begins a transaction that can write."""

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from chassis.http.dependencies import begin
from crm.app import SERVICE as CRM
from erp.app import SERVICE as ERP
from sync_bridge.app import SERVICE as BRIDGE

SERVICES = {one.name: one for one in (ERP, CRM, BRIDGE)}


def calls(dependant: Dependant):
    for one in dependant.dependencies:
        yield one.call
        yield from calls(one)


@pytest.mark.parametrize("name", SERVICES)
def test_no_get_route_begins_an_act(name):
    """ASVS 3.5.3."""
    routes = [
        one
        for router in SERVICES[name].routers
        for one in router.routes
        if isinstance(one, APIRoute) and "GET" in (one.methods or ())
    ]
    assert len(routes) > 10
    assert [one.path for one in routes if begin in set(calls(one.dependant))] == []
