"""Orders sent in batches: each has the outcome that it would have alone."""

import asyncio
import random
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from chassis.telemetry.trace import Trace
from erp.stock.lines import ExpectedLine
from erp.stock.service.expected_receipts import set_expected_receipts

PATH = "/v1/sales-orders/by-external/{}/batch"
SHOWN = ("state", "reason", "promised_on", "requested_on", "net", "charges", "version")
LINE = ("external_line_id", "quantity", "reserved", "waiting", "net")


class World:
    """A customer with a credit limit and one without, and items with little on hand."""

    def __init__(self, sales, desk):
        self.sales, self.desk, self.mark = sales, desk, uuid4().hex

    async def fill(self):
        limit = {"amount": "120", "currency": "CNY"}
        self.customers = [await self.desk.customer(), await self.desk.customer(credit_limit=limit)]
        self.items = [await self.sales.item("20"), await self.sales.item("5")]
        self.items += [await self.sales.item(), await self.desk.item(kind="service", bought=False)]
        self.gone = {"id": str(uuid4())}
        async with self.desk.erp.database.transaction() as work:
            due = [(self.items[0], 9, 4), (self.items[1], 30, 7), (self.items[1], 5, 20)]
            await set_expected_receipts(
                work,
                [
                    ExpectedLine(
                        uuid4(), UUID(item["id"]), Decimal(many), work.today() + timedelta(days)
                    )
                    for item, many, days in due
                ],
            )
            self.today = work.today()
        return self

    def orders(self, seed):
        """Thirty orders, some of which are refused, held, cancelled, or sent twice."""
        chance = random.Random(seed)
        return [self._order(chance, at) for at in range(30)]

    def _order(self, chance, at):
        again, version = at in {12, 13}, 2 if at == 12 else 1
        items = chance.sample([*self.items, self.gone] if at % 9 == 4 else self.items, 2)
        lines = [(item, str(chance.randint(1, 4)), "3.335", "0.1") for item in items]
        at = 10 if again else at
        customer = self.gone if at == 7 else self.customers[at % 2]
        wanted = self.today + timedelta(chance.randint(0, 9))
        return self.sales.body(customer, *lines) | {
            "external_id": f"{self.mark}-{at}",
            "source_version": version,
            "cancelled": at == 20,
            "requested_on": wanted.isoformat(),
        }

    async def stands(self, order_id):
        seen = await self.desk.see(f"/v1/sales-orders/{order_id}")
        lines = [tuple(line[name] for name in LINE) for line in seen["lines"]]
        return {name: seen[name] for name in SHOWN} | {"lines": lines}

    async def levels(self):
        found = []
        for item in self.items[:3]:
            async with self.desk.erp.database.driver() as sql:
                found.append(
                    tuple(
                        await sql.fetchrow(
                            """select s.on_hand, s.reserved, (select quantity
                                 from purchase_suggestion p where p.item_id = s.item_id)
                               from stock_level s where item_id = $1""",
                            UUID(item["id"]),
                        )
                    )
                )
        return found


@pytest.mark.parametrize("seed", range(3))
async def test_a_batch_does_what_its_items_do_one_by_one(sales, desk, seed):
    """B41, E26, E37, E48: outcome, decision, promise and reservation are the same."""
    alone, batch = await World(sales, desk).fill(), await World(sales, desk).fill()
    reply = await sales.erp.post(PATH.format("crm"), {"items": batch.orders(seed)})
    outcomes, ids = reply.json()["items"], {}
    assert {one["status"] for one in outcomes} >= {"created", "failed", "updated", "stale"}
    for order, outcome in zip(alone.orders(seed), outcomes, strict=True):
        key = order.pop("external_id")
        single = await sales.erp.client.put(f"/v1/sales-orders/by-external/crm/{key}", json=order)
        if outcome["status"] == "failed":
            assert single.json()["code"] == outcome["problem"]["code"] == "missing_reference"
            continue
        assert single.headers["Tandem-Outcome"] == outcome["status"]
        ids[single.json()["id"]] = outcome["id"]
    for one, other in ids.items():
        assert await alone.stands(one) == await batch.stands(other)
    assert await alone.levels() == await batch.levels()
    states = [(await batch.stands(one))["state"] for one in ids.values()]
    assert {"confirmed", "on_hold", "cancelled"} <= set(states)


async def test_a_batch_sent_again_changes_nothing(sales, desk):
    """B41: every item is known."""
    world = await World(sales, desk).fill()
    items = [one for one in world.orders(1) if one["source_version"] == 1][:4]
    first = (await sales.erp.post(PATH.format("crm"), {"items": items})).json()["items"]
    again = (await sales.erp.post(PATH.format("crm"), {"items": items})).json()["items"]
    assert [one["status"] for one in first] == ["created"] * 4
    assert again == [one | {"status": "unchanged"} for one in first]


async def test_the_event_of_each_order_carries_the_orders_own_trace(sales, desk):
    """B15: orders that the bridge carries together stay processes of their own."""
    world = await World(sales, desk).fill()
    items = [one for one in world.orders(1) if one["source_version"] == 1][:4]
    traces = [Trace.new() for _ in items[:3]]
    headers = {
        "Tandem-Item-Traces": ",".join(trace.as_item() for trace in traces),
        "Idempotency-Key": uuid4().hex,
    }
    path = PATH.format("crm")
    reply = await sales.erp.client.post(path, json={"items": items}, headers=headers)
    async with desk.erp.database.driver() as sql:
        shown = [
            await sql.fetchval(
                "select correlation_id from outbox where aggregate_id = $1", one["id"]
            )
            for one in reply.json()["items"]
        ]
    assert shown[:3] == [trace.correlation_id for trace in traces]
    assert shown[3] not in shown[:3]


async def test_a_dry_run_of_a_batch_reserves_nothing(sales, desk):
    world = await World(sales, desk).fill()
    before, path = await world.levels(), f"{PATH.format('crm')}?dry_run=true"
    reply = await sales.erp.client.post(path, json={"items": world.orders(1)[:4]})
    assert [one["status"] for one in reply.json()["items"]] == ["created"] * 4
    assert await world.levels() == before


async def test_batches_in_opposite_order_do_not_deadlock(sales, desk):
    """E26: several systems send orders for the same items and customers at once."""
    world = await World(sales, desk).fill()
    chance, sent = random.Random(5), []
    for number in range(8):
        items = [one for one in world.orders(number) if one["source_version"] == 1][:4]
        for one in items:
            one["external_id"] = uuid4().hex
            chance.shuffle(one["lines"])
        chance.shuffle(items)
        sent.append(sales.erp.post(PATH.format(f"shop{number % 4}"), {"items": items}))
    replies = await asyncio.gather(*sent)
    assert {reply.status_code for reply in replies} == {200}, [one.text for one in replies]
    assert {one["status"] for reply in replies for one in reply.json()["items"]} == {"created"}
    async with desk.erp.database.driver() as sql:
        for item in world.items[:3]:
            reserved, wanted = await sql.fetchrow(
                """select reserved, (select coalesce(sum(d.reserved), 0) from demand d
                     where d.item_id = s.item_id) from stock_level s where item_id = $1""",
                UUID(item["id"]),
            )
            assert reserved == wanted
