"""What is stopped is told from what moves, and drained is not said of what is not known."""

import pytest

from identity.testing.service import running
from sync_bridge.app import SERVICE
from sync_bridge.positions.service import NO_ANSWER, UNREACHABLE
from tests.halves import Fault
from tests.test_held_lanes import ACCOUNTS, ITEMS, ORDERS, order  # noqa: F401 - a fixture

TOLD = """insert into source_condition
  (name, state, reason, missing, failures, answered_at, told_at)
  values ($1, $2, $3, '', 0, '2026-02-03 04:05:06Z', now() - make_interval(secs => $4))"""
SOURCES = ("feed:crm", "feed:erp", "states:crm", "states:erp")


async def reached(rig, source, feed_seq, seconds=20):
    params = {"source": source, "feed_seq": feed_seq, "timeout": seconds}
    return (await rig.bridge.client.get("/v1/positions/wait", params=params)).json()


async def test_who_waits_sees_which_lanes_are_stopped_and_why(rig):
    item = rig.erp.makes(ITEMS, sku="BOLT-8", name="Bolt")
    rig.crm.faults.append(Fault(422, "invalid_input", method="PUT"))
    await rig.synchronize()
    at = await reached(rig, "erp", 1)
    (stands,) = at["lanes"]
    assert (at["reached"], at["moving"], at["standing"]) == (False, 0, 1)
    assert stands | {"id": "", "since": ""} == {
        "lane": f"erp.product:{item}",
        "id": "",
        "kind": "erp.product",
        "subject": item,
        "number": "BOLT-8",
        "name": "Bolt",
        "state": "parked",
        "reason": "invalid_input",
        "since": "",
    }
    assert (await reached(rig, "erp", 0))["lanes"] == []


async def test_no_more_than_twenty_lanes_are_named(rig):
    for at in range(22):
        rig.erp.makes(ITEMS, sku=f"BOLT-{at}")
        rig.crm.faults.append(Fault(422, "invalid_input", method="PUT"))
        await rig.synchronize()
    at = await reached(rig, "erp", 22)
    assert (at["standing"], len(at["lanes"])) == (22, 20)


@pytest.mark.parametrize(("seconds", "moves"), [(50, True), (70, False)])
async def test_a_lane_that_fails_for_long_does_not_move(rig, seconds, moves):
    """After the time of the setting it counts as standing; it is tried on nevertheless."""
    rig.erp.makes(ITEMS, sku="BOLT-8")
    rig.settings = rig.settings.model_copy(update={"backoff_cap_seconds": 3600})
    rig.crm.faults.append(Fault(503, "unavailable", headers={"Retry-After": "3000"}))
    await rig.synchronize()
    await rig.fetch("update lane set failing_since = now() - make_interval(secs => $1)", seconds)
    at = await reached(rig, "erp", 1, seconds=0)
    assert (at["moving"], at["standing"]) == ((1, 0) if moves else (0, 1))
    assert [one["reason"] for one in at["lanes"]] == ([] if moves else ["unavailable"])


@pytest.mark.parametrize(("seconds", "moves"), [(50, True), (70, False)])
async def test_a_flow_that_is_held_for_long_does_not_move(rig, seconds, moves):
    for sku in ("BOLT-8", "NUT-8"):
        rig.erp.makes(ITEMS, sku=sku)
    rig.crm.faults += [Fault(401, "unauthorized", method=verb) for verb in ("PUT", "POST")]
    await rig.synchronize()
    await rig.fetch("update pause set since = now() - make_interval(secs => $1)", seconds)
    at = await reached(rig, "erp", 2, seconds=0)
    assert (at["moving"], at["standing"]) == ((2, 0) if moves else (0, 2))
    assert {one["reason"] for one in at["lanes"]} <= {"http_401", "flow_paused"}


async def test_what_waits_for_a_stopped_lane_is_stopped_too(order):  # noqa: F811 - the fixture
    """An order of an account under review does not move until the review is answered."""
    rig, _ = order
    at = await reached(rig, "crm", 2)
    assert (at["moving"], at["standing"]) == (0, 2)
    assert {one["kind"] for one in at["lanes"]} == {"crm.customer", "crm.order"}
    await rig.fetch("update review set state = 'created', decided_at = now()")
    at = await reached(rig, "crm", 2, seconds=0)
    assert (at["moving"], at["standing"]) == (2, 0)


