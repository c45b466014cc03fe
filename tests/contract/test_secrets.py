"""Secrets in requests: hashed while nothing is held, and no part of what is kept for repeats."""

import ast
from collections.abc import Iterator
from types import NoneType
from typing import Any, get_args
from uuid import uuid4

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel, SecretStr

from chassis.http.dependencies import begin, read
from chassis.http.idempotency import secret_fields
from crm.app import SERVICE as CRM
from identity.hashing import hashed_password, hashed_password_of_another
from identity.passwords import LENGTH_MIN
from identity.testing.service import running
from tests.architecture.sources import sources
from tests.contract.test_field_errors import SERVICES, service

HASHING = {
    f"libs/identity/src/identity/{name}.py"
    for name in ("bootstrap", "commands", "hashing", "own", "passwords", "sessions")
}
"""Files that hash passwords; none of them holds a connection of a request meanwhile."""


def routes() -> Iterator[APIRoute]:
    """Every route with a body."""
    for name in SERVICES:
        for router in service(name).routers:
            for route in router.routes:
                if isinstance(route, APIRoute) and route.body_field:
                    yield route


def secrets_in(model: Any, above: str = "") -> Iterator[str]:
    """Members of a body that are secrets, with the path to those of parts."""
    for name, field in getattr(model, "model_fields", {}).items():
        for kind in {field.annotation, *get_args(field.annotation)}:
            if kind is SecretStr:
                yield above + name
            elif isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from secrets_in(kind, f"{above}{name}.")


def test_every_secret_of_a_body_is_found_by_what_leaves_it_out():
    found = 0
    for route in routes():
        secrets = set(secrets_in(route.body_field.field_info.annotation))
        assert secrets == secret_fields(route), route.name
        found += len(secrets)
    assert found >= 4


def test_a_password_is_called_by_a_name_and_type_that_hide_it():
    for route in routes():
        model = route.body_field.field_info.annotation
        for name, field in getattr(model, "model_fields", {}).items():
            kinds = {field.annotation, *get_args(field.annotation)}
            hidden = not field.repr or kinds <= {SecretStr, SecretStr | None, NoneType}
            assert "password" not in name or hidden, route.name


def test_a_new_password_is_hashed_before_the_route_takes_a_connection():
    judged = set()
    for route in routes():
        fields = getattr(route.body_field.field_info.annotation, "model_fields", {})
        new = [one for name, one in fields.items() if name == "password" and is_new(one)]
        calls = [one.call for one in route.dependant.dependencies]
        if new and calls and begin in calls:
            [hashing] = {hashed_password, hashed_password_of_another} & {*calls}
            assert calls.index(hashing) < calls.index(begin), route.name
            judged.add(route.name)
        elif new:
            assert read not in calls, route.name
    assert judged == {"user_create", "user_set_password"}


def is_new(field: Any) -> bool:
    """Whether it is a password to be set: it says how long one is."""
    return str(LENGTH_MIN) in str(field.description)


def test_passwords_are_worked_on_in_a_few_places():
    calling = {
        source.name
        for source in sources("libs/*/src", "services/*/src")
        for call in ast.walk(source.tree)
        if isinstance(call, ast.Call)
        and getattr(call.func, "id", "") in {"hash_password", "verify_password"}
    }
    assert calling <= HASHING


@pytest.fixture(scope="module")
async def crm(cluster):
    async with running(CRM, cluster) as one:
        yield one


_RENAMED = "update local_user set login = $1 where login = 'mia'"


async def test_what_is_kept_of_a_request_says_nothing_of_its_password(crm):
    kept = set()
    for password in ("Sunflower of 2026!!", "Another flower of 2027"):
        key, login = uuid4().hex, "mia"
        body = {"login": login, "name": "Mia", "password": password, "roles": ["seller"]}
        reply = await crm.post("/v1/users", body, headers={"Idempotency-Key": key})
        assert reply.status_code in {201, 409}, reply.text
        async with crm.database.driver() as sql:
            kept.add(
                await sql.fetchval("select fingerprint from idempotency_key where key = $1", key)
            )
            await sql.execute(_RENAMED, uuid4().hex)
    assert len(kept) == 1
    again = await crm.post("/v1/users", body | {"name": "Eve"}, headers={"Idempotency-Key": key})
    assert again.json()["code"] == "idempotency_key_reused"
