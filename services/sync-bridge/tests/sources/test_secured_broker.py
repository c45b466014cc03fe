"""Events from the product's publisher to the bridge's inbox, over a broker with TLS and log-ins."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest
from pydantic import SecretStr

from brokers.connection import Brokers
from brokers.credentials import ClientCredentials
from chassis.events.broker import BrokerTrouble, Outgoing
from chassis.events.publisher import KafkaPublisher
from chassis.events.topic_ends import TopicEnds
from chassis.testing.issuer import issuing, signed_token
from chassis.testing.waiting import until
from sync_bridge.sources.kafka import KafkaSource
from tests.sources.publishing import attributes_of, headers_of

pytestmark = pytest.mark.kafka

TOPIC, GROUP, PREFIXED, ALLOW = 2, 3, 4, 3
OPERATIONS = {"Read": 3, "Write": 4, "Create": 5}
"""Numbers of Kafka's protocol."""

WAYS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "certificate")


@pytest.fixture
def login(secured_kafka):
    """Brokers that take a log-in by SCRAM over TLS."""
    access = secured_kafka.access
    return Brokers(
        f"127.0.0.1:{secured_kafka.login_port}",
        protocol="SASL_SSL",
        mechanism="SCRAM-SHA-512",
        username=access.username,
        password=SecretStr(access.password_file.read_text()),
        ca_file=access.ca_file,
    )


@pytest.fixture
def by(secured_kafka, login):
    """Brokers that are reached in one of the ways."""
    access = secured_kafka.access
    with issuing() as issuer:
        issuer.answer = lambda: {"access_token": signed_token(access), "expires_in": 300}
        credentials = ClientCredentials(issuer.url, "bridge", SecretStr("s"))
        ways = {one: replace(login, mechanism=one) for one in WAYS if one != "certificate"}
        ways["OAUTHBEARER"] = replace(ways["OAUTHBEARER"], password=None, credentials=credentials)
        ways["certificate"] = Brokers(
            f"127.0.0.1:{secured_kafka.certificate_port}",
            protocol="SSL",
            ca_file=access.ca_file,
            certificate_file=access.certificate_file,
            key_file=access.key_file,
        )
        yield ways
        assert len(issuer.asked) <= 1, "each client asked for a token of its own"


def publisher_at(brokers, topic):
    return KafkaPublisher(
        brokers, client_id="test", topics=[topic], partitions=2, answer_seconds=10.0
    )


def source_at(brokers, topic, stored, *, group=None):
    return KafkaSource(
        brokers,
        receive=stored.receive,
        begin_backfill=stored.begin_backfill,
        group=group or f"g{uuid4()}",
        instance="one",
        topics=f"^{topic}$",
    )


async def give(broker, username, kind, prefix, *operations):
    """Rights for all topics or groups whose name begins so."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        for one in operations:
            right = (kind, prefix, PREFIXED, f"User:{username}", "*", OPERATIONS[one], ALLOW)
            answer = await admin._send_request(CreateAclsRequest(*right))
            assert answer.creation_responses == [(0, "")]
    finally:
        await admin.close()


def outgoing_to(topic, count):
    """So many events as the relay sends them, and their ids."""
    events = [attributes_of(sequence=f"{number:020d}") for number in range(1, count + 1)]
    outgoing = [
        Outgoing(number, topic, event["subject"].encode(), b"{}", headers_of(event))
        for number, event in enumerate(events, start=1)
    ]
    return outgoing, sorted(event["id"] for event in events)


@pytest.mark.parametrize("way", WAYS)
async def test_events_are_published_and_read_by_tls(by, stored, working, way):
    """The publisher makes the topic and sends; the source reads each event once and commits."""
    topic = f"erp.t{uuid4().hex[:8]}.v1"
    outgoing, ids = outgoing_to(topic, 20)
    publisher = publisher_at(by[way], topic)
    try:
        await publisher.start()
        assert await publisher.publish(outgoing) == 20
    finally:
        await publisher.abandon()
    async with working(source_at(by[way], topic, stored)):
        await stored.holds(20)
    assert sorted(await stored.ids()) == ids


async def test_a_wrong_password_publishes_and_reads_nothing(login, stored, working):
    """What failed is told as any other trouble with brokers, and tried again."""
    wrong = replace(login, password=SecretStr("wrong"))
    topic = f"erp.t{uuid4().hex[:8]}.v1"
    publisher = publisher_at(wrong, topic)
    with pytest.raises(BrokerTrouble, match="KafkaConnectionError: Unable to bootstrap"):
        await publisher.start()
    await publisher.abandon()
    source = source_at(wrong, topic, stored)

    async def failing():
        return source.condition.failures > 0

    async with working(source):
        await until(failing, within_seconds=20)
        assert "Unable to bootstrap" in source.condition.reason
    assert await stored.ids() == []


async def test_these_rights_are_enough_for_who_publishes_and_who_reads(
    secured_kafka, login, stored, working
):
    """As docs/guides/kafka-and-tls.md lists them; without them nothing is made and nothing read."""
    limited = secured_kafka.access.limited_username
    brokers = replace(login, username=limited)
    prefix = f"erp.t{uuid4().hex[:8]}"
    topic, group = f"{prefix}.v1", f"tandem-bridge-{uuid4()}"
    outgoing, ids = outgoing_to(topic, 5)
    publisher = publisher_at(brokers, topic)
    with pytest.raises(BrokerTrouble, match="TopicAuthorizationFailedError"):
        await publisher.start()
    await publisher.abandon()

    await give(secured_kafka.bootstrap, limited, TOPIC, prefix, "Create", "Write")
    publisher = publisher_at(brokers, topic)
    try:
        await publisher.start()
        await publisher.publish(outgoing)
    finally:
        await publisher.abandon()

    await give(secured_kafka.bootstrap, limited, TOPIC, prefix, "Read")
    ends = TopicEnds(brokers, topics=[topic], partitions=2, answer_seconds=10.0)
    assert await ends._published(UUID(int=1)) == []
    source = source_at(brokers, topic, stored, group=group)

    async def refused():
        return "GroupAuthorizationFailedError" in source.condition.reason

    async with working(source):
        await until(refused, within_seconds=20)
        await give(secured_kafka.bootstrap, limited, GROUP, "tandem-bridge-", "Read")
        await stored.holds(5)
    assert sorted(await stored.ids()) == ids
