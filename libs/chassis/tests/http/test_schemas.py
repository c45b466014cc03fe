"""What describes the events: served to everybody, under the address that the events name."""

import json

import httpx
import pytest
from jsonschema import Draft202012Validator

from identity.testing.service import running


@pytest.fixture
async def public(sample):
    """A caller that shows no key."""
    transport = httpx.ASGITransport(app=sample.app)
    async with httpx.AsyncClient(transport=transport, base_url=sample.settings.base_url) as client:
        yield client


async def test_an_event_names_the_schema_that_it_fits(sample, public):
    """Decision 0073: `dataschema` is an address; who follows it needs no key."""
    written = await sample.post("/v1/notes", {"title": "described"})
    (event,) = [one for one in await sample.feed() if one["subject"] == written.json()["id"]]
    reply = await public.get(event["dataschema"])
    assert reply.headers["content-type"] == "application/schema+json"
    assert "max-age" in reply.headers["cache-control"]
    schema = reply.json()
    assert schema["$id"] == event["dataschema"] == str(reply.url)
    judge = Draft202012Validator(schema)
    judge.validate(event["data"])
    judge.validate(event["data"] | {"colour": "a field of tomorrow"})
    assert not judge.is_valid({"title": "no id"})


async def test_schemas_of_events_that_are_no_longer_published_stay(sample, public):
    listed = (await public.get("/schemas")).json()["schemas"]
    names = [address.removeprefix(f"{sample.settings.base_url}/schemas/") for address in listed]
    assert names == ["sample.note-torn.v1.json", "sample.note-written.v1.json"]
    assert (await public.get(listed[0])).json()["title"] == "note-torn.v1"
    missing = await public.get("/schemas/sample.note-eaten.v1.json")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")


async def test_asyncapi_names_this_installation_and_no_address_of_a_broker(sample_module, cluster):
    settings = {
        "public_url": "https://notes.example.com/",
        "kafka_bootstrap_servers": "secret-broker:9092",
        "kafka_partitions": 6,
        "outbox_retention_days": 20,
    }
    async with running(sample_module.SERVICE, cluster, **settings) as sample:
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=sample.app), base_url="http://inside.test"
        )
        async with client:
            document = (await client.get("/asyncapi.json")).json()
            listed = (await client.get("/schemas")).json()["schemas"]
    assert all(one.startswith("https://notes.example.com/schemas/") for one in listed)
    assert "https://notes.example.com/v1/events" in document["info"]["description"]
    assert "at\nleast 20 days" in document["info"]["description"]
    assert "secret-broker" not in json.dumps(document)
    (channel,) = document["channels"].values()
    topic = channel["bindings"]["kafka"]
    assert (topic["topic"], topic["partitions"]) == ("sample.note.v1", 6)
    assert topic["topicConfiguration"] == {
        "cleanup.policy": ["delete"],
        "retention.ms": 14 * 24 * 3600 * 1000,
    }
    assert channel["servers"] == [{"$ref": "#/servers/kafka"}]
    assert document["servers"]["kafka"]["protocol"] == "kafka"
    (message,) = document["components"]["messages"].values()
    assert message["bindings"]["kafka"]["key"]["format"] == "uuid"


@pytest.mark.parametrize(
    ("settings", "base_url"),
    [
        ({"public_url": "https://erp.example.com/half/"}, "https://erp.example.com/half"),
        ({"host": "0.0.0.0", "port": 8001}, "http://localhost:8001"),  # noqa: S104
        ({"host": "::1", "port": 8001}, "http://[::1]:8001"),
    ],
)
def test_the_address_of_a_service(sample_module, settings, base_url):
    assert sample_module.SERVICE.settings.model_validate(settings).base_url == base_url


@pytest.mark.parametrize("url", ["erp.example.com", "ftp://erp", "https://erp/?a=1", "https://e e"])
def test_what_is_no_address_is_refused_at_the_start(sample_module, url):
    with pytest.raises(ValueError, match="public_url"):
        sample_module.SERVICE.settings.model_validate({"public_url": url})
