"""Events as the halves publish them, for the tests of the sources."""

import json
from datetime import UTC, datetime
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer

from chassis.ids import uuid7

INSTALLATION = UUID(int=0xE)


def attributes_of(**changed):
    """The attributes of an item's event; a changed one that is None is left out."""
    subject = str(uuid7())
    attributes = {
        "specversion": "1.0",
        "id": str(uuid7()),
        "source": f"/tandem/erp/{INSTALLATION}",
        "type": "tandem.erp.item-changed.v1",
        "subject": subject,
        "time": datetime.now(UTC).isoformat(),
        "datacontenttype": "application/json",
        "partitionkey": subject,
        "sequence": f"{1:020d}",
        "aggversion": 1,
        "origin": "erp",
        "hops": 0,
        "correlationid": str(uuid4()),
        "traceparent": f"00-{uuid4().hex}-{uuid4().hex[:16]}-01",
    } | changed
    return {name: value for name, value in attributes.items() if value is not None}


def headers_of(attributes):
    """The attributes as headers of a Kafka record."""
    return [(f"ce_{name}", str(value).encode()) for name, value in attributes.items()]


class Topic:
    """A topic of this test alone, and a producer for it."""

    def __init__(self, broker, name):
        self.broker = broker
        self.name = name
        self.pattern = f"^{name.replace('.', chr(92) + '.')}$"
        self.sent = []

    async def gets(self, *events, data=b'{"sku": "A"}'):
        """These events, given by their attributes, in order."""
        await self.gets_records([(headers_of(event), data) for event in events])
        self.sent += [event["id"] for event in events]

    async def gets_events(self, count):
        await self.gets(*[attributes_of() for _ in range(count)])

    async def gets_records(self, records):
        """Raw records: headers and value."""
        producer = AIOKafkaProducer(bootstrap_servers=self.broker, enable_idempotence=True)
        await producer.start()
        try:
            for headers, value in records:
                await producer.send(self.name, value, key=b"k", headers=headers)
        finally:
            await producer.stop()


def as_json(attributes, data='{"sku": "A"}'):
    """The event as it stands in a batch."""
    return json.dumps(attributes)[:-1] + f', "data": {data}}}'
