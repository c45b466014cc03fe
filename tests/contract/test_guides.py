"""What the guides show works as it stands there, and the names they use exist."""

import asyncio
import re
import sqlite3
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx
import pytest

from brokers.connection import Brokers
from chassis.events.broker import Outgoing
from chassis.events.envelope import RECORDS_AFTER, to_kafka
from chassis.events.feed import begin_epoch
from chassis.events.publisher import KafkaPublisher
from chassis.testing.waiting import until
from contracts.generator.__main__ import registered
from contracts.generator.catalogue import variables
from crm.app import SERVICE
from identity.testing.service import running
from tests.architecture.sources import ROOT
from tests.contract.sockets import listening

GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))
READER = "address-book"


def blocks(page) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)


def of_the_page() -> Any:
    """The names of the page on events, made by its own code."""
    names: dict[str, Any] = {"__name__": "reader"}
    for block in blocks(ROOT / "docs" / "guides" / "events.md"):
        exec(compile(block, "events.md", "exec"), names)  # noqa: S102 - our own page
    return SimpleNamespace(**names)


@pytest.fixture
def store():
    with sqlite3.connect(":memory:", check_same_thread=False) as kept:
        kept.executescript(of_the_page().TABLES)
        yield kept
    kept.close()


@pytest.fixture
async def crm(cluster):
    async with running(SERVICE, cluster) as service:
        yield service


@asynccontextmanager
async def reading(crm, store):
    """Takes a page as the guide does, in a thread, by a key that may read events only."""
    reader = await crm.as_("events.read")
    key = {"Authorization": reader.headers["Authorization"]}
    async with listening(crm.app) as address:
        with httpx.Client(base_url=address, headers=key, timeout=60) as client:

            async def take() -> None:
                await crm.settle_feed()
                await asyncio.to_thread(of_the_page().take_page, client, store, READER, wait=0)

            yield take


async def account(crm, name: str) -> str:
    reply = await crm.post("/v1/accounts", {"name": name})
    assert reply.status_code == 201, reply.text
    return reply.json()["id"]


async def rename(crm, account_id: str, name: str) -> None:
    seen = await crm.client.get(f"/v1/accounts/{account_id}")
    headers = {"If-Match": seen.headers["ETag"]}
    reply = await crm.client.patch(
        f"/v1/accounts/{account_id}", json={"name": name}, headers=headers
    )
    assert reply.status_code == 200, reply.text


def copies(store) -> dict[str, str]:
    return dict(store.execute("select subject, json_extract(data, '$.name') from copy").fetchall())


def cursor_of(store) -> str:
    return store.execute("select cursor from place").fetchone()[0]


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_the_python_of_a_guide_compiles(page):
    for block in blocks(page):
        compile(block, page.name, "exec")


def test_there_are_the_guides_and_their_programs():
    found = ["activities.md", "approvals.md", "assignment.md", "bills-of-material.md"]
    found += ["contracts.md", "events.md", "forecasts.md"]
    found += ["integrators.md", "kafka-and-tls.md", "leads.md", "lots.md", "opportunities.md"]
    found += ["planning.md", "production.md", "quality.md", "quotes.md", "scheduling.md"]
    assert [page.name for page in GUIDES] == found
    assert len(blocks(GUIDES[found.index("events.md")])) == 3


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_the_settings_of_a_guide_exist(page):
    services = [variables(one.settings) for one in registered(ROOT).values()]
    known = {name for names in services for name in names} | {"FORWARDED_ALLOW_IPS"}
    named = re.findall(r"`((?:<SERVICE>|KAFKA|BRIDGE)_[A-Z_]+)`", page.read_text("utf-8"))
    for name in named:
        wanted = name.replace("<SERVICE>", "CRM")
        assert wanted in known, name


