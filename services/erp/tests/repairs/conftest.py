"""A workshop that repairs pieces of customers and of its own."""

import pytest

from erp.ledger.service.years import ensure_year

PATH = "/v1/repair-orders"
BARE = {"quote", "confirm", "close", "cancel"}


def money(amount):
    return {"amount": amount, "currency": "CNY"}


class Workshop:
    """New items, customers and repair orders; each act by its name."""

    def __init__(self, desk):
        self.desk, self.erp = desk, desk.erp

    async def stocked(self, quantity, cost="4.00", *, lots=(), serials=(), **facts):
        """An item of which so many lie here."""
        item = await self.desk.item(**facts)
        line = {"sku": item["sku"], "quantity": quantity, "unit_cost": money(cost)}
        line |= {"serials": list(serials), "lots": list(lots)}
        came = await self.erp.post("/v1/stock-receipts", {"lines": [line]})
        assert came.is_success, came.text
        return item

    async def sold(self, item, customer, **facts):
        """One piece of the item is shipped to the customer; the order's line."""
        line = {"item_id": item["id"], "quantity": "1", "unit_price": money("50.00")}
        order = await self.desk.add("/v1/sales-orders", customer_id=customer["id"], lines=[line])
        shown = await self.desk.see(f"/v1/sales-orders/{order['id']}")
        line_id = shown["lines"][0]["id"]
        left = {"lines": [{"order_line_id": line_id, "quantity": "1"} | facts]}
        sent = await self.erp.post(f"/v1/sales-orders/{order['id']}/shipments", left)
        assert sent.is_success, sent.text
        return order["id"], line_id

    async def centre(self):
        """A work centre of 60 an hour and 12 overhead."""
        facts = {"cost_per_hour": "60.00", "overhead_per_hour": "12.00"}
        return await self.desk.add(
            "/v1/work-centres", code=self.desk.word("W"), name="Bench", **facts
        )

    async def take_up(self, **facts):
        reply = await self.erp.post(PATH, {"problem": "It is dead"} | facts)
        assert reply.status_code == 201, reply.text
        return reply.json()

    async def act(self, order, name, **facts):
        return await self.erp.post(f"{PATH}/{order['id']}/{name}", None if name in BARE else facts)

    async def does(self, order, name, **facts):
        reply = await self.act(order, name, **facts)
        assert reply.is_success, reply.text
        return reply.json()

    async def see(self, order):
        return await self.desk.see(f"{PATH}/{order['id']}")

    async def level(self, item):
        """On hand, reserved, restricted, and worth."""
        async with self.erp.database.driver() as sql:
            row = await sql.fetchrow(
                """select trim_scale(v.on_hand) as a, trim_scale(v.reserved) as b,
                      trim_scale(v.restricted) as c, trim_scale(w.value) as d
                     from stock_level v join item_valuation w using (item_id)
                    where v.item_id = $1""",
                item["id"],
            )
        return tuple(str(one) for one in row)

    async def booked(self, order):
        """What the books have of the steps of the order, by role."""
        async with self.erp.database.driver() as sql:
            rows = await sql.fetch(
                """select a.role, sum(l.debit - l.credit) as amount from repair_step s
                     join journal_entry e on e.source_id = s.id
                     join journal_line l on l.entry_id = e.id join account a on a.id = l.account_id
                    where s.repair_order_id = $1 group by a.role""",
                order["id"],
            )
        return {row["role"]: str(row["amount"].normalize()) for row in rows}


@pytest.fixture
async def workshop(desk):
    async with desk.erp.database.transaction() as work:
        await ensure_year(work, work.today())
    return Workshop(desk)
