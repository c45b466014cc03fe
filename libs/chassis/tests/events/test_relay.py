"""The relay on a real broker and a real database: what is in the feed gets to Kafka, in order."""

import asyncio
import subprocess
import sys
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from aiokafka.client import AIOKafkaClient
from structlog.testing import capture_logs

from brokers.connection import Brokers
from chassis.events import relay as relay_module
from chassis.events.broker import PublishingFailed
from chassis.events.publisher import KafkaPublisher
from chassis.events.relay import Relay, pause_seconds
from chassis.events.topics import ensure_topics
from chassis.ids import uuid7
from chassis.testing.proxy import TcpProxy
from chassis.testing.records import headers_of, partitions_of, records_of
from chassis.testing.waiting import until
from chassis.worker.relaying import relay_for
from identity.testing.service import running

pytestmark = pytest.mark.kafka

PARTITIONS = 3
SERVICE_NAME = "sample"


class Desk:
    """A service whose notes are published in a topic of their own."""

    def __init__(self, service, note):
        self.service = service
        self.note = note
        self.topic = note.topic_for(SERVICE_NAME)
        self.versions = {}

    async def writes(self, count, *, notes=5):
        """So many more versions, spread over that many notes; then the feed is settled."""
        known = list(self.versions)[:notes] or [uuid7() for _ in range(notes)]
        async with self.service.database.transaction() as work:
            for number in range(count):
                note = known[number % len(known)]
                self.versions[note] = self.versions.get(note, 0) + 1
                event = self.note(
                    id=note, version=self.versions[note], changed=["title"], title=f"t{number}"
                )
                await work.record(event)
        await self.service.settle_feed()

    async def mark(self):
        async with self.service.database.driver() as sql:
            return await sql.fetchval("select feed_seq from relay_mark")

    async def head(self):
        async with self.service.database.driver() as sql:
            return await sql.fetchval("select max(feed_seq) from outbox_sequence")

    async def reaches(self, mark, *, within_seconds=60):
        """Wait until the relay has marked so far."""

        async def marked():
            return (await self.mark() or 0) >= mark

        await until(marked, within_seconds=within_seconds)

    async def ids_in_feed(self):
        async with self.service.database.driver() as sql:
            rows = await sql.fetch("select outbox_id from outbox_sequence order by feed_seq")
            return [str(row["outbox_id"]) for row in rows]

    def relay(self, broker, *, make=None, page=50, answer_seconds=5.0):
        def make_publisher():
            return KafkaPublisher(
                Brokers(broker),
                client_id="test-relay",
                topics=[self.topic],
                partitions=PARTITIONS,
                answer_seconds=answer_seconds,
            )

        wakeups = self.service.app.state.wakeups
        connect = self.service.database.connect_driver
        return Relay(
            connect, wakeups, make or make_publisher, base_url="https://sample.test", page=page
        )


class Told:
    """A publisher that tells what is asked of it, and misbehaves as the test wants."""

    def __init__(self, publisher, *, after=None, before=None):
        self.publisher = publisher
        self.after = after
        self.before = before
        self.calls = []

    async def start(self):
        await self.publisher.start()
        self.calls.append("start")

    async def publish(self, events):
        self.calls.append("publish")
        if self.before:
            await self.before(events)
        try:
            place = await self.publisher.publish(events)
        except PublishingFailed:
            self.calls.append("failed")
            raise
        if self.after:
            await self.after(events)
        return place

    async def abandon(self):
        self.calls.append("abandon")
        await self.publisher.abandon()


class Killed(Exception):
    """Our process ends here."""


async def dies(_events):
    raise Killed


@asynccontextmanager
async def at_work(relay):
    task = asyncio.create_task(relay.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, Killed):
            await task


async def ids_on(broker, topic):
    """The event ids of every partition, in the partition's order."""
    return {
        partition: [headers_of(record)["ce_id"] for record in records]
        for partition, records in (await records_of(broker, topic)).items()
    }


def flat(by_partition):
    return [one for many in by_partition.values() for one in many]


