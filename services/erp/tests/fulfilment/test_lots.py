"""Goods in lots: received, reserved and shipped by FEFO or FIFO, blocked, expired, taken back."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg
import pytest

from chassis.clock import business_day
from erp.stock.service.lot_states import expire_lots

from .conftest import cny

PROOF = """select v.on_hand, v.reserved, v.restricted,
    (select coalesce(sum(s.on_hand), 0) from lot_stock s where s.item_id = v.item_id
      and s.owner = 'own') as lots,
    (select coalesce(sum(s.reserved), 0) from lot_stock s where s.item_id = v.item_id) as of_lots,
    (select coalesce(sum(case when t.kind = 'internal' then m.quantity else 0 end
        - case when f.kind = 'internal' then m.quantity else 0 end), 0)
      from stock_move m join location f on f.id = m.from_location_id
      join location t on t.id = m.to_location_id
      where m.item_id = v.item_id and m.lot_id is not null) as moved,
    (select coalesce(sum(d.reserved), 0) from demand d where d.item_id = v.item_id) as demanded
  from stock_level v where v.item_id = $1"""


class Keeper:
    """A storekeeper of items in lots."""

    def __init__(self, sales):
        self.sales, self.desk, self.erp = sales, sales.desk, sales.erp

    async def item(self, **facts):
        return await self.desk.item(tracking="lot", **facts)

    def lot(self, number, quantity, days=None, **facts):
        """A lot as a receipt names it; it expires in so many days."""
        if days is not None:
            facts["expires_on"] = (self.desk.today + timedelta(days=days)).isoformat()
        return {"number": number, "quantity": quantity} | facts

    async def receives(self, item, *lots, **facts):
        quantity = sum(Decimal(one["quantity"]) for one in lots)
        line = {"sku": item["sku"], "quantity": str(quantity), "unit_cost": cny("2"), "lots": lots}
        return await self.erp.post("/v1/stock-receipts", {"lines": [line | facts]})

    async def adjusts(self, item, quantity, *lots, **facts):
        line = {"sku": item["sku"], "quantity": quantity, "lots": lots} | facts
        return await self.erp.post("/v1/stock-adjustments", {"reason": "count", "lines": [line]})

    async def lots(self, item):
        """On hand and reserved of each lot, once they are proven.

        E24: what lies of lots is what their moves say. E26: all lots together are the item's
        level, on hand and reserved.
        """
        async with self.erp.database.driver() as sql:
            state = dict(await sql.fetchrow(PROOF, UUID(item["id"])))
        assert state["on_hand"] == state["lots"] == state["moved"]
        assert state["reserved"] == state["of_lots"] == state["demanded"]
        found = (await self.desk.see(f"/v1/lots?sku={item['sku']}"))["items"]
        return {
            one["number"]: (one["on_hand"], one["reserved"])
            for one in found
            if one["on_hand"] != "0"
        }

    async def lot_of(self, item, number):
        [found] = (await self.desk.see(f"/v1/lots?sku={item['sku']}&number={number}"))["items"]
        return found

    async def decides(self, item, number, act, reason="sample"):
        found = await self.lot_of(item, number)
        return await self.erp.post(f"/v1/lots/{found['id']}/{act}", {"reason": reason})

    async def confirmed(self, item, quantity, **facts):
        return await self.sales.order(await self.desk.customer(), (item, quantity, "9"), **facts)

    async def expires(self):
        async with self.erp.database.transaction() as work:
            await expire_lots(work, {})


@pytest.fixture
async def keeper(sales):
    sales.desk.today = business_day(sales.desk.erp.settings.time_zone)
    return Keeper(sales)


async def test_the_lot_that_expires_first_leaves_first(keeper, sales, desk):
    """E40: FEFO among released lots; the shipment, its event and the document name them."""
    milk = await keeper.item(shelf_life_days=30)
    made = await keeper.receives(
        milk,
        keeper.lot("A", "10", 20),
        keeper.lot("B", "5", 3, supplier_lot="S-77"),
        keeper.lot("C", "8", 5, quality="inspection"),
        keeper.lot("D", "2"),
    )
    assert made.status_code == 201, made.text
    order = await keeper.confirmed(milk, "7")
    assert await keeper.lots(milk) == {
        "A": ("10", "2"),
        "B": ("5", "5"),
        "C": ("8", "0"),
        "D": ("2", "0"),
    }
    sent = await sales.act(order, "shipments")
    assert sent.status_code == 201, sent.text
    assert [(one["lot"], one["quantity"]) for one in sent.json()["lots"]] == [
        ("B", "5"),
        ("A", "2"),
    ]
    shipment = await desk.see(f"/v1/shipments/{sent.json()['shipment_id']}")
    assert [one["number"] for one in shipment["lines"][0]["lots"]] == ["B", "A"]
    event = (await desk.events_of(order["id"]))[-1]
    assert [one["lot"] for one in event["payload"]["shipments"][0]["lots"]] == ["B", "A"]
    shown = await keeper.lot_of(milk, "D")
    assert shown["expires_on"] == (keeper.desk.today + timedelta(days=30)).isoformat()


async def test_the_lot_that_came_first_leaves_first_where_the_item_says_so(keeper, sales):
    """E40: FIFO by item; a lot that is named leaves whatever the order is."""
    bolts = await keeper.item(picking="fifo")
    yesterday = (keeper.desk.today - timedelta(days=1)).isoformat()
    for number, day in (("NEW", None), ("OLD", yesterday)):
        line = {"sku": bolts["sku"], "quantity": "4", "unit_cost": cny("2")}
        body = {"lines": [line | {"lots": [keeper.lot(number, "4", 9)]}], "effective_on": day}
        assert (await keeper.erp.post("/v1/stock-receipts", body)).status_code == 201
    order = await keeper.confirmed(bolts, "5")
    assert await keeper.lots(bolts) == {"OLD": ("4", "4"), "NEW": ("4", "1")}
    line = {"order_line_id": order["lines"][0]["id"], "quantity": "3"}
    named = line | {"lots": [keeper.lot("NEW", "3")]}
    assert (await sales.act(order, "shipments", lines=[named])).status_code == 201
    assert await keeper.lots(bolts) == {"OLD": ("4", "2"), "NEW": ("1", "0")}


async def test_what_may_not_be_used_is_not_promised(keeper, sales, desk, problem):
    """E40, E27: blocked, inspected and expired lots are on hand, and nobody gets them."""
    milk = await keeper.item()
    lots = [keeper.lot("A", "3"), keeper.lot("B", "4", -1), keeper.lot("C", "5")]
    assert (await keeper.receives(milk, *lots)).status_code == 201
    assert (await keeper.decides(milk, "C", "block")).status_code == 200
    shown = await desk.see(f"/v1/availability?sku={milk['sku']}")
    assert (shown["on_hand"], shown["free"], shown["restricted"]) == ("12", "3", "9")
    order = await keeper.confirmed(milk, "6")
    assert (order["lines"][0]["reserved"], order["lines"][0]["waiting"]) == ("3", "3")
    line = {"order_line_id": order["lines"][0]["id"], "quantity": "1"}
    for number in ("B", "C"):
        named = line | {"lots": [keeper.lot(number, "1")]}
        problem(await sales.act(order, "shipments", lines=[named]), 409, "lot_not_usable")
    problem(await keeper.decides(milk, "C", "release"), 409, "lot_not_following")
    assert (await keeper.decides(milk, "C", "inspect")).status_code == 200
    assert (await keeper.decides(milk, "C", "release")).status_code == 200
    order = await sales.seen(order)
    assert (order["lines"][0]["reserved"], order["lines"][0]["waiting"]) == ("6", "0")
    assert await keeper.lots(milk) == {"A": ("3", "3"), "B": ("4", "0"), "C": ("5", "3")}
    scrapped = await keeper.adjusts(milk, "-4", keeper.lot("B", "4"))
    assert scrapped.status_code == 201, scrapped.text
    problem(
        await keeper.adjusts(milk, "-4", keeper.lot("A", "3"), keeper.lot("C", "1")),
        409,
        "too_little_on_hand",
    )


async def test_a_lot_that_is_blocked_gives_up_what_is_reserved_of_it(keeper, sales, desk):
    """E40: other lots bear it; where they are too few, the shortage is said."""
    milk = await keeper.item()
    await keeper.receives(milk, keeper.lot("A", "5", 2), keeper.lot("B", "4", 9))
    order = await keeper.confirmed(milk, "5")
    assert await keeper.lots(milk) == {"A": ("5", "5"), "B": ("4", "0")}
    assert (await keeper.decides(milk, "A", "quarantine", "smells")).json()["quality_reason"] == (
        "smells"
    )
    assert await keeper.lots(milk) == {"A": ("5", "0"), "B": ("4", "4")}
    order = await sales.seen(order)
    assert (order["lines"][0]["reserved"], order["lines"][0]["waiting"]) == ("4", "1")
    found = await keeper.lot_of(milk, "A")
    assert [one["payload"]["quality"] for one in await desk.events_of(found["id"])] == [
        "released",
        "quarantine",
    ]
    async with desk.erp.database.driver() as sql:
        with pytest.raises(asyncpg.CheckViolationError, match="reserved_is_usable"):
            await sql.execute(
                "update lot_stock set reserved = 1, reserved_on = '2026-01-01' where lot_id = $1",
                UUID(found["id"]),
            )
        with pytest.raises(asyncpg.PostgresError, match=r"lies of it|moves say"):
            await sql.execute(
                "update lot_stock set on_hand = on_hand + 1 where lot_id = $1", UUID(found["id"])
            )
        states = "update lot set quality = $2 where id = $1"
        await sql.execute(states, UUID(found["id"]), "blocked")
        with pytest.raises(asyncpg.RestrictViolationError):
            await sql.execute(states, UUID(found["id"]), "released")


async def test_a_lot_that_expires_gives_up_what_is_reserved_of_it(keeper, sales, monkeypatch):
    """E40: nobody is shipped what has expired since; the job says the shortage, once."""
    milk = await keeper.item()
    await keeper.receives(milk, keeper.lot("A", "5", 0), keeper.lot("B", "2"))
    order = await keeper.confirmed(milk, "6")
    found = await keeper.lot_of(milk, "A")
    async with keeper.erp.database.driver() as sql:
        await sql.execute(
            """update lot_stock set reserved_on = reserved_on - 1 where lot_id = $1""",
            UUID(found["id"]),
        )
        await sql.execute(
            "update lot set expires_on = expires_on - 1 where id = $1", UUID(found["id"])
        )
    shipped = await sales.act(order, "shipments")
    assert shipped.json()["code"] == "too_little_on_hand"
    await keeper.expires()
    assert await keeper.lots(milk) == {"A": ("5", "0"), "B": ("2", "2")}
    order = await sales.seen(order)
    assert (order["lines"][0]["reserved"], order["lines"][0]["waiting"]) == ("2", "4")
    before = len(await keeper.desk.events_of(order["id"]))
    await keeper.expires()
    assert len(await keeper.desk.events_of(order["id"])) == before
    assert (await sales.act(order, "shipments")).status_code == 201


async def test_twenty_orders_get_the_ten_pieces_of_a_lot(keeper, sales):
    """E26 with V9: 20 parallel orders of one piece, exactly 10 reserve."""
    milk = await keeper.item()
    await keeper.receives(milk, keeper.lot("A", "10", 5), keeper.lot("B", "9", -1))
    customer = await keeper.desk.customer()
    orders = await asyncio.gather(*(sales.order(customer, (milk, "1", "9")) for _ in range(20)))
    lines = [(await sales.seen(one))["lines"][0]["reserved"] for one in orders]
    assert sorted(lines) == ["0"] * 10 + ["1"] * 10
    assert await keeper.lots(milk) == {"A": ("10", "10"), "B": ("9", "0")}


async def test_what_comes_back_comes_back_into_its_lot(keeper, sales, desk, problem):
    """E36, E65: a return names its lots, and none of others; undone it is as before."""
    milk = await keeper.item()
    await keeper.receives(milk, keeper.lot("A", "2", 3), keeper.lot("B", "5", 9))
    order = await keeper.confirmed(milk, "4")
    sent = (await sales.act(order, "shipments")).json()
    line = {"order_line_id": order["lines"][0]["id"], "quantity": "1"}
    problem(await sales.act(order, "returns", lines=[line]), 422, "lots_needed")
    wrong = line | {"quantity": "3", "lots": [keeper.lot("A", "3")]}
    problem(await sales.act(order, "returns", lines=[wrong]), 409, "lot_not_with_customer")
    back = await sales.act(order, "returns", lines=[line | {"lots": [keeper.lot("A", "1")]}])
    assert back.status_code == 201, back.text
    assert await keeper.lots(milk) == {"A": ("1", "0"), "B": ("3", "0")}
    undone = await desk.erp.post(
        f"/v1/shipments/{back.json()['shipment_id']}/reverse", {"reason": "mistake"}
    )
    assert undone.status_code == 200, undone.text
    assert await keeper.lots(milk) == {"B": ("3", "0")}
    assert (await keeper.decides(milk, "A", "block")).status_code == 200
    undone = await desk.erp.post(f"/v1/shipments/{sent['shipment_id']}/reverse", {"reason": "no"})
    assert undone.status_code == 200, undone.text
    assert await keeper.lots(milk) == {"A": ("2", "0"), "B": ("5", "4")}
