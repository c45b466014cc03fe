"""docs/operations/parked-lane.md, walked: what it tells an operator to do does what it says."""

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
import typer
from typer.testing import CliRunner

from chassis.ids import uuid7
from sync_bridge.app import SERVICE
from sync_bridge.cli import cli
from sync_bridge.lanes.rules import explanations
from tests.halves import Fault

RUNBOOK = Path(__file__).parents[3] / "docs/operations/parked-lane.md"
ITEMS, PRODUCTS = "/v1/items", "/v1/products"
ACCOUNTS, CUSTOMERS = "/v1/accounts", "/v1/customers"


@pytest.fixture
async def bridge_command(rig, monkeypatch):
    """The command line on the bridge's database."""
    monkeypatch.setenv("BRIDGE_DATABASE_URL", rig.bridge.runtime_url)
    monkeypatch.setenv("BRIDGE_MIGRATION_DATABASE_URL", rig.bridge.owner_url)

    async def run(*words):
        result = await asyncio.to_thread(CliRunner().invoke, cli, words)
        assert result.exit_code == 0, result.output
        return result.stdout

    return run


async def refused(rig, number=1):
    """Items that the CRM refuses; their lanes."""
    lanes = []
    for at in range(number):
        lanes.append(f"erp.product:{rig.erp.makes(ITEMS, sku=f'BOLT-{at}')}")
        rig.crm.faults.append(Fault(422, "invalid_input", method="PUT"))
        await rig.synchronize()
    return lanes


async def get(rig, path):
    reply = await rig.bridge.client.get(path)
    assert reply.status_code == 200, reply.text
    return reply.json()


def commands():
    """Every command of the command line, such as `lanes retry`."""
    root = typer.main.get_command(cli)
    return {
        f"{group} {name}"
        for group, under in root.commands.items()
        for name in getattr(under, "commands", {})
    }


def test_every_command_and_path_of_the_runbook_exists():
    text = RUNBOOK.read_text(encoding="utf-8")
    named = {" ".join(one) for one in re.findall(r"bridge (lanes|quarantine) ([a-z-]+)", text)}
    assert named
    assert named <= commands()
    paths = {route.path for router in SERVICE.routers for route in router.routes}
    shapes = {re.sub(r"\{\w+\}|<\w+>", "*", path) for path in paths}
    asked = set(re.findall(r"(?:GET|POST) (/v1/[\w/{}<>-]+)", text))
    assert asked
    assert {re.sub(r"\{\w+\}|<\w+>", "*", path) for path in asked} <= shapes


def test_every_reason_of_the_bridges_own_is_in_the_runbook():
    text = RUNBOOK.read_text(encoding="utf-8")
    rare = {"unreadable_event", "no_such_flow"}
    assert [one for one in explanations.BY_REASON if one not in text and one not in rare] == []


async def test_a_refused_record_is_corrected_and_retried(rig, bridge_command):
    (key,) = await refused(rig)
    assert (await get(rig, "/v1/status"))["lanes"]["parked"] == 1
    assert key in await bridge_command("lanes", "list", "--state", "parked")
    assert "Correct the record at its source" in await bridge_command("lanes", "show", key)
    rig.erp.changes(ITEMS, key.partition(":")[2], name="Bolt")
    await rig.synchronize()
    assert PRODUCTS not in rig.crm.records
    await bridge_command("lanes", "retry", key, "--note", "named")
    await rig.synchronize()
    assert rig.crm.the(PRODUCTS)["name"] == "Bolt"
    (act,) = (await get(rig, "/v1/lanes/acts"))["items"]
    assert (act["act"], act["note"]) == ("retry", "named")


async def test_many_are_retried_at_once(rig, bridge_command):
    await refused(rig, 3)
    words = ("lanes", "retry-all", "--kind", "erp.product", "--reason", "invalid_input", "--json")
    assert json.loads(await bridge_command(*words))["retried"] == 3
    await rig.synchronize()
    assert len(rig.crm.records[PRODUCTS]) == 3


async def test_a_skipped_event_is_kept_as_a_hole(rig, bridge_command):
    (key,) = await refused(rig)
    await bridge_command("lanes", "skip", key, "--note", "mended by hand")
    (hole,) = (await get(rig, "/v1/lanes/holes"))["items"]
    assert (hole["lane"], hole["note"]) == (key, "mended by hand")
    assert (await get(rig, f"/v1/lanes/{key}"))["state"] == "idle"


