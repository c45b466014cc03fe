"""A desk at which accounts are assigned."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import pytest

from chassis.worker.jobs import Worker
from crm.app import SERVICE
from crm.assignment.service import deciding

RULES = "/v1/assignment-rules"


class Assigning:
    """Rules, accounts and users of one test: its rules ask for a segment that nobody else has."""

    def __init__(self, desk: Any) -> None:
        self.desk, self.segment = desk, desk.word("S")

    async def rule(self, users=(), **values: Any) -> dict[str, Any]:
        condition = {"fact": "segment", "operator": "equals", "values": [self.segment]}
        usual = {
            "name": self.desk.word("Rule"),
            "subject_type": "account",
            "position": 1,
            "conditions": [condition],
            "user_ids": [one["id"] for one in users],
        }
        return await self.desk.add(RULES, **usual | values)

    async def accounts(self, count: int, **facts: Any) -> list[str]:
        usual = {"segment": self.segment}
        return [(await self.desk.account(**usual | facts))["id"] for _ in range(count)]

    async def ask(self, ids: list[str]) -> int:
        given = {"subject_type": "account", "ids": ids}
        reply = await self.desk.crm.post("/v1/assignment-requests", given)
        assert reply.status_code == 202, reply.text
        return int(reply.json()["waiting"])

    async def decide(self) -> None:
        """As the worker does it, in one act."""
        async with self.desk.crm.database.transaction() as work:
            await deciding.decide_waiting(work, {"subject_type": "account"})

    async def work_off(self) -> None:
        """All jobs, as the worker does them."""
        await Worker(self.desk.crm.database, handlers=SERVICE.jobs).once()

    async def assign(self, count: int, **facts: Any) -> list[str]:
        ids = await self.accounts(count, **facts)
        await self.ask(ids)
        await self.decide()
        return ids

    async def owners(self, ids: list[str]) -> list[str | None]:
        rows = await self.desk.rows(
            "select id, owner_id from account where id = any($1::uuid[])",
            [UUID(one) for one in ids],
        )
        found = {str(row["id"]): row["owner_id"] for row in rows}
        return [None if found[one] is None else str(found[one]) for one in ids]

    async def counts(self, ids: list[str], users: list[dict[str, Any]]) -> list[int]:
        """How many of the accounts each of the users has."""
        owned = Counter(await self.owners(ids))
        return [owned[one["id"]] for one in users]

    async def users(self, count: int, **facts: Any) -> list[dict[str, Any]]:
        return [await self.desk.user(**facts) for _ in range(count)]

    async def decisions(self, **wanted: str) -> list[dict[str, Any]]:
        reply = await self.desk.client.get("/v1/assignment-decisions", params=wanted)
        assert reply.status_code == 200, reply.text
        found: list[dict[str, Any]] = reply.json()["items"]
        return found

    async def waiting(self, subject_id: str) -> list[str]:
        """Why the subject waits; nothing if it does not."""
        reply = await self.desk.client.get(
            "/v1/assignment-queue", params={"subject_id": subject_id}
        )
        assert reply.status_code == 200, reply.text
        return [one["reason"] for one in reply.json()["items"]]

    async def at_once(self, count: int) -> None:
        """So many workers decide at the same time."""
        await asyncio.gather(*(self.decide() for _ in range(count)))


@pytest.fixture
async def assigning(desk):
    """The rules of other tests are put aside: one without conditions is met by every account."""
    page = await desk.see(f"{RULES}?status=active&limit=200")
    for rule in page["items"]:
        archived = await desk.crm.post(f"{RULES}/{rule['id']}/archive", None)
        assert archived.status_code == 200, archived.text
    return Assigning(desk)