async def test_the_reader_begins_with_states_and_follows_the_events(crm, store):
    before = await account(crm, "Blue Harbour")
    async with reading(crm, store) as take:
        await take()
        assert copies(store) == {before: "Blue Harbour"}
        later = await account(crm, "Old Mill")
        await rename(crm, before, "Green Harbour")
        await take()
    assert copies(store) == {before: "Green Harbour", later: "Old Mill"}
    [named] = (await crm.client.get("/v1/events/consumers")).json()["items"]
    assert named["name"] == READER


async def test_a_reader_that_begins_anew_goes_on_at_its_cursor_without_repeats(crm, store):
    await account(crm, "Blue Harbour")
    async with reading(crm, store) as take:
        await take()
        later = await account(crm, "Old Mill")
        await take()
    reached = cursor_of(store)
    store.execute("delete from copy")
    async with reading(crm, store) as take:
        await take()
        assert copies(store) == {}, "what was read before does not come again"
        assert cursor_of(store) == reached
        await rename(crm, later, "New Mill")
        await take()
    assert copies(store) == {later: "New Mill"}


async def test_a_reader_whose_cursor_is_lost_reads_the_states_and_goes_on(crm, store):
    kept = await account(crm, "Blue Harbour")
    async with reading(crm, store) as take:
        await take()
        store.execute("insert into copy select type, 'lost', history, version, data from copy")
        async with crm.database.driver() as sql:
            await begin_epoch(sql)
        await take()
        assert copies(store) == {kept: "Blue Harbour"}, "of records that are gone no copy stays"
        await rename(crm, kept, "Green Harbour")
        await take()
    assert copies(store) == {kept: "Green Harbour"}


def test_what_is_older_or_comes_again_changes_no_copy(store):
    def event(history: int, version: int) -> dict[str, Any]:
        data = {"name": f"{history}.{version}"}
        known = {"type": "x", "subject": "s", "history": history, "aggversion": version}
        return known | {"data": data}

    of_the_page().apply(store, [event(1, 2), event(1, 1), event(2, 1), event(1, 3), event(2, 1)])
    assert copies(store) == {"s": "2.1"}


async def published(crm, bootstrap: str, topic: str, after: int) -> int:
    """Everything in the feed after a place, in a topic of this test; the last place."""
    await crm.settle_feed()
    async with crm.database.driver() as sql:
        rows = await sql.fetch(RECORDS_AFTER, after, 100)
    events = [Outgoing(*to_kafka(row, "http://crm.test"))._replace(topic=topic) for row in rows]
    publisher = KafkaPublisher(
        Brokers(bootstrap),
        client_id="test-guides",
        topics=[topic],
        partitions=1,
        answer_seconds=15,
    )
    try:
        await publisher.start()
        return await publisher.publish(events)
    finally:
        await publisher.abandon()


@asynccontextmanager
async def following(bootstrap: str, store, topic: str):
    """The page's reader of topics at work, until the block ends."""
    reader = of_the_page().follow_topics(bootstrap, store, f"{topic}-readers", [topic])
    task = asyncio.create_task(reader)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def copied(store, wanted: dict[str, str]) -> None:
    async def there() -> bool:
        return copies(store) == wanted

    await until(there, within_seconds=60)


@pytest.mark.kafka
async def test_the_reader_of_topics_commits_what_it_applied(crm, kafka, store):
    topic = f"guide-{uuid4().hex[:8]}"
    first = await account(crm, "Blue Harbour")
    place = await published(crm, kafka.bootstrap, topic, 0)
    async with following(kafka.bootstrap, store, topic):
        await copied(store, {first: "Blue Harbour"})
        second = await account(crm, "Old Mill")
        place = await published(crm, kafka.bootstrap, topic, place)
        # The second batch is applied after the first was committed.
        await copied(store, {first: "Blue Harbour", second: "Old Mill"})
    store.execute("delete from copy")
    await rename(crm, second, "New Mill")
    await published(crm, kafka.bootstrap, topic, place)
    async with following(kafka.bootstrap, store, topic):
        await copied(store, {second: "New Mill"})