async def versions_on(broker, topic):
    """Note -> its versions as a reader meets them, repeats of an event left out."""
    seen: set[Any] = set()
    versions: dict[Any, Any] = {}
    for records in (await records_of(broker, topic)).values():
        for record in records:
            headers = headers_of(record)
            if headers["ce_id"] not in seen:
                seen.add(headers["ce_id"])
                versions.setdefault(headers["ce_subject"], []).append(int(headers["ce_aggversion"]))
    return versions


@pytest.fixture
async def desk(cluster, sample_module):
    written: Any = sample_module.NoteWritten

    class Noted(written):
        """A note of this test."""

        topic = f"note-{uuid4().hex[:8]}"

    async with running(sample_module.SERVICE, cluster) as service:
        yield Desk(service, Noted)


async def test_the_whole_feed_arrives_once_and_in_order(kafka, desk):
    """B04, B10: without a fault each event is in Kafka once, per aggregate 1, 2, 3, ..."""
    await desk.writes(120)
    async with at_work(desk.relay(kafka.bootstrap)):
        await desk.reaches(await desk.head())
        await desk.writes(30)
        await desk.reaches(await desk.head())
    found = flat(await ids_on(kafka.bootstrap, desk.topic))
    assert sorted(found) == sorted(await desk.ids_in_feed())
    versions = await versions_on(kafka.bootstrap, desk.topic)
    assert versions == {str(n): list(range(1, v + 1)) for n, v in desk.versions.items()}


async def test_a_record_carries_the_envelope_in_binary_mode(kafka, desk):
    """B15: key is the aggregate, attributes are ce_ headers, the value is the data alone."""
    await desk.writes(1)
    (note,) = desk.versions
    async with at_work(desk.relay(kafka.bootstrap)):
        await desk.reaches(1)
    (record,) = flat(await records_of(kafka.bootstrap, desk.topic))
    headers = headers_of(record)
    assert record.key == str(note).encode()
    assert headers["ce_subject"] == str(note)
    assert headers["ce_type"] == "tandem.sample.note-written.v1"
    assert int(headers["ce_sequence"]) == 1
    assert headers["content-type"] == "application/json"
    assert b'"title": "t0"' in record.value


async def test_a_crash_between_acknowledgement_and_mark_repeats_with_the_same_id(kafka, desk):
    """B10: nothing is marked before the ack is used; the repeat has the same event id."""
    await desk.writes(20)
    dying = Told(desk.relay(kafka.bootstrap)._make_publisher(), after=dies)
    async with at_work(desk.relay(kafka.bootstrap, make=lambda: dying)) as task:
        with pytest.raises(Killed):
            await task
    assert await desk.mark() == 0
    async with at_work(desk.relay(kafka.bootstrap)):
        await desk.reaches(20)
    found = flat(await ids_on(kafka.bootstrap, desk.topic))
    assert len(found) == 40
    assert set(found) == set(await desk.ids_in_feed())


async def test_a_crash_before_the_send_loses_nothing(kafka, desk):
    """B10: what was read but not sent is sent by the next holder, once."""
    await desk.writes(20)
    dying = Told(desk.relay(kafka.bootstrap)._make_publisher(), before=dies)
    async with at_work(desk.relay(kafka.bootstrap, make=lambda: dying)) as task:
        with pytest.raises(Killed):
            await task
    async with at_work(desk.relay(kafka.bootstrap)):
        await desk.reaches(20)
    found = flat(await ids_on(kafka.bootstrap, desk.topic))
    assert sorted(found) == sorted(await desk.ids_in_feed())


async def test_what_was_safe_before_a_failure_is_marked(desk):
    """B11: the mark stops in front of the first event that is not acknowledged."""
    await desk.writes(10)

    class Fails:
        async def start(self):
            pass

        async def publish(self, events):
            assert [event.feed_seq for event in events] == list(range(1, 11))
            raise PublishingFailed(4, TimeoutError("no answer"))

        async def abandon(self):
            pass

    async with at_work(desk.relay("unused:9", make=Fails)):
        await desk.reaches(4)
    assert await desk.mark() == 4


def proxied(broker):
    """A proxy where the broker tells its clients to come."""
    return TcpProxy(broker.port, port=broker.advertised_port)


