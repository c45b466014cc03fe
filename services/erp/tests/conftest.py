"""The ERP under test: one migrated database for each test process, and a desk to work at."""

from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import settings
from sqlalchemy import event

from chassis.testing.service import ServiceUnderTest, running
from erp.app import SERVICE
from erp.ledger import service as ledger

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


def cny(amount: str) -> dict[str, str]:
    """The amount on the wire."""
    return {"amount": amount, "currency": "CNY"}


class Sales:
    """A seller, a storekeeper and a cashier at work, by the API; today's books are open."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.erp = desk, desk.erp

    async def item(self, quantity: str = "", cost: str = "7.00", **facts: Any) -> dict[str, Any]:
        """A new item, with so much of it on hand."""
        item = await self.desk.item(**facts)
        if quantity:
            await self.receives(item, quantity, cost)
        return item

    async def receives(self, item: dict[str, Any], quantity: str, cost: str = "7.00") -> None:
        line = {"sku": item["sku"], "quantity": quantity, "unit_cost": cny(cost)}
        reply = await self.erp.post("/v1/stock-receipts", {"lines": [line]})
        assert reply.status_code == 201, reply.text

    @staticmethod
    def body(customer: dict[str, Any], *lines: Any, **facts: Any) -> dict[str, Any]:
        """An order; a line is (item, quantity, price) and perhaps a discount."""
        made = [
            {
                "item_id": item["id"],
                "external_line_id": f"L{at}",
                "quantity": quantity,
                "unit_price": cny(price),
                "discount": discount[0] if discount else "0",
            }
            for at, (item, quantity, price, *discount) in enumerate(lines, 1)
        ]
        return {"customer_id": customer["id"], "lines": made} | facts

    async def send(self, body: dict[str, Any], order_id: Any, version: int = 1) -> httpx.Response:
        return await self.erp.client.put(
            f"/v1/sales-orders/by-external/crm/{order_id}", json=body | {"source_version": version}
        )

    async def order(self, customer: dict[str, Any], *lines: Any, **facts: Any) -> dict[str, Any]:
        """An order of our own; it must be accepted."""
        return await self.desk.add("/v1/sales-orders", **self.body(customer, *lines, **facts))

    async def act(self, order: dict[str, Any], act: str, **facts: Any) -> httpx.Response:
        return await self.erp.post(f"/v1/sales-orders/{order['id']}/{act}", facts)

    async def acts(self, order: dict[str, Any], *acts: str) -> dict[str, Any]:
        """Acts on the order that must succeed; how it stands then."""
        for act in acts:
            reply = await self.act(order, act)
            assert reply.is_success, reply.text
        return await self.seen(order)

    async def seen(self, order: dict[str, Any]) -> dict[str, Any]:
        return await self.desk.see(f"/v1/sales-orders/{order['id']}")

    async def pays(self, customer: dict[str, Any], paid: str, **facts: Any) -> httpx.Response:
        body = {"party_id": customer["id"], "amount": cny(paid)} | facts
        return await self.erp.post("/v1/payments", body)

    @staticmethod
    async def open_year(work: Any, day: Any) -> None:
        """Open the fiscal year of the day."""
        await ledger.ensure_year(work, day)

    async def owed(self, customer: dict[str, Any]) -> str:
        """What the customer owes by the report."""
        path = f"/v1/reports/balances?party_id={customer['id']}"
        return next((one["balance"] for one in (await self.desk.see(path))["items"]), "0")

    async def booked(self, role: str, party: dict[str, Any]) -> Decimal:
        """The party's balance on the account of a role, by the books."""
        async with self.erp.database.driver() as sql:
            found: Decimal = await sql.fetchval(
                """select coalesce(sum(l.debit - l.credit), 0) from journal_line l
                     join account a on a.id = l.account_id
                    where a.role = $1 and l.party_id = $2""",
                role,
                UUID(party["id"]),
            )
            return found

    async def entries(self, *source_types: str, party: dict[str, Any]) -> set[tuple[str, ...]]:
        """The entries of documents that name the party: (source, account role, debit, credit)."""
        async with self.erp.database.driver() as sql:
            rows = await sql.fetch(
                """select e.source_type, a.role, trim_scale(l.debit)::text as debit,
                      trim_scale(l.credit)::text as credit
                     from journal_entry e join journal_line l on l.entry_id = e.id
                     join account a on a.id = l.account_id
                    where e.source_type = any($1::text[]) and e.id in
                      (select entry_id from journal_line where party_id = $2)""",
                list(source_types),
                UUID(party["id"]),
            )
        return {tuple(row.values()) for row in rows}


@pytest.fixture
async def sales(desk):
    """A shop whose books are open today."""
    async with desk.erp.database.transaction() as work:
        await ledger.ensure_year(work, work.today())
    return Sales(desk)


@contextmanager
def _listening(erp):
    """The statements that reach the database meanwhile, by the ORM or by the driver itself."""
    heard = []
    engine = erp.database.engine.sync_engine

    def by_orm(connection, cursor, statement, *_rest):
        heard.append(statement)

    def by_driver(query):
        # A new connection asks once what types the server has.
        if "typeinfo_tree" not in query.query and "'jit'" not in query.query:
            heard.append(query.query)

    def checked_out(dbapi, *_rest):
        dbapi.driver_connection.add_query_logger(by_driver)

    def checked_in(dbapi, *_rest):
        dbapi.driver_connection.remove_query_logger(by_driver)

    event.listen(engine, "before_cursor_execute", by_orm)
    event.listen(engine, "checkout", checked_out)
    event.listen(engine, "checkin", checked_in)
    try:
        yield heard
    finally:
        event.remove(engine, "before_cursor_execute", by_orm)
        event.remove(engine, "checkout", checked_out)
        event.remove(engine, "checkin", checked_in)


@pytest.fixture
async def counted(desk):
    """Counts the statements of one request, by a caller already known."""
    await desk.client.get("/v1/units")

    @contextmanager
    def count(most):
        with _listening(desk.erp) as heard:
            yield
        assert 0 < len(heard) <= most, "\n".join(heard)

    return count
