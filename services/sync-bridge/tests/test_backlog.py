"""A backlog holds up nothing that happens now."""

import asyncio

from chassis.testing.waiting import until
from sync_bridge.lanes import leasing
from sync_bridge.lanes.working import dispatcher

BACKLOG = """insert into lane (key, id, kind, subject, pending, state, next_at, since)
  select 'crm.customer:' || s.id, s.id, 'crm.customer', s.id, 1, 'ready', s.at, s.at
    from (select gen_random_uuid() as id, now() - make_interval(secs => at + 60) as at
      from generate_series(1, $1) at) s"""
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
        await sql.execute(BACKLOG, 100_000)
        await sql.execute("analyze lane")
        for beside in ([], ["crm.customer"]):
            claim = [25, 15.0, beside, 6]
            for statement, arguments in ((leasing.CLAIM, claim), (leasing.NEXT_DUE, [beside])):
                rows = await sql.fetch(f"explain (analyze, buffers) {statement}", *arguments)
                plan = "\n".join(row[0] for row in rows)
                assert "ix_lane_kind_due" in plan, plan
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
    order = [one["external_id"] for call in rig.crm.wrote() for one in call.body["items"]]
    assert sorted(order) == sorted(rig.erp.records["/v1/items"])
    assert order.index(fresh) < backlog / 2
