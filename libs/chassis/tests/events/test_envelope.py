"""The envelope, judged by the CloudEvents project's own SDK."""

from uuid import uuid4

import orjson
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.formats.json import JSONFormat
from jsonschema import Draft202012Validator

from chassis.events.envelope import COLUMNS, RECORDS_AFTER, envelope_schema, to_json, to_kafka
from chassis.telemetry.trace import Trace

BASE_URL = "https://sample.example.com"
REQUIRED = {
    "id",
    "source",
    "type",
    "subject",
    "time",
    "datacontenttype",
    "dataschema",
    "partitionkey",
    "sequence",
    "history",
    "aggversion",
    "origin",
    "hops",
    "correlationid",
    "traceparent",
}
CAUSED = {
    "tandem-origin": "crm",
    "tandem-hops": "1",
    "tandem-correlation-id": "0192f3a0-0000-7000-8000-000000000001",
    "tandem-causation-id": "0192f3a0-0000-7000-8000-000000000002",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
}


@pytest.fixture
async def rows(history):
    """Two published rows: one of our own, one caused by an event of another service."""
    await history.publish((uuid4(), 1))
    async with history.database.transaction(trace=Trace.from_headers(CAUSED)) as work:
        await work.record(history.noted(uuid4(), 3, title='螺栓 "M8" \\ \n'))
    sequencer = history.sequencer()
    await sequencer.acquire()
    await sequencer.number()
    async with history.database.driver() as sql:
        return await sql.fetch(
            f"""select i.id as installation, i.epoch, {COLUMNS}
                  from installation i, outbox_sequence s
                  join outbox o on o.id = s.outbox_id order by s.feed_seq"""
        )


@pytest.fixture
async def records(rows, history):
    """The same rows as the relay reads them."""
    async with history.database.driver() as sql:
        return await sql.fetch(RECORDS_AFTER, 0, 10)


def as_texts(event):
    """The attributes as the binary form has them: everything is text."""
    return {name: str(value) for name, value in event.get_attributes().items()}


def read_structured(body: bytes):
    return JSONFormat().read(None, body)


def read_binary(record):
    _, _, key, value, headers = to_kafka(record, BASE_URL)
    return from_binary(KafkaMessage(headers=dict(headers), key=key, value=value), JSONFormat())


async def test_every_event_says_what_it_is_and_where_it_comes_from(rows, history):
    """B15, C67: all attributes, the installation in the source, the schema with its version."""
    async with history.database.driver() as sql:
        installation = await sql.fetchval("select id from installation")
    for place, row in enumerate(rows, 1):
        event = orjson.loads(to_json(row, BASE_URL))
        assert set(event) >= REQUIRED | {"specversion", "data"}
        assert event["specversion"] == "1.0"
        assert event["source"] == f"/tandem/sample/{installation}"
        assert event["type"] == "tandem.sample.note-written.v1"
        assert event["dataschema"] == f"{BASE_URL}/schemas/sample.note-written.v1.json"
        assert event["subject"] == event["partitionkey"] == event["data"]["id"]
        assert event["sequence"] == f"{place:020d}"
        assert event["aggversion"] == event["data"]["version"]
        assert event["time"].endswith("Z")


async def test_what_caused_it_travels_with_it(rows):
    """B15, B58: origin, hops, correlation, causation and the trace of the caller."""
    own, caused = (orjson.loads(to_json(row, BASE_URL)) for row in rows)
    assert (own["origin"], own["hops"]) == ("sample", 0)
    assert "causationid" not in own
    assert (caused["origin"], caused["hops"]) == ("crm", 1)
    assert caused["correlationid"] == CAUSED["tandem-correlation-id"]
    assert caused["causationid"] == CAUSED["tandem-causation-id"]
    assert caused["traceparent"].split("-")[1] == CAUSED["traceparent"].split("-")[1]


async def test_the_sdk_reads_both_forms_as_the_same_event(rows, records):
    """B15: structured for the feed, binary for Kafka, nothing lost either way."""
    for row, record in zip(rows, records, strict=True):
        structured, binary = read_structured(to_json(row, BASE_URL)), read_binary(record)
        assert as_texts(structured) == as_texts(binary)
        assert structured.get_data() == binary.get_data() == orjson.loads(row["payload"])


async def test_the_sdk_writes_what_we_write(rows, records):
    """B15: from the feed's form to Kafka's and back, by the SDK alone, gives our own bytes."""
    for row, record in zip(rows, records, strict=True):
        place, topic, key, value, headers = to_kafka(record, BASE_URL)
        assert (place, topic) == (row["feed_seq"], row["topic"])
        message = to_binary(read_structured(to_json(row, BASE_URL)), JSONFormat())
        assert message.key.encode() == key
        assert message.headers == dict(headers)
        assert orjson.loads(message.value) == orjson.loads(value)
        back = orjson.loads(JSONFormat().write(read_binary(record)))
        ours = orjson.loads(to_json(row, BASE_URL))
        assert {name: str(back[name]) for name in ours if name != "data"} == {
            name: str(ours[name]) for name in ours if name != "data"
        }
        assert back["data"] == ours["data"]


async def test_sequences_sort_as_text(rows):
    """CloudEvents `sequence`: compared as text, so it is padded."""
    sequences = [orjson.loads(to_json(row, BASE_URL))["sequence"] for row in rows]
    assert sequences == sorted(sequences)
    later = orjson.loads(to_json(dict(rows[0]) | {"feed_seq": 10**18}, BASE_URL))["sequence"]
    assert later > sequences[-1]


async def test_the_published_schema_describes_the_envelope(rows):
    """B15: the schema in the contract accepts what is sent and refuses an event without ids."""
    schema = envelope_schema(["tandem.sample.note-written.v1"])
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for row in rows:
        event = orjson.loads(to_json(row, BASE_URL))
        validator.validate(event)
        assert not validator.is_valid({name: event[name] for name in event if name != "source"})