async def test_a_record_that_is_gone_is_skipped(rig, bridge_command):
    """Its event waited while the record was removed."""
    item = rig.erp.makes(ITEMS, sku="BOLT-8")
    await rig.deliver()
    del rig.erp.records[ITEMS][item]
    await rig.drain()
    key = f"erp.product:{item}"
    assert (await get(rig, f"/v1/lanes/{key}"))["reason"] == "record_missing"
    assert "Skip the event" in await bridge_command("lanes", "show", key)
    await bridge_command("lanes", "skip", key)
    assert (await get(rig, "/v1/status"))["lanes"]["parked"] == 0


async def test_what_was_tried_too_often_is_mended_and_retried(rig, bridge_command):
    item = rig.erp.makes(ITEMS, sku="BOLT-8")
    rig.crm.faults += [Fault(500, "internal", method="PUT") for _ in range(3)]
    for _ in range(6):
        await rig.synchronize()
        await rig.fetch("update lane set next_at = now()")
    key = f"erp.product:{item}"
    held = await get(rig, f"/v1/lanes/{key}")
    assert (held["state"], held["reason"]) == ("parked", "retries_exhausted")
    await bridge_command("lanes", "retry", key)
    await rig.synchronize()
    assert rig.crm.the(PRODUCTS)["code"] == "BOLT-8"


async def test_a_review_is_answered_and_the_lane_goes_on(rig, bridge_command):
    rig.crm.makes(ACCOUNTS, name="Elm", email="elm@example.com")
    rig.erp.makes(CUSTOMERS, name="Elm Ltd", email="elm@example.com")
    await rig.synchronize()
    waiting = await bridge_command("lanes", "list", "--state", "waiting")
    assert "review" in waiting
    (review,) = (await get(rig, "/v1/reviews"))["items"]
    await rig.bridge.post(
        f"/v1/reviews/{review['id']}/decision",
        {"decision": "link", "candidate": review["candidates"][0]["id"]},
        headers={"If-Match": f'"{review["version"]}"'},
    )
    await rig.synchronize()
    status = await get(rig, "/v1/status")
    assert status["lanes"] == {"ready": 0, "waiting": 0, "parked": 0}


async def test_a_flow_whose_key_is_refused_is_resumed(rig):
    rig.erp.makes(ITEMS, sku="BOLT-8")
    rig.crm.faults.append(Fault(403, "forbidden", method="PUT"))
    await rig.synchronize()
    (pause,) = (await get(rig, "/v1/flows/pauses"))["items"]
    assert (pause["kind"], pause["status"]) == ("erp.product", 403)
    await rig.drain()
    assert PRODUCTS not in rig.crm.records
    assert (await rig.bridge.post("/v1/flows/erp.product/resume", None)).status_code == 204
    await rig.drain()
    assert rig.crm.the(PRODUCTS)["code"] == "BOLT-8"


@pytest.mark.parametrize(("verb", "name"), [("release", "Renamed"), ("dismiss", "Bolt")])
async def test_a_loop_is_looked_at_and_decided_on(rig, bridge_command, verb, name):
    item = rig.erp.makes(ITEMS, sku="BOLT-8", name="Bolt")
    await rig.synchronize()
    rig.erp.changes(ITEMS, item, name="Renamed")
    rig.erp.outbox[-1] = replace(rig.erp.outbox[-1], event_id=uuid7(), hops=3)
    await rig.synchronize()
    (entry,) = json.loads(await bridge_command("quarantine", "list", "--json"))
    assert "Renamed" in await bridge_command("quarantine", "show", entry["id"])
    await bridge_command("quarantine", verb, entry["id"], "--note", "seen")
    await rig.synchronize()
    assert rig.crm.the(PRODUCTS)["name"] == name
    assert (await get(rig, "/v1/status"))["quarantined"] == 0


async def test_events_of_unknown_types_are_kept_and_replayed(rig):
    rig.erp.makes(ITEMS, sku="BOLT-8")
    await rig.receive(replace(rig.erp.outbox[0], event_id=uuid4(), type="tandem.erp.odd.v9"))
    (kept,) = (await get(rig, "/v1/inbox?state=unknown"))["items"]
    assert kept["type"] == "tandem.erp.odd.v9"
    replayed = (await rig.bridge.post("/v1/inbox/replay", {})).json()
    assert replayed == {"replayed": 0, "still_unknown": 1}
