"""Until a second factor that the role requires is enrolled, a session does nothing else, anywhere.

Every route of every service is asked, with the role that has most permissions.
"""

from typing import Any
from uuid import uuid4

import pytest
from fastapi.routing import APIRoute

from chassis.clock import utc_now
from crm.app import SERVICE as CRM
from erp.app import SERVICE as ERP
from identity import users
from identity.passwords import hash_password
from identity.required_factors import OPEN_WITHOUT_FACTOR
from identity.testing.service import running
from sync_bridge.app import SERVICE as BRIDGE

SERVICES = {one.name: one for one in (ERP, CRM, BRIDGE)}
FOR_STRANGERS = {("POST", "/v1/sessions"), ("POST", "/v1/password-invitations/accept")}
PASSWORD = "correct horse battery"


@pytest.fixture(params=SERVICES)
async def server(request, cluster):
    async with running(SERVICES[request.param], cluster, second_factor_roles="admin") as service:
        yield service


@pytest.fixture
async def restricted(server):
    """A client of an administrator who has no second factor yet."""
    hashed = await hash_password(PASSWORD)
    async with server.database.driver() as sql:
        user = await users.add_user(
            sql,
            login="mia",
            name="Mia",
            password=hashed,
            roles=["admin"],
            known_roles=server.service.roles,
            now=utc_now(),
        )
    begun = await server.client.post(
        "/v1/sessions", json={"login": user.login, "password": PASSWORD}
    )
    return server.with_key(begun.json()["token"])


def routes_of(app):
    """Method and path of each route that asks who calls."""
    every = [one for one in app.routes if isinstance(one, APIRoute) and one.path.startswith("/v1/")]
    assert every
    known = {(method, one.path) for one in every for method in one.methods} - FOR_STRANGERS
    return {(method, path) for method, path in known if not path.startswith("/v1/open-")}


async def ask(client, method, path):
    named = path.replace("{", "").replace("}", "")
    for part in path.split("/"):
        if part.endswith("_id}"):
            named = named.replace(part.strip("{}"), str(uuid4()))
    headers = {"Idempotency-Key": str(uuid4()), "If-Match": "*"}
    content: dict[str, Any] = {} if method == "GET" else {"json": {}}
    return await client.request(method, named, headers=headers, **content)


async def test_every_other_route_is_refused_with_what_to_do(server, restricted):
    routes = routes_of(server.app)
    assert routes >= OPEN_WITHOUT_FACTOR
    wrong = []
    for method, path in sorted(routes - OPEN_WITHOUT_FACTOR):
        reply = await ask(restricted, method, path)
        found = (reply.status_code, reply.json().get("code"))
        if found != (403, "second_factor_not_enrolled"):
            wrong.append((method, path, found))
    assert wrong == []


async def test_the_named_routes_are_open(server, restricted):
    """`DELETE /v1/sessions/current` comes last: it ends the session."""
    for method, path in sorted(OPEN_WITHOUT_FACTOR, key=lambda one: one[0] == "DELETE"):
        reply = await ask(restricted, method, path)
        found = (reply.status_code, reply.json().get("code") if reply.content else None)
        assert found == (403, "proof_needed") or found[0] not in {401, 403}, (method, path, found)
