"""Goods that leave as of a past day, by the API: there on that day, and at its cost (E27, E30)."""

import asyncio
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from erp.ledger.service.years import ensure_year
from erp.stock.errors import ShortOnDay
from erp.stock.lines import AdjustLine
from erp.stock.service.adjusting import post_adjustment

pytestmark = pytest.mark.business_day

YEAR = 1997
ADJUSTMENTS, RECEIPTS = "/v1/stock-adjustments", "/v1/stock-receipts"


def on(month):
    """The tenth of a month of a year long ago."""
    return f"{YEAR}-{month:02}-10"


def money(amount):
    return {"amount": amount, "currency": "CNY"}


class Shelf:
    """One item, of which things are told on days long ago."""

    def __init__(self, desk, item):
        self.desk, self.erp, self.sku, self.id = desk, desk.erp, item["sku"], item["id"]

    async def receives(self, quantity, value, day):
        line = {"sku": self.sku, "quantity": quantity, "value": money(value)}
        return await self.desk.add(RECEIPTS, lines=[line], **_dated(day))

    async def adjusts(self, quantity, day, **headers):
        body = {"reason": "count", "lines": [{"sku": self.sku, "quantity": quantity}]}
        return await self.erp.post(ADJUSTMENTS, body | _dated(day), **headers)

    async def loses(self, quantity, day):
        """What was lost that day, and what it cost by its move and by its entry."""
        reply = await self.adjusts(f"-{quantity}", day)
        assert reply.status_code == 201, reply.text
        return await self.cost(reply.json()["id"])

    async def cost(self, source_id):
        [move] = (await self.desk.see(f"/v1/stock-moves?source_id={source_id}"))["items"]
        [entry] = (await self.desk.see(f"/v1/journal-entries?source_id={source_id}"))["items"]
        assert entry["effective_on"] == move["effective_on"]
        assert {line["credit"] for line in entry["lines"]} == {"0.00", move["value"]}
        return move["value"]

    async def ends(self, *months):
        """On hand and worth on days; on each, all stock is worth what the account says (E29)."""
        found = []
        for month in months:
            report = await self.desk.see(f"/v1/reports/stock-valuation?on={on(month)}")
            assert report["total"] == report["inventory_account"]
            shown = {one["sku"]: (one["quantity"], one["value"]) for one in report["items"]}
            found.append(shown.get(self.sku, ("0", "0")))
        return found

    async def ordered(self, quantity):
        """An order, all of it reserved."""
        customer = await self.desk.customer()
        line = {"item_id": self.id, "quantity": quantity, "unit_price": money("20")}
        return await self.desk.add("/v1/sales-orders", customer_id=customer["id"], lines=[line])

    async def ships(self, order, day):
        return await self.erp.post(f"/v1/sales-orders/{order['id']}/shipments", _dated(day))


def _dated(day):
    return {} if day is None else {"effective_on": day}


@pytest.fixture
async def shelf(desk, store):
    """Ten pieces for 100.00 in February, of which eight left in April; seven for 7.00 in June."""
    async with desk.erp.database.transaction() as work:
        await ensure_year(work, date(YEAR, 1, 1))
    made = Shelf(desk, await desk.item())
    await made.receives("10", "100", on(2))
    assert await made.loses("8", on(4)) == "80.00"
    await made.receives("7", "7", on(6))
    return made


SHORT = {
    "wanted": "3",
    "effective_on": on(3),
    "day": on(4),
    "on_hand": "2",
    "possible_from": on(6),
}


async def test_a_loss_of_what_was_not_there_then_is_refused(shelf, problem):
    """E27: nine are free today, but when the day in April ended there were two."""
    shown = problem(await shelf.adjusts("-3", on(3)), 409, "short_on_day")
    assert shown["facts"] == SHORT | {"sku": shelf.sku}
    assert shown["detail"] == (
        f"3 of {shelf.sku} cannot leave as of {on(3)}: when {on(4)} ended, 2 were on hand. "
        f"Date it {on(6)} or later, or first book what came before."
    )
    before = problem(await shelf.adjusts("-1", on(1)), 409, "short_on_day")["facts"]
    assert (before["day"], before["on_hand"], before["possible_from"]) == (on(1), "0", on(2))
    assert await shelf.ends(1, 3, 5, 7) == [
        ("0", "0"),
        ("10", "100.00"),
        ("2", "20.00"),
        ("9", "27.00"),
    ]


