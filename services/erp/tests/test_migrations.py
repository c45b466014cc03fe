"""The tables: one linear chain that ends where the entities are, and leads back to nothing."""

import asyncio
import itertools
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.clock import business_day
from chassis.schema.migrate import downgrade, upgrade
from chassis.schema.rights import PIN_FUNCTIONS
from chassis.storage.connections import ASYNC_URL, connecting, driver_url
from chassis.storage.folding import FUNCTIONS
from erp.app import SERVICE
from erp.ledger.service.years import ensure_year
from erp.searched import KEPT

OURS = set(SERVICE.metadata.tables)


async def _in_thread(act, *arguments):
    """Alembic runs a loop of its own, so it gets a thread of its own."""
    with ThreadPoolExecutor(max_workers=1) as alone:
        await asyncio.get_running_loop().run_in_executor(alone, act, *arguments)


async def _compared(url):
    """What a migration would have to change to make the entities' tables."""
    engine = create_async_engine(ASYNC_URL, async_creator=connecting(url))

    def compare(connection):
        options = {"compare_type": True, "include_name": _ours}
        context = MigrationContext.configure(connection, opts=options)
        return compare_metadata(context, SERVICE.metadata)

    async with engine.connect() as connection:
        found = await connection.run_sync(compare)
    await engine.dispose()
    return found


def _ours(name, kind, parents):
    return kind != "table" or name in OURS


async def _constraints(url):
    """Names and definitions of every constraint and index of our tables, and of the functions."""
    sql = await asyncpg.connect(driver_url(url))
    try:
        rows = await sql.fetch(
            """select conrelid::regclass::text as tab, conname as name,
                      pg_get_constraintdef(oid) as definition
                 from pg_constraint where conrelid::regclass::text = any($1) and contype <> 't'
               union all
               select tablename, indexname, indexdef from pg_indexes where tablename = any($1)
               union all
               select 'function', proname, pg_get_functiondef(oid) from pg_proc
                where proname ~ 'search' and pronamespace = 'public'::regnamespace
               union all
               select 'trigger', tgname, pg_get_triggerdef(oid) from pg_trigger
                where tgname ~ '_search_of_'
               order by 1, 2, 3""",
            sorted(OURS),
        )
        return [tuple(row) for row in rows]
    finally:
        await sql.close()


async def test_the_chain_ends_where_the_entities_are(erp):
    assert await _compared(erp.owner_url) == []


async def test_constraints_and_indexes_are_those_of_the_entities(erp, cluster):
    """What the comparison above does not see: checks, exclusions, conditions of indexes."""
    urls = await asyncio.to_thread(cluster.empty, "erp", "erp_from_entities")
    sql = await asyncpg.connect(driver_url(urls.owner))
    await sql.execute("create extension pg_trgm; create extension btree_gist")
    await sql.close()
    engine = create_async_engine(ASYNC_URL, async_creator=connecting(urls.owner))
    async with engine.begin() as connection:
        for statement in FUNCTIONS:
            await connection.exec_driver_sql(statement)
        await connection.run_sync(SERVICE.metadata.create_all)
        for statement in itertools.chain.from_iterable(one.statements for one in KEPT):
            await connection.exec_driver_sql(statement)
        await connection.exec_driver_sql(PIN_FUNCTIONS)
    await engine.dispose()
    assert await _constraints(erp.owner_url) == await _constraints(urls.owner)


def test_the_chain_is_linear():
    chain = ScriptDirectory(str(SERVICE.migrations))
    assert len(chain.get_heads()) == 1
    assert len(chain.get_bases()) == 1
    assert all(not revision.is_branch_point for revision in chain.walk_revisions())


async def test_up_down_and_up_again(cluster):
    """Down leads to an empty schema, and up from there to the same tables."""
    urls = await asyncio.to_thread(cluster.empty, "erp", "erp_up_and_down")
    await _in_thread(upgrade, SERVICE, urls.owner)
    before = await _constraints(urls.owner)
    await _in_thread(downgrade, SERVICE, urls.owner, "base")
    sql = await asyncpg.connect(driver_url(urls.owner))
    left = await sql.fetch(
        """select relname from pg_class c where relnamespace = 'public'::regnamespace
             and relkind in ('r', 'p', 'S', 'v') and relname <> 'alembic_version'
             and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
           union all
           select proname from pg_proc p where pronamespace = 'public'::regnamespace
             and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')"""
    )
    await sql.close()
    assert [row[0] for row in left] == []
    await _in_thread(upgrade, SERVICE, urls.owner)
    assert await _constraints(urls.owner) == before


async def test_production_costs_of_a_chart_become_work_in_progress(cluster):
    """An account that a chart has already gets the role."""
    urls = await asyncio.to_thread(cluster.empty, "erp", "erp_chart_before_production")
    await _in_thread(upgrade, SERVICE, urls.owner, "e720")
    sql = await asyncpg.connect(driver_url(urls.owner))
    try:
        await sql.execute(
            """insert into account (id, version, created_at, updated_at, code, name, name_zh, kind,
                active) values
              (gen_random_uuid(), 1, now(), now(), '9001', 'Cost', '生产成本', 'asset', true)"""
        )
        await _in_thread(upgrade, SERVICE, urls.owner, "e721")
        found = await sql.fetch("select code from account where role = 'work_in_progress'")
        assert [row[0] for row in found] == ["9001"]
    finally:
        await sql.close()


