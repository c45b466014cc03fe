"""Events that chase their own tail: which are put aside, and what a person does with them."""

import asyncio
import json
from dataclasses import replace
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from chassis.ids import uuid7
from sync_bridge.cli import cli
from sync_bridge.inbox import service as inbox
from sync_bridge.inbox.received import Quarantined

ITEMS, PRODUCTS, CUSTOMERS, ACCOUNTS = "/v1/items", "/v1/products", "/v1/customers", "/v1/accounts"


def telling(event, version, *, hops=0, cause=None, **state):
    """A later event of the record."""
    return replace(
        event,
        event_id=uuid7(),
        aggversion=version,
        hops=hops,
        causationid=cause,
        feed_seq=event.feed_seq + version,
        data=json.dumps(json.loads(event.data) | state | {"version": version}).encode(),
    )


async def entries(rig, **wanted):
    return (await rig.bridge.client.get("/v1/quarantine", params=wanted)).json()["items"]


@pytest.fixture
async def looping(rig):
    """An item that is across, and a change of it that came too far."""
    rig.erp.makes(ITEMS, sku="BOLT-8", name="Bolt")
    await rig.synchronize()
    await rig.receive(telling(rig.erp.outbox[0], 2, hops=3, name="Bolt, renamed"))
    await rig.drain()
    (entry,) = await entries(rig)
    return rig, entry


async def test_an_event_that_goes_in_circles_is_quarantined(rig):
    """B47: more than two hops raise an alarm and call nobody; the lane goes on behind it."""
    rig.erp.makes(ITEMS, sku="BOLT-8")
    first = rig.erp.outbox[0]
    await rig.receive(replace(first, hops=3))
    await rig.drain()
    assert rig.crm.calls == []
    (kept,) = await entries(rig)
    assert (kept["reason"], kept["headers"]["hops"]) == ("too_many_hops", "3")
    await rig.receive(telling(first, 2))
    await rig.drain()
    assert rig.crm.the(PRODUCTS)["code"] == "BOLT-8"


async def test_a_chain_of_causes_is_a_loop_whatever_the_hops_say(rig):
    """B47: the causes in the inbox show the way back, even where hops were lost."""
    rig.erp.makes(ITEMS, sku="BOLT-8")
    chain = [rig.erp.outbox[0]]
    for version in (2, 3, 4):
        chain.append(telling(chain[0], version, cause=chain[-1].event_id, name=f"{version}"))
    for event in chain:
        await rig.receive(event)
        await rig.drain()
    outcomes = await rig.outcomes("erp.product")
    assert outcomes[0] == ("done", "applied")
    assert outcomes[3] == ("quarantined", "caused_by_itself")


@pytest.mark.parametrize("causes", [False, True])
async def test_a_users_change_does_not_go_under_with_an_echo_behind_it(rig, causes):
    """B47: the newer state holds what the user changed, so it crosses and raises no alarm."""
    rig.erp.makes(ITEMS, sku="BOLT-8", name="Bolt")
    await rig.synchronize()
    first = rig.erp.outbox[0]
    users = telling(first, 2, name="The user's name")
    echo = telling(first, 3, hops=0 if causes else 3, name="The user's name", category="x")
    chain = []
    if causes:
        chain = [telling(first, at, cause=uuid4()) for at in (90, 91, 92)]
        chain[1] = replace(chain[1], causationid=chain[0].event_id)
        chain[2] = replace(chain[2], causationid=chain[1].event_id)
        chain = [replace(one, type="tandem.erp.shipment-sent.v1") for one in chain]
        echo = replace(echo, causationid=chain[-1].event_id)
    await rig.receive(*chain, users, echo)
    await rig.drain()
    assert rig.crm.the(PRODUCTS)["name"] == "The user's name"
    assert await entries(rig) == []
    (put,) = [call for call in rig.crm.wrote() if call.body.get("name") == "The user's name"]
    assert put.headers["tandem-causation-id"] == str(users.event_id), "the user began it"
    assert put.headers["tandem-hops"] == "1"


