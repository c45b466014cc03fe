"""The Kafka adapter, on a real broker and a real inbox."""

import asyncio
import gc
import os
import time
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.conn import AIOKafkaConnection

from brokers.connection import Brokers
from chassis.events.topics import ensure_topics
from chassis.testing.proxy import TcpProxy
from chassis.testing.waiting import until
from sync_bridge.sources import kafka as adapter
from sync_bridge.sources.kafka import KafkaSource
from tests.sources.publishing import Topic, attributes_of, headers_of

pytestmark = pytest.mark.kafka


@pytest.fixture
def source_of(topic, stored):
    """Makes sources of one group: each call is a process of the bridge that starts again."""
    group = f"bridge-{uuid4()}"

    def make(receive, *, instance="one", broker=topic.broker, pattern=topic.pattern):
        return KafkaSource(
            Brokers(broker),
            receive=receive,
            begin_backfill=stored.begin_backfill,
            group=group,
            instance=instance,
            topics=pattern,
        )

    make.group = group
    return make


async def committed_in(topic, group):
    """The group's committed offsets by partition."""
    admin = AIOKafkaAdminClient(bootstrap_servers=topic.broker)
    await admin.start()
    try:
        offsets = await admin.list_consumer_group_offsets(group)
        return {place.partition: told.offset for place, told in offsets.items()}
    finally:
        await admin.close()


async def purge_before_end(topic):
    """Delete every record there is now, as retention would."""
    consumer = AIOKafkaConsumer(bootstrap_servers=topic.broker)
    await consumer.start()
    places = [TopicPartition(topic.name, number) for number in range(3)]
    ends = await consumer.end_offsets(places)
    await consumer.stop()
    admin = AIOKafkaAdminClient(bootstrap_servers=topic.broker)
    await admin.start()
    await admin.delete_records(
        {place: RecordsToDelete(before_offset=end) for place, end in ends.items() if end}
    )
    await admin.close()


async def test_a_new_group_begins_with_the_oldest_record(topic, source_of, stored, working):
    """P03: what was there before the first start is not skipped, and nothing is alarming."""
    await topic.gets_events(30)
    source = source_of(stored.receive)
    async with working(source):
        await stored.holds(30)
        await topic.gets_events(10)
        await stored.holds(40)
    assert sorted(await stored.ids()) == sorted(topic.sent)
    assert source.condition.state == "following"
    assert source.condition.missing == ""


async def test_an_event_is_stored_as_it_was_sent(topic, source_of, stored, working):
    """B56: attributes read, data byte for byte."""
    event = attributes_of(aggversion=7, hops=2, causationid=str(uuid4()), sequence=f"{42:020d}")
    body = b'{"sku":"\xe8\x9e\xba",  "new_field": 1.10}'
    await topic.gets(event, data=body)
    async with working(source_of(stored.receive)):
        await stored.holds(1)
    (row,) = await stored.fetch("select * from inbox")
    assert row["data"] == body
    assert (row["source"], row["type"], row["origin"]) == (
        event["source"],
        event["type"],
        "erp",
    )
    assert (row["aggversion"], row["hops"], row["feed_seq"]) == (7, 2, 42)
    assert str(row["causationid"]) == event["causationid"]
    assert row["traceparent"] == event["traceparent"]


async def test_a_crash_after_the_inbox_and_before_the_offset_changes_nothing_twice(
    topic, source_of, stored, working, killed
):
    """B16: the offset is committed only later, so the batch comes again and inserts 0 rows."""
    await topic.gets_events(20)
    async with working(source_of(stored.dies_after)) as task:
        with pytest.raises(killed):
            await task
    before = len(await stored.ids())
    assert before > 0
    assert all(offset <= 0 for offset in (await committed_in(topic, source_of.group)).values())
    again = source_of(stored.receive)
    async with working(again):
        await stored.holds(20)
        await until(lambda: again.condition.state == "following")
    assert sorted(await stored.ids()) == sorted(topic.sent)
    assert again.condition.new_events == 20 - before


async def test_a_crash_before_the_inbox_commits_no_offset(
    topic, source_of, stored, working, killed
):
    """B16: what was fetched and not stored is fetched again."""
    await topic.gets_events(20)
    async with working(source_of(stored.dies_before)) as task:
        with pytest.raises(killed):
            await task
    assert await stored.ids() == []
    async with working(source_of(stored.receive)):
        await stored.holds(20)
    assert sorted(await stored.ids()) == sorted(topic.sent)


