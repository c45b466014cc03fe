"""Lanes of one kind delivered together: one call, and each judged and recorded for itself."""

import asyncio
import json

import httpx
import pytest

from sync_bridge.lanes import recording
from sync_bridge.lanes.dispatcher import dispatcher
from tests.halves import Fault

ACCOUNTS, CUSTOMERS, ITEMS, PRODUCTS = "/v1/accounts", "/v1/customers", "/v1/items", "/v1/products"
BATCH = "/v1/products/by-external/erp/batch"


async def items_across(rig, number):
    """Items that are known on both sides, changed once more; their ids."""
    items = [rig.erp.makes(ITEMS, sku=f"BOLT-{one}") for one in range(number)]
    await rig.synchronize()
    rig.crm.calls.clear()
    rig.crm.called.clear()
    for item in items:
        rig.erp.changes(ITEMS, item, name=f"Bolt of {item}")
    return items


def names(rig):
    return {record["code"]: record.get("name") for record in rig.crm.records[PRODUCTS].values()}


async def states(rig):
    return {row["state"] for row in await rig.fetch("select state from lane")}


async def test_what_is_ready_crosses_in_one_call(rig):
    """B44, hops and causes (B47, B58) of each item its own."""
    await items_across(rig, 5)
    caused = {str(event.event_id) for event in rig.erp.outbox[-5:]}
    await rig.synchronize()
    (call,) = rig.crm.calls
    assert (call.method, call.path, len(call.body["items"])) == ("POST", BATCH, 5)
    traces = [one.split(";") for one in call.headers["tandem-item-traces"].split(",")]
    assert {trace[3] for trace in traces} == caused
    assert {(trace[1], trace[4]) for trace in traces} == {("erp", "1")}
    assert len({trace[2] for trace in traces}) == 5
    assert all(name.startswith("Bolt of") for name in names(rig).values())
    assert await states(rig) == {"idle"}
    assert await rig.outcomes("erp.product") == [("done", "applied")] * 10


async def test_one_alone_is_put_alone(rig):
    await items_across(rig, 1)
    await rig.synchronize()
    assert [call.method for call in rig.crm.calls] == ["PUT"]


async def test_a_refused_item_parks_alone(rig):
    """B33, B44: the others of the call are done."""
    items = [rig.erp.makes(ITEMS, sku=f"BOLT-{one}") for one in range(3)]
    await rig.synchronize()
    real = rig.crm._upsert

    def upsert(place, system, external_id, body, headers):
        if external_id == items[1]:
            return httpx.Response(422, json={"code": "no_way", "title": "No way"})
        return real(place, system, external_id, body, headers)

    rig.crm._upsert = upsert
    for item in items:
        rig.erp.changes(ITEMS, item, name="Bolt")
    await rig.synchronize()
    (parked,) = await rig.fetch("select * from lane where state = 'parked'")
    assert (str(parked["subject"]), parked["reason"], parked["detail"]) == (
        items[1],
        "no_way",
        "No way",
    )
    assert sorted(names(rig).values()) == ["", "Bolt", "Bolt"]


@pytest.mark.parametrize("fault", [Fault(after=True), Fault(503), Fault(422, "invalid")], ids=str)
async def test_without_an_answer_for_each_they_are_put_one_by_one(rig, fault):
    """B42: whether the call took effect or not, each change is made once."""
    await items_across(rig, 3)
    before = {one["id"]: one["version"] for one in rig.crm.records[PRODUCTS].values()}
    rig.crm.faults.append(fault)
    await rig.synchronize()
    assert [call.method for call in rig.crm.calls] == ["POST", "PUT", "PUT", "PUT"]
    now = {one["id"]: one["version"] for one in rig.crm.records[PRODUCTS].values()}
    assert now == {key: version + 1 for key, version in before.items()}
    assert await states(rig) == {"idle"}


@pytest.mark.parametrize("items", [None, [], ["odd"], [{"external_id": "another"}]], ids=str)
async def test_an_odd_answer_is_no_answer(rig, items):
    await items_across(rig, 2)
    rig.crm._upsert_each = lambda *_: httpx.Response(200, content=json.dumps({"items": items}))
    await rig.synchronize()
    assert [call.method for call in rig.crm.calls] == ["POST", "PUT", "PUT"]
    assert await states(rig) == {"idle"}


