"""No text of a request gets into the text of a statement, whatever field it is sent in."""

from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from chassis.storage.connections import PooledConnection
from contracts.generator.__main__ import registered
from identity.testing.service import running
from tests.architecture.sources import ROOT
from tests.contract.request_examples import JSON, PARAMETER, Caller

SERVICES = registered(ROOT)
MARK = "Zq7'--"
"""Ends a text of SQL, and begins a comment: unmistakable in a statement."""
REFUSED = 422
"""Where a field takes no such text, no statement is asked with it."""


@pytest.fixture
def statements(monkeypatch) -> set[str]:
    """All that the service's connections say to PostgreSQL, without the values beside it."""
    said: set[str] = set()
    prepare, execute = asyncpg.Connection._get_statement, PooledConnection.execute

    async def prepared(self: Any, query: str, *args: Any, **more: Any) -> Any:
        said.add(query)
        return await prepare(self, query, *args, **more)

    async def executed(self: Any, query: str, *args: Any, **more: Any) -> Any:
        said.add(query)
        return await execute(self, query, *args, **more)

    monkeypatch.setattr(asyncpg.Connection, "_get_statement", prepared)
    monkeypatch.setattr(PooledConnection, "execute", executed)
    return said


def takes_text(schema: dict[str, Any]) -> bool:
    """Whether any text may stand there: no word of a list, no number, date or id."""
    kinds = [schema, *schema.get("anyOf", ())]
    texts = [one for one in kinds if one.get("type") == "string"]
    return any(not {"enum", "format", "const"} & one.keys() for one in texts)


def marked(value: Any, schema: Any, components: Any) -> Any:
    """The example with the mark behind every text."""
    schema = components.get(str(schema.get("$ref", "")).rpartition("/")[2], schema)
    if isinstance(value, str):
        return value + MARK if takes_text(schema) else value
    for part in schema.get("anyOf", ()):
        if isinstance(value, dict | list) and part.get("type") != "null":
            return marked(value, part, components)
    if isinstance(value, dict):
        known = schema.get("properties", {})
        return {name: marked(one, known.get(name, {}), components) for name, one in value.items()}
    if isinstance(value, list):
        return [marked(one, schema.get("items", {}), components) for one in value]
    return value


def address(path: str) -> str:
    """The path of records that nobody has, with the mark in names that others give."""
    names = {"system": "webshop", "external_id": f"7{MARK}"}
    return PARAMETER.sub(lambda found: names.get(found[1], str(uuid4())), path)


@pytest.mark.parametrize("name", SERVICES)
async def test_no_text_of_a_request_is_part_of_a_statement(cluster, name, statements):
    """ASVS 1.2.4: each text of each body and each parameter of each list travels as a value."""
    understood = 0
    urls = {f"{half}_url": f"http://{half}.test" for half in ("crm", "erp")}
    async with running(SERVICES[name], cluster, **(urls if name == "bridge" else {})) as server:
        api = server.app.openapi()
        components = api["components"]["schemas"]
        for method, path, operation in Caller(server).calls.values():
            content = operation["requestBody"]["content"].get(JSON)
            if content is None:
                continue
            reply = await server.client.request(
                method,
                address(path),
                json=marked(content["example"], content["schema"], components),
                headers={"Idempotency-Key": str(uuid4()), "If-Match": "*"},
            )
            understood += reply.status_code != REFUSED
        for path, operations in api["paths"].items():
            asked = operations.get("get", {}).get("parameters", ())
            texts = [one for one in asked if one["in"] == "query" and takes_text(one["schema"])]
            for one in texts:
                reply = await server.client.get(address(path), params={one["name"]: MARK})
                understood += reply.status_code != REFUSED
    assert understood > 50
    assert len(statements) > 50
    assert [one for one in statements if MARK in one or MARK.replace("'", "''") in one] == []
