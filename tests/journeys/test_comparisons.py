"""What the halves have is compared: what a restore lost on one side is shown."""

import asyncio
import json
from collections import Counter
from contextlib import suppress
from uuid import UUID

import pytest
from typer.testing import CliRunner

from chassis.testing.waiting import until
from sync_bridge.cli import cli
from sync_bridge.comparisons.working import keep_comparing, step
from tests.journeys.test_backfill import PRICE, Killed, backups, halves, make, rename, wants

__all__ = ["backups", "halves"]


async def begun(halves, **wanted):
    """Ask for a comparison; what is answered."""
    if not halves.bridge.settings.connects:
        urls = {"crm_url": "http://crm", "erp_url": "http://erp"}
        settings = halves.bridge.settings.model_copy(update=urls)
        halves.bridge.settings = halves.bridge.app.state.settings = settings
    return await halves.bridge.post("/v1/comparisons", wanted)


async def compared(halves, **wanted):
    """A comparison that is done."""
    reply = await begun(halves, **wanted)
    assert reply.status_code == 202, reply.text
    while await step(halves.bridge.database, halves.clients, limit=2):
        pass
    done = (await halves.bridge.client.get(f"/v1/comparisons/{reply.json()['id']}")).json()
    assert done["state"] == "done"
    return done


async def differences(halves, comparison, **wanted):
    path = f"/v1/comparisons/{comparison['id']}/differences"
    reply = await halves.bridge.client.get(path, params={"limit": 200, **wanted})
    assert reply.status_code == 200, reply.text
    return reply.json()["items"]


async def trade(halves):
    """Two customers, a product with a price, stock, debts, and an order; all across."""
    item = await make(halves.erp, "/v1/items", sku="BOLT", name="Bolt")
    await make(halves.erp, "/v1/prices", sku="BOLT", price=PRICE)
    accounts = [
        await make(
            halves.crm,
            "/v1/accounts",
            name=f"Elm {n}",
            stage="customer",
            phone=f"010 8888 000{n}",
            shipping_address={"line1": f"Lane {n}", "city": "Beijing", "country": "CN"},
        )
        for n in range(2)
    ]
    await halves.crosses()
    line = {"product": "BOLT", "quantity": "5.0", "unit_price": PRICE}
    order = await make(
        halves.crm, "/v1/orders", account_id=accounts[0]["id"], lines=[line], note="soon"
    )
    await halves.reads_all("crm", "erp")
    await halves.crosses()
    return accounts, item, order


async def goes_on(halves, restored, path, **facts):
    """People work on in the restored half, and the bridge has read it all again."""
    await make(restored, path, **facts)
    await halves.crosses()
    await halves.reads_all(restored.service.name)
    await halves.crosses()


async def kinds(halves, comparison):
    """How many differences there are, by entity and kind, and the half that they are about."""
    found = await differences(halves, comparison)
    return Counter((one["entity"], one["kind"], one["half"]) for one in found)


def fields(difference):
    return {one["name"]: (one["crm"], one["erp"]) for one in difference["fields"]}


async def test_halves_that_agree_differ_in_nothing(halves, backups):
    """Also not in numbers, addresses and phones that are written otherwise."""
    await trade(halves)
    await make(halves.crm, "/v1/accounts", name="Prospect", stage="prospect")
    await make(halves.erp, "/v1/items", sku="OIL", name="Oil", sold=False)
    await halves.crosses()
    done = await compared(halves)
    assert await differences(halves, done) == []
    records = {entity: one["records"] for entity, one in done["compared"].items()}
    assert records == {
        "customer": 4,
        "product": 1,
        "price_list": 1,
        "price": 1,
        "order": 1,
        "fulfilment": 1,
        "availability": 1,
        "debt": 0,
    }
    assert done["compared"]["customer"]["not_carried"] == 1
    assert done["compared"]["product"]["not_carried"] == 1
    assert await halves.fetch("select from compared_record") == []


