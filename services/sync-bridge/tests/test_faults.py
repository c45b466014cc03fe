"""What goes wrong at the other half, and on the way back."""

import asyncio
from uuid import uuid4

import httpx
import pytest

from sync_bridge.lanes.dispatcher import dispatcher
from tests.halves import Fault, Half, Rig

ACCOUNTS, CUSTOMERS, ITEMS, PRODUCTS = "/v1/accounts", "/v1/customers", "/v1/items", "/v1/products"


@pytest.mark.parametrize(
    "fault",
    [Fault(), Fault(408), Fault(409, "busy"), Fault(425), Fault(429), Fault(500), Fault(503)],
    ids=str,
)
async def test_what_passes_is_tried_again(rig, fault):
    """B31: connect errors, 408, 409 in progress, 425, 429 and 5xx are retried."""
    rig.erp.makes(ITEMS, sku="BOLT-8")
    fault.method = "PUT"
    rig.crm.faults.append(fault)
    await rig.synchronize()
    await rig.drain()
    assert rig.crm.the(PRODUCTS)["code"] == "BOLT-8"
    assert (await rig.lane("erp.product"))["state"] == "idle"


@pytest.mark.parametrize("status", [400, 404, 409, 410, 412, 422])
async def test_what_is_refused_for_good_parks_its_lane_only(rig, status):
    """B31, B33: not retried; the lane says why and others go on."""
    rig.erp.makes(ITEMS, sku="BOLT-8")
    rig.crm.faults.append(Fault(status, "no_way", method="PUT"))
    await rig.synchronize()
    lane = await rig.lane("erp.product")
    assert (lane["state"], lane["reason"], lane["blocked_version"]) == ("parked", "no_way", 1)
    rig.erp.makes(ITEMS, sku="BOLT-9")
    await rig.synchronize()
    assert rig.crm.the(PRODUCTS)["code"] == "BOLT-9"
    assert len([call for call in rig.crm.wrote() if call.method == "PUT"]) == 2


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_pauses_the_flow(rig, status):
    """B31: 401 and 403 pause the flow and raise an alarm; nothing is parked or counted."""
    for number in range(5):
        rig.erp.makes(ITEMS, sku=f"BOLT-{number}")
    rig.crm.faults += [Fault(status, "unauthorized")] * 8
    await rig.synchronize()
    calls = len(rig.crm.calls)
    assert 1 <= calls <= 5
    (pause,) = (await rig.bridge.client.get("/v1/flows/pauses")).json()["items"]
    assert (pause["kind"], pause["status"]) == ("erp.product", status)
    rig.crm.faults.clear()
    await rig.drain()
    assert len(rig.crm.calls) == calls
    reply = await rig.bridge.post("/v1/flows/erp.product/resume", {})
    assert reply.status_code == 204
    await rig.drain()
    assert len(rig.crm.records[PRODUCTS]) == 5
    assert (await rig.fetch("select max(attempts) from lane"))[0]["max"] == 0


async def test_a_lost_answer_has_one_effect(rig):
    """B42, B43: applied, then the connection is reset: the repeat makes no second customer."""
    rig.crm.makes(ACCOUNTS, name="Elm")
    rig.erp.faults.append(Fault(after=True, method="PUT"))
    rig.crm.faults.append(Fault(after=True, method="POST"))
    for _ in range(3):
        await rig.synchronize()
    assert len(rig.erp.records[CUSTOMERS]) == 1
    assert len(rig.crm.records[ACCOUNTS]) == 1
    assert len(await rig.fetch("select * from pair")) == 1


async def test_a_repeat_after_a_crash_has_the_same_key(rig):
    """B39: the key is derived from what is done, not drawn."""
    rig.crm.makes(ACCOUNTS, name="Elm")
    rig.crm.faults.append(Fault(after=True, method="POST"))
    await rig.synchronize()
    await rig.drain()
    keys = [call.headers["idempotency-key"] for call in rig.crm.wrote() if call.method == "POST"]
    assert len(keys) == 2
    assert len(set(keys)) == 1


async def test_killed_between_the_call_and_its_record(rig):
    """B42: the process dies after the effect; the next one repeats it without a second effect."""
    rig.crm.makes(ACCOUNTS, name="Elm")
    await rig.deliver()
    rig.erp.gate = asyncio.Event()
    first = await dispatcher(rig.bridge.database, rig.targets, rig.settings)
    task = asyncio.create_task(first.drain())
    await rig.erp.called.wait()
    for running in list(first._running):
        running.cancel()
    await task
    rig.erp.gate = None
    lane = await rig.lane("crm.customer")
    assert lane["lease_until"] is not None
    await rig.fetch("update lane set lease_until = now()")
    await rig.synchronize()
    assert len(rig.erp.records[CUSTOMERS]) == 1
    assert (await rig.lane("crm.customer"))["state"] == "idle"


