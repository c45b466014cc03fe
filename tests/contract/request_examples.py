"""Sends the examples of requests as they stand in `/docs`, with ids of records made before."""

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx

from chassis.api.descriptions import example_id
from identity.testing.desk import Desk
from identity.testing.service import ServiceUnderTest
from tests.contract.test_contracts import singular

__all__ = ["JSON", "Caller", "requests_of"]

JSON = "application/json"
PARAMETER = re.compile(r"\{(\w+)\}")
Call = tuple[str, str, dict[str, Any]]


def requests_of(api: dict[str, Any]) -> Iterator[Call]:
    """Method, path and operation of each request that has a body."""
    for path, operations in api["paths"].items():
        for method, operation in operations.items():
            if "requestBody" in operation:
                yield method.upper(), path, operation


class Caller:
    """Sends examples by the id of their operation; knows the records made, by what they are."""

    def __init__(self, server: ServiceUnderTest) -> None:
        self.server = server
        self.calls: dict[str, Call] = {
            call[2]["operationId"]: call for call in requests_of(server.app.openapi())
        }
        self.records: dict[str, str] = {}
        self.sent: set[str] = set()

    async def send(self, operation_id: str, *, by: Any = None, **changes: Any) -> Any:
        """Send the example of an operation; what it answers. It must be done.

        `changes` are fields that are another one's, where the act is done once more.
        """
        method, path, operation = self.calls[operation_id]
        body = self._with_records(operation["requestBody"]["content"][JSON]["example"], path)
        named = {one["name"] for one in operation.get("parameters", ())}
        headers = {"Idempotency-Key": str(uuid4())} if "idempotency-key" in named else {}
        if "if-match" in named:
            read = await self.server.client.get(
                self.address(re.sub("/(content|merge|stage)$", "", path))
            )
            headers["If-Match"] = read.headers.get("ETag", '"1"')
        reply: httpx.Response = await (by or self.server.client).request(
            method, self.address(path), json=body | changes, headers=headers
        )
        assert str(reply.status_code) in operation["responses"], (operation_id, reply.text)
        assert reply.is_success, (operation_id, reply.text)
        self.sent.add(operation_id)
        made = reply.json() if reply.content else {}
        self._check_batch(operation_id, made)
        if operation_id.endswith("_create") and "id" in made:
            self.records[operation_id.removesuffix("_create")] = made["id"]
        return made

    def _check_batch(self, name: str, made: Any) -> None:
        """No item of a batch may be refused."""
        items = made.get("items", []) if isinstance(made, dict) else []
        refused = [one["problem"] for one in items if isinstance(one, dict) and one.get("problem")]
        assert not refused, (name, refused)

    def address(self, path: str) -> str:
        """The path to a record made before."""
        collection, *rest = path.split("/")[2:]
        own, first = self.records.get(singular(collection)), "".join(rest[:1]).strip("{}")

        def known(parameter: re.Match[str]) -> str:
            name = parameter[1]
            if name == "system":
                return self.records.get(name, "webshop")
            if name == "external_id":
                return self.records.get(name) or Desk.word()
            return own if own and name == first else self.records[name.removesuffix("_id")]

        return PARAMETER.sub(known, path)

    def _with_records(self, example: Any, path: str) -> Any:
        """The example with ids of records that there are."""
        known = dict(self.records)
        if (collection := singular(path.split("/")[2])) in known:
            known["record"] = known[collection]
        text = json.dumps(example)
        for kind, made in known.items():
            text = text.replace(example_id(kind), made)
        return json.loads(text)

    async def send_rushes(self, **order: Any) -> None:
        """Rush requests of an order, each decided otherwise, the last one refused."""
        for act in ("grant", "withdraw", "refuse"):
            await self.send("rush_request_create", **order)
            await self.send(f"rush_request_{act}")

    async def send_of_collections(self) -> None:
        """What people add to records: to each that was made, where its type has it."""
        for name, (_, path, _) in sorted(self.calls.items()):
            collection = singular(path.split("/")[2])
            if name in self.sent or collection not in self.records:
                continue
            if path.endswith("/attachments"):
                made = await self.server.attach(self.address(path.removesuffix("/attachments")))
                self.records[f"{collection}_attachment"] = made["id"]
                self.sent.add(name)
            elif path.endswith(("/notes", "/tags/batch", "/custom-fields")):
                await self.send(name)
        for name, (_, path, _) in sorted(self.calls.items()):
            collection = singular(path.split("/")[2])
            for kind in ("note", "attachment"):
                if path.endswith(f"/{{{kind}_id}}") and f"{collection}_{kind}" in self.records:
                    self.records[kind] = self.records[f"{collection}_{kind}"]
                    await self.send(name)
