"""Stock is proven after each of many acts with inspections and cases, in an order of chance."""

import random
from typing import Any

import pytest

pytestmark = pytest.mark.business_day

PROOF = """select v.on_hand, v.reserved, v.restricted,
    (select coalesce(sum(case when t.kind = 'internal' then m.quantity else -m.quantity end), 0)
      from stock_move m join location t on t.id = m.to_location_id
      where m.item_id = v.item_id and m.source_type not like 'lot_%') as moved,
    (select coalesce(sum(d.reserved), 0) from demand d where d.item_id = v.item_id) as demanded,
    (select coalesce(sum(h.quantity), 0) from stock_hold h where h.item_id = v.item_id) as withheld,
    (select coalesce(sum(n.pending), 0) from inspection n where n.item_id = v.item_id) as pending,
    (select coalesce(sum(c.withheld), 0) from nonconformance c where c.item_id = v.item_id)
      as in_cases,
    (select coalesce(sum(s.on_hand), 0) from lot_stock s where s.item_id = v.item_id
      and s.quality <> 'released') as unusable
  from stock_level v where v.item_id = $1"""


async def proven(erp, item):
    """E24, E26, E64: moves are on hand, reservations are reserved, what is not decided is not."""
    async with erp.database.driver() as sql:
        state = await sql.fetchrow(PROOF, item["id"])
    assert state["on_hand"] == state["moved"]
    assert state["reserved"] == state["demanded"] <= state["on_hand"] - state["restricted"]
    if item["tracking"] == "lot":
        assert state["restricted"] == state["unusable"] >= state["pending"]
    else:
        assert state["restricted"] == state["withheld"] == state["pending"] + state["in_cases"]


class Walk:
    """Acts of chance on one item; each answers whether it was done."""

    def __init__(self, inspector, item, chance):
        self.inspector, self.item, self.chance = inspector, item, chance
        self.desk, self.erp = inspector.desk, inspector.erp
        self.orders, self.count = [], 0

    async def receive(self):
        self.count += 1
        quantity = self.chance.randint(1, 4)
        facts: dict[str, Any] = {}
        if self.item["tracking"] == "serial":
            facts["serials"] = [f"S{self.count}-{one}" for one in range(quantity)]
        if self.item["tracking"] == "lot":
            number = f"L{self.chance.randint(1, 3)}"
            facts["lots"] = [{"number": number, "quantity": str(quantity)}]
        await self.inspector.receives(self.item, str(quantity), **facts)
        return True

    async def decide(self):
        found = await self.inspector.inspections(sku=self.item["sku"], state="open")
        if not found:
            return False
        one = self.chance.choice(found)
        failed = [at for at in range(1, one["sample_size"] + 1) if self.chance.random() < 0.3]
        await self.inspector.looks(one, *failed)
        pending = int(one["pending"])
        accepted = self.chance.randint(0, pending)
        refused = pending - accepted
        named = {name for verdict in one["verdicts"] for name in verdict["accepted_serials"]}
        left = [serial for serial in one["serials"] if serial not in named]
        facts: dict[str, Any] = {"concession": "Trial"}
        if left and refused:
            facts["rejected_serials"] = left[:refused]
        reply = await self.inspector.decides(one, str(accepted), str(refused), **facts)
        return reply.is_success

    async def order(self):
        self.orders.append(
            await self.inspector.confirmed(self.item, str(self.chance.randint(1, 3)))
        )
        return True

    async def ship(self):
        if not self.orders:
            return False
        return (await self.inspector.ships(self.chance.choice(self.orders))).is_success

    async def dispose(self):
        path = "/v1/nonconformances"
        found = (await self.desk.see(f"{path}?sku={self.item['sku']}&state=open"))["items"]
        found = [one for one in found if one["disposed"] != one["quantity"]]
        if not found:
            return False
        one = self.chance.choice(found)
        done = {name for part in one["dispositions"] for name in part["serials"]}
        left = [serial for serial in one["serials"] if serial not in done]
        kind = self.chance.choice(["use_as_is", "scrap", "rework", "return_to_supplier"])
        body = {"kind": kind, "quantity": "1", "serials": left[:1]}
        return (await self.erp.post(f"{path}/{one['id']}/dispositions", body)).is_success


@pytest.mark.parametrize("tracking", ["none", "serial", "lot"])
async def test_stock_is_proven_after_each_act(desk, inspector, tracking):
    """E64: whatever is received, decided, shipped and disposed, in whichever order."""
    item = await desk.item(tracking=tracking)
    await inspector.plan(item)
    walk, chance = Walk(inspector, item, random.Random(tracking)), random.Random(3)
    done = dict.fromkeys(("receive", "decide", "order", "ship", "dispose"), 0)
    await walk.receive()
    for _ in range(45):
        act = chance.choice([*done, "decide", "dispose"])
        done[act] += await getattr(walk, act)()
        await proven(desk.erp, item)
    assert all(done.values()), done
