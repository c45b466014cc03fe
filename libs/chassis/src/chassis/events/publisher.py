"""One Kafka producer instance: sends in order, and is thrown away at the first failure.

Within a partition a batch is sent only after the one before it was acknowledged. So when a batch
fails nothing later of its partition is on its way (B11). A send without an answer in time may still
arrive: the instance is then abandoned, never used for a second send (B12), because an idempotent
producer retries for ever and has already counted the failed batch.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerClosed
from aiokafka.partitioner import murmur2
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from brokers.connection import Brokers
from chassis.cancelling import apart
from chassis.events.broker import BrokerTrouble, Outgoing, PublishingFailed
from chassis.events.topics import PartitionsDiffer, ensure_topics

__all__ = ["KafkaPublisher"]

_BATCH_BYTES = 256 * 1024
_STOP_SECONDS = 2.0
_POSITIVE = 0x7FFFFFFF
_TROUBLE = (KafkaError, PartitionsDiffer, TimeoutError, OSError)


class _Lane:
    """What goes to one partition, in feed order, and how far it is acknowledged."""

    def __init__(self) -> None:
        self.events: list[Outgoing] = []
        self.sent = 0

    @property
    def next_feed_seq(self) -> int | None:
        """The first place not yet acknowledged; None when all are."""
        return self.events[self.sent].feed_seq if self.sent < len(self.events) else None


class KafkaPublisher:
    """Sends events and says up to which place in the feed all of them are safe in Kafka."""

    def __init__(
        self,
        brokers: Brokers,
        *,
        client_id: str,
        topics: Collection[str],
        partitions: int,
        answer_seconds: float,
    ) -> None:
        _require_fast_codec()
        self._brokers = brokers
        self._topics = set(topics)
        self._partitions = partitions
        self._answer_seconds = answer_seconds
        # Connecting takes up to three requests; a batch is repeated with its sequence number.
        self._request_milliseconds = int(answer_seconds * 1000 / 4)
        # Lingering would add delay only, a page of the feed is a batch already; and zstd is smaller
        # and twice as fast as lz4 in this client, which asks lz4 for its slow level.
        self._producer: Any = AIOKafkaProducer(
            **brokers.client_arguments(),
            client_id=client_id,
            acks="all",
            enable_idempotence=True,
            compression_type="zstd",
            max_batch_size=_BATCH_BYTES,
            linger_ms=0,
            request_timeout_ms=self._request_milliseconds,
        )

    async def start(self) -> None:
        """Create or check the topics, then connect. Raises BrokerTrouble."""
        await self._ensure(self._topics)
        try:
            async with asyncio.timeout(self._answer_seconds):
                await apart(self._producer.start())
        except _TROUBLE as trouble:
            raise _as_trouble(trouble) from trouble

    async def _ensure(self, topics: Collection[str]) -> None:
        try:
            async with asyncio.timeout(self._answer_seconds):
                ensuring = ensure_topics(
                    self._brokers,
                    topics,
                    partitions=self._partitions,
                    request_milliseconds=self._request_milliseconds,
                )
                await apart(ensuring)
        except _TROUBLE as trouble:
            raise _as_trouble(trouble) from trouble
        self._topics |= set(topics)

    async def publish(self, events: Sequence[Outgoing]) -> int:
        """Send all, given in feed order, and return the place of the last one.

        Raises PublishingFailed, which says up to which place all events are acknowledged;
        BrokerTrouble before anything was sent.
        """
        if undeclared := {event.topic for event in events} - self._topics:
            await self._ensure(undeclared)
        lanes: defaultdict[tuple[str, int], _Lane] = defaultdict(_Lane)
        for event in events:
            lanes[event.topic, _hash(event.key) % self._partitions].events.append(event)
        sending = [
            asyncio.ensure_future(self._send_lane(topic, partition, lane))
            for (topic, partition), lane in lanes.items()
        ]
        try:
            await asyncio.gather(*sending)
        except _TROUBLE as reason:
            raise PublishingFailed(_acknowledged(lanes.values(), events), reason) from reason
        finally:
            for task in sending:
                task.cancel()
            await asyncio.gather(*sending, return_exceptions=True)
        return events[-1].feed_seq

    async def _send_lane(self, topic: str, partition: int, lane: _Lane) -> None:
        """Send one partition's events, each batch after the acknowledgement of the last."""
        while lane.sent < len(lane.events):
            batch = self._producer.create_batch()
            taken = lane.sent
            while taken < len(lane.events) and _fits(batch, lane.events[taken]):
                taken += 1
            batch.close()
            async with asyncio.timeout(self._answer_seconds):
                sending = self._producer.send_batch(batch, topic, partition=partition)
                answer = await apart(sending)
            answer.add_done_callback(_retrieve)
            # Cancelling the answer would not cancel the send, so it is left to `abandon`.
            await asyncio.wait({answer}, timeout=self._answer_seconds)
            if not answer.done():
                message = f"no answer from {topic}/{partition} in {self._answer_seconds} s"
                raise TimeoutError(message)
            answer.result()
            lane.sent = taken

    async def abandon(self) -> None:
        """Stop within seconds, whether or not the broker answers. What is on its way is dropped.

        The library's own stop waits until everything is delivered, which without a broker is for
        ever. So its sender is ended first, then its queue, then its connections.
        """
        producer = self._producer
        sender = producer._sender.sender_task  # noqa: SLF001 - no public way to drop a queue
        if sender is not None:
            sender.cancel()
        _drop_queue(producer._message_accumulator)  # noqa: SLF001 - the same
        # Closed once more: what was connecting meanwhile is connected by then.
        for ending in (producer.client.close(), producer.stop(), producer.client.close()):
            task = asyncio.ensure_future(ending)
            task.add_done_callback(_retrieve)
            await asyncio.wait({task}, timeout=_STOP_SECONDS)
            task.cancel()
        if sender is not None:
            sender.cancel()  # the first cancel only made it wait for its requests


