"""A shop floor: items with stock, bills and routings, and orders that are worked on."""

from decimal import Decimal
from typing import Any

import pytest

PATH = "/v1/production-orders"
HOURS = [{"weekday": day, "start": "00:00", "end": "24:00"} for day in range(1, 8)]
WIP = """select coalesce(sum(l.debit - l.credit), 0) from production_step s
  join journal_entry e on e.source_id = s.id join journal_line l on l.entry_id = e.id
  join account a on a.id = l.account_id and a.role = 'work_in_progress'
  where s.production_order_id = $1"""
ENTRIES = """select coalesce(a.role, a.code) as role, sum(l.debit - l.credit) as amount
  from production_step s join journal_entry e on e.source_id = s.id
  join journal_line l on l.entry_id = e.id join account a on a.id = l.account_id
  where s.production_order_id = $1 group by 1 order by 1"""


class Floor:
    """What a planner and a foreman do, by the API; every item is new."""

    path = PATH

    def __init__(self, office: Any) -> None:
        self.office, self.desk, self.erp = office, office.desk, office.erp
        self.today = office.today.isoformat()

    async def stocked(self, cost: str, quantity: str = "1000", **facts: Any) -> str:
        """SKU of a new item with so many in stock, each at a cost."""
        sku: str = (await self.desk.item(**facts))["sku"]
        line = {"sku": sku, "quantity": quantity, "unit_cost": {"amount": cost, "currency": "CNY"}}
        reply = await self.erp.post("/v1/stock-receipts", {"lines": [line]})
        assert reply.is_success, reply.text
        return sku

    async def bill(self, sku: str, *lines: tuple[str, str], **facts: Any) -> dict[str, Any]:
        """An active bill of so many of each component."""
        body = {"sku": sku, "label": self.desk.word("R"), **facts}
        body["lines"] = [
            line if isinstance(line, dict) else {"sku": line[0], "quantity": line[1]}
            for line in lines
        ]
        return await self.active("/v1/bills-of-material", body)

    async def active(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        made = await self.office.does(path, **body)
        return await self.does(f"{path}/{made['id']}/activate")

    async def centre(self, **facts: Any) -> str:
        """Code of a work centre that works all day."""
        name = self.desk.word("Shift")
        calendar = await self.desk.add("/v1/calendars", name=name, zone="UTC", hours=HOURS)
        facts = {"code": self.desk.word("W"), "name": "Saws", "calendar_id": calendar["id"]} | facts
        code: str = (await self.desk.add("/v1/work-centres", **facts))["code"]
        return code

    async def routing(self, sku: str, *operations: dict[str, Any], **facts: Any) -> dict[str, Any]:
        body = {"sku": sku, "label": self.desk.word("R"), "operations": list(operations), **facts}
        return await self.active("/v1/routings", body)

    async def planned(self, sku: str, quantity: str, **facts: Any) -> dict[str, Any]:
        days = {"start_on": self.today, "due_on": self.today}
        return await self.desk.add(PATH, **{"sku": sku, "quantity": quantity} | days | facts)

    async def released(self, sku: str, quantity: str, **facts: Any) -> dict[str, Any]:
        order = await self.planned(sku, quantity, **facts)
        return await self.does(f"{PATH}/{order['id']}/release")

    async def asks(self, order: dict[str, Any], act: str, **body: Any) -> Any:
        return await self.erp.post(f"{PATH}/{order['id']}/{act}", body)

    async def does(self, path: str, **body: Any) -> dict[str, Any]:
        reply = await self.erp.post(path, body)
        assert reply.is_success, (path, reply.text)
        done: dict[str, Any] = reply.json()
        return done

    async def acts(self, order: dict[str, Any], act: str, **body: Any) -> dict[str, Any]:
        return await self.does(f"{PATH}/{order['id']}/{act}", **body)

    async def costs(self, order: dict[str, Any]) -> dict[str, str]:
        """Amounts of the order, each once it is what the books say (E62)."""
        shown = await self.desk.see(f"{PATH}/{order['id']}/costs")
        async with self.erp.database.driver() as sql:
            booked = await sql.fetchval(WIP, order["id"])
        moved = Decimal(shown["rework_in"]) - Decimal(shown["rework_out"])
        assert Decimal(shown["work_in_progress"]) == booked + moved
        return {name: one for name, one in shown.items() if one not in {"0.00", "CNY"}}

    async def entries(self, order: dict[str, Any]) -> dict[str, Decimal]:
        """What the order posted in all: role -> debit less credit."""
        async with self.erp.database.driver() as sql:
            return {row["role"]: row["amount"] for row in await sql.fetch(ENTRIES, order["id"])}

    async def on_hand(self, sku: str) -> Decimal:
        async with self.erp.database.driver() as sql:
            found: Decimal = await sql.fetchval(
                """select sum(s.on_hand) from stock_level s join item i on i.id = s.item_id
                    where i.sku = $1""",
                sku,
            )
        return found


@pytest.fixture
def floor(office):
    return Floor(office)
