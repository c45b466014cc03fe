"""The Kafka adapter: reads the topics of both halves, commits offsets after the inbox.

Offsets are committed only when the transaction that stored the batch has committed (B16). A
partition without a committed offset begins with its oldest record. If older ones are already gone,
or committed ones are, that is an alarm: nobody jumps over a gap without saying so.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import (
    CommitFailedError,
    IllegalStateError,
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)

from brokers.connection import Brokers
from chassis.cancelling import apart
from sync_bridge.inbox.received import Quarantined, ReceivedEvent
from sync_bridge.sources.attributes import Unreadable, read_event, storable
from sync_bridge.sources.feed import BeginBackfill
from sync_bridge.sources.port import (
    GATHER_SECONDS,
    TROUBLE,
    Condition,
    Receive,
    keep_following,
)

__all__ = ["KafkaSource"]

TOPICS = r"^(erp|crm)\.[a-z0-9-]+\.v[0-9]+$"
"""Every public topic of both halves, those of releases to come as well (B21)."""

BATCH = 500
POLL_MILLISECONDS = 1000
REFETCH_SECONDS = 0.005
"""What the client fetched was taken a whole batch ago: so long later it has what came since."""

SESSION_MILLISECONDS = 15_000
REBALANCE_MILLISECONDS = 30_000
HEARTBEAT_MILLISECONDS = 3_000
METADATA_MILLISECONDS = 10_000
"""A topic whose first event comes after our start is noticed within this time."""

STOP_SECONDS = 3.0
_ATTRIBUTE = "ce_"
_log = structlog.get_logger(__name__)


class KafkaSource:
    """Brings the records of every topic that matches a pattern into the inbox.

    `group` should change when the inbox is another one (a new or a restored database): then all
    that Kafka still has is read again, and what the inbox knows changes nothing. `instance` must
    be the same after a restart and different for each process of the bridge.
    """

    def __init__(
        self,
        brokers: Brokers,
        *,
        receive: Receive,
        begin_backfill: BeginBackfill,
        group: str,
        instance: str,
        topics: str = TOPICS,
    ) -> None:
        self.condition = Condition(name="kafka")
        self._brokers = brokers
        self._topics = topics
        self._receive = receive
        self._begin_backfill = begin_backfill
        self._group = group
        self._instance = instance

    async def run(self) -> NoReturn:
        """Follow the topics until cancelled; survive a lost broker and a lost database."""
        await keep_following(self.condition, self._consume, survives=(*TROUBLE, KafkaError))

    async def _consume(self) -> None:
        consumer = AIOKafkaConsumer(
            **self._brokers.client_arguments(),
            client_id=f"{self._group}-{self._instance}",
            group_id=self._group,
            group_instance_id=self._instance,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            max_poll_records=BATCH,
            session_timeout_ms=SESSION_MILLISECONDS,
            rebalance_timeout_ms=REBALANCE_MILLISECONDS,
            heartbeat_interval_ms=HEARTBEAT_MILLISECONDS,
            metadata_max_age_ms=METADATA_MILLISECONDS,
        )
        consumer.subscribe(pattern=self._topics)
        commits = _Commits(consumer)
        try:
            await apart(consumer.start())
            while True:
                await self._take(consumer, commits)
        finally:
            await commits.end()
            await _stop(consumer)

    async def _take(self, consumer: Any, commits: "_Commits") -> None:
        """One batch: fetch, store, then commit; the next is fetched while the broker commits."""
        fetched = await self._fetched(consumer, wait_milliseconds=POLL_MILLISECONDS)
        if fetched:
            # The client asks the broker for more only when what it has is taken away.
            await asyncio.sleep(REFETCH_SECONDS)
            for place, records in (await self._fetched(consumer, wait_milliseconds=0)).items():
                fetched.setdefault(place, []).extend(records)
        new = await self._store([record for records in fetched.values() for record in records])
        self.condition.answered(new)
        commits.add({place: rows[-1].offset + 1 for place, rows in fetched.items()})
        if fetched:
            full = sum(map(len, fetched.values())) >= BATCH
            await asyncio.sleep(0 if full else GATHER_SECONDS - REFETCH_SECONDS)

    async def _fetched(
        self, consumer: Any, *, wait_milliseconds: int
    ) -> dict[TopicPartition, list[ConsumerRecord[Any, Any]]]:
        """What came, by partition; where one has no place, or has lost it, it is given one."""
        fetched: dict[TopicPartition, list[ConsumerRecord[Any, Any]]] = {}
        try:
            fetched = await apart(consumer.getmany(timeout_ms=wait_milliseconds, max_records=BATCH))
        except NoOffsetForPartitionError as unread:
            await self._place_new(consumer, unread.args[0])
        except OffsetOutOfRangeError as gone:
            await self._place_lost(consumer, gone)
        return fetched

    async def _store(self, records: Sequence[ConsumerRecord[Any, Any]]) -> int:
        events: list[ReceivedEvent] = []
        unreadable: list[Quarantined] = []
        for record in records:
            try:
                events.append(_event(record))
            except Unreadable as reason:
                unreadable.append(_quarantined(record, str(reason)))
        if not records:
            return 0
        return await self._receive(events, unreadable=unreadable)

    async def _place_new(self, consumer: Any, place: TopicPartition) -> None:
        """Begin a partition the group never read with its oldest record."""
        oldest = (await apart(consumer.beginning_offsets([place])))[place]
        if oldest > 0:
            told = f"{place.topic}/{place.partition} begins at {oldest}: what came before is gone"
            await self._report_missing(place, told)
        consumer.seek(place, oldest)

    async def _place_lost(self, consumer: Any, gone: OffsetOutOfRangeError) -> None:
        """The records after our place are gone: say so, then go on with the oldest there is."""
        wanted: Mapping[TopicPartition, int] = gone.args[0]
        for place, oldest in (await apart(consumer.beginning_offsets(list(wanted)))).items():
            told = f"{place.topic}/{place.partition} no longer has {wanted[place]}, but {oldest}"
            await self._report_missing(place, told)
            consumer.seek(place, oldest)

    async def _report_missing(self, place: TopicPartition, told: str) -> None:
        """Say that records are gone, and read what they said from the half itself."""
        self.condition.report_missing(told)
        await self._begin_backfill(place.topic.partition(".")[0], reason=told)


class _Commits:
    """Commits offsets beside the reading, one request at a time, always the newest ones.

    What a crash leaves uncommitted comes again and changes nothing.
    """

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer
        self._offsets: dict[TopicPartition, int] = {}
        self._running: asyncio.Task[None] | None = None

    def add(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Have offsets committed whose records are stored. Raises what the last commit raised."""
        self._offsets.update(offsets)
        if self._running is not None and self._running.done():
            running, self._running = self._running, None
            running.result()
        if self._offsets and self._running is None:
            self._running = asyncio.create_task(self._commit_all())

    async def _commit_all(self) -> None:
        while self._offsets:
            offsets, self._offsets = self._offsets, {}
            await _commit(self._consumer, offsets)

    async def end(self) -> None:
        """Wait for a commit that runs, but not for a broker that does not answer."""
        if self._running is not None:
            await asyncio.wait({self._running}, timeout=STOP_SECONDS)
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)


