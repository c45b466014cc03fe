"""What orders need: reserved, waiting, freed, and filled again."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import asyncpg
import pytest

from chassis.problems.standard import MissingReference
from erp.stock.errors import AlreadyShipped, NotStocked
from erp.stock.events import DemandFilled, ItemsShort
from erp.stock.lines import DemandLine, ReceiptLine
from erp.stock.service.allocating import allocate_lines
from erp.stock.service.demand import change_ordered_quantity
from erp.stock.service.expected_receipts import demand_of_orders, set_expected_receipts
from erp.stock.service.goods import receive_goods


async def test_v9_twenty_orders_for_ten_pieces(store):
    """E26 with V9: exactly ten are served, none waits in vain for a lock, ten pieces reserved."""
    bolts = await store.item()
    await store.receives(bolts, 10, "100.00")
    got = await asyncio.gather(*(store.orders(bolts, 1) for _ in range(20)))
    assert sorted(int(reserved) for _, reserved in got) == [0] * 10 + [1] * 10
    assert await store.holds(bolts) == (10, 10, "100.00")


async def test_orders_for_the_same_items_in_any_order_do_not_deadlock(store):
    """Levels are locked in key order, however the lines are sorted."""
    items = [await store.item() for _ in range(3)]
    for item_id in items:
        await store.receives(item_id, 6, "6.00")

    async def order(sequence):
        async with store.erp.database.transaction() as work:
            lines = [
                DemandLine(uuid4(), uuid4(), item_id, Decimal(1), store.today)
                for item_id in sequence
            ]
            return sum((await allocate_lines(work, lines)).values())

    got = await asyncio.gather(*(order(items[::-1] if n % 2 else items) for n in range(8)))
    assert sum(got) == 18
    for item_id in items:
        assert await store.holds(item_id) == (6, 6, "6.00")


async def test_what_is_not_there_waits(store):
    """E47: the back-order is exact, and wanted is always reserved + waiting + shipped."""
    bolts = await store.item()
    await store.receives(bolts, 3, "3.00")
    line, reserved = await store.orders(bolts, 8)
    assert (reserved, await store.line(line)) == (3, (8, 3, 5, 0))
    await store.ships(line, 3)
    assert await store.line(line) == (8, 0, 5, 3)
    assert await store.holds(bolts) == (0, 0, "0.00")


async def test_how_the_lines_of_an_order_stand(store):
    bolts, order_id = await store.item(), uuid4()
    await store.receives(bolts, 3, "3.00")
    first, _ = await store.orders(bolts, 2, order_id=order_id)
    second, _ = await store.orders(bolts, 2, order_id=order_id)
    async with store.erp.database.reading() as at:
        states = await demand_of_orders(at.sql, [order_id])
    assert [(one.order_line_id, int(one.reserved), int(one.waiting)) for one in states] == [
        (first, 2, 0),
        (second, 1, 1),
    ]


async def test_goods_go_to_whoever_was_promised_first_then_to_whoever_came_first(store):
    """E37: who came without a promise never breaks the promise of another."""
    bolts = await store.item()
    tomorrow = store.today + timedelta(days=1)
    first, _ = await store.orders(bolts, 5)
    second, _ = await store.orders(bolts, 5)
    late, _ = await store.orders(bolts, 5, promised_on=tomorrow)
    soon, _ = await store.orders(bolts, 5, promised_on=store.today)
    await store.receives(bolts, 12, "12.00")
    lines = [await store.line(line) for line in (soon, late, first, second)]
    assert [reserved for _, reserved, _, _ in lines] == [5, 5, 2, 0]
    await store.receives(bolts, 5, "5.00")
    lines = [await store.line(line) for line in (first, second)]
    assert [reserved for _, reserved, _, _ in lines] == [5, 2]
    assert await store.holds(bolts) == (17, 17, "17.00")


async def test_where_goods_are_reserved_ahead_a_line_of_a_later_day_waits(store, ahead):
    """E37: and keeps what it was promised, until it is given up."""
    ahead(3)
    bolts = await store.item()
    await store.receives(bolts, 10, "10.00")
    far, reserved = await store.orders(bolts, 6, promised_on=store.today + timedelta(days=4))
    assert (reserved, await store.line(far)) == (0, (6, 0, 6, 0))
    _, reserved = await store.orders(bolts, 4, promised_on=store.today + timedelta(days=3))
    assert reserved == 4
    last, reserved = await store.orders(bolts, 5)
    assert reserved == 0
    await store.cancels(far)
    assert await store.line(last) == (5, 5, 0, 0)


async def test_a_cancelled_line_frees_reservation_and_demand_at_once(store):
    """E47: what was reserved goes to the next who waits, in the same transaction."""
    bolts = await store.item()
    await store.receives(bolts, 4, "4.00")
    first, _ = await store.orders(bolts, 6)
    second, _ = await store.orders(bolts, 3)
    await store.cancels(first)
    assert await store.line(first) == (0, 0, 0, 0)
    assert await store.line(second) == (3, 3, 0, 0)
    assert await store.holds(bolts) == (4, 3, "4.00")


async def test_a_cancelled_remainder_keeps_what_was_shipped(store):
    bolts = await store.item()
    await store.receives(bolts, 4, "4.00")
    line, _ = await store.orders(bolts, 6)
    await store.ships(line, 2)
    await store.cancels(line)
    assert await store.line(line) == (2, 0, 0, 2)
    with pytest.raises(AlreadyShipped):
        await store.changes_quantity(line, 1)
    assert await store.line(line) == (2, 0, 0, 2)


async def test_wanting_more_reserves_what_is_free_and_waits_for_the_rest(store):
    bolts = await store.item()
    await store.receives(bolts, 5, "5.00")
    line, _ = await store.orders(bolts, 3)
    assert await store.changes_quantity(line, 9) == 5
    assert await store.line(line) == (9, 5, 4, 0)
    assert await store.changes_quantity(line, 4) == 4
    assert await store.holds(bolts) == (5, 4, "5.00")


async def test_an_unknown_line_or_a_service_is_refused(store):
    with pytest.raises(MissingReference):
        await store.changes_quantity(uuid4(), 1)
    with pytest.raises(NotStocked):
        await store.orders(await store.item(kind="service"), 1)


async def test_a_service_that_becomes_goods_can_be_stocked(store, desk):
    item_id = await store.item(kind="service")
    await desk.change(f"/v1/items/{item_id}", {"kind": "goods"}, revision=1)
    await store.orders(item_id, 1)


async def test_nothing_asked_is_nothing_done(store):
    async with store.erp.database.transaction() as work:
        assert await allocate_lines(work, []) == {}
        assert await change_ordered_quantity(work, {}) == {}
        await set_expected_receipts(work, [])
        assert work.events == []


async def test_the_database_refuses_more_reserved_than_on_hand(store):
    """E26: the CHECK repeats what the entity decides."""
    bolts = await store.item()
    async with store.erp.database.driver() as sql:
        with pytest.raises(asyncpg.CheckViolationError, match="reserved_on_hand"):
            await sql.execute("update stock_level set reserved = 1 where item_id = $1", bolts)


@pytest.fixture
def heard(store, monkeypatch):
    """The events of stock for the modules above, while the test runs."""
    events = []

    async def hear(_work, event):
        events.append(event)

    handlers = dict(store.erp.database.handlers) | dict.fromkeys(
        (DemandFilled, ItemsShort), (hear,)
    )
    monkeypatch.setattr(store.erp.database, "handlers", handlers)
    return events


async def test_purchasing_hears_of_every_change_of_what_is_short(store, heard):
    bolts = await store.item()
    line, _ = await store.orders(bolts, 5)
    await store.changes_quantity(line, 4)
    await store.receives(bolts, 1, "1.00")
    await store.cancels(line)
    assert [event.item_ids for event in heard if isinstance(event, ItemsShort)] == [[bolts]] * 4


async def test_nobody_is_troubled_when_nothing_is_short(store, heard):
    bolts = await store.item()
    await store.receives(bolts, 5, "5.00")
    line, _ = await store.orders(bolts, 5)
    await store.ships(line, 5)
    assert heard == []


async def test_orders_that_got_goods_are_named_once(store, heard):
    bolts, nuts, order_id = await store.item(), await store.item(), uuid4()
    await store.orders(bolts, 5, order_id=order_id)
    await store.orders(nuts, 5, order_id=order_id)
    async with store.erp.database.transaction() as work:
        await receive_goods(
            work,
            [ReceiptLine(one, Decimal(9), Decimal(9)) for one in (nuts, bolts)],
            source_type="stock_receipt",
            source_id=uuid4(),
            effective_on=store.today,
            counterpart="grni",
        )
    filled = [event.order_ids for event in heard if isinstance(event, DemandFilled)]
    assert filled == [[order_id]]


async def test_availability_is_published_once_for_each_item_and_act(store, desk):
    """The version counts on without a gap, and the state is the one after the act."""
    bolts = await store.item()
    await store.receives(bolts, 3, "3.00")
    await store.orders(bolts, 5)
    async with store.erp.database.driver() as sql:
        published_id = await sql.fetchval("select id from availability where item_id = $1", bolts)
    published = await desk.events_of(published_id)
    assert [event["aggregate_version"] for event in published] == [1, 2]
    assert published[1]["topic"] == "erp.availability.v1"
    shown = ("on_hand", "reserved", "free", "incoming", "waiting")
    assert [published[1]["payload"][name] for name in shown] == ["3", "3", "0", "0", "2"]
