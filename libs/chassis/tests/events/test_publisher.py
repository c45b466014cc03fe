"""The producer instance and the topics, on a real broker."""

import asyncio
import os
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner

from brokers.connection import Brokers
from chassis.events.broker import BrokerTrouble, Outgoing, PublishingFailed
from chassis.events.publisher import KafkaPublisher
from chassis.events.topics import PartitionsDiffer, ensure_topics
from chassis.testing.proxy import TcpProxy
from chassis.testing.records import partitions_of, records_of
from chassis.testing.waiting import until

pytestmark = pytest.mark.kafka

PARTITIONS = 3


def event(number, *, topic, key="k", size=1):
    value = f"{number}:".ljust(size, ".").encode()
    return Outgoing(number, topic, key.encode(), value, [("ce_id", str(number).encode())])


def number_of(record):
    return int(record.value.split(b":")[0])


def publisher_at(broker, *, topics=(), answer_seconds=10.0):
    return KafkaPublisher(
        Brokers(broker),
        client_id="test",
        topics=topics,
        partitions=PARTITIONS,
        answer_seconds=answer_seconds,
    )


@pytest.fixture
async def topic(kafka):
    name = f"erp.test-{uuid4().hex[:8]}.v1"
    await ensure_topics(Brokers(kafka.bootstrap), [name], partitions=PARTITIONS)
    return name


@pytest.fixture
async def publisher(kafka):
    publisher = publisher_at(kafka.bootstrap)
    await publisher.start()
    yield publisher
    await publisher.abandon()


async def test_events_of_one_key_stay_in_order_over_many_batches(kafka, topic, publisher):
    """B04: more than one batch for a partition keeps feed order."""
    sent = [event(n, topic=topic, key=f"k{n % 5}", size=4000) for n in range(1, 501)]
    assert await publisher.publish(sent) == 500
    by_partition = await records_of(kafka.bootstrap, topic)
    assert sorted(number_of(r) for rs in by_partition.values() for r in rs) == list(range(1, 501))
    for records in by_partition.values():
        numbers = [number_of(record) for record in records]
        assert numbers == sorted(numbers)


async def test_a_record_carries_key_value_and_headers_byte_for_byte(kafka, topic, publisher):
    tombstone = Outgoing(2, topic, b"k", None, [("ce_type", "gelöscht".encode())])
    await publisher.publish([event(1, topic=topic), tombstone])
    records = [r for rs in (await records_of(kafka.bootstrap, topic)).values() for r in rs]
    assert [(r.key, r.value, r.headers) for r in records] == [
        (b"k", b"1:", (("ce_id", b"1"),)),
        (b"k", None, (("ce_type", "gelöscht".encode()),)),
    ]


async def test_the_partition_is_the_one_every_other_client_would_choose(kafka, topic, publisher):
    """B14: the key decides as in the Java client, so another producer keeps the order."""
    keys = [uuid4().hex for _ in range(20)]
    await publisher.publish([event(n, topic=topic, key=key) for n, key in enumerate(keys, 1)])
    everywhere = list(range(PARTITIONS))
    by_partition = await records_of(kafka.bootstrap, topic)
    for partition, records in by_partition.items():
        for record in records:
            assert DefaultPartitioner()(record.key, everywhere, everywhere) == partition


async def test_topics_are_made_once_with_a_fixed_number_of_partitions(kafka, topic):
    """B14: asking again changes nothing."""
    await ensure_topics(Brokers(kafka.bootstrap), [topic], partitions=PARTITIONS)
    assert len(await records_of(kafka.bootstrap, topic)) == PARTITIONS


@pytest.mark.parametrize("wanted", [PARTITIONS + 1, PARTITIONS - 1])
async def test_another_number_of_partitions_is_refused(kafka, topic, wanted):
    """B14: online growth would reorder, so it is an error that names the topic and both counts."""
    with pytest.raises(PartitionsDiffer, match=f"{topic} has 3 partitions") as refusal:
        await ensure_topics(Brokers(kafka.bootstrap), [topic], partitions=wanted)
    assert (refusal.value.found, refusal.value.wanted) == (PARTITIONS, wanted)


