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
from sync_bridge.comparisons import service as comparisons
from sync_bridge.comparisons.levelling import level_step
from sync_bridge.comparisons.worker import keep_comparing, step
from sync_bridge.lanes import commands as lanes
from tests.journeys.test_backfill import (
    PRICE,
    Killed,
    backups,
    halves,
    make,
    order_lines,
    rename,
    wants,
)

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


async def levelled(halves, comparison, **wanted):
    """Level what it found, and let it cross; what was left to a person, by why."""
    path = f"/v1/comparisons/{comparison['id']}"
    reply = await halves.bridge.post(f"{path}/level", wanted)
    assert reply.status_code == 202, reply.text
    while await level_step(halves.bridge.database, halves.clients):
        pass
    await halves.crosses()
    left = await differences(halves, comparison, state="left")
    assert await differences(halves, comparison, state="asked") == []
    return {(one["entity"], one["kind"]): one["outcome"] for one in left}


async def see(service, path, record):
    return (await service.client.get(f"{path}/{record['id']}")).json()


async def test_what_a_restored_crm_lost_is_shown_and_levelled(halves, backups):
    """A name, an order's quantity and a customer; an order that only the ERP has is a person's."""
    back_up, restore = backups
    accounts, _, order = await trade(halves)
    await back_up(halves.crm)
    await rename(halves.crm, "/v1/accounts", accounts[0], "Before its user's change")
    await rename(halves.crm, "/v1/accounts", accounts[1], "After the backup")
    await wants(halves, order, "BOLT", "9")
    lost = await make(halves.crm, "/v1/accounts", name="Lost", stage="customer", tax_id="T-1")
    await halves.crosses()
    line = {"product": "BOLT", "quantity": "2", "unit_price": PRICE}
    await make(halves.crm, "/v1/orders", account_id=lost["id"], lines=[line])
    await halves.crosses()

    await restore(halves.crm)
    await rename(halves.crm, "/v1/accounts", accounts[0], "Since the restore")
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

    assert await levelled(halves, done) == {("order", "record_missing"): "left_to_person"}
    names = {one["name"] for one in (await halves.crm.client.get("/v1/accounts")).json()["items"]}
    assert names == {"Since the restore", "After the backup", "Lost", "New"}
    assert await order_lines(halves.crm, "/v1/orders", order["id"]) == ["9"]
    again = await compared(halves)
    assert await kinds(halves, again) == {("order", "record_missing", "crm"): 1}
    assert await halves.fetch("select key, reason from lane where state <> 'idle'") == []


async def erp_trade(halves):
    """As `trade`, with what the ERP is about to lose of it; ids by what they are for."""
    accounts, item, order = await trade(halves)
    customers = (await halves.erp.client.get("/v1/customers")).json()["items"]
    customer, other = sorted(customers, key=lambda one: one["name"])
    return accounts, {"item": item, "order": order, "customer": customer, "other": other}


async def test_what_a_restored_erp_lost_is_shown_and_levelled(halves, backups):
    """Terms, a product's name, a customer, and orders; what a user changed since stays."""
    back_up, restore = backups
    accounts, known = await erp_trade(halves)
    await back_up(halves.erp)
    await rename(halves.erp, "/v1/items", known["item"], "Bolt M8")
    await grant(halves, known["customer"], "102.00")
    await grant(halves, known["other"], "55.00")
    await wants(halves, known["order"], "BOLT", "9")
    line = {"product": "BOLT", "quantity": "2", "unit_price": PRICE}
    late = await make(halves.crm, "/v1/orders", account_id=accounts[1]["id"], lines=[line])
    lost = await make(halves.crm, "/v1/accounts", name="Lost", stage="customer")
    await halves.crosses()
    its = await make(halves.crm, "/v1/orders", account_id=lost["id"], lines=[line])
    await rename(halves.crm, "/v1/accounts", accounts[0], "Renamed")
    await halves.crosses()

    await restore(halves.erp)
    await grant(halves, known["other"], "777.00")
    await notes(halves, accounts[1], "Screws")
    await goes_on(halves, halves.erp, "/v1/items", sku="OIL", name="Oil", sold=False)
    done = await compared(halves)
    assert await kinds(halves, done) == {
        ("customer", "fields_differ", "crm"): 1,
        ("customer", "fields_differ", "erp"): 1,
        ("customer", "record_missing", "erp"): 1,
        ("product", "fields_differ", "erp"): 1,
        ("order", "fields_differ", "crm"): 1,
        ("order", "record_missing", "erp"): 2,
    }
    found = await differences(halves, done)
    assert {one["leads"] for one in found} == {"crm"}
    said = [fields(one) for one in found if (one["entity"], one["half"]) == ("customer", "erp")]
    limit = {"amount": "102", "currency": "CNY"}
    assert {"terms of business: credit limit": (limit, "")} in said

    assert await levelled(halves, done) == {}
    assert await differences(halves, await compared(halves)) == []
    await erp_has_all_again(halves, known)
    assert await quantities_in_erp(halves) == {
        known["order"]["id"]: ["9"],
        late["id"]: ["2"],
        its["id"]: ["2"],
    }
    assert (await see(halves.crm, "/v1/accounts", accounts[1]))["industry"] == "Screws"
    versions = await written(halves)
    assert await levelled(halves, done) == {}
    assert await written(halves) == versions


