"""Which sources an installation has, as the worker starts them."""

import asyncio
import subprocess
import sys
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

import httpx
import pytest

from chassis.events.cursor import Cursor
from chassis.service import ServiceContext
from chassis.testing.waiting import until
from sync_bridge.sources import following
from sync_bridge.sources.following import follow_sources
from tests.sources.publishing import INSTALLATION, as_json, attributes_of


@asynccontextmanager
async def following_with(bridge, **settings):
    known = bridge.settings.model_copy(
        update={"erp_url": "http://erp.test", "crm_url": "http://crm.test"} | settings
    )
    context = ServiceContext(service=bridge.service, settings=known, database=bridge.database)
    task = asyncio.create_task(follow_sources(context))
    try:
        yield task
    finally:
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=10)
        assert done
        with suppress(asyncio.CancelledError):
            await task


async def test_a_bridge_that_knows_no_half_follows_nothing(bridge):
    async with following_with(bridge, erp_url=None) as task:
        await asyncio.wait_for(task, 5)


class Halves(httpx.AsyncBaseTransport):
    """Both halves: one event each, then nothing more."""

    def __init__(self):
        self.events = {}
        self.keys = {}

    async def handle_async_request(self, request):
        await asyncio.sleep(0)
        half = request.url.host.split(".")[0]
        if request.url.path == "/v1/events/position":
            cursor = str(Cursor.at(INSTALLATION, 1, 0))
            return httpx.Response(200, json={"cursor": cursor, "sequence": 0, "complete": True})
        self.keys[half] = request.headers.get("Authorization")
        feed = request.url.path == "/v1/events"  # records are read beside it, and there are none
        event = self.events.pop(half, None) if feed else None
        if event is None:
            await asyncio.sleep(0.05)
        page = f"[{as_json(event)}]" if event else "[]"
        return httpx.Response(200, text=page, headers={"Tandem-Cursor": f"{half}-1"})


async def test_without_kafka_the_feeds_of_both_halves_are_followed(bridge, stored, monkeypatch):
    """B62: and no Kafka client is asked for."""
    halves = Halves()
    halves.events = {
        name: attributes_of(source=f"/tandem/{name}/{INSTALLATION}", origin=name)
        for name in ("crm", "erp")
    }
    wanted = sorted(event["id"] for event in halves.events.values())
    client = httpx.AsyncClient
    monkeypatch.setattr(
        following.httpx, "AsyncClient", lambda **rest: client(**rest, transport=halves)
    )
    secret = type(bridge.settings).model_fields["erp_key"].annotation.__args__[0]("td_key")
    async with following_with(bridge, erp_key=secret):
        await stored.holds(2)
    assert sorted(await stored.ids()) == wanted
    assert halves.keys == {"erp": "Bearer td_key", "crm": None}
    cursors = await stored.fetch("select name, value from cursor order by name")
    assert [(row["name"], row["value"]) for row in cursors] == [
        ("feed:crm", "crm-1"),
        ("feed:erp", "erp-1"),
    ]


@pytest.mark.kafka
async def test_with_kafka_the_topics_are_followed(bridge, stored, topic, monkeypatch):
    """Every topic of both halves; the group belongs to this inbox. B60: the halves are asked."""
    client = httpx.AsyncClient
    monkeypatch.setattr(
        following.httpx, "AsyncClient", lambda **rest: client(**rest, transport=Halves())
    )
    await topic.gets_events(3)

    async def arrived():
        return set(topic.sent) <= set(await stored.ids())

    async with following_with(
        bridge, kafka_bootstrap_servers=topic.broker, kafka_instance=f"i{uuid4().hex}"
    ):
        await until(arrived, within_seconds=60)


IMPORTING = "import sys, {app}; print('aiokafka' in sys.modules)"


@pytest.mark.parametrize("app", ["erp.app", "crm.app", "sync_bridge.app", "chassis.worker.running"])
def test_no_service_imports_a_kafka_client_by_itself(app):
    """B62: standing alone means not even loading it."""
    answer = subprocess.run(
        [sys.executable, "-c", IMPORTING.format(app=app)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == "False"