async def test_a_shipment_of_what_was_not_there_then_is_refused_in_chinese(shelf, problem):
    """E27: what is reserved today was not there then; dated as told, it goes at that day's cost."""
    order = await shelf.ordered("3")
    shelf.erp.client.headers["Accept-Language"] = "zh-CN"
    try:
        shown = problem(await shelf.ships(order, on(3)), 409, "short_on_day")
    finally:
        del shelf.erp.client.headers["Accept-Language"]
    assert shown["title"] == "当日库存不足"
    assert shown["detail"].startswith(
        f"{shelf.sku} 不能以 {on(3)} 为日期出库 3：{on(4)} 日终时库存为 2。"
    )
    gone = await shelf.ships(order, shown["facts"]["possible_from"])
    assert await shelf.cost(gone.json()["shipment_id"]) == "9.00"
    assert await shelf.ends(5, 7) == [("2", "20.00"), ("6", "18.00")]


async def test_what_leaves_as_of_a_past_day_costs_what_it_did_then(shelf):
    """E30, E32: 10.00 apiece in March, however cheap what came in June; E29: on every day."""
    assert await shelf.loses("1", on(3)) == "10.00"
    order = await shelf.ordered("1")
    gone = await shelf.ships(order, on(3))
    assert await shelf.cost(gone.json()["shipment_id"]) == "10.00"
    ends = await shelf.ends(2, 3, 4, 5, 6)
    assert ends == [("10", "100.00"), ("8", "80.00"), ("0", "0"), ("0", "0"), ("7", "7.00")]


async def test_a_surplus_of_a_past_day_costs_what_lay_beside_it_then(shelf, problem):
    """E30: not today's average; and where nothing lay, somebody must say what it is worth."""
    assert (await shelf.adjusts("1", on(3))).status_code == 201
    assert await shelf.ends(3, 5, 7) == [("11", "110.00"), ("3", "30.00"), ("10", "37.00")]
    problem(await shelf.adjusts("1", on(1)), 422, "cost_needed")


async def test_no_cost_fits_two_days_left_empty_with_different_rests(shelf, problem):
    """E30: two less would leave May with 20.00 too much or August with another sum."""
    assert await shelf.loses("7", on(8)) == "21.00"
    shown = problem(await shelf.adjusts("-2", on(3)), 409, "no_cost_on_day")
    assert shown["facts"] == {
        "sku": shelf.sku,
        "wanted": "2",
        "effective_on": on(3),
        "possible_from": on(6),
    }
    assert await shelf.loses("2", on(6)) == "6.00"
    assert await shelf.ends(5, 7, 9) == [("2", "20.00"), ("7", "21.00"), ("0", "0")]


async def test_a_day_without_pieces_is_worth_nothing(shelf):
    """E24, E30: what is taken as of a past day leaves no worth behind on it, nor on a later one.

    A receipt or a return dated in the past only adds to later days; nothing is posted again.
    """
    assert await shelf.loses("2", on(3)) == "20.00"
    assert await shelf.ends(3, 5, 7) == [("8", "80.00"), ("0", "0"), ("7", "7.00")]
    await shelf.receives("1", "5", on(1))
    assert await shelf.ends(1, 3, 5, 7) == [
        ("1", "5.00"),
        ("9", "85.00"),
        ("1", "5.00"),
        ("8", "12.00"),
    ]


async def test_a_closed_period_is_named_before_what_was_there(office, desk, problem):
    """E6, E27: a day that takes nothing tells nothing of its stock."""
    shelf = Shelf(desk, await desk.item())
    await shelf.receives("5", "5", None)
    order = await shelf.ordered("2")
    day = "2013-05-10"
    async with office.closed(day):
        problem(await shelf.adjusts("-1", day), 409, "period_closed")
        problem(await shelf.ships(order, day), 409, "period_closed")
    problem(await shelf.adjusts("-1", "1901-01-01"), 422, "no_period")
    problem(await shelf.ships(order, day), 409, "short_on_day")


@pytest.mark.parametrize("days", [(3, 3), (3, 2), (2, 3)])
async def test_of_two_acts_at_once_only_one_gets_what_was_there(shelf, days):
    """E27: two pieces lay there in April; each act alone could have both."""
    replies = await asyncio.gather(*(shelf.adjusts("-2", on(month)) for month in days))
    assert sorted(reply.status_code for reply in replies) == [201, 409]
    [refused] = [reply.json() for reply in replies if reply.status_code == 409]
    assert refused["code"] == "short_on_day"
    assert (refused["facts"]["day"], refused["facts"]["on_hand"]) == (on(4), "0")
    assert await shelf.ends(5, 7) == [("0", "0"), ("7", "7.00")]