async def test_an_echo_that_says_nothing_new_raises_no_alarm(rig):
    """B45: what the other half holds already is no loop, however often it crossed."""
    rig.erp.makes(ITEMS, sku="BOLT-8", name="Bolt")
    await rig.synchronize()
    calls = len(rig.crm.calls)
    await rig.receive(telling(rig.erp.outbox[0], 2, hops=5))
    await rig.drain()
    assert (await rig.outcomes("erp.product"))[-1] == ("done", "unchanged")
    assert (len(rig.crm.calls), await entries(rig)) == (calls, [])


async def test_what_never_came_may_have_been_a_users_change(rig):
    """B20, B47: over a gap an echo's state crosses, because nobody knows what else is in it."""
    rig.erp.makes(ITEMS, sku="BOLT-8", name="Bolt")
    await rig.synchronize()
    await rig.receive(telling(rig.erp.outbox[0], 3, hops=3, name="Named in version 2"))
    await rig.drain()
    assert rig.crm.the(PRODUCTS)["name"] == "Named in version 2"


async def test_edits_of_both_sides_at_once_raise_no_alarm(rig):
    """B47, B49: a hundred times a user saves just before the bridge writes, on either side."""
    customer = rig.erp.makes(CUSTOMERS, name="Blue Harbour", number="C-1", tax_id="T")
    await rig.synchronize()
    account, edits = rig.crm.the(ACCOUNTS)["id"], iter(range(1, 101))

    def edits_first(half, place, record, field):
        def edit(body):
            at = next(edits, None)
            if at:
                half.changes(place, record, **{field: f"{at}"})
            return body

        half.normalise = edit

    edits_first(rig.erp, CUSTOMERS, customer, "tax_id")
    edits_first(rig.crm, ACCOUNTS, account, "phone")
    rig.crm.changes(ACCOUNTS, account, name="Blue Harbour Ltd")
    await rig.synchronize(rounds=120)
    there, here = rig.erp.records[CUSTOMERS][customer], rig.crm.the(ACCOUNTS)
    assert {there["tax_id"], there["phone"]} == {here["tax_id"], here["phone"]} == {"99", "100"}
    assert await entries(rig) == []


async def test_a_released_event_takes_effect(looping):
    """B47: who released it, when and why is kept; afterwards it is no longer counted as open."""
    rig, entry = looping
    path = f"/v1/quarantine/{entry['id']}"
    seen = (await rig.bridge.client.get(path)).json()
    assert (seen["reason"], seen["content"]["name"]) == ("too_many_hops", "Bolt, renamed")
    assert seen["headers"]["origin"] == "erp"
    reply = await rig.bridge.post(f"{path}/release", {"note": "no loop, a rename"})
    assert (reply.status_code, reply.json()["state"]) == (200, "released")
    assert reply.json()["decided_by"].startswith("key:")
    await rig.drain()
    assert rig.crm.the(PRODUCTS)["name"] == "Bolt, renamed"
    assert (await rig.outcomes("erp.product"))[-1] == ("done", "applied")
    status = (await rig.bridge.client.get("/v1/status")).json()
    assert (status["quarantined"], status["drained"]) == (0, True)
    assert [one["note"] for one in await entries(rig, state="released")] == ["no loop, a rename"]
    again = await rig.bridge.post(f"{path}/release", {})
    assert (again.status_code, again.json()["code"]) == (409, "quarantine_decided")


async def test_a_released_event_keeps_its_place_before_a_parked_one(looping):
    """B33: a lane that is stopped goes on standing; the event is the first to go."""
    rig, entry = looping
    await rig.fetch("update lane set state = 'ready' where state = 'idle'")
    await rig.fetch("update lane set state = 'parked', reason = 'x'")
    await rig.bridge.post(f"/v1/quarantine/{entry['id']}/release", {})
    lane = await rig.lane("erp.product")
    assert (lane["state"], lane["pending"], lane["applied_version"]) == ("parked", 1, 1)