async def test_what_a_restored_crm_lost_is_shown(halves, backups):
    """A name, an order's quantity, a customer and an order."""
    back_up, restore = backups
    accounts, _, order = await trade(halves)
    await back_up(halves.crm)
    await rename(halves.crm, "/v1/accounts", accounts[1], "After the backup")
    await wants(halves, order, "BOLT", "9")
    lost = await make(halves.crm, "/v1/accounts", name="Lost", stage="customer")
    await halves.crosses()
    line = {"product": "BOLT", "quantity": "2", "unit_price": PRICE}
    await make(halves.crm, "/v1/orders", account_id=lost["id"], lines=[line])
    await halves.crosses()

    await restore(halves.crm)
    await goes_on(halves, halves.crm, "/v1/accounts", name="New", stage="prospect")
    done = await compared(halves)
    found = await kinds(halves, done)
    assert found == {
        ("customer", "fields_differ", "crm"): 1,
        ("customer", "record_missing", "crm"): 1,
        ("order", "fields_differ", "crm"): 1,
        ("order", "record_missing", "crm"): 1,
        ("fulfilment", "fields_differ", "erp"): 1,
    }
    (renamed,) = await differences(halves, done, entity="customer", kind="fields_differ")
    assert fields(renamed) == {"name": ("Elm 1", "After the backup")}
    assert (renamed["crm_id"], renamed["reason"]) == (accounts[1]["id"], "")
    leads = {(one["entity"], one["leads"]) for one in await differences(halves, done)}
    assert leads == {(one, "erp") for one in ("customer", "order", "fulfilment")}
    (gone,) = await differences(halves, done, entity="customer", kind="record_missing")
    assert (gone["crm_id"], gone["name"]) == (lost["id"], "Lost")
    assert {one["kind"]: one["count"] for one in done["differences"]} == {
        "fields_differ": 1,
        "record_missing": 1,
    }, done


async def test_what_a_restored_erp_lost_is_shown(halves, backups):
    """Terms, a product's name, a customer with its link, and an order."""
    back_up, restore = backups
    accounts, item, _ = await trade(halves)
    await back_up(halves.erp)
    await rename(halves.erp, "/v1/items", item, "Bolt M8")
    customers = (await halves.erp.client.get("/v1/customers")).json()["items"]
    (customer,) = [one for one in customers if one["name"] == "Elm 0"]
    await grant(halves, customer, "102.00")
    line = {"product": "BOLT", "quantity": "2", "unit_price": PRICE}
    await make(halves.crm, "/v1/orders", account_id=accounts[1]["id"], lines=[line])
    await make(halves.crm, "/v1/accounts", name="Lost", stage="customer")
    await halves.crosses()
    await restore(halves.erp)
    await goes_on(halves, halves.erp, "/v1/items", sku="OIL", name="Oil", sold=False)
    done = await compared(halves)
    assert await kinds(halves, done) == {
        ("customer", "fields_differ", "erp"): 1,
        ("customer", "record_missing", "erp"): 1,
        ("product", "fields_differ", "erp"): 1,
        ("order", "record_missing", "erp"): 1,
    }
    assert {one["leads"] for one in await differences(halves, done)} == {"crm"}
    (terms,) = await differences(halves, done, entity="customer", kind="fields_differ")
    limit = {"amount": "102", "currency": "CNY"}
    assert fields(terms) == {"terms of business: credit limit": (limit, "")}
    assert terms["number"] == customer["number"]


async def grant(halves, customer, amount):
    """The ERP grants a credit limit."""
    now = await halves.erp.client.get(f"/v1/customers/{customer['id']}")
    reply = await halves.erp.client.patch(
        f"/v1/customers/{customer['id']}",
        json={"credit_limit": {"amount": amount, "currency": "CNY"}},
        headers={"If-Match": now.headers["ETag"]},
    )
    assert reply.status_code == 200, reply.text


async def test_what_is_not_linked_says_why(halves, backups):
    """A question to a person; a record that never came here; one whose link is gone."""
    await make(halves.erp, "/v1/customers", name="Oak", email="oak@example.com")
    await make(halves.crm, "/v1/accounts", name="Oak & Co", email="oak@example.com")
    await make(halves.erp, "/v1/customers", name="Ash")
    await halves.crosses()
    accounts = (await halves.crm.client.get("/v1/accounts")).json()["items"]
    (linked,) = [one for one in accounts if one["name"] == "Ash"]
    gone = linked["external_refs"][0]["external_id"]
    path = f"/v1/accounts/{linked['id']}/external-refs/erp/{gone}"
    assert (await halves.clients["crm"].delete(path)).status_code == 200
    done = await compared(halves, entities=["customer", "price_list"])
    assert await kinds(halves, done) == {
        ("customer", "link_missing", "crm"): 1,
        ("customer", "not_linked", "crm"): 1,
        ("customer", "not_linked", "erp"): 1,
        ("price_list", "not_linked", "erp"): 1,
    }
    asked = await differences(halves, done, entity="customer", kind="not_linked")
    assert {one["reason"] for one in asked} <= {"review", "waiting"}
    assert "review" in {one["reason"] for one in asked}
    (never,) = await differences(halves, done, entity="price_list")
    assert never["reason"] == "never_read"
    assert {one["name"] for one in done["sources"]} == {
        "/v1/accounts",
        "tandem.erp.customer-changed.v1",
        "/v1/price-lists",
        "tandem.erp.price-list-changed.v1",
    }


