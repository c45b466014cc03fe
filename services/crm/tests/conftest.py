"""The CRM under test: one migrated database for each test process, and a desk to work at."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from chassis.testing.service import ServiceUnderTest, running
from crm.app import SERVICE


class Desk:
    """What a seller does all day, by the API; every record has data of its own."""

    def __init__(self, crm: ServiceUnderTest) -> None:
        self.crm = crm
        self.client = crm.client

    @staticmethod
    def word(kind: str = "W") -> str:
        """A word that nobody used before."""
        return f"{kind}-{uuid4().hex[:12].upper()}"

    async def add(self, path: str, **facts: Any) -> dict[str, Any]:
        """Create a record; it must be accepted."""
        reply = await self.crm.post(path, facts)
        assert reply.status_code == 201, reply.text
        return reply.json()

    async def account(self, **facts: Any) -> dict[str, Any]:
        return await self.add("/v1/accounts", **{"name": self.word("Account")} | facts)

    async def contact(self, account_id: str, **facts: Any) -> dict[str, Any]:
        return await self.add(
            "/v1/contacts", **{"account_id": account_id, "name": self.word("Person")} | facts
        )

    async def user(self, **facts: Any) -> dict[str, Any]:
        standard = {
            "login": self.word("user").lower(),
            "name": "Lin Mei",
            "password": "correct horse battery",
            "roles": ["seller"],
        }
        return await self.add("/v1/users", **standard | facts)

    async def product(self, **facts: Any) -> dict[str, Any]:
        return await self.add("/v1/products", **{"code": self.word("P"), "name": "Lamp"} | facts)

    async def order(self, account_id: str, product: str, **facts: Any) -> dict[str, Any]:
        price = {"amount": "9.00", "currency": "CNY"}
        line = {"product": product, "quantity": "1", "unit_price": price}
        return await self.add("/v1/orders", account_id=account_id, lines=[line], **facts)

    async def see(self, path: str) -> dict[str, Any]:
        reply = await self.client.get(path)
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def listed(self, path: str, **wanted: Any) -> list[str]:
        """Ids of the records that a list answers."""
        reply = await self.client.get(path, params=wanted)
        assert reply.status_code == 200, reply.text
        return [one["id"] for one in reply.json()["items"]]

    async def change(
        self, path: str, facts: Any, *, revision: int | str | None = None
    ) -> httpx.Response:
        """Change a record, based on a revision (none: no If-Match is sent)."""
        headers = {} if revision is None else {"If-Match": f'"{revision}"'}
        return await self.client.patch(path, json=facts, headers=headers)

    async def send(
        self, path: str, external_id: str, version: int, system: str = "shop", **facts: Any
    ) -> httpx.Response:
        """Send a record as another system knows it."""
        return await self.client.put(
            f"{path}/by-external/{system}/{external_id}", json=facts | {"source_version": version}
        )

    async def events_of(self, record_id: str) -> list[dict[str, Any]]:
        """The public events of a record, in the order of its versions."""
        rows = await self.rows(
            """select type, topic, aggregate_version, payload, origin from outbox
                where aggregate_id = $1 order by aggregate_version""",
            record_id,
        )
        return [row | {"payload": _parsed(row["payload"])} for row in rows]

    async def rows(self, question: str, *values: Any) -> list[dict[str, Any]]:
        async with self.crm.database.driver() as sql:
            return [dict(row) for row in await sql.fetch(question, *values)]


def _parsed(payload: Any) -> Any:
    return json.loads(payload) if isinstance(payload, str) else payload


@pytest.fixture(scope="session")
async def crm(cluster):
    """The running CRM, its database shared by the tests of this process: use data of your own."""
    async with running(SERVICE, cluster) as service:
        yield service


@pytest.fixture
def desk(crm):
    return Desk(crm)


@pytest.fixture(scope="session")
def problem():
    """Checks that a reply is the problem expected; gives its document."""

    def check(reply: httpx.Response, status: int, code: str) -> dict[str, Any]:
        assert reply.status_code == status, reply.text
        assert reply.headers["content-type"].startswith("application/problem+json")
        refusal: dict[str, Any] = reply.json()
        assert refusal["code"] == code, refusal
        assert refusal["status"] == status
        return refusal

    return check