@lru_cache(maxsize=65_536)
def _hash(key: bytes) -> int:
    """The number Java's default partitioner takes; the client reckons it slowly, in Python."""
    hashed: int = murmur2(key)
    return hashed & _POSITIVE


def _fits(batch: Any, event: Outgoing) -> bool:
    """Add the event to the batch unless that is full; an empty batch takes any event."""
    added = batch.append(
        key=event.key, value=event.value, timestamp=None, headers=list(event.headers)
    )
    return added is not None


def _drop_queue(accumulator: Any) -> None:
    """Fail every batch that is queued or on its way, so that nobody waits for it."""
    queued = [batch for batches in accumulator._batches.values() for batch in batches]  # noqa: SLF001
    accumulator._pending_batches.update(queued)  # noqa: SLF001 - a failing batch leaves this set
    accumulator.fail_all(ProducerClosed())


def _retrieve(done: asyncio.Future[Any]) -> None:
    """Look at a failure nobody waits for any more, so that it is not reported as overlooked."""
    if not done.cancelled():
        done.exception()


def _as_trouble(reason: BaseException) -> BrokerTrouble:
    return BrokerTrouble(f"{type(reason).__name__}: {reason}")


def _acknowledged(lanes: Iterable[_Lane], events: Sequence[Outgoing]) -> int:
    """The place up to which no event is missing."""
    open_places = [place for lane in lanes if (place := lane.next_feed_seq) is not None]
    return min(open_places, default=events[-1].feed_seq + 1) - 1


def _require_fast_codec() -> None:
    """Raise RuntimeError if the client would encode records in pure Python, many times slower."""
    if not DefaultRecordBatchBuilder.__module__.endswith("_crecords.default_records"):
        message = (
            "aiokafka's C extension is missing: install its wheel for this platform, "
            "or unset AIOKAFKA_NO_EXTENSIONS"
        )
        raise RuntimeError(message)