async def test_a_dismissed_event_never_takes_effect(looping):
    rig, entry = looping
    path = f"/v1/quarantine/{entry['id']}"
    reply = await rig.bridge.post(f"{path}/dismiss", {"note": "ours went mad"})
    assert (reply.json()["state"], reply.json()["note"]) == ("dismissed", "ours went mad")
    await rig.drain()
    assert rig.crm.the(PRODUCTS)["name"] == "Bolt"
    assert (await rig.outcomes("erp.product"))[-1] == ("skipped", "dismissed")
    again = await rig.bridge.post(f"{path}/release", {})
    assert (again.status_code, again.json()["code"]) == (409, "quarantine_decided")


async def test_a_newer_version_is_not_set_back(looping):
    """B20: what is older than what is across stays aside."""
    rig, entry = looping
    await rig.receive(telling(rig.erp.outbox[0], 3, name="Newest"))
    await rig.drain()
    reply = await rig.bridge.post(f"/v1/quarantine/{entry['id']}/release", {})
    assert (reply.status_code, reply.json()["code"]) == (409, "newer_version_came")
    assert rig.crm.the(PRODUCTS)["name"] == "Newest"
    assert [one["state"] for one in await entries(rig)] == ["open"]


async def test_what_is_no_event_can_be_looked_at_and_dismissed_only(rig):
    """B22: the bytes are shown as they came."""
    bad = Quarantined(source="kafka", place="t/0/1", reason="no_id", raw=b"\xff\0", headers={})
    await inbox.receive(rig.bridge.database, [], unreadable=[bad])
    (entry,) = await entries(rig, reason="no_id", state="open")
    path = f"/v1/quarantine/{entry['id']}"
    seen = (await rig.bridge.client.get(path)).json()
    assert (seen["content"], seen["raw"], seen["lane"]) == (None, "/wA=", None)
    refused = await rig.bridge.post(f"{path}/release", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_an_event")
    assert (await rig.bridge.post(f"{path}/dismiss", {})).status_code == 200


async def test_who_may_look_into_quarantine_and_who_may_decide(looping):
    """The content is business data: it is for those who may act."""
    rig, entry = looping
    path, keyed = f"/v1/quarantine/{entry['id']}", {"Idempotency-Key": str(uuid4())}
    observer = await rig.bridge.as_("bridge.read")
    assert (await observer.get("/v1/quarantine")).status_code == 200
    assert (await observer.get(path)).status_code == 403
    assert (await observer.post(f"{path}/release", json={}, headers=keyed)).status_code == 403
    assert (await observer.post(f"{path}/dismiss", json={}, headers=keyed)).status_code == 403
    assert (await rig.bridge.client.get(f"/v1/quarantine/{uuid4()}")).status_code == 404
    assert (await rig.bridge.post(f"/v1/quarantine/{uuid4()}/release", {})).status_code == 404


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"number": "bolt-8"}, True),
        ({"number": "BOLT"}, False),
        ({"name": "bolt"}, True),
        ({"name": "olt"}, False),
        ({"kind": "erp.product"}, True),
        ({"kind": "crm.order"}, False),
        ({"subject": str(uuid4())}, False),
        ({"state": "open", "reason": "too_many_hops"}, True),
        ({"state": "released"}, False),
    ],
)
async def test_quarantine_is_found_by_record_state_and_reason(looping, wanted, found):
    rig, entry = looping
    assert [one["id"] for one in await entries(rig, **wanted)] == [entry["id"]] * found
    assert (entry["number"], entry["name"]) == ("BOLT-8", "Bolt, renamed")


async def test_quarantine_from_the_command_line(looping, monkeypatch):
    rig, entry = looping
    monkeypatch.setenv("BRIDGE_DATABASE_URL", rig.bridge.runtime_url)
    monkeypatch.setenv("BRIDGE_MIGRATION_DATABASE_URL", rig.bridge.owner_url)

    async def run(*words):
        return (await asyncio.to_thread(CliRunner().invoke, cli, ["quarantine", *words])).output

    assert "too_many_hops" in await run("list")
    assert "Bolt, renamed" in await run("show", entry["id"])
    assert "released" in await run("release", entry["id"], "--note", "a rename")
    assert "It was released by" in await run("dismiss", entry["id"])
    assert entry["id"] not in await run("list")
    await rig.drain()
    assert rig.crm.the(PRODUCTS)["name"] == "Bolt, renamed"
