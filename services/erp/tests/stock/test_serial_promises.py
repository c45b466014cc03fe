"""What the database itself promises of serials, whoever writes: proved by SQL alone (E26, E28)."""

import asyncio
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from uuid import uuid4

import asyncpg
import pytest

from chassis.clock import utc_now
from erp.stock.errors import SerialNotInStock
from erp.stock.lines import ReceiptLine, ShipLine
from erp.stock.service.goods import receive_goods, ship_goods

pytestmark = pytest.mark.business_day

MOVE = """insert into stock_move (id, item_id, from_location_id, to_location_id, lot, quantity,
    value, effective_on, recorded_at, source_type, source_id, memo, actor, serial)
  select $1, $2, f.id, t.id, '', $5, 0, $3, $4, 'stock_adjustment', $1, '', 'test', $6
    from location f, location t where f.code = $7 and t.code = $8"""
NEW = """with new as (insert into serial (id, item_id, number, location_id, move_id)
    select $1, $2, 'NEW', l.id, $1 from location l where l.code = 'SUPPLIERS')
  insert into stock_move (id, item_id, from_location_id, to_location_id, lot, quantity,
    value, effective_on, recorded_at, source_type, source_id, memo, actor, serial)
  select $1, $2, f.id, t.id, '', 1, 0, $3, $4, 'stock_adjustment', $1, '', 'test', 'NEW'
    from location f, location t where f.code = 'SUPPLIERS' and t.code = 'MAIN-STOCK'"""
HERE = "MAIN-STOCK"
LOST = "(select id from location where code = 'LOSS')"
ANOTHER = "insert into serial select gen_random_uuid(), item_id,"

PROOF = """with last as (
    select distinct on (m.item_id, m.serial) m.item_id, m.serial, m.id, m.to_location_id
      from stock_move m where m.serial is not null
     order by m.item_id, m.serial, m.recorded_at desc, m.id desc)
  select
    (select count(*) from serial) as serials,
    (select count(*) from serial s full join last l
       on (l.item_id, l.serial) = (s.item_id, s.number)
      where (l.id, l.to_location_id) is distinct from (s.move_id, s.location_id)) as astray,
    (select count(*) from stock_level v join item i on i.id = v.item_id
      where v.tracking <> i.tracking) as wrong_tracking,
    (select count(*) from stock_level v where v.tracking = 'serial' and v.on_hand <>
       (select count(*) from serial s
         where (s.item_id, s.location_id) = (v.item_id, v.location_id))) as miscounted,
    (select count(*) from stock_move m join item i on i.id = m.item_id
      where (i.tracking = 'serial') <> (m.serial is not null)
         or (m.serial is not null and m.quantity <> 1)) as wrong_moves"""


async def received(store, item_id, *serials):
    line = ReceiptLine(item_id, Decimal(len(serials)), Decimal(10), serials=serials)
    async with store.erp.database.transaction() as work:
        await receive_goods(work, [line], counterpart="grni", **store.source("stock_receipt"))


async def shipped(store, line_id, *serials, quantity=1):
    line = ShipLine(line_id, Decimal(quantity), serials)
    async with store.erp.database.transaction() as work:
        await ship_goods(work, [line], **store.source("shipment"))


@pytest.fixture
async def drills(store):
    """An item of which A and B are in stock."""
    item_id = await store.item(tracking="serial")
    await received(store, item_id, "A", "B")
    return item_id


@asynccontextmanager
async def writing(url):
    """A transaction of a role, by SQL alone."""
    sql = await asyncpg.connect(url)
    try:
        async with sql.transaction():
            yield sql
    finally:
        await sql.close()


def move(sql, store, item_id, quantity, serial, *, path):
    """Write a move of today from one place to another."""
    source, target = path
    known = (uuid4(), item_id, store.today, utc_now(), Decimal(quantity), serial)
    return sql.execute(MOVE, *known, source, target)


@pytest.mark.parametrize(
    "wrong",
    [
        ("2", "A", (HERE, "LOSS")),
        ("0.5", "A", (HERE, "LOSS")),
        ("1", None, (HERE, "LOSS")),
        ("1", "A", ("SUPPLIERS", HERE)),
        ("1", "A", ("CUSTOMERS", HERE)),
        ("1", "X", (HERE, "LOSS")),
    ],
)
@pytest.mark.parametrize("role", ["runtime_url", "owner_url"])
async def test_no_wrong_move_of_a_serial_is_stored(store, drills, role, wrong):
    """E28: one piece, by its serial, from the place where it is."""
    quantity, serial, path = wrong
    async with writing(getattr(store.erp, role)) as sql:
        with pytest.raises((asyncpg.CheckViolationError, asyncpg.ForeignKeyViolationError)):
            await move(sql, store, drills, quantity, serial, path=path)
    assert await store.holds(drills) == (2, 0, "10.00")


@pytest.mark.parametrize("role", ["runtime_url", "owner_url"])
async def test_no_piece_moves_before_it_came(store, drills, role):
    """E28: of a piece that came today, no move of an earlier day is stored."""
    early = date(2015, 6, 1)
    known = (uuid4(), drills, early, utc_now(), Decimal(1), "A", HERE, "LOSS")
    with pytest.raises(asyncpg.CheckViolationError, match="does not lie where"):
        await deed(getattr(store.erp, role), MOVE, *known)


async def deed(url, statement, *values):
    """One statement in a transaction of a role."""
    async with writing(url) as sql:
        await sql.execute(statement, *values)