async def _commit(consumer: Any, offsets: dict[TopicPartition, int]) -> None:
    """Commit what is still ours. What cannot be committed comes again and changes nothing."""
    mine = {place: offset for place, offset in offsets.items() if place in consumer.assignment()}
    if not mine:
        return
    try:
        await apart(consumer.commit(mine))
    except (CommitFailedError, IllegalStateError) as rebalancing:
        _log.info("source_commit_left_out", source="kafka", reason=repr(rebalancing))


async def _stop(consumer: Any) -> None:
    """Leave within seconds, whether or not the broker answers.

    A stop that is cut off leaves the connections open, so they are closed after it.
    """
    for ending in (consumer.stop(), consumer._client.close()):  # noqa: SLF001 - no public way
        stopping = asyncio.ensure_future(ending)
        await asyncio.wait({stopping}, timeout=STOP_SECONDS)
        stopping.cancel()
        with contextlib.suppress(asyncio.CancelledError, KafkaError, OSError):
            await stopping


def _event(record: ConsumerRecord[Any, Any]) -> ReceivedEvent:
    """The event in a record of CloudEvents' binary mode. Raises Unreadable."""
    try:
        attributes = {
            name.removeprefix(_ATTRIBUTE): value.decode()
            for name, value in record.headers
            if name.startswith(_ATTRIBUTE)
        }
    except (UnicodeDecodeError, AttributeError) as wrong:
        raise Unreadable("header", "is not UTF-8") from wrong
    event = read_event(attributes, record.value or b"")
    if event.service != record.topic.partition(".")[0]:
        raise Unreadable("source", "is not the service of the topic")
    return event


def _quarantined(record: ConsumerRecord[Any, Any], reason: str) -> Quarantined:
    return Quarantined(
        source=f"kafka:{record.topic}",
        place=f"{record.partition}/{record.offset}",
        reason=reason,
        raw=record.value or b"",
        headers={
            storable(name): storable((value or b"").decode(errors="replace"))
            for name, value in record.headers
        },
    )
