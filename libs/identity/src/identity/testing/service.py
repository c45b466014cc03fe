"""A whole service under test: migrated database of its own, application, keys, feed."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI

from chassis.api.app import create_app
from chassis.clock import utc_now
from chassis.events.sequencer import Sequencer
from chassis.service import Service
from chassis.settings import ServiceSettings
from chassis.testing.cluster import TestCluster
from chassis.work.database import Database
from identity import keys
from identity.testing.amounts import wrong_decimals
from identity.testing.declared import DeclaredProblems

__all__ = ["ServiceUnderTest", "running"]


@dataclass
class ServiceUnderTest:
    """One service with a database of its own; the application is called without a socket."""

    service: Service
    settings: ServiceSettings
    database: Database
    app: FastAPI
    owner_url: str
    runtime_url: str
    client: httpx.AsyncClient
    admin_key: str
    _clients: list[httpx.AsyncClient] = field(default_factory=list)
    _sequencer: Sequencer | None = None

    async def as_(
        self, *scopes: str, systems: Sequence[str] = (), headers: Mapping[str, str] | None = None
    ) -> Any:
        """A client whose API key has exactly these scopes, and speaks for these systems only."""
        secret = await _key(self.service, self.database, scopes, systems)
        return self.with_key(secret, headers=headers)

    def with_key(self, secret: str, *, headers: Mapping[str, str] | None = None) -> Any:
        """A client that shows this key."""
        shown = {"Authorization": f"Bearer {secret}"} | dict(headers or {})
        client = httpx.AsyncClient(
            transport=DeclaredProblems(self.app),
            base_url=f"http://{self.service.name}.test",
            headers=shown,
        )
        self._clients.append(client)
        return client

    async def settle_feed(self) -> None:
        """Give every committed event its place in the feed, as the sequencer does."""
        if self._sequencer is None:
            self._sequencer = Sequencer(
                self.database.connect_driver, self.app.state.wakeups, holder="test"
            )
            assert await self._sequencer.acquire(), "another sequencer runs on this database"
        while await self._sequencer.number():
            pass

    async def feed(self, after: str | None = None) -> list[dict[str, Any]]:
        """Every event of the feed after a cursor, from the API."""
        await self.settle_feed()
        found: list[dict[str, Any]] = []
        asked: dict[str, Any] = {"limit": 500} | ({"after": after} if after else {})
        while True:
            reply = await self.client.get("/v1/events", params=asked)
            assert reply.status_code == httpx.codes.OK, reply.text
            page = json.loads(reply.content)
            self._require_exact(page)
            found.extend(page)
            asked["after"] = reply.headers["Tandem-Cursor"]
            if not page:
                return found

    def _require_exact(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Decimals of events are written as their formats say."""
        kinds = {one.type_for(self.service.name): one for one in self.service.events}
        for event in events:
            wrong = list(wrong_decimals(kinds.get(event["type"]), event["data"], event["type"]))
            assert not wrong, wrong

    async def post(self, path: str, body: Any, **options: Any) -> httpx.Response:
        """POST as the administrator with a new Idempotency-Key."""
        headers = {"Idempotency-Key": str(uuid4())} | options.pop("headers", {})
        return await self.client.post(path, json=body, headers=headers, **options)

    async def attach(
        self, path: str, content: bytes = b"Seen by us.", *, name: str = "a.txt"
    ) -> dict[str, Any]:
        """Attach a file to the record at the path; what is known of it."""
        reply = await self.client.post(
            f"{path}/attachments",
            params={"filename": name},
            content=content,
            headers={"Idempotency-Key": str(uuid4())},
        )
        added: dict[str, Any] = reply.raise_for_status().json()
        return added

    async def add_named(self) -> dict[str, dict[str, Any]]:
        """A record of each type that asks for a name and nothing else, by the path of its list."""
        document = (await self.client.get("/openapi.json")).json()
        schemas, made = document["components"]["schemas"], {}
        for path, acts in document["paths"].items():
            content = acts.get("post", {}).get("requestBody", {}).get("content", {})
            if "get" not in acts or "application/json" not in content:
                continue
            body = content["application/json"]["schema"]
            command = schemas.get(body.get("$ref", "").rpartition("/")[2], {})
            if command.get("required") == ["name"]:
                reply = await self.post(path, {"name": uuid4().hex})
                assert reply.status_code == httpx.codes.CREATED, reply.text
                made[path] = reply.json()
        return made

    async def close(self) -> None:
        """Give everything back."""
        if self._sequencer:
            self._sequencer.release()
        for client in self._clients:
            await client.aclose()
        await self.app.state.rate_limits.close()
        await self.app.state.authenticator.close()
        await self.database.close()


@asynccontextmanager
async def running(
    service: Service, cluster: TestCluster, *, name: str | None = None, **settings: Any
) -> AsyncIterator[ServiceUnderTest]:
    """The service on a database copied from a migrated template. Other settings by keyword.

    All callers of a suite come from one address, which may log in more often than the default.
    """
    urls = cluster.migrated(service, name or f"{service.name}_{uuid4().hex[:8]}")
    known = service.settings.model_validate(
        {"database_url": urls.runtime, "migration_database_url": urls.owner}
        | {"second_factor_keys": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}
        | {"metrics_max_age_seconds": 0, "rate_limit_logins": "1000/minute"}
        | settings
    )
    database = service.connect(known)
    app = create_app(service, known, database)
    secret = await _key(service, database, ["admin"], sorted(service.reserved_systems))
    under_test = ServiceUnderTest(
        service=service,
        settings=known,
        database=database,
        app=app,
        owner_url=urls.owner,
        runtime_url=urls.runtime,
        client=httpx.AsyncClient(),
        admin_key=secret,
    )
    await under_test.client.aclose()
    under_test.client = under_test.with_key(secret)
    try:
        yield under_test
    finally:
        await under_test.close()


async def _key(
    service: Service, database: Database, scopes: Sequence[str], systems: Sequence[str]
) -> str:
    async with database.driver() as sql:
        issued = await keys.issue(
            sql,
            service=service.name,
            name=f"test {uuid4()}",
            scopes=scopes,
            permissions=service.permissions,
            created_by="system:test",
            now=utc_now(),
            systems=systems,
            reserved=service.reserved_systems,
        )
    return issued.secret
