"""Sequencer and relay to a real Kafka, against the bare client with the same settings."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaProducer

from bench.figures import Asked, Bench, Figure, Goal, paired
from bench.outbox import fill
from bench.place import Place
from brokers.connection import Brokers
from chassis.events.broker import Outgoing
from chassis.events.envelope import RECORDS_AFTER, to_kafka
from chassis.events.publisher import KafkaPublisher
from chassis.events.relay import ANSWER_SECONDS, Relay
from chassis.events.sequencer import Sequencer
from chassis.events.topics import ensure_topics
from chassis.events.wakeup import Wakeups
from crm.app import SERVICE as CRM

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "deploy" / "local"))
from kafka import LocalKafka

__all__ = ["BENCH", "relay_events", "send_bare"]

EVENTS = 20_000
BASE_URL = "https://crm.example.com"
PARTITIONS = 12
POLL_SECONDS = 0.005


def run(place: Place, asked: Asked) -> list[Figure]:
    """A stored backlog sent by ours, then the same records by the bare client, in turn."""
    broker = LocalKafka()
    address = broker.start()
    try:
        rounds = [_round(place, address) for _ in range(asked.rounds + 1)][1:]  # the JVM warms up
    finally:
        broker.stop()
    facts = {"without the sequencer events/s": max(one["relay"] for one in rounds)}
    name = f"backlog of {EVENTS:,}"
    return [
        paired(
            f"sequencer + relay, {name}",
            "events/s",
            "bare aiokafka, producer.send, same settings",
            [(one["both"], one["send"]) for one in rounds],
            goal=Goal(ratio_min=0.7),
        ),
        paired(
            f"sequencer + relay, {name}",
            "events/s",
            "bare aiokafka, batches made by hand, same settings",
            [(one["both"], one["batches"]) for one in rounds],
            facts=facts,
        ),
    ]


def _round(place: Place, address: str) -> dict[str, float]:
    both = place.database(CRM).runtime
    asyncio.run(fill(both, EVENTS))
    told = place.loader.act("bench.relaying:relay_events", url=both, broker=address)
    bare = place.loader.act("bench.relaying:send_bare", url=both, broker=address)
    return {**told, **bare}


async def relay_events(url: str, broker: str) -> dict[str, float]:
    """Sequence and relay a backlog, then relay it again alone. An act of a load."""

    async def connect() -> "asyncpg.Connection[Any]":
        return await asyncpg.connect(url)

    wakeups = Wakeups(connect)
    sequencer = Sequencer(connect, wakeups, holder="bench")
    relay = _relay(connect, wakeups, broker)
    began = time.perf_counter()
    tasks = [asyncio.create_task(relay.run())]
    await _until_marked(url, 0)  # connected, and the topic is there
    began = time.perf_counter()
    tasks.append(asyncio.create_task(sequencer.run()))
    await _until_marked(url, EVENTS)
    both = EVENTS / (time.perf_counter() - began)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return {"both": both, "relay": await _again(url, connect, broker)}


async def _again(url: str, connect: Any, broker: str) -> float:
    sql = await connect()
    await sql.execute("update relay_mark set feed_seq = 0")
    await sql.close()
    alone = asyncio.create_task(_relay(connect, Wakeups(connect), broker).run())
    await _until_marked(url, 1)
    began = time.perf_counter()
    reached = await _mark(url)
    await _until_marked(url, EVENTS)
    rate = (EVENTS - reached) / (time.perf_counter() - began)
    alone.cancel()
    await asyncio.gather(alone, return_exceptions=True)
    return rate


def _relay(connect: Any, wakeups: Wakeups, broker: str) -> Relay:
    def publisher() -> KafkaPublisher:
        return KafkaPublisher(
            Brokers(broker),
            client_id="bench",
            topics={"crm.account.v1"},
            partitions=PARTITIONS,
            answer_seconds=ANSWER_SECONDS,
        )

    return Relay(connect, wakeups, publisher, base_url=BASE_URL)


async def _mark(url: str) -> int:
    sql = await asyncpg.connect(url)
    try:
        mark: int | None = await sql.fetchval("select feed_seq from relay_mark")
        return -1 if mark is None else mark
    finally:
        await sql.close()


async def _until_marked(url: str, feed_seq: int) -> None:
    sql = await asyncpg.connect(url)
    try:
        # The relay is another task that tells nobody how far it has come.
        while not await sql.fetchval(  # noqa: ASYNC110
            "select true from relay_mark where feed_seq >= $1", feed_seq
        ):
            await asyncio.sleep(POLL_SECONDS)
    finally:
        await sql.close()


async def send_bare(url: str, broker: str) -> dict[str, float]:
    """The same records, ready in memory, by the client alone. An act of a load."""
    sql = await asyncpg.connect(url)
    records = [
        Outgoing(*to_kafka(row, BASE_URL)) for row in await sql.fetch(RECORDS_AFTER, 0, EVENTS)
    ]
    await sql.close()
    topic = f"bench.{uuid4().hex}"
    await ensure_topics(Brokers(broker), {topic}, partitions=PARTITIONS)
    producer = AIOKafkaProducer(
        bootstrap_servers=broker,
        acks="all",
        enable_idempotence=True,
        compression_type="zstd",
        max_batch_size=256 * 1024,
        linger_ms=0,
    )
    await producer.start()
    try:
        await _send_each(producer, topic, records[:100])
        began = time.perf_counter()
        await _send_each(producer, topic, records)
        between = time.perf_counter()
        await _send_batches(producer, topic, records)
        ended = time.perf_counter()
    finally:
        await producer.stop()
    return {"send": EVENTS / (between - began), "batches": EVENTS / (ended - between)}


async def _send_each(producer: Any, topic: str, records: list[Outgoing]) -> None:
    answers = [
        await producer.send(topic, value=one.value, key=one.key, headers=list(one.headers))
        for one in records
    ]
    await asyncio.gather(*answers)


async def _send_batches(producer: Any, topic: str, records: list[Outgoing]) -> None:
    lanes: list[list[Outgoing]] = [[] for _ in range(PARTITIONS)]
    for number, one in enumerate(records):
        lanes[number % PARTITIONS].append(one)

    async def send(partition: int) -> None:
        waiting = lanes[partition]
        while waiting:
            batch, taken = producer.create_batch(), 0
            for one in waiting:
                added = batch.append(
                    key=one.key, value=one.value, timestamp=None, headers=list(one.headers)
                )
                if added is None:
                    break
                taken += 1
            del waiting[:taken]
            batch.close()
            await (await producer.send_batch(batch, topic, partition=partition))

    await asyncio.gather(*map(send, range(PARTITIONS)))


BENCH = Bench("relay", "Events from the outbox to Kafka", run)
