"""What is proven of all stock at once, and what an act costs the database."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from erp.ledger.service.years import ensure_year
from erp.stock.lines import AdjustLine, DemandLine, ReceiptLine, ShipLine
from erp.stock.service.adjusting import post_adjustment
from erp.stock.service.allocating import allocate_lines
from erp.stock.service.goods import receive_goods, ship_goods

REBUILT = """with side as (
    select m.item_id, m.to_location_id as location_id, m.quantity, m.value from stock_move m
    union all
    select m.item_id, m.from_location_id, -m.quantity, -m.value from stock_move m),
  rebuilt as (
    select s.item_id, l.id as location_id, l.warehouse_id, sum(s.quantity) as quantity,
        sum(s.value) as value
      from side s join location l on l.id = s.location_id and l.kind = 'internal'
     group by s.item_id, l.id, l.warehouse_id)
  select
    (select count(*) from rebuilt) as items,
    (select count(*) from rebuilt r full join stock_level s
       on (s.item_id, s.location_id) = (r.item_id, r.location_id)
      where coalesce(r.quantity, 0) <> coalesce(s.on_hand, 0)) as wrong_levels,
    (select count(*) from rebuilt r full join item_valuation v
       on (v.item_id, v.warehouse_id) = (r.item_id, r.warehouse_id)
      where (coalesce(r.quantity, 0), coalesce(r.value, 0))
         <> (coalesce(v.quantity, 0), coalesce(v.value, 0))) as wrong_worth,
    (select sum(value) from item_valuation) as worth,
    (select sum(j.debit - j.credit) from journal_line j
       join account a on a.id = j.account_id and a.role = 'inventory') as account"""


async def test_levels_and_values_are_rebuilt_from_the_moves_alone(store):
    """E24, E29: to the same digits, of every item that any test moved; and the books agree."""
    bolts = await store.item()
    await store.receives(bolts, 3, "10.00")
    line, _ = await store.orders(bolts, 2)
    await store.ships(line, 2)
    async with store.erp.database.driver() as sql:
        shown = await sql.fetchrow(REBUILT)
    assert shown["items"] > 0
    assert (shown["wrong_levels"], shown["wrong_worth"]) == (0, 0)
    assert shown["worth"] == shown["account"]


@asynccontextmanager
async def _heard(work):
    """The statements of an act within its transaction."""
    said = []

    def hear(query):
        if "typeinfo_tree" not in query.query and "'jit'" not in query.query:
            said.append(query.query)

    work.sql.add_query_logger(hear)
    try:
        yield said
        # The driver tells its loggers in the next turn of the loop.
        await asyncio.sleep(0)
    finally:
        work.sql.remove_query_logger(hear)


@pytest.fixture
async def shelves(store):
    """Five items with ten pieces each."""
    items = [await store.item() for _ in range(5)]
    for item_id in items:
        await store.receives(item_id, 10, "10.00")
    return items


def _demand(store, items, quantity):
    order_id = uuid4()
    return [
        DemandLine(uuid4(), order_id, item_id, Decimal(quantity), store.today) for item_id in items
    ]


async def test_allocating_five_lines_takes_three_statements(store, shelves):
    """Lock, save, availability; three more where purchasing has something to suggest."""
    async with store.erp.database.transaction() as work:
        async with _heard(work) as said:
            await allocate_lines(work, _demand(store, shelves, 4))
        assert len(said) == 3, said
        async with _heard(work) as said:
            await allocate_lines(work, _demand(store, shelves, 9))
        assert len(said) == 6, said


async def test_shipping_and_receiving_stay_within_seven(store, shelves):
    """Locks and reads, one save, two of the ledger, availability."""
    async with store.erp.database.transaction() as work:
        lines = _demand(store, shelves, 4)
        await allocate_lines(work, lines)
        going = [ShipLine(line.order_line_id, Decimal(4)) for line in lines]
        async with _heard(work) as said:
            await ship_goods(work, going, **store.source("shipment"))
        assert len(said) == 7, said
        coming = [ReceiptLine(item_id, Decimal(1), Decimal(1)) for item_id in shelves]
        async with _heard(work) as said:
            await receive_goods(work, coming, counterpart="grni", **store.source("stock_receipt"))
        assert len(said) == 6, said


async def test_pieces_with_serials_take_one_statement_more(store):
    """Where they are, or which came first; however many they are."""
    item_id, serials = await store.item(tracking="serial"), tuple(map(str, range(8)))
    async with store.erp.database.transaction() as work:
        coming = [ReceiptLine(item_id, Decimal(8), Decimal(8), serials=serials)]
        async with _heard(work) as said:
            await receive_goods(work, coming, counterpart="grni", **store.source("stock_receipt"))
        assert len(said) == 7, said
        lines = _demand(store, [item_id, item_id], 4)
        await allocate_lines(work, lines)
        for line, named in zip(lines, (serials[4:], ()), strict=True):
            going = [ShipLine(line.order_line_id, Decimal(4), named)]
            async with _heard(work) as said:
                await ship_goods(work, going, **store.source("shipment"))
            assert len(said) == 8, said


async def test_backdating_takes_two_statements_for_all_items_and_none_at_the_last_move(store):
    """E27: what is dated before moves asks for its period and what changed since, once."""
    past = store.today - timedelta(days=40)
    async with store.erp.database.transaction() as work:
        await ensure_year(work, past)
        old = [await store.item() for _ in range(5)]
        early, source = [ReceiptLine(one, Decimal(9), Decimal(9)) for one in old], store.source
        dated = source("stock_receipt") | {"effective_on": past}
        await receive_goods(work, early, counterpart="grni", **dated)
        lost = [AdjustLine(one, Decimal(-1)) for one in old]
        async with _heard(work) as said:
            await post_adjustment(work, lost, memo="count", **dated)
        assert len(said) == 6, said
        coming = [ReceiptLine(one, Decimal(1), Decimal(1)) for one in old]
        await receive_goods(work, coming, counterpart="grni", **source("stock_receipt"))
        async with _heard(work) as said:
            await post_adjustment(work, lost, memo="count", **dated)
        assert len(said) == 8, said


async def test_what_changed_after_a_day_is_found_by_an_index(store):
    """However much an item moved before it."""
    async with store.erp.database.driver() as sql, sql.transaction():
        await sql.execute("set local enable_seqscan = off")
        await sql.execute("set local enable_bitmapscan = off")
        plan = await sql.fetch(
            """explain select sum(quantity) from stock_move
                where item_id = $1 and effective_on > $2 group by effective_on""",
            uuid4(),
            store.today - timedelta(days=3650),  # many moves since, by whatever was counted last
        )
    shown = "\n".join(row[0] for row in plan)
    assert "ix_stock_move_item_id_effective_on" in shown, shown


async def test_who_waits_is_found_by_an_index(store):
    """No act reads the whole demand, however much there is."""
    async with store.erp.database.driver() as sql, sql.transaction():
        await sql.execute("set local enable_seqscan = off")
        plan = await sql.fetch(
            """explain select order_line_id from demand where item_id = any($1::uuid[])
                 and reserved + shipped < wanted order by item_id, promised_on, place""",
            [uuid4()],
        )
    shown = "\n".join(row[0] for row in plan)
    assert "ix_demand_waiting" in shown, shown
