"""Goods that are reserved go back to the supplier: the orders they were reserved for wait again."""

import asyncio
import json
import random
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from chassis.clock import business_day
from erp.fulfilment.service.publishing import REFRESH, refresh_orders

pytestmark = pytest.mark.business_day


class Yard:
    """One item that is bought, received, sent back and sold."""

    def __init__(self, sales: Any, item: dict[str, Any], supplier: str) -> None:
        self.sales, self.item, self.supplier = sales, item, supplier
        self.erp, self.desk = sales.erp, sales.desk
        self.today = business_day(self.erp.settings.time_zone)

    async def comes(self, quantity: str) -> dict[str, Any]:
        """So many are ordered and come; the receipt."""
        order = await self.sales.buys(self.supplier, self.item, quantity)
        return await self.desk.add(f"/v1/purchase-orders/{order['id']}/receipts")

    async def reverses(self, receipt: dict[str, Any]) -> Any:
        path = f"/v1/purchase-receipts/{receipt['id']}/reverse"
        return await self.erp.post(path, {"reason": "Miscounted"})

    async def sends_back(self, receipt: dict[str, Any], quantity: str) -> Any:
        seen = await self.desk.see(f"/v1/purchase-receipts/{receipt['id']}")
        lines = [{"line_id": seen["lines"][0]["line_id"], "quantity": quantity}]
        body = {"reason": "Bent", "expect_again": False, "lines": lines}
        return await self.erp.post(f"/v1/purchase-receipts/{receipt['id']}/returns", body)

    async def sold(self, quantity: str, **facts: Any) -> dict[str, Any]:
        customer = await self.desk.customer()
        return await self.sales.order(customer, (self.item, quantity, "9"), **facts)

    async def line(self, order: dict[str, Any]) -> tuple[str, ...]:
        """Reserved, waiting, shipped."""
        [line] = (await self.sales.seen(order))["lines"]
        return tuple(line[name] for name in ("reserved", "waiting", "shipped"))

    async def refreshed(self, order: dict[str, Any]) -> dict[str, Any]:
        """How the order stands once the jobs that were left for it have run, in their turn."""
        async with self.erp.database.driver() as sql:
            left = await sql.fetch(
                """select payload from job where kind = $1 and payload->'order_ids' ? $2
                    order by id""",
                REFRESH,
                order["id"],
            )
        assert left
        for row in left:
            payload = row["payload"]
            async with self.erp.database.transaction() as work:
                await refresh_orders(
                    work, json.loads(payload) if isinstance(payload, str) else payload
                )
        return await self.sales.seen(order)

    async def promised_anew(self, order: dict[str, Any]) -> None:
        """What the job does that goods sent back leave, for this order."""
        async with self.erp.database.transaction() as work:
            await refresh_orders(work, {"order_ids": [order["id"]], "promise_anew": True})

    async def agrees(self) -> None:
        """Reserved is the sum of the reservations and lies there; stock is what its account is."""
        async with self.erp.database.driver() as sql:
            row = await sql.fetchrow(
                """select s.on_hand, s.reserved,
                    (select coalesce(sum(d.reserved), 0) from demand d
                      where d.item_id = s.item_id) as held,
                    (select sum(case when t.kind = 'internal' then m.quantity else -m.quantity end)
                       from stock_move m join location t on t.id = m.to_location_id
                      where m.item_id = s.item_id) as moved,
                    (select sum(v.quantity) from item_valuation v
                      where v.item_id = s.item_id) as valued,
                    (select sum(v.value) from item_valuation v
                      where v.item_id = s.item_id) as worth,
                    (select sum(l.debit - l.credit) from journal_line l
                       join account a on a.id = l.account_id and a.role = 'inventory'
                      where l.item_id = s.item_id) as booked
                   from stock_level s where s.item_id = $1""",
                UUID(self.item["id"]),
            )
        assert Decimal(0) <= row["reserved"] == row["held"] <= row["on_hand"]
        assert row["on_hand"] == (row["moved"] or 0) == row["valued"]
        assert row["worth"] == (row["booked"] or 0)


@pytest.fixture
async def yard(sales):
    item = await sales.item()
    return Yard(sales, item, await sales.supplied(item, days=5))


