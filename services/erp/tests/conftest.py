"""The ERP under test: one migrated database for each test process, and a desk to work at."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import settings

from chassis.testing.service import ServiceUnderTest, running
from erp.app import SERVICE

# The same examples on every run, however busy the machine is.
settings.register_profile("erp", deadline=None, derandomize=True, database=None)
settings.load_profile("erp")


class Desk:
    """What a clerk does all day, by the API; every record has data of its own."""

    def __init__(self, erp: ServiceUnderTest) -> None:
        self.erp = erp
        self.client = erp.client

    @staticmethod
    def word(kind: str = "W") -> str:
        """A word that nobody used before."""
        return f"{kind}-{uuid4().hex[:12].upper()}"

    async def add(self, path: str, **facts: Any) -> dict[str, Any]:
        """Create a record; it must be accepted."""
        reply = await self.erp.post(path, facts)
        assert reply.status_code == 201, reply.text
        return reply.json()

    async def customer(self, **facts: Any) -> dict[str, Any]:
        return await self.add("/v1/customers", **{"name": self.word("Customer")} | facts)

    async def item(self, **facts: Any) -> dict[str, Any]:
        return await self.add("/v1/items", **{"sku": self.word("SKU"), "name": "Bolt"} | facts)

    async def price(self, sku: str, amount: str, **facts: Any) -> dict[str, Any]:
        money = {"amount": amount, "currency": "CNY"}
        return await self.add("/v1/prices", sku=sku, price=money, **facts)

    async def see(self, path: str) -> dict[str, Any]:
        reply = await self.client.get(path)
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def change(
        self, path: str, facts: Any, *, revision: int | str | None = None
    ) -> httpx.Response:
        """Change a record, based on a revision (none: no If-Match is sent)."""
        headers = {} if revision is None else {"If-Match": f'"{revision}"'}
        return await self.client.patch(path, json=facts, headers=headers)

    async def send(
        self, path: str, external_id: str, version: int, system: str = "crm", **facts: Any
    ) -> httpx.Response:
        """Send a record as another system knows it."""
        return await self.client.put(
            f"{path}/by-external/{system}/{external_id}", json=facts | {"source_version": version}
        )

    async def told(self, record_id: str) -> list[dict[str, Any]]:
        """The public events of a record, in the order of its versions."""
        async with self.erp.database.driver() as sql:
            rows = await sql.fetch(
                """select o.type, o.topic, o.aggregate_version, o.payload, o.origin
                     from outbox o where aggregate_id = $1 order by aggregate_version""",
                record_id,
            )
        return [dict(row) for row in rows]

    async def count(self, table: str, condition: str, *values: Any) -> int:
        async with self.erp.database.driver() as sql:
            found: int = await sql.fetchval(
                f"select count(*) from {table} where {condition}", *values
            )
            return found


@pytest.fixture(scope="session")
async def erp(cluster):
    """The running ERP, its database shared by the tests of this process: use data of your own."""
    async with running(SERVICE, cluster) as service:
        yield service


@pytest.fixture
def desk(erp):
    return Desk(erp)


@pytest.fixture(scope="session")
def problem():
    """Checks that a reply is the problem expected; gives its document."""

    def check(reply: httpx.Response, status: int, code: str) -> dict[str, Any]:
        assert reply.status_code == status, reply.text
        assert reply.headers["content-type"].startswith("application/problem+json")
        told: dict[str, Any] = reply.json()
        assert told["code"] == code, told
        assert told["status"] == status
        return told

    return check