async def test_silence_of_the_broker_ends_the_instance_and_a_new_one_begins_at_the_mark(
    crashable_kafka, desk
):
    """B12: acks vanish; the instance never publishes again; the next one repeats from the mark."""
    made: list[Any] = []

    def make():
        relay = desk.relay(broker, answer_seconds=2.0)
        made.append(Told(relay._make_publisher()))
        return made[-1]

    await desk.writes(30)
    async with proxied(crashable_kafka) as proxy:
        broker = f"127.0.0.1:{proxy.port}"
        async with at_work(desk.relay(broker, make=make)):
            await desk.reaches(30)
            proxy.black_hole(requests=False)
            await desk.writes(30)
            await until(lambda: "abandon" in made[0].calls)
            assert await desk.mark() == 30
            proxy.cut()
            proxy.heal()
            await desk.reaches(60)
        found = flat(await ids_on(broker, desk.topic))
        versions = await versions_on(broker, desk.topic)
    assert made[0].calls[-2:] == ["failed", "abandon"]
    assert all(told.calls.count("failed") <= 1 for told in made)
    assert len(found) >= 90, "30 were applied without an answer and sent again"
    assert set(found) == set(await desk.ids_in_feed())
    assert versions == {str(n): list(range(1, v + 1)) for n, v in desk.versions.items()}


async def test_a_broker_killed_while_events_are_written_loses_nothing(crashable_kafka, desk):
    """B10, B11: kill -9 of the broker in the middle; each event is there, each order whole."""
    async with proxied(crashable_kafka) as proxy:
        broker = f"127.0.0.1:{proxy.port}"
        async with at_work(desk.relay(broker, page=20, answer_seconds=3.0)):
            await desk.writes(200)
            await desk.reaches(40)
            crashable_kafka.kill()
            await desk.writes(100)
            await asyncio.to_thread(crashable_kafka.restart)
            await desk.reaches(300)
        found = flat(await ids_on(broker, desk.topic))
        versions = await versions_on(broker, desk.topic)
    assert set(found) == set(await desk.ids_in_feed())
    assert versions == {str(n): list(range(1, v + 1)) for n, v in desk.versions.items()}


async def test_a_topic_with_another_number_of_partitions_is_given_nothing(kafka, desk):
    """B14: after online growth the relay refuses, says what to do, and marks nothing."""
    await ensure_topics(Brokers(kafka.bootstrap), [desk.topic], partitions=PARTITIONS + 1)
    await desk.writes(5)
    refused = asyncio.Event()
    with capture_logs() as logs:
        relay = desk.relay(kafka.bootstrap)
        relay._restarted = refused.set
        async with at_work(relay), asyncio.timeout(20):
            await refused.wait()
    (told,) = [log for log in logs if log["event"] == "relay_interrupted"]
    assert f"{desk.topic} has 4 partitions, KAFKA_PARTITIONS says 3" in told["reason"]
    assert await desk.mark() is None
    assert not flat(await records_of(kafka.bootstrap, desk.topic))


async def test_of_two_relays_one_sends_and_the_other_takes_over(kafka, desk):
    """B05 for the relay: one holder, so without a fault no event is sent twice."""
    await desk.writes(60)
    async with at_work(desk.relay(kafka.bootstrap, page=10)) as first:
        await desk.reaches(10)
        async with at_work(desk.relay(kafka.bootstrap, page=10)):
            await desk.reaches(60)
            first.cancel()
            await asyncio.wait({first})
            await desk.writes(20)
            await desk.reaches(80)
    found = flat(await ids_on(kafka.bootstrap, desk.topic))
    assert sorted(found) == sorted(await desk.ids_in_feed())


async def test_a_relay_whose_database_connection_is_cut_begins_again(kafka, desk):
    """The lock went with the connection; the next one starts at the mark."""
    await desk.writes(10)
    async with at_work(desk.relay(kafka.bootstrap)):
        await desk.reaches(10)
        async with desk.service.database.driver() as sql:
            await sql.fetchval(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity"
                " where application_name = 'tandem-relay' and datname = current_database()"
            )
        await desk.writes(10)
        await desk.reaches(20)
    assert set(flat(await ids_on(kafka.bootstrap, desk.topic))) == set(await desk.ids_in_feed())


