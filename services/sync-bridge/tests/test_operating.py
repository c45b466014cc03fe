"""What operators see and do: status, waiting, retry, skip, loops, permissions, events."""

import asyncio
from dataclasses import replace
from urllib.parse import quote
from uuid import uuid4

import pytest

from chassis.ids import uuid7
from sync_bridge.app import SERVICE, purge_inbox
from sync_bridge.lanes.dispatcher import deliver_lanes, dispatcher
from sync_bridge.settings import BridgeSettings
from tests.halves import Fault

ITEMS, PRODUCTS = "/v1/items", "/v1/products"


@pytest.fixture
async def parked(rig):
    """A lane whose first event was refused and whose second one waits behind it."""
    item = rig.erp.makes(ITEMS, sku="BOLT-8")
    rig.crm.faults.append(Fault(422, "invalid_input", method="PUT"))
    await rig.synchronize()
    rig.erp.changes(ITEMS, item, name="Bolt")
    await rig.synchronize()
    return rig, f"erp.product:{item}"


def act(key, verb):
    return f"/v1/lanes/{quote(key, safe='')}/{verb}"


async def test_a_parked_lane_keeps_its_order_and_is_seen(parked):
    """B33: later events of the parked record queue behind it."""
    rig, key = parked
    (lane,) = (await rig.bridge.client.get("/v1/lanes", params={"state": "parked"})).json()["items"]
    assert (lane["key"], lane["pending"], lane["reason"]) == (key, 2, "invalid_input")
    assert PRODUCTS not in rig.crm.records


async def test_retry_delivers_the_lane_from_where_it_stood(parked):
    """B34: a retry is kept with who and why, and the lane goes on in order."""
    rig, key = parked
    reply = await rig.bridge.post(act(key, "retry"), {"note": "fixed"})
    assert (reply.status_code, reply.json()["state"]) == (200, "ready")
    await rig.drain()
    assert rig.crm.the(PRODUCTS)["name"] == "Bolt"
    (kept,) = (await rig.bridge.client.get("/v1/lanes/acts")).json()["items"]
    assert (kept["act"], kept["note"], kept["reason"]) == ("retry", "fixed", "invalid_input")
    again = await rig.bridge.post(act(key, "retry"), {})
    assert (again.status_code, again.json()["code"]) == (409, "lane_not_parked")


async def test_skip_leaves_a_hole(parked):
    """B34: a skipped event stays visible; what is behind it is delivered."""
    rig, key = parked
    assert (await rig.bridge.post(act(key, "skip"), {"note": "test data"})).status_code == 200
    await rig.drain()
    assert rig.crm.the(PRODUCTS)["name"] == "Bolt"
    (hole,) = (await rig.bridge.client.get("/v1/lanes/holes")).json()["items"]
    assert (hole["lane"], hole["aggversion"], hole["note"]) == (key, 1, "test data")
    assert await rig.outcomes("erp.product") == [("skipped", "skipped"), ("done", "applied")]


async def test_skipping_all_that_waits_leaves_the_lane_idle(rig):
    item = rig.erp.makes(ITEMS, sku="BOLT-8")
    rig.crm.faults.append(Fault(422, "invalid_input", method="PUT"))
    await rig.synchronize()
    reply = await rig.bridge.post(act(f"erp.product:{item}", "skip"), {})
    assert (reply.json()["state"], reply.json()["applied_version"]) == ("idle", 1)


async def test_stopping_and_going_on_are_public_events(parked):
    rig, key = parked
    await rig.bridge.post(act(key, "retry"), {})
    told = await rig.bridge.feed()
    assert [(one["type"], one["aggversion"]) for one in told] == [
        ("tandem.bridge.lane-parked.v1", 1),
        ("tandem.bridge.lane-resumed.v1", 2),
    ]
    assert told[0]["data"]["reason"] == "invalid_input"
    assert told[0]["correlationid"] == str(rig.erp.outbox[0].correlationid)


