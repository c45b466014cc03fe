"""The demo company, and the command that makes it."""

import asyncio

import pytest
from typer.testing import CliRunner

from crm.app import SERVICE
from crm.cli import cli
from crm.demo import make_demo_company
from identity.testing.service import running


@pytest.fixture
async def alone(cluster):
    """A CRM that nobody else uses."""
    async with running(SERVICE, cluster) as service:
        yield service


async def made(crm):
    async with crm.database.transaction() as work:
        return dict(await make_demo_company(work))


async def names(crm, path):
    return {one["name"] for one in (await crm.client.get(path)).json()["items"]}


async def test_the_demo_company_is_made_once(alone):
    assert await made(alone) == {"created": 13}
    assert await made(alone) == {"unchanged": 13}
    assert await names(alone, "/v1/contacts") == {"Sun Li", "Hu Bo", "周静", "Anna Weber"}
    prospects = await names(alone, "/v1/accounts?stage=prospect")
    assert prospects == {"Northlight Design Studio", "赵明"}


async def test_what_the_erp_brought_before_is_left_to_it(alone):
    """Where both halves run, the ERP's products may be there first."""
    for code in ("DESK-LAMP", "FLOOR-LAMP", "BULB-E27"):
        reply = await alone.client.put(
            f"/v1/products/by-external/erp/{code}",
            json={"source_version": 1, "code": code, "name": code},
        )
        assert reply.status_code == 201
    assert await made(alone) == {"created": 8, "left": 5}


def test_seeding_says_what_to_seed():
    reply = CliRunner().invoke(cli, ["seed"])
    assert reply.exit_code == 2
    assert "--demo makes the demo company" in reply.output


def test_the_command_line_has_what_every_service_has():
    reply = CliRunner().invoke(cli, ["--help"])
    assert reply.exit_code == 0
    words = ("serve", "worker", "migrate", "seed", "users", "keys", "import", "export", "doctor")
    assert [word for word in words if word not in reply.output] == []


async def test_the_command_seeds_the_installation_it_is_pointed_at(alone, monkeypatch):
    monkeypatch.setenv("CRM_DATABASE_URL", alone.runtime_url)
    reply = await seeded()
    assert reply.exit_code == 0, reply.output
    assert '"created": 13' in reply.output
    assert "Seaview Restaurants" in await names(alone, "/v1/accounts")


async def test_production_has_no_demo_company(alone, monkeypatch):
    monkeypatch.setenv("CRM_DATABASE_URL", alone.runtime_url)
    monkeypatch.setenv("TANDEM_ENV", "production")
    refused = await seeded()
    assert refused.exit_code == 2
    assert "the demo company is not made in production" in refused.stderr


async def seeded():
    """Run the command in a thread: it starts an event loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, cli, ["seed", "--demo", "--json"])
