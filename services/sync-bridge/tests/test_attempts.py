"""Tries are bounded, whatever goes wrong, and whatever is refused has its effect at most once."""

import asyncpg
import pytest

from sync_bridge.lanes import leasing, queries, recording
from tests.halves import Fault

ITEMS, PRODUCTS = "/v1/items", "/v1/products"


async def refuse(*_args, **_options):
    """A fault that nobody foresaw."""
    raise RuntimeError


async def test_reasons_that_alternate_are_counted_together(rig):
    """B31, B33: 500, 503, 429 in turn are no way to go on for ever."""
    rig.erp.makes(ITEMS, sku="BOLT-8")
    rig.crm.faults += [Fault(status, "x", method="PUT") for status in (500, 503, 501, 429) * 5]
    for _ in range(20):
        await rig.synchronize()
    lane = await rig.lane("erp.product")
    assert (lane["state"], lane["reason"]) == ("parked", "retries_exhausted")
    assert len(rig.crm.wrote()) == 5, "500, 503, 501, 429, 500: three of them may be the event's"


async def test_failing_for_too_long_parks_whatever_the_reasons(rig):
    """B33: even what is no fault of the event ends with a person."""
    item = rig.erp.makes(ITEMS, sku="BOLT-8")
    later = {"Retry-After": "60"}
    rig.crm.faults += [Fault(status, headers=later, method="PUT") for status in (503, 429, 503)]
    for _ in range(2):
        await rig.synchronize()
        await rig.fetch("update lane set next_at = now()")
    lane = await rig.lane("erp.product")
    assert (lane["state"], lane["attempts"], lane["refusals"]) == ("ready", 2, 0)
    await rig.fetch("update lane set failing_since = now() - interval '168 hours'")
    await rig.synchronize()
    lane = await rig.lane("erp.product")
    assert (lane["state"], lane["reason"]) == ("parked", "retries_exhausted")
    await rig.bridge.post(f"/v1/lanes/erp.product:{item}/retry", {})
    await rig.synchronize()
    lane = await rig.lane("erp.product")
    assert (lane["state"], lane["failing_since"], lane["refusals"]) == ("idle", None, 0)


async def test_success_forgets_failures(rig):
    """A lane that moves has all its tries again."""
    item = rig.erp.makes(ITEMS, sku="BOLT-8")
    for name in ("a", "b", "c"):
        rig.crm.faults += [Fault(500, method="PUT")] * 2
        rig.erp.changes(ITEMS, item, name=name)
        for _ in range(3):
            await rig.synchronize()
    lane = await rig.lane("erp.product")
    assert (lane["state"], lane["attempts"], lane["refusals"]) == ("idle", 0, 0)


@pytest.mark.parametrize(
    "fault", [RuntimeError("bug"), asyncpg.CheckViolationError("row")], ids=str
)
async def test_an_outcome_that_cannot_be_recorded_parks(rig, monkeypatch, fault):
    """B33, B42: the act was done, its record fails each time: bounded, visible, done once."""
    item = rig.erp.makes(ITEMS, sku="BOLT-8")

    async def fail(*_args, **_options):
        raise fault

    with monkeypatch.context() as broken:
        broken.setattr(recording, "record_delivered", fail)
        for _ in range(10):
            await rig.synchronize()
    lane = await rig.lane("erp.product")
    assert (lane["state"], lane["reason"]) == ("parked", "retries_exhausted")
    assert lane["detail"] == type(fault).__name__
    assert [event["type"] for event in await rig.bridge.feed()] == ["tandem.bridge.lane-parked.v1"]
    assert [call.method for call in rig.crm.wrote()].count("PUT") == 3
    await rig.bridge.post(f"/v1/lanes/erp.product:{item}/retry", {})
    await rig.synchronize()
    assert await rig.outcomes("erp.product") == [("done", "applied")]
    assert rig.crm.the(PRODUCTS)["version"] == 1


async def test_where_nothing_can_be_recorded_the_lane_is_stopped(rig, monkeypatch):
    """B33: neither the outcome nor the parking can be recorded: held, with a reason."""
    rig.erp.makes(ITEMS, sku="BOLT-8")
    monkeypatch.setattr(recording, "record_delivered", refuse)
    monkeypatch.setattr(recording, "record_stopped", refuse)
    for _ in range(3):
        await rig.synchronize()
    lane = await rig.lane("erp.product")
    assert (lane["state"], lane["reason"]) == ("parked", "internal_error")
    assert len(rig.crm.calls) == 1


async def test_tries_that_leave_no_trace_count_too(rig):
    """B33: an event at which the process dies each time is put aside without another call."""
    rig.erp.makes(ITEMS, sku="BOLT-8")
    await rig.deliver()
    async with rig.bridge.database.driver() as sql:
        for _ in range(rig.settings.attempts_max):
            assert len(await leasing.claim(sql, at_most=9, lease_seconds=60)) == 1
            await sql.execute("update lane set lease_until = now()")
    await rig.drain()
    lane = await rig.lane("erp.product")
    assert (lane["state"], lane["reason"]) == ("parked", "retries_exhausted")
    assert rig.crm.calls == []


async def test_a_lease_given_back_is_no_try(rig):
    """A stop, or a database that is away, is not the event's fault."""
    rig.erp.makes(ITEMS, sku="BOLT-8")
    await rig.deliver()
    async with rig.bridge.database.driver() as sql:
        for _ in range(9):
            lanes = await leasing.claim(sql, at_most=9, lease_seconds=60)
            await queries.release(sql, lanes)
            await queries.release(sql, lanes)
    assert (await rig.lane("erp.product"))["refusals"] == 0
