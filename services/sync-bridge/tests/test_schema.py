"""The migrations make the tables the entities describe, and the command line works on them."""

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine
from typer.testing import CliRunner

from chassis.schema.migrate import downgrade, upgrade
from chassis.storage.connections import ASYNC_URL, connecting
from sync_bridge.app import SERVICE
from sync_bridge.cli import cli
from sync_bridge.sources.condition_reports import save_condition
from sync_bridge.sources.port import Condition
from tests.halves import Fault


async def differences(url):
    """What the entities have and the database has not, and the other way round."""
    ours = set(SERVICE.metadata.tables)

    def compare(connection):
        options = {
            "compare_type": True,
            "include_name": lambda name, kind, _: kind != "table" or name in ours,
        }
        return compare_metadata(
            MigrationContext.configure(connection, opts=options), SERVICE.metadata
        )

    engine = create_async_engine(ASYNC_URL, async_creator=connecting(url))
    async with engine.connect() as connection:
        found = await connection.run_sync(compare)
    await engine.dispose()
    return found


async def test_the_migrations_make_what_the_entities_describe(bridge):
    assert await differences(bridge.owner_url) == []


async def test_the_chain_goes_down_and_up_again(bridge):
    await bridge.database.close()
    await asyncio.to_thread(downgrade, SERVICE, bridge.owner_url, "0001")
    await asyncio.to_thread(upgrade, SERVICE, bridge.owner_url)
    assert await differences(bridge.owner_url) == []


@pytest.fixture
async def command(rig, monkeypatch):
    """The command line on the database of the rig."""
    monkeypatch.setenv("BRIDGE_DATABASE_URL", rig.bridge.runtime_url)
    monkeypatch.setenv("BRIDGE_MIGRATION_DATABASE_URL", rig.bridge.owner_url)

    async def run(*words):
        return await asyncio.to_thread(CliRunner().invoke, cli, list(words))

    return run


async def test_lanes_from_the_command_line(rig, command):
    """B34: list, retry and skip, for those who have a terminal only."""
    item = rig.erp.makes("/v1/items", sku="BOLT-8")
    rig.crm.faults.append(Fault(422, "invalid_input", method="PUT"))
    await rig.synchronize()
    listed = await command("lanes", "list")
    assert listed.exit_code == 0, listed.output
    assert f"erp.product:{item}" in listed.output
    retried = await command("lanes", "retry", f"erp.product:{item}", "--note", "fixed")
    assert "is ready" in retried.output
    again = await command("lanes", "skip", f"erp.product:{item}")
    assert again.exit_code == 1
    assert (await command("lanes", "list", "--state", "none")).exit_code == 2


async def test_skip_from_the_command_line(rig, command):
    item = rig.erp.makes("/v1/items", sku="BOLT-8")
    rig.crm.faults.append(Fault(422, "invalid_input", method="PUT"))
    await rig.synchronize()
    skipped = await command("lanes", "skip", f"erp.product:{item}", "--json")
    assert '"state": "idle"' in skipped.output


async def test_a_feed_is_restarted_from_the_command_line(rig, command):
    """A person lets the feed be read from its oldest event; status shows how it is followed."""
    condition = Condition(name="feed:erp", state="refused", reason="401 unauthorized")
    await save_condition(rig.bridge.database, condition)
    await rig.fetch("insert into cursor (name, value) values ('feed:erp', 'c')")
    assert "401 unauthorized" in (await command("feeds", "list")).output
    (seen,) = (await rig.bridge.client.get("/v1/status")).json()["following"]
    assert (seen["name"], seen["state"], seen["failures"]) == ("feed:erp", "refused", 0)
    assert '"had_position": true' in (await command("feeds", "restart", "erp", "--json")).output
    assert await rig.fetch("select value from cursor where name = 'feed:erp'") == []
    assert "had no position" in (await command("feeds", "restart", "erp")).output
    assert (await command("feeds", "restart", "shop")).exit_code == 2


async def test_records_are_read_by_the_command_line(rig, command):
    """A4: by command, whatever was read before."""
    assert '"reason": "asked"' in (await command("backfill", "start", "crm", "--json")).output
    listed = (await command("backfill", "list")).output
    assert "tandem.crm.account-changed.v1" in listed
    assert "tandem.erp.item-changed.v1" not in listed


async def test_metrics_tell_of_lanes(rig):
    """B33: how many stand, and for how long."""
    rig.erp.makes("/v1/items", sku="BOLT-8")
    rig.erp.makes("/v1/items", sku="BOLT-9")
    rig.crm.faults.append(Fault(422, "invalid_input", method="POST"))
    rig.crm.faults.append(Fault(422, "invalid_input", method="PUT"))
    await rig.synchronize()
    rig.erp.makes("/v1/items", sku="BOLT-10")
    await rig.deliver()
    page = (await rig.bridge.client.get("/metrics")).text
    figures = dict(
        line.removeprefix("tandem_bridge_").replace('{service="bridge"}', "").split()
        for line in page.splitlines()
        if line.startswith("tandem_bridge_lane")
    )
    assert (figures["lanes_parked"], figures["lanes_ready"]) == (
        "1.0",
        "1.0",
    )
    assert figures["lanes_waiting"] == figures["lane_waiting_seconds"] == "0.0"
    assert float(figures["lane_parked_seconds"]) > 0
    assert float(figures["lane_ready_seconds"]) > 0
