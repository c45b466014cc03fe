"""A shop whose schedule nobody else writes: a database of its own for each file."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from erp.app import SERVICE
from erp.ledger.service.years import ensure_year
from erp.scheduling.service import running as lane
from identity.testing.service import ServiceUnderTest, running

TRIES, SCHEDULES = "/v1/schedule-tries", "/v1/schedules"
ASSIGNMENTS, ORDERS = "/v1/schedule-assignments", "/v1/production-orders"
WEEK = [
    {"weekday": day, "start": start, "end": end}
    for day in range(1, 6)
    for start, end in (("08:00", "12:00"), ("13:00", "17:00"))
]
"""V10: 08-12 and 13-17, Monday to Friday."""


class Shop:
    """What a planner does, by the API; the worker's clock shows `now`."""

    def __init__(self, desk: Any, monkeypatch: pytest.MonkeyPatch, today: date) -> None:
        self.desk, self.erp, self.today = desk, desk.erp, today
        self.monday = today + timedelta(days=7 - today.weekday())
        self.now = self.at(0, 10)
        monkeypatch.setattr(lane, "utc_now", lambda: self.now)

    def at(self, days: int, hour: int, minute: int = 0) -> datetime:
        """The moment so many days after a Monday to come."""
        day = self.monday + timedelta(days=days)
        return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)

    async def calendar(self, hours: list[dict[str, Any]] = WEEK) -> str:
        made = await self.desk.add(
            "/v1/calendars", name=self.desk.word("Shift"), zone="UTC", hours=hours
        )
        made_id: str = made["id"]
        return made_id

    async def centre(self, **facts: Any) -> str:
        """Code of a new work centre with the hours of V10."""
        facts = {"calendar_id": await self.calendar(), "name": "Saws"} | facts
        made = await self.desk.add("/v1/work-centres", code=self.desk.word("W"), **facts)
        code: str = made["code"]
        return code

    async def item(self, *operations: dict[str, Any]) -> str:
        """SKU of a new item that needs nothing, made by these operations."""
        sku: str = (await self.desk.item())["sku"]
        part = (await self.desk.item())["sku"]
        line = {"sku": part, "quantity": "100000", "unit_cost": {"amount": "1", "currency": "CNY"}}
        await self.does("/v1/stock-receipts", lines=[line])
        await self.active(
            "/v1/bills-of-material", sku=sku, label="A", lines=[{"sku": part, "quantity": "1"}]
        )
        steps = [
            {"sequence": 10 * at, "run_minutes": "1"} | one for at, one in enumerate(operations, 1)
        ]
        await self.active("/v1/routings", sku=sku, label="A", operations=steps)
        return sku

    async def active(self, path: str, **facts: Any) -> None:
        made = await self.does(path, **facts)
        await self.does(f"{path}/{made['id']}/activate")

    async def order(self, sku: str, quantity: int, *, due: int = 30, **facts: Any) -> Any:
        """A released order; one piece takes a minute. `due`: days after the Monday."""
        days = {"start_on": f"{self.today}", "due_on": f"{self.monday + timedelta(days=due)}"}
        made = await self.desk.add(ORDERS, sku=sku, quantity=f"{quantity}", **days | facts)
        return await self.does(f"{ORDERS}/{made['id']}/release")

    async def does(self, path: str, **body: Any) -> Any:
        reply = await self.erp.post(path, body)
        assert reply.is_success, (path, reply.text)
        return reply.json()

    async def tries(self, **facts: Any) -> Any:
        """A try, made by a worker."""
        reply = await self.erp.post(TRIES, facts)
        assert reply.status_code == 202, reply.text
        assert await lane.make_next_try(self.erp.database)
        return await self.desk.see(f"{TRIES}/{reply.json()['id']}")

    async def result(self, tried: Any) -> Any:
        return await self.desk.see(f"{TRIES}/{tried['id']}/result")

    async def keeps(self, tried: Any) -> Any:
        return await self.does(f"{TRIES}/{tried['id']}/keep")

    async def published(self, order: Any) -> Any:
        found = await self.desk.see(f"{ASSIGNMENTS}?production_order_id={order['id']}")
        return found["items"]

    async def times(self, order: Any) -> list[Any]:
        """Work centre, start and end of each operation, as published."""
        return [
            (one["work_centre"], one["starts_at"], one["ends_at"])
            for one in await self.published(order)
        ]


@pytest.fixture(scope="module")
async def factory(cluster: Any) -> Any:
    async with running(SERVICE, cluster) as service:
        async with service.database.transaction() as work:
            await ensure_year(work, work.today())
        yield service


@pytest.fixture
async def shop(desk: Any, factory: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A shop in which nothing of another test is open."""
    async with factory.database.transaction() as work:
        today = work.today()
        await work.sql.execute(
            "update production_order set state = 'cancelled' where state in ('firm', 'released')"
        )
        await work.sql.execute("update production_order set state = 'done' where state = 'started'")
    return Shop(type(desk)(factory), monkeypatch, today)