async def test_a_call_that_hangs_delays_the_others_shortly(rig, monkeypatch):
    """B33: after a bounded time each is put alone, and only the one that hangs waits."""
    monkeypatch.setattr("sync_bridge.lanes.batch_calls.BATCH_SECONDS", 0.05)
    items = await items_across(rig, 3)
    real = rig.crm.handle_async_request

    async def hang(request):
        if items[0].encode() in request.content or items[0] in request.url.path:
            rig.crm.calls.append(request)
            await asyncio.Event().wait()
        return await real(request)

    monkeypatch.setattr(rig.crm, "handle_async_request", hang)
    await rig.deliver()
    carrying = await dispatcher(rig.bridge.database, rig.targets, rig.settings)
    task = asyncio.create_task(carrying.run())
    await rig.crm.has(PRODUCTS, 3)
    async with asyncio.timeout(20):
        while list(names(rig).values()).count("") > 1:
            rig.crm.called.clear()
            await rig.crm.called.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_killed_after_the_call_each_is_repeated_safely(rig):
    """B42: the process dies with several effects unrecorded; none is lost, none doubled."""
    await items_across(rig, 3)
    await rig.deliver()
    rig.crm.gate = asyncio.Event()
    first = await dispatcher(rig.bridge.database, rig.targets, rig.settings)
    task = asyncio.create_task(first.drain())
    await rig.crm.called.wait()
    for running in list(first._running):
        running.cancel()
    await task
    rig.crm.gate = None
    await rig.fetch("update lane set lease_until = now()")
    await rig.synchronize()
    assert {one["version"] for one in rig.crm.records[PRODUCTS].values()} == {2}
    assert await states(rig) == {"idle"}


async def test_of_a_lost_lease_nothing_is_recorded(rig):
    """B25: one lane of the lot was taken over meanwhile; the others are recorded."""
    items = await items_across(rig, 3)
    await rig.deliver()
    rig.crm.gate = gate = asyncio.Event()
    zombie = await dispatcher(rig.bridge.database, rig.targets, rig.settings)
    task = asyncio.create_task(zombie.drain())
    await rig.crm.called.wait()
    taken = f"erp.product:{items[1]}"
    await rig.fetch("update lane set lease_epoch = lease_epoch + 1 where key = $1", taken)
    gate.set()
    await task
    lanes = await rig.fetch("select key, state, applied_version from lane order by key")
    assert [one["applied_version"] for one in lanes if one["key"] == taken] == [1]
    assert {one["applied_version"] for one in lanes if one["key"] != taken} == {2}


async def test_effects_that_cannot_be_recorded_at_once_are_recorded_alone(rig, monkeypatch):
    """B33: one row that the database refuses holds up no other."""
    real = recording.record_effects

    async def refuse(work, came):
        if len(came) > 1:
            raise RuntimeError
        return await real(work, came)

    await items_across(rig, 3)
    monkeypatch.setattr(recording, "record_effects", refuse)
    await rig.synchronize()
    assert await states(rig) == {"idle"}
    assert len(rig.crm.calls) == 1


async def test_a_lane_in_trouble_goes_alone(rig):
    """B33: what failed once is not put along with others again."""
    items = await items_across(rig, 3)
    await rig.deliver()
    await rig.fetch("update lane set attempts = 1 where key = $1", f"erp.product:{items[0]}")
    await rig.drain()
    assert sorted(call.method for call in rig.crm.calls) == ["POST", "PUT"]


async def test_customers_go_together_once_they_know_each_other(rig):
    """What follows first sync crosses together (B51)."""
    accounts = [rig.crm.makes(ACCOUNTS, name=f"Elm {one}") for one in range(3)]
    await rig.synchronize()
    assert len(rig.erp.records[CUSTOMERS]) == 3
    rig.erp.calls.clear()
    for account in accounts:
        rig.crm.changes(ACCOUNTS, account, email="elm@example.com")
    await rig.synchronize()
    assert [call.method for call in rig.erp.calls] == ["POST"]
    assert {one["email"] for one in rig.erp.records[CUSTOMERS].values()} == {"elm@example.com"}


async def test_a_stopped_call_of_several_gives_all_leases_back(rig, monkeypatch):
    """B29: the stop is bounded; the next process repeats the call."""
    monkeypatch.setattr("sync_bridge.lanes.dispatcher.STOP_SECONDS", 0.01)
    await items_across(rig, 3)
    await rig.deliver()
    rig.crm.gate = asyncio.Event()
    carrying = await dispatcher(rig.bridge.database, rig.targets, rig.settings)
    task = asyncio.create_task(carrying.run())
    await rig.crm.called.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    lanes = await rig.fetch("select state, lease_until, refusals from lane")
    assert {tuple(lane.values()) for lane in lanes} == {("ready", None, 0)}