async def notes(halves, account, industry):
    """A seller notes what only the CRM keeps."""
    now = await halves.crm.client.get(f"/v1/accounts/{account['id']}")
    reply = await halves.crm.client.patch(
        f"/v1/accounts/{account['id']}",
        json={"industry": industry},
        headers={"If-Match": now.headers["ETag"]},
    )
    assert reply.status_code == 200, reply.text


async def erp_has_all_again(halves, known):
    seen = await see(halves.erp, "/v1/customers", known["customer"])
    assert (seen["credit_limit"]["amount"], seen["name"]) == ("102.00", "Renamed")
    other = await see(halves.erp, "/v1/customers", known["other"])
    assert other["credit_limit"]["amount"] == "777.00"
    assert (await see(halves.erp, "/v1/items", known["item"]))["name"] == "Bolt M8"
    assert await halves.fetch("select key, reason from lane where state <> 'idle'") == []


async def quantities_in_erp(halves):
    """What is ordered there, by the CRM's order."""
    return {
        sale["external_refs"][0]["external_id"]: await order_lines(
            halves.erp, "/v1/sales-orders", sale["id"]
        )
        for sale in (await halves.erp.client.get("/v1/sales-orders")).json()["items"]
    }


async def written(halves):
    """Versions of everything that there is."""
    return [
        sorted(
            (one["id"], one["version"]) for one in (await service.client.get(path)).json()["items"]
        )
        for service, path in (
            (halves.crm, "/v1/accounts"),
            (halves.crm, "/v1/orders"),
            (halves.crm, "/v1/products"),
            (halves.erp, "/v1/customers"),
            (halves.erp, "/v1/sales-orders"),
            (halves.erp, "/v1/items"),
        )
    ]


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


@pytest.mark.parametrize("when", ["before", "after"])
async def test_levelling_goes_on_after_a_crash(halves, backups, monkeypatch, when):
    """Before or after the record is lined up: it is made again once."""
    back_up, restore = backups
    await back_up(halves.erp)
    await make(halves.crm, "/v1/accounts", name="Lost", stage="customer")
    await halves.crosses()
    await restore(halves.erp)
    await goes_on(halves, halves.erp, "/v1/items", sku="OIL", name="Oil", sold=False)
    done = await compared(halves, entities=["customer"])

    async def dies(*_given, **_named):
        raise Killed

    path = f"/v1/comparisons/{done['id']}/level"
    assert (await halves.bridge.post(path, {})).status_code == 202
    with monkeypatch.context() as dying:
        if when == "before":
            dying.setattr(lanes, "send_states", dies)
        else:
            dying.setattr(comparisons, "settle", dies)
        with pytest.raises(Killed):
            await level_step(halves.bridge.database, halves.clients)
        if when == "after":
            await halves.crosses()
    assert await levelled(halves, done) == {}
    customers = (await halves.erp.client.get("/v1/customers")).json()["items"]
    assert [one["name"] for one in customers] == ["Lost"]
    assert await differences(halves, await compared(halves, entities=["customer"])) == []


async def test_what_is_levelled_is_chosen(halves, backups):
    """By entity or by difference; a comparison under way is refused, and so is a reader."""
    await make(halves.erp, "/v1/customers", name="Oak")
    await make(halves.erp, "/v1/items", sku="BOLT", name="Bolt")
    reply = await begun(halves)
    path = f"/v1/comparisons/{reply.json()['id']}/level"
    early = await halves.bridge.post(path, {})
    assert (early.status_code, early.json()["code"]) == (409, "comparison_running")
    while await step(halves.bridge.database, halves.clients):
        pass
    found = await differences(halves, reply.json())
    assert {(one["entity"], one["reason"]) for one in found} == {
        ("customer", "never_read"),
        ("product", "never_read"),
        ("price_list", "never_read"),
    }
    reader = await halves.bridge.as_("bridge.read")
    refused = await reader.post(path, json={}, headers={"Idempotency-Key": "x"})
    assert refused.status_code == 403
    unknown = await halves.bridge.post(f"/v1/comparisons/{UUID(int=1)}/level", {})
    assert unknown.status_code == 404
    assert await levelled(halves, reply.json(), entities=["customer"]) == {}
    (product,) = [one for one in found if one["entity"] == "product"]
    assert await differences(halves, reply.json(), state="levelled") != []
    assert await levelled(halves, reply.json(), differences=[product["id"]]) == {}
    (open_,) = await differences(halves, reply.json(), state="open")
    assert open_["entity"] == "price_list"


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
    printed = (await run("--json", "--examples", "1")).stdout
    # The worker runs in this process as well, and what it logs may stand before.
    told, _ = json.JSONDecoder().raw_decode(printed, printed.index("{\n"))
    assert told["examples"][0]["fields"][0]["erp"] == "Set by a hand"
    level = asyncio.create_task(run("--level", "--timeout", "120"))

    async def carried():
        await halves.carries()
        return level.done()

    await until(carried, within_seconds=120)
    assert (level.result().exit_code, "0 differences" in level.result().output) == (0, True)
    assert (await see(halves.erp, "/v1/customers", customer))["name"] != "Set by a hand"
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
