"""A buyer at work; every item and supplier is new."""

from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from chassis.clock import business_day
from erp.ledger.service.years import ensure_year
from erp.stock.lines import DemandLine
from erp.stock.service.allocating import allocate_lines
from erp.stock.service.demand import cancel_demand

ORDERS, SUGGESTIONS = "/v1/purchase-orders", "/v1/purchase-suggestions"


def money(amount, currency="CNY"):
    return {"amount": amount, "currency": currency}


class Buyer:
    """Buys by the API; customers' demand comes by the acts that fulfilment uses."""

    def __init__(self, erp, desk, today):
        self.erp, self.desk, self.today = erp, desk, today
        self.suppliers = {}

    async def supplier(self, **facts):
        made = await self.desk.add("/v1/suppliers", name=self.desk.word("Supplier"), **facts)
        self.suppliers[made["number"]] = made
        return made["number"]

    async def item(self, price=None, *, supplier=None, **terms):
        """A new item; with a price, sold by a supplier."""
        item = await self.desk.item()
        if price is not None:
            await self.priced(item, price, supplier or await self.supplier(), **terms)
        return item

    async def priced(self, item, price, supplier, **terms):
        facts = {"supplier_number": supplier, "sku": item["sku"], "price": money(price)}
        return await self.desk.add("/v1/supplier-prices", **facts, **terms)

    async def wanted(self, item, quantity, *, needed_on=None):
        """A customer's order line."""
        line_id = uuid4()
        line = DemandLine(
            line_id, uuid4(), UUID(item["id"]), Decimal(quantity), needed_on or self.today
        )
        async with self.erp.database.transaction() as work:
            await allocate_lines(work, [line])
        return line_id

    async def unwanted(self, line_id):
        async with self.erp.database.transaction() as work:
            await cancel_demand(work, [line_id])

    async def suggested(self, item, state="open"):
        """The suggestions of the item in the state."""
        found = await self.desk.see(f"{SUGGESTIONS}?sku={item['sku']}&state={state}")
        return found["items"]

    async def update_suggestions(self, *items):
        reply = await self.erp.post(
            f"{SUGGESTIONS}/refresh", {"skus": [item["sku"] for item in items]}
        )
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def orders(self, *suggestions, **facts):
        """Order suggestions; the orders."""
        body = {"ids": [one["id"] for one in suggestions]} | facts
        return (await self.desk.add(f"{SUGGESTIONS}/order", **body))["orders"]

    async def buys(self, supplier, *lines, **facts):
        """Order lines of item, quantity and perhaps more."""
        named = [
            {"sku": item["sku"], "quantity": str(quantity)} | dict(*more)
            for item, quantity, *more in lines
        ]
        return await self.desk.add(ORDERS, supplier_number=supplier, lines=named, **facts)

    async def receives(self, order, **facts):
        return await self.erp.post(f"{ORDERS}/{order['id']}/receipts", facts)

    async def bought(self, *lines):
        """An order of lines (quantity, price) of new items, all received: order, receipt, items."""
        supplier, items = await self.supplier(), []
        for _, price in lines:
            items.append(await self.item(price, supplier=supplier))
        order = await self.buys(
            supplier, *((item, quantity) for item, (quantity, _) in zip(items, lines, strict=True))
        )
        receipt = (await self.receives(order)).json()
        return await self.see(order), receipt, items

    async def sends_back(self, receipt, *lines, again=False, **facts):
        """Send back lines (order line, quantity, perhaps serials), or all of a receipt."""
        body = {"reason": "Bent", "expect_again": again} | facts
        if lines:
            body["lines"] = [
                {"line_id": line["id"], "quantity": str(quantity)} | dict(*more)
                for line, quantity, *more in lines
            ]
        return await self.erp.post(f"/v1/purchase-receipts/{receipt['id']}/returns", body)

    async def reverses(self, receipt, **facts):
        """Take a receipt back as a mistake."""
        body = {"reason": "Another order"} | facts
        return await self.erp.post(f"/v1/purchase-receipts/{receipt['id']}/reverse", body)

    async def bills(self, order, **facts):
        body = {"bill_number": self.desk.word("B")} | facts
        return await self.erp.post(f"{ORDERS}/{order['id']}/bills", body)

    async def agrees(self, order, *items):
        """Stock is what its account says, and what is not billed what the orders' lines say."""
        trial = await self.desk.see("/v1/reports/trial-balance")
        assert trial["debit"] == trial["credit"]
        async with self.erp.database.driver() as sql:
            for item in items:
                value_of = await sql.fetchval(
                    "select coalesce(sum(value), 0) from item_valuation where item_id = $1",
                    UUID(item["id"]),
                )
                assert value_of == await self.balance("inventory", item)
            owed = await sql.fetchval(
                """select coalesce(sum(received_value - billed_value), 0) from purchase_order_line
                    where purchase_order_id = $1""",
                UUID(order["id"]),
            )
        assert await self.cleared(order) == -owed

    async def cleared(self, order, role="grni"):
        """What an account holds of the order: its receipts, returns, bills and credit notes."""
        async with self.erp.database.driver() as sql:
            return await sql.fetchval(
                """select coalesce(sum(l.debit - l.credit), 0) from journal_line l
                     join journal_entry e on e.id = l.entry_id
                     join account a on a.id = l.account_id and a.role = $1
                    where e.source_id in (
                      select id from purchase_receipt where purchase_order_id = $2
                      union all select unnest(array[id, reversal_id]) from purchase_return
                        where purchase_order_id = $2
                      union all select id from bill where purchase_order_id = $2)""",
                role,
                UUID(order["id"]),
            )

    async def see(self, order):
        return await self.desk.see(f"{ORDERS}/{order['id']}")

    async def availability(self, item):
        """On hand, reserved, incoming, waiting."""
        answer = await self.desk.see(f"/v1/availability?sku={item['sku']}")
        return tuple(int(answer[name]) for name in ("on_hand", "reserved", "incoming", "waiting"))

    async def balance(self, role, item):
        """What an account holds of the item."""
        async with self.erp.database.driver() as sql:
            return await sql.fetchval(
                """select coalesce(sum(l.debit - l.credit), 0) from journal_line l
                     join account a on a.id = l.account_id
                    where a.role = $1 and l.item_id = $2""",
                role,
                UUID(item["id"]),
            )


@pytest.fixture(scope="session")
async def opened(erp):
    """Books that are open today, and in July 1996."""
    async with erp.database.transaction() as work:
        await ensure_year(work, work.today())
        await ensure_year(work, date(1996, 7, 4))


@pytest.fixture
def buyer(erp, desk, opened):
    return Buyer(erp, desk, business_day(erp.settings.time_zone))
