"""The demo company and the command that makes it."""

import asyncio
import sys
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from erp.app import SERVICE
from erp.cli import cli
from erp.demo import make_demo_company
from identity.testing.service import running

RECORDS = 18


@pytest.fixture
async def settings(cluster, monkeypatch):
    """The environment of a command line: a database of its own."""
    urls = await asyncio.to_thread(cluster.migrated, SERVICE, f"erp_demo_{uuid4().hex[:8]}")
    monkeypatch.setenv("ERP_DATABASE_URL", urls.runtime)
    monkeypatch.setenv("ERP_MIGRATION_DATABASE_URL", urls.owner)


async def _run(*arguments):
    """Run the command as a shell would: in a thread, with an event loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, cli, arguments)


async def test_the_demo_company_is_made_once(erp, desk):
    """E13: seeding twice changes nothing."""
    async with erp.database.transaction() as work:
        assert await make_demo_company(work) == {"created": RECORDS}
    async with erp.database.transaction() as work:
        assert await make_demo_company(work) == {"unchanged": RECORDS}
    lamp = await desk.client.get("/v1/prices/lookup?sku=DESK-LAMP&quantity=10")
    assert lamp.json()["net"] == {"amount": "1190.00", "currency": "CNY"}
    box = await desk.client.get("/v1/prices/lookup?sku=BULB-E27&quantity=10&unit=BX")
    assert box.json()["net"] == {"amount": "745.00", "currency": "CNY"}
    found = await desk.client.get("/v1/customers?external_system=demo")
    assert len(found.json()["items"]) == 2


async def test_the_books_of_the_demo_company_are_open(cluster):
    """E6: on the first day a newcomer receives goods, with nothing else set up."""
    async with running(SERVICE, cluster) as erp:
        async with erp.database.transaction() as work:
            await make_demo_company(work)
        cost = {"amount": "4.00", "currency": "CNY"}
        line = {"sku": "CABLE", "quantity": "10", "unit_cost": cost}
        received = await erp.post("/v1/stock-receipts", {"lines": [line]})
        assert received.status_code == 201, received.text


async def test_the_command_seeds_and_says_what_it_did(settings):
    first = await _run("seed", "--demo")
    assert (first.exit_code, first.stdout) == (0, f"demo company: {RECORDS} created\n")
    again = await _run("seed", "--demo", "--json")
    assert again.exit_code == 0
    assert f'"unchanged":{RECORDS}' in again.stdout.replace(" ", "").replace("\n", "")


async def test_production_has_no_demo_company(settings, monkeypatch):
    monkeypatch.setenv("TANDEM_ENV", "production")
    refused = await _run("seed", "--demo")
    assert refused.exit_code == 2
    assert "the demo company is not made in production" in refused.stderr


async def test_the_command_asks_what_to_seed():
    refused = await _run("seed")
    assert refused.exit_code == 2
    assert "--demo" in refused.output


async def test_the_package_is_the_command():
    """`python -m erp` and `erp` are the same."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "erp", "--help", stdout=asyncio.subprocess.PIPE
    )
    said, _ = await child.communicate()
    assert child.returncode == 0
    assert b"seed" in said
