"""A buyer, a storekeeper and an inspector at work on new items."""

import pytest

from erp.ledger.service.years import ensure_year

CLEAN = {"number": 10, "name": "Clean", "kind": "yes_no"}
MONEY = {"amount": "2.00", "currency": "CNY"}

HELD = """select v.on_hand, v.reserved, v.restricted,
    (select coalesce(sum(h.quantity), 0) from stock_hold h where h.item_id = v.item_id) as held,
    (select coalesce(sum(n.pending), 0) from inspection n
      where n.item_id = v.item_id and n.stage <> 'shipment') as pending
  from stock_level v where v.item_id = $1"""


class Inspector:
    """Goods of new items are bought, inspected and sold."""

    def __init__(self, desk):
        self.desk, self.erp = desk, desk.erp

    async def plan(self, item, **facts):
        """An active plan of the item, by default of receipts, of which each piece is looked at."""
        body = {"code": self.desk.word("IP"), "label": "A", "stage": "receipt", "sku": item["sku"]}
        plan = await self.desk.add(
            "/v1/inspection-plans", **body | {"characteristics": [CLEAN]} | facts
        )
        active = await self.erp.post(f"/v1/inspection-plans/{plan['id']}/activate", None)
        assert active.is_success, active.text
        return active.json()

    async def ordered(self, item, quantity, supplier=None, **facts):
        supplier = supplier or await self.desk.add("/v1/suppliers", name="Mill")
        line = {"sku": item["sku"], "quantity": quantity, "unit_price": MONEY}
        facts = {"supplier_number": supplier["number"], "lines": [line]} | facts
        order = await self.desk.add("/v1/purchase-orders", **facts)
        return await self.desk.see(f"/v1/purchase-orders/{order['id']}")

    async def receives(self, item, quantity, *, supplier=None, **line):
        """So many are ordered and come; the receipt."""
        order = await self.ordered(item, quantity, supplier)
        came = {"line_id": order["lines"][0]["id"], "quantity": quantity} | line
        reply = await self.erp.post(
            f"/v1/purchase-orders/{order['id']}/receipts", {"lines": [came]}
        )
        assert reply.status_code == 201, reply.text
        return reply.json()

    async def inspections(self, **query):
        page = await self.erp.client.get("/v1/inspections", params=query)
        assert page.is_success, page.text
        return page.json()["items"]

    async def opened(self, receipt):
        [found] = await self.inspections(source_id=receipt["id"])
        return found

    async def looks(self, inspection, *failed):
        """Results of all pieces of the sample; those that failed by their place."""
        results = [
            {"sample": at, "number": 10, "answer": at not in failed}
            for at in range(1, inspection["sample_size"] + 1)
        ]
        reply = await self.erp.post(
            f"/v1/inspections/{inspection['id']}/results", {"results": results}
        )
        assert reply.is_success, reply.text
        return reply.json()

    async def decides(self, inspection, accepted="0", rejected="0", **facts):
        if rejected != "0":
            facts = {"reason": "Scratched"} | facts
        body = {"accepted": accepted, "rejected": rejected} | facts
        return await self.erp.post(f"/v1/inspections/{inspection['id']}/verdicts", body)

    async def level(self, item):
        """On hand and restricted, once they are proven.

        E64: pending goods of items without lots are withheld, and so is what was rejected.
        """
        async with self.erp.database.driver() as sql:
            state = await sql.fetchrow(HELD, item["id"])
            tracking = await sql.fetchval("select tracking from item where id = $1", item["id"])
        if tracking != "lot":
            assert state["restricted"] == state["held"] >= state["pending"]
        return f"{state['on_hand']:.0f}", f"{state['restricted']:.0f}"

    async def confirmed(self, item, quantity, customer=None):
        customer = customer or await self.desk.customer()
        line = {"sku": item["sku"], "quantity": quantity, "unit_price": MONEY}
        order = await self.desk.add("/v1/sales-orders", customer_id=customer["id"], lines=[line])
        return await self.desk.see(f"/v1/sales-orders/{order['id']}")

    async def ships(self, order, quantity=None, **line):
        lines = None
        if quantity:
            lines = [{"order_line_id": order["lines"][0]["id"], "quantity": quantity} | line]
        return await self.erp.post(f"/v1/sales-orders/{order['id']}/shipments", {"lines": lines})


@pytest.fixture
async def inspector(desk):
    async with desk.erp.database.transaction() as work:
        await ensure_year(work, work.today())
    return Inspector(desk)
