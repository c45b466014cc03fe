"""The local broker: what it says when something is missing, and that it survives a kill."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaProducer

import kafka as local_kafka
from brokers.connection import Brokers
from chassis.events.topics import ensure_topics
from chassis.testing.kafka import _Room
from chassis.testing.proxy import TcpProxy
from chassis.testing.records import partitions_of, records_of
from kafka import KafkaUnavailable, LocalKafka, answers_metadata, find_java


def java_that_says(folder, banner):
    """A java of another version."""
    java = folder / "java"
    java.write_text(f"#!/bin/sh\necho '{banner}' >&2\n", encoding="utf-8")
    java.chmod(0o755)
    return folder


def test_without_java_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(KafkaUnavailable) as missing:
        find_java()
    assert "needs Java 17 or newer, and no java was found" in str(missing.value)
    assert "apt-get install" in str(missing.value)
    assert "docker compose" not in str(missing.value)


def test_with_docker_and_without_java_it_says_how_to_use_compose(monkeypatch, tmp_path):
    (tmp_path / "docker").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(KafkaUnavailable, match=r"docker compose -f deploy/compose.yaml up kafka"):
        find_java()


@pytest.mark.parametrize("banner", ['openjdk version "11.0.2"', 'java version "1.8.0_392"', ""])
def test_an_old_java_is_named(monkeypatch, tmp_path, banner):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", f"{java_that_says(tmp_path, banner)}:{os.environ['PATH']}")
    with pytest.raises(KafkaUnavailable, match=r"needs Java 17 or newer; .* says"):
        find_java()


def test_java_home_wins_over_the_path(monkeypatch, tmp_path):
    (tmp_path / "bin").mkdir()
    java_that_says(tmp_path / "bin", 'openjdk version "25.0.1"')
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert find_java() == str(tmp_path / "bin" / "java")


def test_without_maven_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(KafkaUnavailable, match="no mvn was found"):
        local_kafka.fetch_jars(tmp_path / "cache")


def test_without_a_network_it_says_so_and_leaves_nothing_half_done(monkeypatch, tmp_path):
    maven = tmp_path / "mvn"
    maven.write_text("#!/bin/sh\necho 'could not transfer artifact'\nexit 1\n", encoding="utf-8")
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(KafkaUnavailable) as missing:
        local_kafka.fetch_jars(tmp_path / "cache")
    assert "could not transfer artifact" in str(missing.value)
    assert "Check the network" in str(missing.value)
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["fetch.lock"]


@pytest.mark.kafka
def test_any_id_of_a_cluster_is_taken(kafka, monkeypatch, tmp_path):
    """One id in 64 begins with a dash, like an option."""
    dashed = UUID(bytes=b"\xf8" + bytes(15))
    monkeypatch.setattr("kafka.uuid.uuid4", lambda: dashed)
    broker = LocalKafka()
    try:
        broker.start(data_dir=tmp_path)
        assert answers_metadata(broker.port)
    finally:
        broker.stop()
    assert "cluster.id=-A" in (tmp_path / "log" / "meta.properties").read_text(encoding="utf-8")


@pytest.mark.kafka
def test_a_taken_port_is_named(kafka):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(KafkaUnavailable, match=f"Port {port} on 127.0.0.1 is taken"):
            LocalKafka().start(port=port)


@pytest.mark.kafka
async def test_what_a_killed_broker_had_acknowledged_is_there_after_its_restart(
    crashable_kafka,
):
    topic = f"erp.t{uuid4().hex[:8]}.v1"
    async with TcpProxy(crashable_kafka.port, port=crashable_kafka.advertised_port) as proxy:
        broker = f"127.0.0.1:{proxy.port}"
        await ensure_topics(Brokers(broker), [topic], partitions=2)
        producer = AIOKafkaProducer(bootstrap_servers=broker, acks="all")
        await producer.start()
        await producer.send_and_wait(topic, b"kept")
        await producer.stop()
        crashable_kafka.kill()
        assert not answers_metadata(crashable_kafka.port)
        crashable_kafka.restart()
        records = await records_of(broker, topic)
    assert [record.value for found in records.values() for record in found] == [b"kept"]


@pytest.mark.kafka
async def test_no_topic_is_made_by_asking_for_it(kafka):
    """B14: auto.create.topics.enable is false: a typing error makes no topic."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, request_timeout_ms=300)
    await producer.start()
    topic = f"erp.typo-{uuid4().hex[:8]}.v1"
    with pytest.raises(Exception, match="UnknownTopicOrPartition"):
        await producer.send_and_wait(topic, b"x")
    await producer.stop()
    assert await partitions_of(kafka.bootstrap, topic) == 0


@pytest.mark.kafka
def test_make_kafka_runs_until_it_is_told_to_stop(kafka, tmp_path):
    """The command prints the address when it is ready, and ends in order."""
    script = Path(local_kafka.__file__)
    running = subprocess.Popen(
        [sys.executable, str(script), "--port", "0", "--data-dir", str(tmp_path / "data")],
        stdout=subprocess.PIPE,
        text=True,
    )
    with running:
        printed = running.stdout.readline()
        while "is ready" not in printed:
            printed = running.stdout.readline()
            assert printed, "the command ended before the broker was ready"
        port = int(printed.rsplit(":", 1)[1])
        assert answers_metadata(port)
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=30)
    assert running.returncode == 0
    assert not answers_metadata(port)


@pytest.mark.kafka
def test_the_shared_broker_stays_while_anyone_holds_it(kafka, tmp_path):
    """The last process that leaves stops it; a process that died does not hold it."""
    room = _Room(tmp_path)
    first = room.enter()
    try:
        assert _Room(tmp_path).enter() == first
        stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        (tmp_path / "holders" / str(stranger.pid)).touch()
        room.leave()
        assert answers_metadata(first.port)
        stranger.kill()
        stranger.wait()
    finally:
        room.enter()
        began = time.monotonic()
        room.leave()
    assert answers_metadata(kafka.port), "another room's broker is none of its business"
    assert not answers_metadata(first.port)
    assert time.monotonic() - began < 20
    assert not Path(first.folder).exists()


SKIPPING = """
import pytest
from kafka import KafkaUnavailable
import chassis.testing.kafka as fixtures

def unavailable():
    raise KafkaUnavailable("Apache Kafka needs Java, and no java was found.")

class Broken(fixtures.LocalKafka):
    def start(self, *args, **kwargs):
        unavailable()

fixtures.LocalKafka = Broken
fixtures.cache_dir = lambda: __import__("pathlib").Path(__file__).parent

def test_one(kafka): ...
def test_two(kafka): ...
"""


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)])
def test_without_a_broker_tests_skip_aloud_or_fail_in_ci(tmp_path, ci, code):
    (tmp_path / "test_it.py").write_text(SKIPPING, encoding="utf-8")
    root = Path(local_kafka.__file__).parents[2]
    asked = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-c",
        str(root / "pyproject.toml"),
    ]
    done = subprocess.run(
        [*asked, "--rootdir", root, "-p", "chassis.testing.kafka", tmp_path / "test_it.py"],
        env=os.environ | {"CI": ci, "PYTHONPATH": str(root / "deploy" / "local")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout
    assert "no java was found" in done.stdout
    assert ("2 Kafka tests were SKIPPED" in done.stdout) == (not ci)
    assert ("CI is set" in done.stdout) == bool(ci)
