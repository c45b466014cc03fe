"""What Kafka already has of a service's events: more than its database, after a restore.

The last record of each partition is compared with the outbox by its place in the feed and its id.
What was published and is not in the outbox was lost with a restore from a backup, and nobody has
said so yet: then a new history begins, before anything more is published.
"""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from brokers.connection import Brokers
from chassis.cancelling import apart
from chassis.events.broker import BrokerTrouble
from chassis.events.envelope import source_of
from chassis.events.feed import notice_restore

__all__ = ["TopicEnds"]

_INSTALLATION = "select id from installation"
_LOST = """select from installation i cross join feed_floor f
    cross join unnest($1::integer[], $2::bigint[], $3::uuid[]) as k(history, place, id)
  where k.history > i.epoch or (k.history = i.epoch and k.place > f.feed_seq
    and not exists (select from outbox_sequence s
      where s.feed_seq = k.place and s.outbox_id = k.id))
  limit 1"""
"""What is purged from the outbox is not compared: it was published long before it went."""


class Published(NamedTuple):
    """The last event in a partition: its history, its place in the feed, and its id."""

    history: int
    place: int
    id: str


class TopicEnds:
    """Compares the ends of a service's topics with its outbox."""

    def __init__(
        self,
        brokers: Brokers,
        *,
        topics: Collection[str],
        partitions: int,
        answer_seconds: float,
    ) -> None:
        self._brokers = brokers
        self._places = [
            TopicPartition(topic, number) for topic in topics for number in range(partitions)
        ]
        self._answer_seconds = answer_seconds

    async def compare(self, sql: "asyncpg.Connection[Any]") -> None:
        """Begin a new history if an event was published that the outbox lost.

        The topics are there. Raises BrokerTrouble.
        """
        installation = await sql.fetchval(_INSTALLATION)
        try:
            async with asyncio.timeout(self._answer_seconds):
                found = await self._published(installation)
        except (KafkaError, OSError, TimeoutError) as trouble:
            reason = f"{type(trouble).__name__}: {trouble}"
            raise BrokerTrouble(reason) from trouble
        columns = [list(column) for column in zip(*found, strict=True)] or [[], [], []]
        if await sql.fetchrow(_LOST, *columns) is not None:
            await notice_restore(sql)

    async def _published(self, installation: object) -> list[Published]:
        """The last event of each partition that has any, of this installation."""
        consumer = AIOKafkaConsumer(**self._brokers.client_arguments(), enable_auto_commit=False)
        try:
            await apart(consumer.start())
            records = await self._last_records(consumer)
        finally:
            await apart(consumer.stop())
        heads = [(topic, _headers(record)) for topic, record in records]
        return [
            Published(
                int(headers.get("ce_history", "1")), int(headers["ce_sequence"]), headers["ce_id"]
            )
            for topic, headers in heads
            if headers.get("ce_source") == source_of(topic, installation)
        ]

    async def _last_records(self, consumer: Any) -> list[tuple[str, Any]]:
        """Topic and last record of each partition that is not empty."""
        begins = await consumer.beginning_offsets(self._places)
        ends = await consumer.end_offsets(self._places)
        missing = {place: end - 1 for place, end in ends.items() if end > begins[place]}
        if not missing:
            return []
        consumer.assign(list(missing))
        for place, offset in missing.items():
            consumer.seek(place, offset)
        records = []
        while missing:
            for place, fetched in (await apart(consumer.getmany(timeout_ms=1000))).items():
                records += [(place.topic, one) for one in fetched[-1:]]
                missing.pop(place, None)
        return records


def _headers(record: Any) -> Mapping[str, str]:
    return {name: value.decode(errors="replace") for name, value in record.headers}