async def test_who_waited_is_judged_by_what_was_booked_meanwhile(shelf, store):
    """E27: an act of today that waits over midnight is in the past when its turn comes."""
    day = date.fromisoformat(on(8))

    async def loses():
        async with store.erp.database.transaction() as work:
            await post_adjustment(work, [_line(shelf, -12)], memo="count", **_source(store, day))

    tomorrow = _source(store, day + timedelta(days=1))
    async with store.erp.database.transaction() as work:
        await post_adjustment(work, [_line(shelf, 5, "5")], memo="count", **tomorrow)
        waiting = asyncio.create_task(loses())
        await _until_it_waits(store, waiting)
    with pytest.raises(ShortOnDay) as refused:
        await waiting
    assert (refused.value.facts["day"], refused.value.facts["on_hand"]) == (day, "9")


def _line(shelf, quantity, value=None):
    return AdjustLine(UUID(shelf.id), Decimal(quantity), value and Decimal(value))


def _source(store, day):
    return store.source("stock_adjustment") | {"effective_on": day}


async def _until_it_waits(store, act):
    """The database itself says when the act stands in line for what we hold."""
    async with store.erp.database.driver() as sql:
        while not await sql.fetchval("select count(*) from pg_locks where not granted"):
            assert not act.done(), act


@pytest.fixture
async def drills(desk, shelf):
    """A drill that came in February and left in May, another that came in April and is here."""
    made = Shelf(desk, await desk.item(tracking="serial"))
    for serial, day in (("D1", on(2)), ("D2", on(4))):
        line = {"sku": made.sku, "quantity": "1", "value": money("9"), "serials": [serial]}
        await desk.add(RECEIPTS, lines=[line], effective_on=day)
    assert (await _drill(made, "-1", "D1", on(5))).status_code == 201
    return made


async def _drill(shelf, quantity, serial, day):
    line = {"sku": shelf.sku, "quantity": quantity, "serials": [serial]}
    body = {"reason": "count", "lines": [line], "effective_on": day}
    return await shelf.erp.post(ADJUSTMENTS, body)


async def test_a_piece_leaves_on_no_day_on_which_it_had_not_come(drills, problem):
    """E27, E28: one lay there every day since March, but not this one; named or chosen."""
    shown = problem(await _drill(drills, "-1", "D2", on(3)), 409, "serial_moved_later")
    assert shown["facts"] == {
        "sku": drills.sku,
        "serial": "D2",
        "moved_on": on(4),
        "effective_on": on(3),
    }
    order = await drills.ordered("1")
    shown = problem(await drills.ships(order, on(3)), 409, "serial_moved_later")
    assert shown["facts"]["serial"] == "D2"
    gone = await drills.ships(order, on(4))
    assert await drills.cost(gone.json()["shipment_id"]) == "9.00"
    assert await drills.ends(3, 4, 6) == [("1", "9.00"), ("1", "9.00"), ("0", "0")]


async def test_a_piece_comes_back_on_no_day_before_it_left(drills, problem):
    """E28: neither found again before it was lost, nor returned before it was shipped."""
    problem(await _drill(drills, "1", "D1", on(4)), 409, "serial_moved_later")
    assert (await _drill(drills, "1", "D1", on(5))).status_code == 201
    order = await drills.ordered("2")
    await drills.ships(order, on(6))
    back = {"order_line_id": order["lines"][0]["id"], "quantity": "1", "serials": ["D2"]}
    path = f"/v1/sales-orders/{order['id']}/returns"
    early = await drills.erp.post(path, {"lines": [back], "effective_on": on(5)})
    problem(early, 409, "serial_moved_later")
    late = await drills.erp.post(path, {"lines": [back], "effective_on": on(6)})
    assert late.status_code == 201
    assert await drills.ends(4, 5, 7) == [("2", "18.00"), ("2", "18.00"), ("1", "9.00")]


async def test_the_pieces_that_were_there_leave_before_those_that_came_first(drills, problem):
    """E28: what was received later as of an earlier day goes, however late it was told."""
    line = {"sku": drills.sku, "quantity": "1", "value": money("9"), "serials": ["D3"]}
    await drills.desk.add(RECEIPTS, lines=[line], effective_on=on(1))
    order = await drills.ordered("1")
    gone = (await drills.ships(order, on(3))).json()
    assert [one["serial"] for one in gone["serials"]] == ["D3"]
