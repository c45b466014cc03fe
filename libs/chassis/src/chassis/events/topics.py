"""Topics: made once with a fixed number of partitions, which never changes in place (B14).

The key of an event and the number of partitions decide its partition. With another number the next
event of an aggregate would land in another partition and could overtake the one before it.
"""

from collections.abc import Collection
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from brokers.connection import Brokers
from chassis.events.broker import COPIES, RETENTION_MILLISECONDS

__all__ = ["PartitionsDiffer", "ensure_topics"]

_REQUEST_MILLISECONDS = 10_000


class PartitionsDiffer(Exception):
    """A topic has another number of partitions than configured. Nothing was sent to it."""

    def __init__(self, topic: str, *, found: int, wanted: int) -> None:
        super().__init__(
            f"topic {topic} has {found} partitions, KAFKA_PARTITIONS says {wanted}. Partitions are "
            f"never added in place, because events of one aggregate would overtake each other. "
            f"Set KAFKA_PARTITIONS={found}, or drain and publish to a topic of a new version."
        )
        self.topic = topic
        self.found = found
        self.wanted = wanted


async def ensure_topics(
    brokers: Brokers,
    topics: Collection[str],
    *,
    partitions: int,
    request_milliseconds: int = _REQUEST_MILLISECONDS,
) -> None:
    """Create the topics that are missing and check the others.

    Each gets three copies, or as many as there are brokers, and keeps events for 14 days. What an
    operator made beforehand is left as it is. Raises PartitionsDiffer, KafkaError.
    """
    admin = AIOKafkaAdminClient(
        **brokers.client_arguments(), request_timeout_ms=request_milliseconds
    )
    try:
        await admin.start()
        present = await _partitions_of(admin, topics)
        missing = sorted(set(topics) - present.keys())
        if missing:
            await _create(admin, missing, partitions)
            present |= await _partitions_of(admin, missing)
    finally:
        await admin.close()
    for topic, found in sorted(present.items()):
        if found != partitions:
            raise PartitionsDiffer(topic, found=found, wanted=partitions)


async def _partitions_of(admin: Any, topics: Collection[str]) -> dict[str, int]:
    """Topic -> number of partitions, of those that exist."""
    known = set(topics) & set(await admin.list_topics())
    described = await admin.describe_topics(sorted(known)) if known else []
    return {one["topic"]: len(one["partitions"]) for one in described}


async def _create(admin: Any, topics: Collection[str], partitions: int) -> None:
    cluster = await admin.describe_cluster()
    copies = min(COPIES, len(cluster["brokers"]))
    settings = {
        "cleanup.policy": "delete",
        "retention.ms": str(RETENTION_MILLISECONDS),
        "min.insync.replicas": str(max(1, copies - 1)),
        "unclean.leader.election.enable": "false",
    }
    reply = await admin.create_topics(
        [
            NewTopic(
                name=topic,
                num_partitions=partitions,
                replication_factor=copies,
                topic_configs=settings,
            )
            for topic in topics
        ]
    )
    for topic, code, *_ in reply.topic_errors:
        error = for_code(code)
        # Another service's relay may have made it in the meantime.
        if code and error is not TopicAlreadyExistsError:
            refusal: KafkaError = error(f"topic {topic} could not be created")
            raise refusal