async def test_a_relay_stops_in_time_though_the_broker_is_silent(crashable_kafka, desk):
    """B29: cancelled in the middle of a send without an answer, it ends within 10 s."""
    async with proxied(crashable_kafka) as proxy:
        relay = desk.relay(f"127.0.0.1:{proxy.port}", answer_seconds=60.0)
        async with at_work(relay) as task:
            await desk.writes(1)
            await desk.reaches(1)
            proxy.black_hole()
            await desk.writes(1)
            await proxy.swallowing()
            began = time.monotonic()
            task.cancel()
            await asyncio.wait({task}, timeout=10)
        assert task.done()
        assert time.monotonic() - began < 10
        proxy.cut()


async def test_a_cancellation_that_the_client_swallows_is_not_lost(kafka, desk, monkeypatch):
    """B29: a closing client takes our cancellation for that of its helper; we end all the same."""
    close, closing = AIOKafkaClient.close, asyncio.Event()

    async def noted(client):
        closing.set()
        await close(client)

    monkeypatch.setattr(AIOKafkaClient, "close", noted)
    task = asyncio.create_task(desk.relay(kafka.bootstrap).run())
    await closing.wait()
    task.cancel()
    await asyncio.wait({task}, timeout=10)
    assert task.cancelled()


async def test_a_topic_no_longer_declared_is_still_made_for_its_old_events(kafka, desk):
    """An event published by an earlier release goes where it belongs."""
    await desk.writes(3)
    relay = desk.relay(kafka.bootstrap)
    publisher = relay._make_publisher()
    publisher._topics.clear()
    async with at_work(desk.relay(kafka.bootstrap, make=lambda: publisher)):
        await desk.reaches(3)
    assert await partitions_of(kafka.bootstrap, desk.topic) == PARTITIONS


async def test_the_relay_of_a_service_makes_the_topics_it_publishes(kafka, desk):
    """Topics exist, with the configured partitions, before the first event."""
    modules = desk.service.service.modules
    [notes] = (one for one in modules if one.events)
    others = [one for one in modules if one is not notes]
    publishing = replace(notes, events=[desk.note])
    service = replace(desk.service.service, modules=[*others, publishing])
    settings = desk.service.settings.model_copy(
        update={"kafka_bootstrap_servers": kafka.bootstrap, "kafka_partitions": 2}
    )
    wakeups = desk.service.app.state.wakeups
    relay = relay_for(service, settings, desk.service.database.connect_driver, wakeups)

    async def made():
        return await partitions_of(kafka.bootstrap, desk.topic) > 0

    async with at_work(relay):
        await until(made)
    assert await partitions_of(kafka.bootstrap, desk.topic) == 2


def test_pauses_grow_with_the_failures_and_stay_bounded():
    for failures in range(1, 50):
        pauses = [pause_seconds(failures) for _ in range(20)]
        assert min(pauses) > 0
        assert max(pauses) <= relay_module.PAUSE_SECONDS_MAX


STANDALONE = """
import sys
from types import SimpleNamespace
from brokers.connection import Brokers
import chassis.api.app, identity.testing.service, chassis.work.database
from chassis.worker.relaying import relay_for
servers = {servers!r}
brokers = Brokers(servers) if servers else None
settings = SimpleNamespace(brokers=brokers, kafka_partitions=3, base_url="http://erp.test")
service = SimpleNamespace(name="erp", events=[])
relay = relay_for(service, settings, None, None)
print(relay is not None, "aiokafka" in sys.modules)
"""


@pytest.mark.parametrize(("servers", "said"), [(None, "False False"), ("x:9092", "True True")])
def test_without_a_broker_configured_no_kafka_client_is_imported(servers, said):
    """B62: a process of a service without Kafka never imports the client (control: with it)."""
    answer = subprocess.run(
        [sys.executable, "-c", STANDALONE.format(servers=servers)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == said