async def test_goods_without_serials_move_without(store):
    """E28: a serial of an item that has none is refused by the keys alone."""
    bolts = await store.item()
    with pytest.raises(asyncpg.ForeignKeyViolationError) as refused:
        await deed(store.erp.runtime_url, NEW, uuid4(), bolts, store.today, utc_now())
    assert refused.value.constraint_name == "fk_stock_move_item_id_tracking_item"


async def test_a_serial_comes_in_together_with_what_is_on_hand(store, drills):
    """E28: at COMMIT there are as many pieces on hand as serials."""
    with pytest.raises(asyncpg.CheckViolationError, match="as many pieces as serials"):
        await deed(store.erp.runtime_url, NEW, uuid4(), drills, store.today, utc_now())
    async with writing(store.erp.runtime_url) as sql:
        await sql.execute(NEW, uuid4(), drills, store.today, utc_now())
        await sql.execute("update stock_level set on_hand = 3 where item_id = $1", drills)
        await sql.execute("update item_valuation set quantity = 3 where item_id = $1", drills)
    assert await store.holds(drills) == (3, 0, "10.00")


@pytest.mark.parametrize("role", ["runtime_url", "owner_url"])
@pytest.mark.parametrize(
    "change",
    [
        f"update serial set location_id = {LOST} where item_id = $1 and number = 'A'",
        "update serial set number = 'C' where item_id = $1 and number = 'A'",
        "delete from serial where item_id = $1",
        "update item set tracking = 'none' where id = $1",
        f"{ANOTHER} 'C', location_id, move_id from serial where item_id = $1 limit 1",
        f"{ANOTHER} 'A', location_id, move_id from serial where item_id = $1 limit 1",
        "update stock_level set on_hand = 3 where item_id = $1",
    ],
)
async def test_nothing_but_a_move_changes_a_serial(store, drills, role, change):
    """E28: not its place, not its number, not how many there are; by no role."""
    refused = (asyncpg.IntegrityConstraintViolationError, asyncpg.InsufficientPrivilegeError)
    with pytest.raises(refused):
        await deed(getattr(store.erp, role), change, drills)
    async with store.erp.database.driver() as sql:
        rows = await sql.fetch("select number from serial where item_id = $1 order by 1", drills)
    assert [row["number"] for row in rows] == ["A", "B"]
    assert await store.holds(drills) == (2, 0, "10.00")


async def test_no_role_empties_the_serials(store):
    with pytest.raises(asyncpg.RestrictViolationError):
        await deed(store.erp.owner_url, "truncate serial cascade")


async def test_two_writers_cannot_move_one_serial(store, drills):
    """E28: the second waits for the first, and finds the serial gone; by SQL alone."""
    level = "update stock_level set on_hand = on_hand - 1 where item_id = $1"
    worth = "update item_valuation set quantity = quantity - 1 where item_id = $1"
    async with writing(store.erp.runtime_url) as first:
        await move(first, store, drills, "1", "A", path=(HERE, "LOSS"))
        second = asyncio.create_task(_moves(store, drills))
        async with store.erp.database.driver() as sql:
            while not await sql.fetchval(
                "select count(*) from pg_locks where not granted and locktype = 'transactionid'"
            ):
                assert not second.done()
        await first.execute(level, drills)
        await first.execute(worth, drills)
    with pytest.raises(asyncpg.CheckViolationError):
        await second


async def _moves(store, item_id):
    async with writing(store.erp.runtime_url) as sql:
        await move(sql, store, item_id, "1", "A", path=(HERE, "CUSTOMERS"))


async def test_twenty_lines_for_ten_serials_hold_ten(store):
    """E26: what is promised is never more than the serials that are here."""
    item_id = await store.item(tracking="serial")
    await received(store, item_id, *map(str, range(10)))
    lines = await asyncio.gather(*(store.orders(item_id, 1) for _ in range(20)))
    assert sorted(int(reserved) for _, reserved in lines) == [0] * 10 + [1] * 10
    assert await store.holds(item_id) == (10, 10, "10.00")


async def test_twenty_shipments_take_twenty_serials(store):
    """E26, E28: side by side and named by nobody, each piece leaves once."""
    item_id = await store.item(tracking="serial")
    await received(store, item_id, *map(str, range(20)))
    lines = [(await store.orders(item_id, 1))[0] for _ in range(20)]
    await asyncio.gather(*(shipped(store, line_id) for line_id in lines))
    async with store.erp.database.driver() as sql:
        rows = await sql.fetch(
            "select serial from stock_move where order_line_id = any($1::uuid[])", lines
        )
    assert sorted(int(row["serial"]) for row in rows) == list(range(20))
    assert await store.holds(item_id) == (0, 0, "0.00")


async def test_one_serial_leaves_once_for_twenty_who_name_it(store):
    """E26: a serial is reserved once: one has it, the others are told where it is."""
    item_id = await store.item(tracking="serial")
    await received(store, item_id, *map(str, range(20)))
    lines = [(await store.orders(item_id, 1))[0] for _ in range(20)]
    deeds = (shipped(store, line_id, "7") for line_id in lines)
    ended = await asyncio.gather(*deeds, return_exceptions=True)
    assert [one for one in ended if one is None] == [None]
    refused = [one for one in ended if one is not None]
    assert {type(one) for one in refused} == {SerialNotInStock}
    assert await store.holds(item_id) == (19, 19, "9.50")


async def test_every_serial_lies_where_its_moves_brought_it(store, drills):
    """E24, E28: of all items that any test moved, rebuilt from the moves alone."""
    line_id, _ = await store.orders(drills, 1)
    await shipped(store, line_id)
    async with store.erp.database.driver() as sql:
        shown = dict(await sql.fetchrow(PROOF))
    assert shown.pop("serials") >= 2
    assert set(shown.values()) == {0}, shown