async def test_what_moves_meanwhile_is_under_way(halves, backups):
    """A change that came after the comparison was begun is not taken for a loss."""
    accounts, _, _ = await trade(halves)
    reply = await begun(halves, entities=["customer"])
    await rename(halves.crm, "/v1/accounts", accounts[0], "Meanwhile")
    while not (await compared_so_far(halves, reply))["sources"][0]["finished"]:
        await step(halves.bridge.database, halves.clients, limit=1)
    await halves.crm.settle_feed()
    await until(halves.all_is_here, within_seconds=30)
    while await step(halves.bridge.database, halves.clients, limit=1):
        pass
    (found,) = await differences(halves, reply.json())
    assert (found["kind"], found["reason"]) == ("fields_differ", "under_way")


async def compared_so_far(halves, reply):
    path = f"/v1/comparisons/{reply.json()['id']}"
    return (await halves.bridge.client.get(path)).json()


@pytest.mark.parametrize("dies", [1, 6, 11])
async def test_a_comparison_goes_on_after_a_crash(halves, backups, dies):
    """Whatever was under way is read once more, and nothing counts twice."""
    accounts, _, _ = await trade(halves)
    reply = await begun(halves)
    for _ in range(dies):
        await step(halves.bridge.database, halves.clients, limit=1)
    with pytest.raises(Killed):
        await step(halves.bridge.database, dict.fromkeys(halves.clients, Dying()), limit=1)
    while await step(halves.bridge.database, halves.clients, limit=1):
        pass
    done = await compared_so_far(halves, reply)
    assert (done["state"], done["differences"]) == ("done", [])
    assert done["compared"]["customer"]["records"] == 2 * len(accounts)
    assert [one["read"] for one in done["sources"]] == [2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0]


class Dying:
    """The process ends as it asks."""

    async def get(self, *_asked, **_more):
        raise Killed


async def test_one_comparison_at_a_time_and_for_operators(halves, backups):
    wrong = await begun(halves, entities=["spaceship"])
    assert wrong.status_code == 422
    first = await begun(halves)
    assert first.status_code == 202
    second = await begun(halves)
    assert (second.status_code, second.json()["code"]) == (409, "comparison_running")
    assert first.json()["id"] in second.json()["detail"]
    reader = await halves.bridge.as_("bridge.read")
    headers = {"Idempotency-Key": "mine"}
    refused = await reader.post("/v1/comparisons", json={}, headers=headers)
    assert refused.status_code == 403
    assert (await reader.get("/v1/comparisons")).json()["items"][0]["state"] == "reading"
    unknown = await reader.get(f"/v1/comparisons/{UUID(int=1)}/differences")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")


async def test_from_the_command_line(halves, backups, monkeypatch):
    """A table of what differs, examples, and an exit code; in JSON for programs."""
    await trade(halves)
    monkeypatch.setenv("BRIDGE_DATABASE_URL", halves.bridge.runtime_url)
    monkeypatch.setenv("BRIDGE_MIGRATION_DATABASE_URL", halves.bridge.owner_url)
    comparing = asyncio.create_task(keep_comparing(halves.bridge.database, halves.clients))

    async def run(*words):
        return await asyncio.to_thread(CliRunner().invoke, cli, ["compare", *words])

    same = await run()
    assert (same.exit_code, "0 differences" in same.output) == (0, True), same.output
    (customer, *_) = (await halves.erp.client.get("/v1/customers")).json()["items"]
    async with halves.erp.database.driver() as sql:
        changed = "update customer set name = 'Set by a hand' where id = $1"
        await sql.execute(changed, UUID(customer["id"]))
    other = await run("--entity", "customer")
    assert other.exit_code == 1, other.output
    assert "fields_differ" in other.output
    assert "Set by a hand" in other.output
    told = json.loads((await run("--json", "--examples", "1")).stdout)
    assert told["examples"][0]["fields"][0]["erp"] == "Set by a hand"
    unknown = await run("--entity", "spaceship")
    assert unknown.exit_code == 2
    comparing.cancel()
    with suppress(asyncio.CancelledError):
        await comparing
    late = await run("--timeout", "0.1")
    assert (late.exit_code, "worker" in late.output) == (2, True), late.output


async def test_trouble_of_a_half_is_shown_and_passes(halves, backups):
    reply = await begun(halves, entities=["product"])
    stranger = await halves.crm.as_("events.read")
    clients = {**halves.clients, "crm": stranger}
    comparing = asyncio.create_task(keep_comparing(halves.bridge.database, clients))

    async def troubled():
        return "403" in (await compared_so_far(halves, reply))["trouble"]

    await until(troubled)
    clients["crm"] = halves.clients["crm"]

    async def done():
        return (await compared_so_far(halves, reply))["state"] == "done"

    await until(done, within_seconds=30)
    assert (await compared_so_far(halves, reply))["trouble"] == ""
    comparing.cancel()
    with suppress(asyncio.CancelledError):
        await comparing


async def test_without_both_halves_there_is_nothing_to_compare(halves, backups):
    reply = await halves.bridge.post("/v1/comparisons", {})
    assert (reply.status_code, reply.json()["code"]) == (409, "nothing_to_compare")
