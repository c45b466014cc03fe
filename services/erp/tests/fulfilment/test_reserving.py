"""Reserving only so many days ahead: near goods go to near orders, and no promise breaks (E37)."""

import asyncio
import random
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from chassis.clock import frozen, utc_now
from chassis.worker.jobs import Worker
from chassis.worker.schedules import enqueue_due
from erp.app import SERVICE
from erp.ledger.service.years import ensure_year
from erp.stock.service import reserving
from erp.stock.service.reserving import RESERVE, reserve_due

MONDAY = date(2026, 3, 2)
[HOURLY] = [one for one in SERVICE.schedules if one.kind == RESERVE]


def week(number):
    """The Monday of week 1, 2, ..."""
    return MONDAY + timedelta(days=7 * (number - 1))


def on(day):
    """Nine in the morning of a day, in Shanghai."""
    return frozen(datetime(day.year, day.month, day.day, 1, tzinfo=UTC))


class Planner:
    """Who asks what can be promised, and lets the clock strike."""

    def __init__(self, sales):
        self.sales, self.desk, self.erp = sales, sales.desk, sales.erp
        # The clock never goes back: each test has one of its own.
        self.schedule = replace(HOURLY, name=sales.desk.word("CLOCK"))

    async def orders(self, item, quantity, by=1):
        """An order that wants so many by a week; how it stands."""
        customer = await self.desk.customer()
        return await self.sales.order(
            customer, (item, str(quantity), "10"), requested_on=str(week(by))
        )

    async def buys(self, item, quantity, due):
        supplier = await self.sales.supplied(item)
        line = {"sku": item["sku"], "quantity": str(quantity), "due_on": str(week(due))}
        path = "/v1/purchase-orders"
        return await self.desk.add(path, supplier_number=supplier, lines=[line])

    async def available(self, item, quantity=1, by=1):
        path = f"/v1/availability?sku={item['sku']}&quantity={quantity}&on={week(by)}"
        return await self.desk.see(path)

    async def promisable(self, item):
        """What can be promised of each week's goods."""
        shown = (await self.available(item))["promisable"]
        days = ((date.fromisoformat(one["on"]) - MONDAY, one["quantity"]) for one in shown)
        return {1 + since.days // 7: int(quantity) for since, quantity in days}

    async def line(self, order):
        """Reserved, waiting, and the week promised, of an order of one line."""
        shown = await self.sales.seen(order)
        [line] = shown["lines"]
        promised = shown["promised_on"] and date.fromisoformat(shown["promised_on"]) - MONDAY
        by = promised if promised is None else 1 + promised.days // 7
        return int(line["reserved"]), int(line["waiting"]), by

    async def suggested(self, item):
        """How many should be bought, and for the need of which week."""
        path = f"/v1/purchase-suggestions?sku={item['sku']}&state=open"
        return [
            (int(one["quantity"]), 1 + (date.fromisoformat(one["needed_on"]) - MONDAY).days // 7)
            for one in (await self.desk.see(path))["items"]
        ]

    async def strikes(self, workers=1):
        """The clock strikes, and every worker does what is due."""
        async with self.erp.database.driver() as sql:
            await enqueue_due(sql, [self.schedule], now=utc_now())
        crew = [Worker(self.erp.database, handlers={RESERVE: reserve_due}) for _ in range(workers)]
        await asyncio.gather(*(worker.once() for worker in crew))


@pytest.fixture
async def planner(sales, ahead):
    """A planner where goods are reserved on the day they are needed; the books are open."""
    ahead(0)
    async with sales.erp.database.transaction() as work:
        await ensure_year(work, MONDAY)
    return Planner(sales)


@pytest.mark.parametrize(
    ("days", "left"), [(None, {1: 0, 2: 50, 4: 50}), (0, {1: 40, 2: 10, 4: 50})]
)
async def test_v8_available_to_promise(planner, ahead, days, left):
    """E37 with V8: 40, 10 and 50; of 100 reserved at confirmation, the same in other weeks."""
    ahead(days)
    with on(MONDAY):
        item = await planner.sales.item("100")
        await planner.buys(item, 80, due=2)
        await planner.buys(item, 80, due=4)
        for by, quantity in ((1, 60), (2, 50), (3, 20), (4, 30)):
            await planner.orders(item, quantity, by)
        assert await planner.promisable(item) == left


async def test_v8_promise_45_in_week_2(planner):
    """E37 with V8: 40, 50, 50, 100 in all; then 10 from week 2 and 35 from week 1: 5, 0, 50."""
    with on(MONDAY):
        item = await planner.sales.item("100")
        await planner.buys(item, 80, due=2)
        await planner.buys(item, 80, due=4)
        for by, quantity in ((4, 30), (3, 20), (2, 50), (1, 60)):
            order = await planner.orders(item, quantity, by)
            assert await planner.line(order) == ((60, 0, 1) if by == 1 else (0, quantity, by))
        for by, in_all in ((1, 40), (2, 50), (3, 50), (4, 100)):
            assert (await planner.available(item, in_all, by))["promised_on"] == str(week(by))
            assert (await planner.available(item, in_all + 1, by))["promised_on"] != str(week(by))
        order = await planner.orders(item, 45, by=2)
        assert await planner.line(order) == (0, 45, 2)
        assert await planner.promisable(item) == {1: 5, 2: 0, 4: 50}
        assert await planner.suggested(item) == []


async def test_a_near_order_gets_what_no_older_promise_needs(planner):
    """E37: of ten pieces eight are kept for week 4; goods that come before it free them."""
    with on(MONDAY):
        item = await planner.sales.item("10")
        far = await planner.orders(item, 8, by=4)
        near = await planner.orders(item, 5)
        assert await planner.line(near) == (2, 3, None)
        assert await planner.suggested(item) == [(3, 1)]
        await planner.buys(item, 3, due=3)
        assert await planner.suggested(item) == []
        await planner.strikes()
        assert (await planner.line(near))[:2] == (5, 0)
        assert await planner.line(far) == (0, 8, 4)
    with on(week(3)):
        await planner.sales.receives(item, "3")
        await planner.strikes()
        assert await planner.line(far) == (0, 8, 4)
    with on(week(4)):
        await planner.strikes()
        assert await planner.line(far) == (8, 0, 4)


async def test_what_lies_there_is_not_bought_for_an_order_that_waits_for_its_day(planner, desk):
    """E37, E41: nor told as lacking; it is bought once it is lost, and no longer once found."""
    with on(MONDAY):
        item = await planner.sales.item("10")
        order = await planner.orders(item, 8, by=4)
        shown = (await desk.events_of(order["id"]))[-1]["payload"]
        [line] = shown["lines"]
        assert (line["reserved"], line["waiting"]) == ("0", "8")
        assert shown["promised_on"] == str(week(4))
        assert await planner.suggested(item) == []

        async def counts(quantity):
            lines = [{"sku": item["sku"], "quantity": quantity}]
            await desk.add("/v1/stock-adjustments", reason="count", lines=lines)

        await counts("-5")
        assert await planner.suggested(item) == [(3, 4)]
        await counts("1")
        assert await planner.suggested(item) == [(2, 4)]
        await planner.sales.receives(item, "2")
        assert await planner.suggested(item) == []


async def test_goods_are_reserved_when_the_day_comes_the_oldest_promise_first(planner, desk, ahead):
    """E37, E27: three days ahead, and as far as goods go; the order tells it."""
    ahead(3)
    with on(MONDAY):
        item = await planner.sales.item("10")
        await planner.buys(item, 2, due=3)
        later, sooner = [await planner.orders(item, 6, by) for by in (3, 2)]
        assert await planner.line(later) == (0, 6, 3)
    for days, reserved in ((4, 0), (3, 6)):
        with on(week(2) - timedelta(days=days)):
            await planner.strikes()
            assert await planner.line(sooner) == (reserved, 6 - reserved, 2)
            assert await planner.line(later) == (0, 6, 3)
    with on(week(3)):
        await planner.strikes()
        shown = await planner.sales.refreshed(later)
        assert shown["lines"][0]["reserved"] == "4"
        assert (await desk.events_of(later["id"]))[-1]["payload"]["lines"][0]["waiting"] == "2"


async def test_several_workers_and_repeats_reserve_once(planner, desk, monkeypatch):
    """E37: however often, and one item after the other."""
    monkeypatch.setattr(reserving, "_ITEMS_AT_ONCE", 1)
    with on(MONDAY):
        items = [await planner.sales.item("10") for _ in range(3)]
        orders = [await planner.orders(item, 6, by=2) for item in items]

    async def versions():
        states = [(await planner.sales.seen(one))["version"] for one in orders]
        shown = "aggregate_type = 'availability' and payload->>'sku' = any($1)"
        return states, await desk.count("outbox", shown, [item["sku"] for item in items])

    with on(week(2)):
        before = await versions()
        await planner.strikes(workers=3)
        assert [await planner.line(one) for one in orders] == [(6, 0, 2)] * 3
        once = await versions()
        assert once[1] == before[1] + 3
        await planner.strikes(workers=3)

        async def again():
            async with planner.erp.database.transaction() as work:
                await reserve_due(work, {})

        await asyncio.gather(*(again() for _ in range(3)))
        assert await versions() == once
        assert [await planner.line(one) for one in orders] == [(6, 0, 2)] * 3


async def test_what_a_failed_attempt_did_is_undone_and_done_again(planner, monkeypatch):
    """E37: whatever dies while the job runs, it is done once and whole."""
    with on(MONDAY):
        item = await planner.sales.item("10")
        order = await planner.orders(item, 6, by=2)

    async def dies(*_args, **_facts):
        raise ConnectionAbortedError

    with on(week(2)):
        with monkeypatch.context() as broken:
            broken.setattr(reserving, "publish_changes", dies)
            await planner.strikes()
        assert await planner.line(order) == (0, 6, 2)
        with frozen(utc_now() + timedelta(minutes=1)):
            await planner.strikes()
        assert await planner.line(order) == (6, 0, 2)


async def test_twenty_orders_at_once_for_a_day_to_come_are_promised_what_there_is(planner):
    """E37, V9: nothing is reserved, and yet nothing is promised twice."""
    with on(MONDAY):
        item, customer = await planner.sales.item("10"), await planner.desk.customer()
        facts = {"requested_on": str(week(4))}
        bodies = [planner.sales.body(customer, (item, "1", "1"), **facts) for _ in range(20)]
        replies = await asyncio.gather(*(planner.sales.send(body, uuid4()) for body in bodies))
        days = [reply.json()["promised_on"] for reply in replies]
        assert (days.count(str(week(4))), days.count(None)) == (10, 10)
        assert await planner.suggested(item) == [(10, 4)]
    with on(week(4)):
        await planner.strikes()
        seen = [await planner.sales.seen(reply.json()) for reply in replies]
        reserved = {(one["promised_on"], one["lines"][0]["reserved"]) for one in seen}
        assert reserved == {(str(week(4)), "1"), (None, "0")}


async def test_who_wants_to_ship_before_the_day_names_what(planner, problem):
    """E37: early when nobody else misses it; who names nothing is told the day."""
    with on(MONDAY):
        item = await planner.sales.item("10")
        first, second = [await planner.orders(item, 5, by) for by in (3, 4)]
        refused = problem(await planner.sales.act(first, "shipments"), 409, "not_reserved_yet")
        assert str(week(3)) in refused["detail"]

        def some(order, quantity):
            return {"lines": [{"order_line_id": order["lines"][0]["id"], "quantity": quantity}]}

        reply = await planner.sales.act(second, "shipments", **some(second, "2"))
        assert reply.is_success, reply.text
        assert await planner.line(second) == (0, 3, 4)
        await planner.sales.act(first, "cancel")
        near = await planner.orders(item, 5)
        assert await planner.line(near) == (5, 0, 1)
        third = await planner.orders(item, 3, by=5)
        refused = await planner.sales.act(third, "shipments", **some(third, "1"))
        problem(refused, 409, "not_reserved")
        await planner.sales.acts(near, "shipments")
        problem(await planner.sales.act(near, "shipments"), 409, "nothing_to_ship")
    with on(week(4)):
        await planner.strikes()
        assert await planner.line(second) == (3, 0, 4)
        await planner.sales.acts(second, "shipments")


async def test_a_change_takes_nothing_that_is_kept_and_a_nearer_day_reserves(planner):
    """E37, E47: more is asked for anew; what is needed today is reserved today."""
    with on(MONDAY):
        item, customer = await planner.sales.item("10"), await planner.desk.customer()
        body, order_id = planner.sales.body(customer, (item, "2", "1")), uuid4()
        order = (await planner.sales.send(body, order_id)).json()
        far = await planner.orders(item, 7, by=4)
        body["lines"][0]["quantity"] = "5"
        await planner.sales.send(body, order_id, 2)
        assert await planner.line(order) == (3, 2, None)
        body["lines"][0]["quantity"] = "1"
        await planner.sales.send(body, order_id, 3)
        assert await planner.line(order) == (1, 0, 1)
        await planner.sales.send(body | {"requested_on": str(week(2))}, order_id, 4)
        assert await planner.line(order) == (1, 0, 2)
        now = planner.sales.body(customer, (item, "7", "10"))
        now["requested_on"] = None
        del now["customer_id"]
        reply = await planner.erp.client.put(
            f"/v1/sales-orders/{far['id']}/content",
            json=now,
            headers={"If-Match": f'"{far["version"]}"'},
        )
        assert reply.is_success, reply.text
        assert await planner.line(far) == (7, 0, 1)


async def test_without_the_setting_everything_that_waits_reserves_again(planner, ahead):
    """E37: whoever gives it up has all reserved, as soon as the clock strikes."""
    with on(MONDAY):
        item = await planner.sales.item("10")
        far = await planner.orders(item, 7, by=4)
        ahead(None)
        await planner.strikes()
        assert await planner.line(far) == (7, 0, 4)


async def test_before_the_clock_strikes_an_old_promise_goes_first_without_the_setting(
    planner, ahead
):
    """E37: what was kept for it is not reserved for who comes now, and can be shipped."""
    with on(MONDAY):
        item = await planner.sales.item("10")
        far, farther = [await planner.orders(item, 4, by) for by in (4, 5)]
        ahead(None)
        [line] = (await planner.sales.seen(farther))["lines"]
        lines = [{"order_line_id": line["id"], "quantity": "4"}]
        path = f"/v1/sales-orders/{farther['id']}/shipments"
        assert (await planner.erp.post(path, {"lines": lines})).status_code == 201
        assert await planner.line(far) == (4, 0, 4)


async def test_without_the_setting_who_comes_gets_what_older_promises_leave(planner, ahead):
    """E37: at once, not only when the clock has struck."""
    with on(MONDAY):
        item = await planner.sales.item("10")
        far = await planner.orders(item, 8, by=4)
        ahead(None)
        near = await planner.orders(item, 5)
        assert await planner.line(near) == (2, 3, None)
        assert await planner.line(far) == (8, 0, 4)


class Story:
    """Orders and supplies of one item as chance has them; what was promised, by week."""

    def __init__(self, planner, item, seed):
        self.planner, self.item, self.chance = planner, item, random.Random(seed)
        self.promised, self.bought = defaultdict(list), defaultdict(list)

    async def goes_on(self, now):
        """A week: what is due comes in, what was promised lies there, others order and buy."""
        for bought in self.bought[now]:
            path = f"/v1/purchase-orders/{bought['id']}/receipts"
            assert (await self.planner.erp.post(path, {})).is_success
        await self.planner.strikes()
        for order in self.promised[now]:
            assert (await self.planner.line(order))[1:] == (0, now)
        for _ in range(4 if now < 6 else 0):
            await self.buys(now)
            await self.orders(now)
            await self.can_be_kept(now)

    async def buys(self, now):
        if self.chance.random() < 0.4:
            quantity, due = self.chance.randint(5, 20), self.chance.randint(now + 1, 6)
            self.bought[due].append(await self.planner.buys(self.item, quantity, due))

    async def orders(self, now):
        quantity, by = self.chance.randint(1, 12), self.chance.randint(now, 6)
        order = await self.planner.orders(self.item, quantity, by)
        _, waiting, promised = await self.planner.line(order)
        assert promised != now or not waiting
        if promised is not None:
            self.promised[promised].append(order)

    async def can_be_kept(self, now):
        """On no day is more promised than lies there until then."""
        async with self.planner.erp.database.driver() as sql:
            rows = await sql.fetch(PROMISES, UUID(self.item["id"]), week(now))
        assert [row["day"] for row in rows if row["needed"] > row["there"]] == []


PROMISES = """select d.day, (select coalesce(sum(wanted - reserved - shipped), 0) from demand
      where item_id = $1 and promised_on <= d.day) as needed,
    (select sum(on_hand - reserved) from stock_level where item_id = $1)
      + (select coalesce(sum(quantity), 0) from incoming where item_id = $1 and due_on <= d.day)
      as there
  from (select generate_series($2::date, $2::date + 42, interval '1 day')::date as day) d"""


@pytest.mark.parametrize(("seed", "days"), [(3, 0), (4, 0), (5, 7), (6, 14)])
async def test_a_new_promise_never_breaks_an_older_one(planner, ahead, seed, days):
    """E37: whatever is ordered later, a promise can be kept, and on its day it lies there."""
    ahead(days)
    with on(MONDAY):
        story = Story(planner, await planner.sales.item("30"), seed)
    for now in range(1, 7):
        with on(week(now)):
            await story.goes_on(now)
    assert any(story.promised[now] for now in range(2, 7))
