"""A backlog holds up nothing that happens now."""

import asyncio

from chassis.testing.waiting import until
from sync_bridge.lanes import leasing
from sync_bridge.lanes.dispatcher import dispatcher

_WAITING = """insert into lane (key, id, kind, subject, pending, state, next_at, since, late)
  select 'crm.customer:' || s.id, s.id, 'crm.customer', s.id, 1, 'ready', s.at, s.at, {late}
    from (select gen_random_uuid() as id, now() - make_interval(secs => at + 60) as at
      from generate_series(1, $1) at) s"""
BACKLOG, LATE = _WAITING.format(late=False), _WAITING.format(late=True)
NOW = """insert into lane (key, id, kind, subject, pending, state, next_at, since)
  select 'crm.customer:' || s.id, s.id, 'crm.customer', s.id, 1, 'ready', now(), now()
    from (select gen_random_uuid() as id from generate_series(1, $1)) s"""
FRESH = """insert into lane (key, id, kind, subject, pending, state, next_at, since)
  values ('crm.customer:fresh', gen_random_uuid(), 'crm.customer', gen_random_uuid(), 1, 'ready',
    now(), now())"""


async def test_what_happens_now_is_leased_before_a_backlog_is_through(bridge):
    """B33: a share of each round is for those that came last, the others for the longest due."""
    async with bridge.database.driver() as sql:
        await sql.execute(BACKLOG, 1000)
        await sql.execute(FRESH)
        oldest = await sql.fetch("select key from lane order by next_at limit 6")
        leased = {one.key for one in await leasing.claim(sql, at_most=8, lease_seconds=60)}
    assert len(leased) == 8
    assert "crm.customer:fresh" in leased
    assert {row["key"] for row in oldest} <= leased


async def test_the_share_holds_where_lanes_are_leased_one_at_a_time(bridge):
    """A busy bridge leases one whenever one is done; every fourth of them by chance."""
    async with bridge.database.driver() as sql:
        await sql.execute(BACKLOG, 1000)
        await sql.execute(FRESH)
        leased: set[str] = set()
        for _ in range(200):
            leased |= {one.key for one in await leasing.claim(sql, at_most=1, lease_seconds=60)}
    assert len(leased) == 200
    assert "crm.customer:fresh" in leased


async def test_late_lanes_and_those_of_now_go_side_by_side(bridge):
    """What happens now goes first; a quarter is for what is late, and all that is left."""
    async with bridge.database.driver() as sql:
        await sql.execute(LATE, 1000)
        await sql.execute(NOW, 3)
        leased = await leasing.claim(sql, at_most=8, lease_seconds=60)
        assert sorted(one.late for one in leased) == [False] * 3 + [True] * 5
        await sql.execute(NOW, 30)
        leased = await leasing.claim(sql, at_most=8, lease_seconds=60)
        assert sorted(one.late for one in leased) == [False] * 6 + [True] * 2
        beside = {("crm.customer", True)}
        leased = await leasing.claim(sql, at_most=8, lease_seconds=60, excluding=beside)
        assert [one.late for one in leased] == [False] * 8
        await sql.execute(NOW, 400)
        alone = [await leasing.claim(sql, at_most=1, lease_seconds=60) for _ in range(200)]
        assert {one.late for leased in alone for one in leased} == {False, True}


async def test_a_lane_that_fails_takes_no_share_of_the_fresh_ones(bridge):
    async with bridge.database.driver() as sql:
        await sql.execute(BACKLOG, 100)
        await sql.execute(FRESH)
        await sql.execute("update lane set attempts = 1 where key = 'crm.customer:fresh'")
        leased = {one.key for one in await leasing.claim(sql, at_most=8, lease_seconds=60)}
    assert "crm.customer:fresh" not in leased


async def test_few_lanes_are_all_leased(bridge):
    async with bridge.database.driver() as sql:
        await sql.execute(BACKLOG, 7)
        assert len(await leasing.claim(sql, at_most=8, lease_seconds=60)) == 7
        assert await leasing.claim(sql, at_most=8, lease_seconds=60) == []


async def test_at_a_hundred_thousand_lanes_leasing_reads_the_index(bridge):
    """A busy kind is stepped over: nothing is read of its lanes."""
    async with bridge.database.driver() as sql:
        await sql.execute(LATE, 100_000)
        await sql.execute("analyze lane")
        nothing: list[list[object]] = [[], []]
        for beside in (nothing, [["crm.customer"], [True]]):
            claim = [25, 15.0, *beside, 6, 6]
            for statement, arguments in ((leasing.CLAIM, claim), (leasing.NEXT_DUE, beside)):
                rows = await sql.fetch(f"explain (analyze, buffers) {statement}", *arguments)
                plan = "\n".join(row[0] for row in rows)
                assert "ix_lane_due" in plan, plan
                assert "Seq Scan on lane" not in plan, plan


async def test_what_happens_now_crosses_while_thousands_of_events_wait(rig):
    """B33: it goes before the greater part of what waited when it came; that crosses as well."""
    backlog = 2000
    for at in range(backlog):
        rig.erp.makes("/v1/items", sku=f"OLD-{at}")
    assert await rig.deliver() == backlog
    rig.crm.gate = asyncio.Event()
    carrying = await dispatcher(rig.bridge.database, rig.targets, rig.settings)
    task = asyncio.create_task(carrying.run())
    await until(lambda: bool(rig.crm.calls))
    fresh = rig.erp.makes("/v1/items", sku="FRESH")
    await rig.deliver()
    rig.crm.gate.set()
    await until(lambda: len(rig.crm.records.get("/v1/products", {})) > backlog, within_seconds=60)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    order = [
        one
        for call in rig.crm.wrote()
        for one in [item["external_id"] for item in call.body.get("items", ())]
        or [call.path.rpartition("/")[2]]
    ]
    assert sorted(order) == sorted(rig.erp.records["/v1/items"])
    assert order.index(fresh) < backlog / 2