async def test_after_a_clean_stop_nothing_is_read_again(topic, source_of, stored, working):
    """B16: the committed offsets are those behind the stored batch."""
    await topic.gets_events(20)
    async with working(source_of(stored.receive)):
        await stored.holds(20)

        async def committed():
            return sum((await committed_in(topic, source_of.group)).values()) == 20

        await until(committed)
    again = source_of(stored.receive)
    async with working(again):
        await topic.gets_events(1)
        await stored.holds(21)
    assert again.condition.new_events == 1


async def test_a_database_that_fails_is_asked_again(topic, source_of, stored, working):
    """B16: nothing stored, nothing committed; the source survives and begins again."""
    failures = [OSError("gone"), OSError("still gone")]

    async def receive(events, **rest):
        if events and failures:
            raise failures.pop()
        return await stored.receive(events, **rest)

    await topic.gets_events(5)
    source = source_of(receive)
    async with working(source):
        await stored.holds(5)
        await until(lambda: source.condition.state == "following")
    assert not failures
    assert sorted(await stored.ids()) == sorted(topic.sent)


GOOD = attributes_of()
OTHER_HALF = GOOD["source"].replace("/erp/", "/crm/")
UNREADABLE = {
    "no headers at all": ([], b"{}"),
    "bytes that are no text": ([("ce_specversion", b"\xff\xfe")], b"\x00\xffraw"),
    "a header without value": ([("ce_specversion", None)], b"{}"),
    "an id that is none": (headers_of(GOOD | {"id": "17"}), b"{}"),
    "a zero character": (headers_of(GOOD | {"origin": "er\x00p"}), b"{}"),
    "a body that is no JSON": (headers_of(GOOD), b"{broken"),
    "a source of the other half": (headers_of(GOOD | {"source": OTHER_HALF}), b"{}"),
    "a number too large": (headers_of(GOOD | {"aggversion": 2**63}), b"{}"),
}


@pytest.mark.parametrize("what", UNREADABLE)
async def test_what_is_no_event_goes_to_quarantine_and_stops_nothing(
    topic, source_of, stored, working, what
):
    """B22, B60: kept with topic, partition, offset and raw bytes; what follows it is stored."""
    headers, raw = UNREADABLE[what]
    await topic.gets_records([(headers, raw)])
    await topic.gets_events(2)
    source = source_of(stored.receive)
    async with working(source):
        await stored.holds(2)
    assert sorted(await stored.ids()) == sorted(topic.sent)
    (kept,) = await stored.fetch("select * from quarantine")
    assert kept["source"] == f"kafka:{topic.name}"
    partition, offset = kept["place"].split("/")
    assert (int(partition) in range(3), offset) == (True, "0")
    assert kept["raw"] == raw
    assert kept["reason"]


async def test_the_same_unreadable_record_is_kept_once(topic, source_of, stored, working, killed):
    """B22, B16: a second delivery after a crash adds nothing to the quarantine."""
    await topic.gets_records([([], b"junk")])
    await topic.gets_events(1)
    async with working(source_of(stored.dies_after)) as task:
        with pytest.raises(killed):
            await task
    async with working(source_of(stored.receive)):
        await topic.gets_events(1)
        await stored.holds(2)
    assert len(await stored.fetch("select * from quarantine")) == 1


async def test_types_and_majors_nobody_knows_are_stored(topic, source_of, stored, working):
    """B21: stored and counted, not failed."""
    unknown = ["tandem.erp.moon-landed.v1", "tandem.erp.item-changed.v9"]
    await topic.gets(*[attributes_of(type=one) for one in unknown])
    source = source_of(stored.receive)
    async with working(source):
        await stored.holds(2)
    rows = await stored.fetch("select type, state from inbox order by type")
    assert [(row["type"], row["state"]) for row in rows] == [
        (one, "unknown") for one in sorted(unknown)
    ]
    assert source.condition.new_events == 2


async def test_a_topic_made_after_the_start_is_noticed(
    kafka, source_of, stored, working, monkeypatch
):
    """The first event of a family may come long after the bridge has started."""
    monkeypatch.setattr(adapter, "METADATA_MILLISECONDS", 300)
    family = f"u{uuid4().hex[:8]}"
    source = source_of(stored.receive, pattern=rf"^erp\.{family}-[ab]\.v1$")
    first, second = (Topic(kafka.bootstrap, f"erp.{family}-{name}.v1") for name in "ab")
    await ensure_topics(Brokers(kafka.bootstrap), [first.name], partitions=3)
    await first.gets_events(1)
    async with working(source):
        await stored.holds(1)
        await ensure_topics(Brokers(kafka.bootstrap), [second.name], partitions=3)
        await second.gets_events(3)
        await stored.holds(4)
    assert sorted(await stored.ids()) == sorted(first.sent + second.sent)