async def test_status_and_waiting_for_a_position(rig):
    """A driver can wait until everything up to a feed position is across."""
    client = rig.bridge.client
    unknown = await client.get("/v1/positions/wait?source=nope&feed_seq=1&timeout=20")
    assert unknown.json()["errors"][0]["code"] == "unknown_source"
    nothing = (await client.get("/v1/positions/wait?source=erp&feed_seq=0&timeout=0")).json()
    assert nothing["reached"] is True
    rig.erp.makes(ITEMS, sku="BOLT-8")
    await rig.deliver()
    early = (await client.get("/v1/positions/wait?source=erp&feed_seq=1&timeout=0")).json()
    assert (early["reached"], early["mark"], early["moving"]) == (False, 1, 1)
    status = (await client.get("/v1/status")).json()
    assert (status["drained"], status["sources"][0]["pending"]) == (False, 1)
    waiting = asyncio.create_task(client.get("/v1/positions/wait?source=erp&feed_seq=1&timeout=20"))
    await rig.drain()
    assert (await waiting).json()["reached"] is True
    assert (await client.get("/v1/status")).json()["drained"] is True
    ahead = (await client.get("/v1/positions/wait?source=erp&feed_seq=2&timeout=0.1")).json()
    assert ahead["reached"] is False


async def test_waiting_ends_when_only_a_person_can_help(parked):
    rig, _ = parked
    reply = await rig.bridge.client.get("/v1/positions/wait?source=erp&feed_seq=2&timeout=20")
    assert reply.json() | {"source": "", "lanes": []} == {
        "source": "",
        "feed_seq": 2,
        "reached": False,
        "mark": 2,
        "moving": 0,
        "standing": 2,
        "lanes": [],
    }


async def test_who_may_look_and_who_may_act(rig):
    lane = act(f"erp.product:{uuid4()}", "retry")
    observer = await rig.bridge.as_("bridge.read")
    keyed = {"Idempotency-Key": str(uuid4())}
    assert (await observer.get("/v1/lanes")).status_code == 200
    assert (await observer.post(lane, json={}, headers=keyed)).status_code == 403
    assert (await rig.bridge.with_key("wrong").get("/v1/status")).status_code == 401
    assert (await rig.bridge.post(lane, {})).status_code == 404
    assert (await rig.bridge.post("/v1/flows/erp.product/resume", {})).status_code == 404


async def test_without_addresses_the_bridge_is_idle_and_healthy(bridge):
    """B62: no half, no connection, no Kafka; status says so."""
    context = type("Context", (), {"settings": bridge.settings, "database": bridge.database})
    await asyncio.wait_for(deliver_lanes(context), 5)
    status = (await bridge.client.get("/v1/status")).json()
    assert (status["idle"], status["drained"], status["sources"]) == (True, True, [])
    assert (await bridge.client.get("/readyz")).status_code == 200
    assert not BridgeSettings(erp_url="http://x").connects


async def test_a_stop_lets_calls_end_and_gives_leases_back(rig):
    """B29: nothing is left leased after a stop."""
    rig.erp.makes(ITEMS, sku="BOLT-8")
    await rig.deliver()
    rig.crm.gate = asyncio.Event()
    carrying = await dispatcher(rig.bridge.database, rig.targets, rig.settings)
    task = asyncio.create_task(carrying.run())
    await rig.crm.called.wait()
    task.cancel()
    rig.crm.gate.set()
    await asyncio.gather(task, return_exceptions=True)
    lane = await rig.lane("erp.product")
    assert (lane["state"], lane["lease_until"]) == ("idle", None)
    assert rig.crm.the(PRODUCTS)["code"] == "BOLT-8"


async def test_a_late_version_is_waited_for(rig):
    """B20: the gap is waited for; what arrives late goes first."""
    item = rig.erp.makes(ITEMS, sku="BOLT-8", name="one")
    rig.erp.changes(ITEMS, item, name="two")
    one, two = rig.erp.outbox
    rig.settings = rig.settings.model_copy(update={"gap_seconds": 60})
    await rig.receive(two)
    await rig.drain()
    assert rig.crm.calls == []
    await rig.receive(one)
    await rig.fetch("update lane set next_at = now()")
    await rig.drain()
    assert rig.crm.the(PRODUCTS)["name"] == "two"
    await rig.receive(replace(one, event_id=uuid7()))
    await rig.drain()
    assert (await rig.outcomes("erp.product"))[-2:] == [
        ("ignored", "stale"),
        ("done", "applied"),
    ] or (("ignored", "stale") in await rig.outcomes("erp.product"))


async def test_the_daily_purge_runs(bridge):
    async with bridge.database.transaction() as work:
        await work.sql.execute(
            """insert into levelled_state (event_id, at)
              values (gen_random_uuid(), now() - interval '91 days'), (gen_random_uuid(), now())"""
        )
        await purge_inbox(work, {})
        assert await work.sql.fetchval("select count(*) from levelled_state") == 1
    assert "inbox.purge" in SERVICE.jobs
