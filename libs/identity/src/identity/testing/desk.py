"""What somebody does all day by the API of a service: every record has data of its own."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import uuid4

import httpx

from identity.testing.service import ServiceUnderTest

__all__ = ["MERGE_PATCH", "Desk", "require_problem"]

MERGE_PATCH = "application/merge-patch+json"


class Desk:
    """A person at work with one service, and another system that sends it records."""

    sender: ClassVar[str] = "shop"
    """The system that sends where none is named."""

    def __init__(self, server: ServiceUnderTest) -> None:
        self.server, self.client = server, server.client

    @staticmethod
    def word(kind: str = "W") -> str:
        """A word that nobody used before."""
        return f"{kind}-{uuid4().hex[:12].upper()}"

    async def add(self, path: str, **values: Any) -> dict[str, Any]:
        """Create a record; it must be accepted."""
        reply = await self.server.post(path, values)
        assert reply.status_code == httpx.codes.CREATED, reply.text
        made: dict[str, Any] = reply.json()
        return made

    async def see(self, path: str) -> dict[str, Any]:
        """What there is."""
        reply = await self.client.get(path)
        assert reply.status_code == httpx.codes.OK, reply.text
        seen: dict[str, Any] = reply.json()
        return seen

    async def listed(self, path: str, **wanted: Any) -> list[str]:
        """Ids of the records that a list answers."""
        reply = await self.client.get(path, params=wanted)
        assert reply.status_code == httpx.codes.OK, reply.text
        return [one["id"] for one in reply.json()["items"]]

    async def change(
        self, path: str, values: Any, *, revision: int | str | None = None
    ) -> httpx.Response:
        """Change a record, based on a revision (none: no If-Match is sent)."""
        headers = {} if revision is None else {"If-Match": f'"{revision}"'}
        return await self.client.patch(path, json=values, headers=headers)

    async def merge(self, path: str, values: Any) -> httpx.Response:
        """Change a record as it is now, by a JSON merge patch."""
        now = await self.client.get(path)
        headers = {"If-Match": now.headers["ETag"], "Content-Type": MERGE_PATCH}
        return await self.client.patch(path, content=json.dumps(values), headers=headers)

    async def send(
        self, path: str, external_id: str, version: int, system: str | None = None, **values: Any
    ) -> httpx.Response:
        """Send a record as another system knows it."""
        where = f"{path}/by-external/{system or self.sender}/{external_id}"
        return await self.client.put(where, json=values | {"source_version": version})

    async def send_many(
        self, path: str, items: list[dict[str, Any]], *, system: str | None = None
    ) -> list[dict[str, Any]]:
        """What became of each record of a batch that another system sends."""
        where = f"{path}/by-external/{system or self.sender}/batch"
        reply = await self.server.post(where, {"items": items})
        assert reply.status_code == httpx.codes.OK, reply.text
        done: list[dict[str, Any]] = reply.json()["items"]
        return done

    async def upsert(
        self, path: str, external_id: str, version: int, values: Mapping[str, Any], *, batch: bool
    ) -> tuple[str, str]:
        """Send a record alone or in a batch; its outcome, and the record's id."""
        if batch:
            item = {**values, "external_id": external_id, "source_version": version}
            [done] = await self.send_many(path, [item], system="shop")
            return done["status"], done["id"]
        reply = await self.send(path, external_id, version, system="shop", **values)
        assert reply.is_success, reply.text
        return reply.headers["Tandem-Outcome"], reply.json()["id"]

    async def rows(self, question: str, *values: Any) -> list[dict[str, Any]]:
        """Rows of the service's database."""
        async with self.server.database.driver() as sql:
            return [dict(row) for row in await sql.fetch(question, *values)]


def require_problem(reply: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The document of a reply, which must be the problem expected."""
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"].startswith("application/problem+json")
    refusal: dict[str, Any] = reply.json()
    assert refusal["code"] == code, refusal
    assert refusal["status"] == status
    return refusal
