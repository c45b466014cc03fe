"""What a Kafka topic holds, for tests that compare it with what was sent."""

from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

__all__ = ["headers_of", "partitions_of", "records_of"]

_FETCH_MILLISECONDS = 500


async def partitions_of(bootstrap_servers: str, topic: str) -> int:
    """How many partitions the topic has; 0 when there is no such topic."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        if topic not in await admin.list_topics():
            return 0
        (described,) = await admin.describe_topics([topic])
        return len(described["partitions"])
    finally:
        await admin.close()


async def records_of(bootstrap_servers: str, topic: str) -> dict[int, list[Any]]:
    """Every record of the topic up to now, by partition and in its order."""
    partitions = await partitions_of(bootstrap_servers, topic)
    places = [TopicPartition(topic, number) for number in range(partitions)]
    found: dict[int, list[Any]] = {place.partition: [] for place in places}
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        for place in places:
            while await consumer.position(place) < ends[place]:
                fetched = await consumer.getmany(place, timeout_ms=_FETCH_MILLISECONDS)
                found[place.partition] += fetched.get(place, [])
        return found
    finally:
        await consumer.stop()


def headers_of(record: Any) -> dict[str, str]:
    """The headers of a record, decoded."""
    return {name: value.decode() for name, value in record.headers}