async def test_a_zombie_records_nothing(rig):
    """B25: a process that was away too long finds its lease's epoch gone."""
    item = rig.erp.makes(ITEMS, sku="BOLT-8")
    await rig.deliver()
    rig.crm.gate = asyncio.Event()
    zombie = await dispatcher(rig.bridge.database, rig.targets, rig.settings)
    await zombie._claim()
    await rig.crm.called.wait()
    await rig.fetch("update lane set lease_until = now()")
    gate, rig.crm.gate = rig.crm.gate, None
    rig.erp.changes(ITEMS, item, name="Bolt M8")
    await rig.synchronize()
    before = await rig.lane("erp.product")
    gate.set()
    await zombie.drain()
    assert await rig.lane("erp.product") == before
    assert rig.crm.the(PRODUCTS)["name"] == "Bolt M8"


async def test_server_faults_without_end_park_the_lane(rig):
    """B33: what makes the other half fail again and again is put aside for a person."""
    rig.erp.makes(ITEMS, sku="BOLT-8")
    rig.crm.faults += [Fault(500, "internal_error", method="PUT") for _ in range(10)]
    for _ in range(10):
        await rig.synchronize()
    lane = await rig.lane("erp.product")
    assert (lane["state"], lane["reason"]) == ("parked", "retries_exhausted")
    assert len(rig.crm.faults) == 7


async def test_retry_after_is_obeyed(rig):
    """B32: not before the time the other half asked for."""
    rig.erp.makes(ITEMS, sku="BOLT-8")
    rig.crm.faults.append(Fault(429, headers={"Retry-After": "60"}, method="PUT"))
    await rig.synchronize()
    await rig.drain()
    assert PRODUCTS not in rig.crm.records
    (row,) = await rig.fetch("select next_at - now() > interval '59 seconds' as obeyed from lane")
    assert row["obeyed"]


async def test_a_fault_of_ours_stops_one_lane_only(rig, monkeypatch):
    rig.erp.makes(ITEMS, sku="BAD")
    rig.erp.makes(ITEMS, sku="GOOD")
    real = rig.targets["crm"]._write

    async def write(method, path, body, *options):
        if "BAD" in str(body):
            raise RuntimeError
        return await real(method, path, body, *options)

    monkeypatch.setattr(rig.targets["crm"], "_write", write)
    await rig.synchronize()
    assert rig.crm.the(PRODUCTS)["code"] == "GOOD"
    (row,) = await rig.fetch("select state, detail from lane where reason is not null")
    assert row == {"state": "parked", "detail": "RuntimeError"}


async def test_an_event_of_another_shape_parks_with_the_field_and_no_value(rig):
    """B59: the reason names fields, never what stands in them."""
    rig.erp.makes(ITEMS, sku=["secret"])
    await rig.synchronize()
    lane = await rig.lane("erp.product")
    assert (lane["reason"], lane["detail"]) == ("unreadable_event", "/sku string_type")


async def test_a_twin_that_is_another_record_parks(rig):
    """Someone of the CRM gave the item's id to another product."""
    item = rig.erp.makes(ITEMS, sku="BOLT-8")
    await rig.synchronize()
    twin = rig.crm.the(PRODUCTS)
    rig.crm.records[PRODUCTS] = {str(uuid4()): twin | {"id": str(uuid4())}}
    rig.erp.changes(ITEMS, item, name="Bolt")
    await rig.synchronize()
    assert (await rig.lane("erp.product"))["reason"] == "twin_differs"


async def test_one_slow_record_holds_up_nobody(bridge):
    """B33: while a call of one lane hangs, every other lane is delivered."""

    class Hanging(Half):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if b"SLOW" in request.content:
                await asyncio.Event().wait()
            return await super().handle_async_request(request)

    rig = Rig(bridge, crm=Hanging("crm"), erp=Half("erp"))
    rig.erp.makes(ITEMS, sku="SLOW")
    for number in range(30):
        rig.erp.makes(ITEMS, sku=f"BOLT-{number}")
    await rig.deliver()
    carrying = await dispatcher(bridge.database, rig.targets, rig.settings)
    task = asyncio.create_task(carrying.run())
    await rig.crm.has(PRODUCTS, 30)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await rig.close()
