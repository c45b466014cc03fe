"""Random acts of a buyer, a seller and a cashier, by the API; what must hold after each of them.

Each act takes a document that is there and asks for something that may or may not fit it. A
refusal is fine where it is one of the business; a refused constraint of the database is not.
"""

import random
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from .checks import CHECKS

_HELD = "conflict"
"""The problem that is answered where only the database refused."""

Row = dict[str, Any]


def money(amount: Any) -> dict[str, str]:
    return {"amount": str(amount), "currency": "CNY"}


class Walk:
    """A shop of its own: items, parties and what they did, found by the database."""

    def __init__(self, desk: Any, seed: int) -> None:
        self.desk, self.erp = desk, desk.erp
        self.chance = random.Random(seed)
        self.count = 0
        self.done: Counter[str] = Counter()
        self.log: list[str] = []

    async def open(self) -> None:
        """Items of each way to count, two customers, a supplier."""
        kinds: list[Row] = [{}, {"unit": "KGM"}, {"tracking": "serial"}, {"kind": "service"}]
        self.items = [await self.desk.item(**facts) for facts in kinds]
        self.customers = [await self.desk.customer() for _ in range(2)]
        self.supplier = await self.desk.add("/v1/suppliers", name=self.desk.word("Supplier"))

    # What there is.

    async def rows(self, query: str, *values: Any) -> list[Row]:
        async with self.erp.database.driver() as sql:
            return [dict(row) for row in await sql.fetch(query, *values)]

    @property
    def item_ids(self) -> list[UUID]:
        return [UUID(item["id"]) for item in self.items]

    @property
    def party_ids(self) -> list[UUID]:
        return [UUID(one["id"]) for one in (*self.customers, self.supplier)]

    async def any_of(self, query: str, *values: Any) -> Row | None:
        found = await self.rows(query, *values)
        return self.chance.choice(found) if found else None

    async def purchase(self) -> Row | None:
        query = "select id, version from purchase_order where supplier_id = $1 order by id"
        return await self.any_of(query, UUID(self.supplier["id"]))

    async def purchase_lines(self, order: Row) -> list[Row]:
        return await self.rows(
            """select l.*, i.sku, i.unit, s.tracking from purchase_order_line l
               join item i on i.id = l.item_id left join stock_level s on s.item_id = i.id
               where purchase_order_id = $1 order by position""",
            order["id"],
        )

    async def order(self) -> Row | None:
        query = """select id, version - unedited_versions as etag_version from sales_order
          where customer_id = any($1) order by id"""
        return await self.any_of(query, self.party_ids)

    async def order_lines(self, order: Row) -> list[Row]:
        return await self.rows(
            """select l.*, i.sku, i.unit, s.tracking, i.kind from sales_order_line l
               join item i on i.id = l.item_id left join stock_level s on s.item_id = i.id
               where order_id = $1 order by position""",
            order["id"],
        )

    async def payment(self) -> Row | None:
        query = "select id, amount, unallocated from payment where party_id = any($1) order by id"
        return await self.any_of(query, self.party_ids)

    async def document(self) -> Row | None:
        query = "select source_id as id, open_amount from open_item where party_id = any($1)"
        return await self.any_of(f"{query} order by id", self.party_ids)

    # What is asked for.

    def number(self, most: Any = 6, *, unit: str = "PCE") -> str:
        """So many: mostly what can be, at times one more; of a weight in parts."""
        most = max(int(most), 1)
        whole = Decimal(self.chance.randint(1, most + (self.chance.random() < 0.1)))
        if unit == "KGM" or self.chance.random() < 0.03:
            whole += Decimal(self.chance.choice(("0", "0.5", "0.333", "0.125")))
        return str(whole)

    def price(self) -> dict[str, str]:
        return money(self.chance.choice(("0", "0.01", "1", "3.33", "7.77", "10", "0.335")))

    def some(self, rows: Sequence[Row]) -> list[Row]:
        return self.chance.sample(rows, self.chance.randint(1, len(rows))) if rows else []

    def serials(self, quantity: str, *, new: Sequence[str] | None = None) -> list[str]:
        count = int(Decimal(quantity))
        if new is not None:
            return self.chance.sample(list(new), min(count, len(new)))
        self.count += count
        return [f"{self.items[2]['sku']}-{self.count - at}" for at in range(count)]

    async def asks(self, act: str, path: str, **facts: Any) -> None:
        """Ask for it: done, or refused by a rule of the business."""
        self._note(act, await self.erp.post(path, facts), facts)

    async def puts(self, act: str, path: str, version: int, **facts: Any) -> None:
        headers = {"If-Match": f'"{version}"'}
        self._note(act, await self.erp.client.put(path, json=facts, headers=headers), facts)

    def _note(self, act: str, reply: Any, facts: Row) -> None:
        code = "done" if reply.is_success else reply.json().get("code", "")
        self.done[f"{act}: {code}"] += 1
        self.log.append(f"{act} {reply.url.path} {facts} -> {reply.status_code} {code}")
        assert reply.status_code < 500, f"{reply.text}\n{self.story()}"
        assert code != _HELD, f"{reply.text}\n{self.story()}"

    def story(self) -> str:
        return "\n".join(self.log[-60:])

    async def must_hold(self) -> None:
        """Books, stock, orders and balances agree with one another."""
        values = {"items": self.item_ids, "parties": self.party_ids}
        async with self.erp.database.driver() as sql:
            for name, (query, what) in CHECKS.items():
                wrong = [dict(row) for row in await sql.fetch(query, values[what])]
                assert not wrong, f"{name}: {wrong}\n{self.story()}"