async def test_what_a_mistaken_receipt_filled_waits_again(yard, desk):
    """E7, E27, E37: the order waits for the goods as before, and tells it."""
    bought = await yard.sales.buys(yard.supplier, yard.item, "5")
    order = await yard.sold("4")
    assert order["promised_on"] == str(yard.today + timedelta(days=5))
    receipt = await desk.add(f"/v1/purchase-orders/{bought['id']}/receipts")
    assert await yard.line(order) == ("4", "0", "0")
    assert (await yard.reverses(receipt)).status_code == 201
    assert await yard.line(order) == ("0", "4", "0")
    now = await yard.refreshed(order)
    assert (now["state"], now["promised_on"]) == ("confirmed", order["promised_on"])
    shown = (await desk.events_of(order["id"]))[-1]["payload"]
    assert (shown["lines"][0]["reserved"], shown["lines"][0]["waiting"]) == ("0", "4")
    assert {"lines", "promised_on"} <= set(shown["changed"])
    await yard.agrees()
    await desk.add(f"/v1/purchase-orders/{bought['id']}/receipts")
    assert await yard.line(order) == ("4", "0", "0")
    assert (await yard.sales.act(order, "shipments")).is_success
    await yard.agrees()


async def test_bad_goods_go_back_and_the_order_has_no_known_day(yard):
    """E37: nothing is expected instead, so nothing is promised, until something is."""
    receipt, order = await yard.comes("5"), await yard.sold("4")
    assert order["promised_on"] == str(yard.today)
    assert (await yard.sends_back(receipt, "3")).status_code == 201
    assert await yard.line(order) == ("2", "2", "0")
    assert (await yard.refreshed(order))["promised_on"] is None
    await yard.sales.buys(yard.supplier, yard.item, "2")
    assert (await yard.refreshed(order))["promised_on"] == str(yard.today + timedelta(days=5))
    await yard.agrees()


async def test_who_was_promised_last_gives_way_first(yard):
    """E37: a later promise first, of one day whoever came last; the free goods before all."""
    receipt = await yard.comes("9")
    later = await yard.sold("2", requested_on=str(yard.today + timedelta(days=3)))
    first, second = await yard.sold("3"), await yard.sold("3")
    orders = (later, first, second)
    gone = []
    for quantity in ("1", "1", "3", "2"):
        assert (await yard.sends_back(receipt, quantity)).status_code == 201
        gone.append([(await yard.line(order))[0] for order in orders])
        await yard.agrees()
    assert gone == [["2", "3", "3"], ["1", "3", "3"], ["0", "3", "1"], ["0", "2", "0"]]


async def test_goods_that_were_shipped_meanwhile_stay_gone(yard, problem):
    """E27: what left for a customer is not taken from him; the refusal says what to do."""
    receipt, order = await yard.comes("5"), await yard.sold("4")
    assert (await yard.sales.act(order, "shipments")).is_success
    waiting = await yard.sold("1")
    chinese = await yard.erp.client.post(
        f"/v1/purchase-receipts/{receipt['id']}/reverse",
        json={"reason": "Miscounted"},
        headers={"Accept-Language": "zh-CN", "Idempotency-Key": receipt["id"]},
    )
    assert "此后已出库" in problem(chinese, 409, "goods_gone")["detail"]
    shown = problem(await yard.reverses(receipt), 409, "goods_gone")
    assert (shown["facts"]["wanted"], shown["facts"]["on_hand"]) == ("5", "1")
    assert await yard.line(waiting) == ("1", "0", "0")
    assert await yard.line(order) == ("0", "0", "4")
    [shipment] = (await yard.sales.seen(order))["shipments"]
    path = f"/v1/shipments/{shipment['id']}/reverse"
    assert (await yard.erp.post(path, {"reason": "Not his"})).is_success
    assert (await yard.reverses(receipt)).status_code == 201
    assert await yard.line(order) == ("0", "4", "0")
    assert await yard.line(waiting) == ("0", "1", "0")
    await yard.agrees()


async def test_ten_clients_order_ship_and_send_back_at_once(yard):
    """E14, E26, E27: what is reserved is the sum of the reservations, and lies there."""
    chance = random.Random(41)
    receipts = [await yard.comes("6") for _ in range(6)]
    statuses: list[int] = []

    async def client(number: int) -> None:
        for turn in range(3):
            order = await yard.sold(str(chance.randint(1, 4)))
            act = (number + turn) % 3
            if act == 0:
                replies = [await yard.sales.act(order, "shipments")]
            elif act == 1:
                receipt = receipts[(number + turn) % len(receipts)]
                replies = [await yard.reverses(receipt), await yard.sales.act(order, "shipments")]
            else:
                receipt = receipts[(number + 2 * turn) % len(receipts)]
                back = await yard.sends_back(receipt, "1")
                replies = [back, await yard.sales.act(order, "cancel")]
            statuses.extend(reply.status_code for reply in replies)
            await yard.promised_anew(order)

    await asyncio.gather(*(client(number) for number in range(10)))
    assert set(statuses) <= {200, 201, 409}, statuses
    assert statuses.count(201) > 5
    await yard.agrees()
    trial = await yard.desk.see("/v1/reports/trial-balance")
    assert trial["debit"] == trial["credit"]
