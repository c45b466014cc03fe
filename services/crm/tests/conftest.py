"""The CRM under test: one migrated database for each test process, and a desk to work at."""

import json
from typing import Any

import pytest

from crm.app import SERVICE
from identity.testing.desk import Desk as AnyDesk
from identity.testing.desk import require_problem
from identity.testing.service import ServiceUnderTest, running


class Desk(AnyDesk):
    """What a seller does all day, by the API."""

    def __init__(self, crm: ServiceUnderTest) -> None:
        super().__init__(crm)
        self.crm = crm

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

    async def events_of(self, record_id: str) -> list[dict[str, Any]]:
        """The public events of a record, in the order of its versions."""
        rows = await self.rows(
            """select type, topic, aggregate_version, payload, origin from outbox
                where aggregate_id = $1 order by aggregate_version""",
            record_id,
        )
        return [row | {"payload": _parsed(row["payload"])} for row in rows]


def _parsed(payload: Any) -> Any:
    return json.loads(payload) if isinstance(payload, str) else payload


@pytest.fixture(scope="session")
async def crm(cluster):
    """The running CRM, its database shared by the tests of this process: use data of your own."""
    async with running(SERVICE, cluster) as service:
        yield service


@pytest.fixture(scope="session")
def desk(crm):
    return Desk(crm)


@pytest.fixture(scope="session")
def problem():
    """Checks that a reply is the problem expected; gives its document."""
    return require_problem