async def test_history_already_gone_at_the_first_start_is_an_alarm(
    topic, source_of, stored, working
):
    """P03: begins with the oldest record there is, and says that older ones are missing."""
    await topic.gets_events(10)
    await purge_before_end(topic)
    source = source_of(stored.receive)
    async with working(source):
        await topic.gets_events(2)
        await stored.holds(2)
    assert sorted(await stored.ids()) == sorted(topic.sent[10:])
    assert "what came before is gone" in source.condition.missing
    begun = await stored.fetch("select half, reason from backfill")
    assert {row["half"] for row in begun} == {"erp"}
    assert all("what came before is gone" in row["reason"] for row in begun)


async def test_records_gone_while_the_bridge_was_away_are_an_alarm(
    topic, source_of, stored, working
):
    """P03: no silent jump: the gap is told, and what is still there is taken."""
    await topic.gets_events(2)
    async with working(source_of(stored.receive)):
        await stored.holds(2)

        async def committed():
            return sum((await committed_in(topic, source_of.group)).values()) == 2

        await until(committed)
    await topic.gets_events(10)
    await purge_before_end(topic)
    await topic.gets_events(3)
    source = source_of(stored.receive)
    async with working(source):
        await stored.holds(5)
    assert sorted(await stored.ids()) == sorted(topic.sent[:2] + topic.sent[12:])
    assert "no longer has" in source.condition.missing
    begun = await stored.fetch("select half, reason from backfill")
    assert {row["half"] for row in begun} == {"erp"}
    assert all("no longer has" in row["reason"] for row in begun)


async def test_two_processes_share_the_topics_and_one_takes_over(topic, source_of, stored, working):
    """B24 in small: joining and leaving loses nothing and doubles nothing."""
    first, second = (source_of(stored.receive, instance=name) for name in ("one", "two"))
    await topic.gets_events(50)
    async with working(first):
        await stored.holds(50)
        async with working(second):
            await topic.gets_events(50)
            await stored.holds(100)
    async with working(source_of(stored.receive, instance="one")):
        await topic.gets_events(50)
        await stored.holds(150)
    assert sorted(await stored.ids()) == sorted(topic.sent)


async def test_a_broker_killed_in_between_loses_and_doubles_nothing(
    crashable_kafka, stored, working
):
    """B16: kill -9 of the broker; every event is in the inbox once."""
    name = f"erp.t{uuid4().hex[:8]}.v1"
    async with TcpProxy(crashable_kafka.port, port=crashable_kafka.advertised_port) as proxy:
        broker = f"127.0.0.1:{proxy.port}"
        await ensure_topics(Brokers(broker), [name], partitions=3)
        topic = Topic(broker, name)
        source = KafkaSource(
            Brokers(broker),
            receive=stored.receive,
            begin_backfill=stored.begin_backfill,
            group="g",
            instance="one",
            topics=topic.pattern,
        )
        await topic.gets_events(50)
        async with working(source):
            await stored.holds(50)
            crashable_kafka.kill()
            await asyncio.to_thread(crashable_kafka.restart)
            await topic.gets_events(50)
            await stored.holds(100)
        assert sorted(await stored.ids()) == sorted(topic.sent)


async def test_it_stops_in_time_though_the_broker_is_silent(crashable_kafka, stored, working):
    """B29, P01: cancelled in front of a black hole it ends within 10 s."""
    name = f"erp.t{uuid4().hex[:8]}.v1"
    async with TcpProxy(crashable_kafka.port, port=crashable_kafka.advertised_port) as proxy:
        broker = f"127.0.0.1:{proxy.port}"
        await ensure_topics(Brokers(broker), [name], partitions=3)
        topic = Topic(broker, name)
        source = KafkaSource(
            Brokers(broker),
            receive=stored.receive,
            begin_backfill=stored.begin_backfill,
            group=f"g{os.getpid()}",
            instance="one",
            topics=topic.pattern,
        )
        await topic.gets_events(1)
        async with working(source):
            await stored.holds(1)
            proxy.black_hole()
            await proxy.swallowing()
            began = time.monotonic()
        assert time.monotonic() - began < 10
        left = [one for one in gc.get_objects() if isinstance(one, AIOKafkaConnection)]
        assert [one for one in left if one.connected() and one.port == proxy.port] == []
        proxy.cut()