async def test_topics_with_a_grown_partition_are_refused(kafka, topic):
    """B14: growth behind our back is found at the next start."""
    from aiokafka.admin import AIOKafkaAdminClient, NewPartitions  # noqa: PLC0415

    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    await admin.create_partitions({topic: NewPartitions(total_count=PARTITIONS + 2)})
    await admin.close()

    async def grown():
        return await partitions_of(kafka.bootstrap, topic) > PARTITIONS

    await until(grown)
    with pytest.raises(PartitionsDiffer):
        await ensure_topics(Brokers(kafka.bootstrap), [topic], partitions=PARTITIONS)


async def test_two_that_create_the_same_topic_at_once_both_succeed(kafka):
    name = f"erp.test-{uuid4().hex[:8]}.v1"
    both = [
        ensure_topics(Brokers(kafka.bootstrap), [name], partitions=PARTITIONS) for _ in range(2)
    ]
    await asyncio.gather(*both)


async def test_a_send_without_an_answer_fails_in_time_and_the_instance_ends(crashable_kafka):
    """B12, P01: with the broker in a black hole neither the send nor the stop waits for ever."""
    topic = f"erp.test-{uuid4().hex[:8]}.v1"
    async with TcpProxy(crashable_kafka.port, port=crashable_kafka.advertised_port) as proxy:
        bootstrap = f"127.0.0.1:{proxy.port}"
        await ensure_topics(Brokers(bootstrap), [topic], partitions=PARTITIONS)
        publisher = publisher_at(bootstrap, answer_seconds=0.5)
        await publisher.start()
        await publisher.publish([event(1, topic=topic)])
        tasks_before = asyncio.all_tasks()
        proxy.black_hole()
        with pytest.raises(PublishingFailed) as failure:
            await publisher.publish([event(2, topic=topic), event(3, topic=topic, key="other")])
        assert failure.value.acknowledged == 1
        async with asyncio.timeout(10):
            await publisher.abandon()
        leftover = [task for task in asyncio.all_tasks() - tasks_before if not task.done()]
        assert not [task for task in leftover if "aiokafka" in repr(task.get_coro())]
        proxy.cut()
        proxy.heal()


async def test_a_failed_batch_is_not_overtaken_in_its_partition(kafka, topic, publisher):
    """B11: the broker refuses the first batch; nothing after it is sent, not even later batches."""
    too_large = event(1, topic=topic)._replace(value=os.urandom(3_000_000))
    followers = [event(n, topic=topic, size=100_000) for n in range(2, 12)]
    with pytest.raises(PublishingFailed, match="MessageSizeTooLarge") as failure:
        await publisher.publish([too_large, *followers])
    assert failure.value.acknowledged == 0
    await publisher.abandon()
    by_partition = await records_of(kafka.bootstrap, topic)
    assert not any(by_partition.values())


async def test_the_control_lets_later_events_overtake_a_failed_one(kafka, topic):
    """B11, control: a plain producer with several batches queued does lose the order."""
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka.bootstrap, max_request_size=4_000_000, max_batch_size=256 * 1024
    )
    await producer.start()
    sends = [await producer.send(topic, os.urandom(3_000_000), key=b"k")]
    sends += [await producer.send(topic, b"y", key=b"k") for _ in range(3)]
    outcomes = await asyncio.gather(*sends, return_exceptions=True)
    await producer.stop()
    assert isinstance(outcomes[0], Exception)
    assert len([r for rs in (await records_of(kafka.bootstrap, topic)).values() for r in rs]) == 3


async def test_start_fails_in_time_when_no_broker_answers():
    """P01, P12: a start against nothing ends with an error, and the instance can be dropped."""
    async with TcpProxy(9) as proxy:
        proxy.refuse()
        publisher = publisher_at(f"127.0.0.1:{proxy.port}", answer_seconds=1.0)
        with pytest.raises(BrokerTrouble):
            await publisher.start()
        await publisher.abandon()