async def test_what_was_moved_before_is_counted_once_the_proof_is_there(erp):
    """E24, E29: from moves and entries alone, as if it had been there from the start."""
    item = await erp.post("/v1/items", {"sku": f"OLD-{uuid4().hex}", "name": "Bolt"})
    async with erp.database.transaction() as work:
        await ensure_year(work, work.today())
    line = {"sku": item.json()["sku"], "quantity": "3", "value": {"amount": "1", "currency": "CNY"}}
    assert (await erp.post("/v1/stock-receipts", {"lines": [line]})).status_code == 201
    chain = ScriptDirectory(str(SERVICE.migrations))
    proof = chain.get_revision("e91").module
    sql = await asyncpg.connect(driver_url(erp.owner_url))
    at = sql.transaction()
    await at.start()
    try:
        counted = await sql.fetch(_COUNTED)
        await sql.execute("alter table stock_proof disable trigger user")
        await sql.execute("delete from stock_proof")
        await sql.execute(proof.count_moves_of("stock_move"))
        await sql.execute(proof.count_lines_of("journal_line"))
        assert await sql.fetch(_COUNTED) == counted
        assert len(counted) > 0
    finally:
        await at.rollback()
        await sql.close()


async def test_prices_without_a_minimum_hold_for_any_quantity(erp):
    """What was kept as from 1 on, where nothing smaller stands beside it."""
    kept = {}
    for leasts in (("1", "5"), ("0.5", "1")):
        sku = f"OLD-{uuid4().hex}"
        await erp.post("/v1/items", {"sku": sku, "name": "Tea", "unit": "KGM"})
        kept[sku] = [
            (await erp.post("/v1/prices", {"sku": sku, "price": PRICE, "min_quantity": least}))
            for least in leasts
        ]
    before = ScriptDirectory(str(SERVICE.migrations)).get_revision("e260").module.NO_MINIMUM
    async with erp.database.driver() as sql:
        await sql.execute(before)
        found = [
            [
                await sql.fetchval(
                    "select min_quantity::float from price where id = $1", one.json()["id"]
                )
                for one in prices
            ]
            for prices in kept.values()
        ]
    assert found == [[0, 5], [0.5, 1]]


PRICE = {"amount": "1.00", "currency": "CNY"}

_COUNTED = """select item_id, warehouse_id, quantity, value, booked from stock_proof
  where (quantity, value, booked) <> (0, 0, 0)
  order by item_id, warehouse_id"""


_MOVES = """insert into stock_move (id, item_id, from_location_id, to_location_id, lot, quantity,
    value, effective_on, recorded_at, source_type, source_id, memo, actor)
  select gen_random_uuid(), $1, case when n.quantity < 0 then s.id else o.id end,
      case when n.quantity < 0 then o.id else s.id end, '', abs(n.quantity), n.value,
      $5::date + n.day, now(), 'test', gen_random_uuid(), '', 'test'
    from unnest($2::int[], $3::numeric[], $4::numeric[]) as n(day, quantity, value),
      location s, location o
   where s.code = 'MAIN-STOCK' and o.code = 'LOSS'"""
_PROVEN = """select moved_on - $2::date as moved_on, proven_from - $2::date as proven_from
  from stock_proof where item_id = $1"""


@pytest.mark.business_day
async def test_days_that_were_short_before_are_kept_and_later_ones_proven(erp):
    """E27, E30: an item is proven from the first day after which its old moves are right."""
    item = (await erp.post("/v1/items", {"sku": f"OLD-{uuid4().hex}", "name": "Bolt"})).json()
    other = (await erp.post("/v1/items", {"sku": f"OLD-{uuid4().hex}", "name": "Bolt"})).json()
    ends = ScriptDirectory(str(SERVICE.migrations)).get_revision("e93").module
    today = business_day(erp.settings.time_zone)
    sql = await asyncpg.connect(driver_url(erp.owner_url))
    at = sql.transaction()
    await at.start()

    async def moves(item_id, *those):
        await sql.execute(_MOVES, item_id, *map(list, zip(*those, strict=True)), today)

    try:
        for table in ("stock_move", "stock_proof", "item_valuation", "stock_level"):
            await sql.execute(f"alter table {table} disable trigger user")
        await moves(item["id"], (-9, -2, 0), (-7, 5, 5), (-6, -3, 1), (-4, 1, 1), (-2, 1, 1))
        await moves(other["id"], (-9, 2, 0), (-7, -1, 0))
        await sql.execute(
            """insert into stock_proof (item_id, warehouse_id, quantity, value, booked)
                 select i.id, w.id, i.on_hand, i.value, 0 from warehouse w,
                   (values ($1::uuid, 2, 6), ($2::uuid, 1, 0)) as i(id, on_hand, value)""",
            *(item["id"], other["id"]),
        )
        for statement in ends.DAYS_OF_BEFORE:
            await sql.execute(statement)
        assert tuple(await sql.fetchrow(_PROVEN, item["id"], today)) == (-2, -4)
        assert tuple(await sql.fetchrow(_PROVEN, other["id"], today)) == (-7, None)
        await sql.execute("alter table stock_move enable trigger stock_move_is_counted")
        await sql.execute("alter table stock_proof enable trigger stock_days_end_well")
        # What was wrong before stands in nobody's way: neither before it, nor after it.
        await moves(item["id"], (-9, 1, 0), (-4, -1, 0), (-3, 1, 0))
        await sql.execute("set constraints all immediate")
        await sql.execute("set constraints all deferred")
        await moves(item["id"], (-4, -9, 0), (-1, 9, 0))
        with pytest.raises(asyncpg.CheckViolationError, match="is short on"):
            await sql.execute("set constraints all immediate")
    finally:
        await at.rollback()
        await sql.close()


@pytest.mark.parametrize("statement", ["drop table customer", "alter table item add x int"])
async def test_the_runtime_role_owns_no_table(erp, statement):
    sql = await asyncpg.connect(driver_url(erp.runtime_url))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await sql.execute(statement)
    finally:
        await sql.close()
