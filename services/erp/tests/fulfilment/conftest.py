"""A shop at work: seller, storekeeper and cashier, by the API."""

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.clock import utc_now
from erp.fulfilment.service.publishing import REFRESH, refresh_orders
from erp.ledger.service.years import ensure_year
from identity.passwords import hash_password
from identity.users import add_user


def cny(amount: str) -> dict[str, str]:
    """The amount on the wire."""
    return {"amount": amount, "currency": "CNY"}


class Sales:
    """A seller, a storekeeper and a cashier at work, by the API; today's books are open."""

    def __init__(self, desk: Any) -> None:
        self.desk, self.erp = desk, desk.erp

    async def item(self, quantity: str = "", cost: str = "7.00", **facts: Any) -> dict[str, Any]:
        """A new item, with so much of it on hand."""
        item = await self.desk.item(**facts)
        if quantity:
            await self.receives(item, quantity, cost)
        return item

    async def receives(
        self, item: dict[str, Any], quantity: str, cost: str = "7.00", **facts: Any
    ) -> None:
        line = {"sku": item["sku"], "quantity": quantity, "unit_cost": cny(cost)}
        reply = await self.erp.post("/v1/stock-receipts", {"lines": [line]} | facts)
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

    async def refreshed(self, order: dict[str, Any]) -> dict[str, Any]:
        """How the order stands once the job that was left for it has run; it must be there."""
        left = "kind = $1 and payload->'order_ids' ? $2"
        assert await self.desk.count("job", left, REFRESH, order["id"])
        async with self.erp.database.transaction() as work:
            await refresh_orders(work, {"order_ids": [order["id"]]})
        return await self.seen(order)

    async def supplied(self, *items: dict[str, Any], days: int = 5) -> str:
        """A supplier who sells the items within so many days; its number."""
        supplier = await self.desk.add("/v1/suppliers", name=self.desk.word("Supplier"))
        for item in items:
            facts = {"supplier_number": supplier["number"], "sku": item["sku"]}
            price = {"price": cny("3"), "lead_time_days": days}
            await self.desk.add("/v1/supplier-prices", **facts, **price)
        return str(supplier["number"])

    async def buys(self, supplier: str, item: dict[str, Any], quantity: str) -> dict[str, Any]:
        """An order to the supplier."""
        line = {"sku": item["sku"], "quantity": quantity}
        path = "/v1/purchase-orders"
        return await self.desk.add(path, supplier_number=supplier, lines=[line])

    async def pays(self, customer: dict[str, Any], paid: str, **facts: Any) -> httpx.Response:
        body = {"party_id": customer["id"], "amount": cny(paid)} | facts
        return await self.erp.post("/v1/payments", body)

    async def owed(self, customer: dict[str, Any]) -> str:
        """What the customer owes by the report."""
        path = f"/v1/reports/receivables?party_id={customer['id']}"
        return next((one["balance"] for one in (await self.desk.see(path))["items"]), "0.00")

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
        await ensure_year(work, work.today())
    return Sales(desk)


class Approving:
    """People who decide, rules of customers of their own, and orders beyond a limit."""

    def __init__(self, sales: Sales) -> None:
        self.sales, self.desk, self.erp = sales, sales.desk, sales.erp
        self.hashed: Any = None

    async def person(self, *roles: str) -> tuple[str, Any]:
        """A user who is logged in: id and client."""
        login, password = self.desk.word("boss").lower(), "correct horse battery"
        self.hashed = self.hashed or await hash_password(password)
        async with self.erp.database.driver() as sql:
            user = await add_user(
                sql,
                login=login,
                name=login,
                password=self.hashed,
                roles=roles or ("accountant",),
                known_roles=self.erp.service.roles,
                now=utc_now(),
            )
        reply = await self.erp.client.post(
            "/v1/sessions", json={"login": login, "password": password}
        )
        return str(user.id), self.erp.with_key(reply.json()["token"])

    async def customer(self) -> dict[str, Any]:
        return await self.desk.customer(credit_limit=cny("100.00"))

    async def rule(self, customer: dict[str, Any], *steps: Any, **facts: Any) -> dict[str, Any]:
        """A rule for orders of this customer."""
        own = {"fact": "customer_id", "values": [customer["id"]]}
        conditions = [own, *facts.pop("conditions", [])]
        values = {"kind": "credit", "name": "Large orders", "position": 1} | facts
        return await self.desk.add(
            "/v1/approval-rules", **values, conditions=conditions, steps=list(steps)
        )

    async def asks(self, customer: dict[str, Any], client: Any = None) -> dict[str, Any]:
        """An order beyond the limit; the approval that it waits for."""
        item = await self.sales.item("50")
        body = self.sales.body(customer, (item, "20", "10.00"))
        reply = await self.post("/v1/sales-orders", body, client)
        assert reply.status_code == 201, reply.text
        page = await self.desk.see(f"/v1/approvals?subject_id={reply.json()['id']}")
        asked: dict[str, Any] = page["items"][0]
        return asked

    async def post(self, path: str, body: Any, client: Any = None) -> httpx.Response:
        headers = {"Idempotency-Key": str(uuid4())}
        reply: httpx.Response = await (client or self.erp.client).post(
            path, json=body, headers=headers
        )
        return reply

    async def decides(self, client: Any, asked: dict[str, Any], act: str = "approve") -> Any:
        return await self.post(f"/v1/approvals/{asked['id']}/{act}", {"note": "Seen."}, client)

    async def state(self, asked: dict[str, Any]) -> tuple[str, str]:
        """How the approval and its order stand."""
        order = await self.desk.see(f"/v1/sales-orders/{asked['subject_id']}")
        approval = await self.desk.see(f"/v1/approvals/{asked['id']}")
        return approval["state"], order["state"]

    async def progress(self, asked: dict[str, Any]) -> dict[str, Any]:
        shown: dict[str, Any] = await self.desk.see(f"/v1/approvals/{asked['id']}/progress")
        return shown


@pytest.fixture
async def approving(sales):
    """Who approves what, at a shop whose books are open."""
    return Approving(sales)