@pytest.mark.parametrize(("seconds", "moves"), [(50, True), (70, False)])
async def test_what_waits_long_for_what_nothing_brings_is_stopped(rig, seconds, moves):
    """An account that a person left apart: its order would wait for ever."""
    account = rig.crm.makes(ACCOUNTS, name="Elm")
    money = {"amount": "2.00", "currency": "CNY"}
    facts = {"account_id": account, "ordered_on": "2026-05-05", "lines": [], "freight": money}
    rig.crm.makes(ORDERS, state="placed", content_version=1, **facts)
    (_, placed) = rig.crm.outbox
    await rig.receive(placed)
    await rig.drain()
    await rig.fetch("update lane set since = now() - make_interval(secs => $1)", seconds)
    at = await reached(rig, "crm", 2, seconds=0)
    assert (at["moving"], at["standing"]) == ((1, 0) if moves else (0, 1))


@pytest.fixture
async def connected(cluster):
    """A bridge that knows both halves, with a worker that told that it follows both."""
    urls = {"erp_url": "http://erp.test", "crm_url": "http://crm.test"}
    async with running(SERVICE, cluster, **urls) as bridge:
        async with bridge.database.driver() as sql:
            await sql.execute(
                """insert into backfill (half, type, place, reason, begun_at, finished_at)
                select half, 't', 1, 'asked', now(), now() from (values ('crm'), ('erp')) h(half)"""
            )
        yield bridge


async def told(bridge, language="en"):
    reply = await bridge.client.get("/v1/status", headers={"Accept-Language": language})
    return reply.json()


async def tells(bridge, *conditions):
    async with bridge.database.driver() as sql:
        await sql.executemany(TOLD, conditions)


async def test_drained_is_said_while_every_source_is_followed(connected):
    await tells(connected, *((name, "following", "", 9) for name in SOURCES))
    await tells(connected, ("kafka", "retrying", "of an earlier transport", 9_000))
    status = await told(connected)
    assert (status["drained"], status["unreachable"]) == (True, [])


@pytest.mark.parametrize(
    ("condition", "state", "since"),
    [
        (("feed:erp", "retrying", "ConnectError: refused", 1), "retrying", True),
        (("feed:erp", "refused", "401 unauthorized", 1), "refused", True),
        (("feed:erp", "starting", "", 1), "starting", False),
        (("feed:erp", "following", "", 31), "silent", True),
        (None, "unknown", False),
    ],
)
async def test_drained_is_not_said_while_a_source_is_unreachable(
    connected, condition, state, since
):
    """What is new there is not known: since when and why is said instead."""
    await tells(connected, *((name, "following", "", 1) for name in SOURCES if name != "feed:erp"))
    if condition:
        await tells(connected, condition)
    status = await told(connected)
    (one,) = status["unreachable"]
    assert not status["drained"]
    assert (one["name"], one["state"]) == ("feed:erp", state)
    assert (one["since"] is not None) == since
    if state in {"retrying", "refused"}:
        assert one["since"] == "2026-02-03T04:05:06Z"
        assert one["reason"] in one["explanation"]
    (chinese,) = (await told(connected, "zh"))["unreachable"]
    assert chinese["explanation"] != one["explanation"]


def test_every_way_to_be_unreachable_has_its_words():
    assert set(UNREACHABLE) == {"refused", "starting", "silent", "unknown"}
    assert "{since}" in NO_ANSWER


async def test_with_kafka_the_feeds_are_not_asked_for(cluster):
    urls = {"erp_url": "http://erp.test", "crm_url": "http://crm.test"}
    async with running(SERVICE, cluster, kafka_bootstrap_servers="k:9092", **urls) as bridge:
        names = [one["name"] for one in (await told(bridge))["unreachable"]]
    assert names == ["kafka", "states:crm", "states:erp"]
