"""Pytest fixtures for a real Kafka broker.

`kafka` is one broker for every process that tests at the moment: the first that asks starts it, the
last that leaves stops it. `crashable_kafka` is a broker of one test module alone, for killing;
`secured_kafka` is one with TLS and log-ins; `kafka_here` says that a test can start its own.
Where no broker can be had, these tests are skipped and the summary says why; with CI=true that is a
failure instead.
"""

import fcntl
import json
import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from kafka import (
    KafkaUnavailable,
    LocalKafka,
    answers_metadata,
    cache_dir,
    fetch_jars,
    find_java,
)
from kafka_access import KafkaAccess

__all__ = [
    "Broker",
    "crashable_kafka",
    "kafka",
    "kafka_here",
    "pytest_terminal_summary",
    "secured_kafka",
]

_SKIPPED = "Kafka: "
_STOP_SECONDS = 20.0
_POLL_SECONDS = 0.05
_CHILDREN: list[LocalKafka] = []
"""Shared brokers started here; kept, because others may use them longer than we do."""


@dataclass(frozen=True)
class Broker:
    """Where the shared broker answers, and what stops it."""

    bootstrap: str
    pid: int
    folder: str

    @property
    def port(self) -> int:
        """Its loopback port."""
        return int(self.bootstrap.rpartition(":")[2])


def _refuse(reason: str) -> NoReturn:
    """Skip, or fail where a broker is part of the bargain."""
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(f"{reason}\n(CI is set, so Kafka tests may not be skipped)", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def kafka() -> Iterator[Broker]:
    """The address of the broker shared by all running tests. Use topic names of your own."""
    room = _Room(cache_dir() / "test-broker")
    broker = room.enter()
    yield broker
    room.leave()


@pytest.fixture(scope="session")
def kafka_here() -> None:
    """A broker can be had here, for a test that starts its own."""
    try:
        find_java()
        fetch_jars(cache_dir())
    except KafkaUnavailable as missing:
        _refuse(f"{_SKIPPED}{missing}")


@pytest.fixture(scope="module")
def crashable_kafka() -> Iterator[LocalKafka]:
    """A broker for this module alone, to kill and restart.

    Clients are told to come back at `advertised_port`, where nothing listens until a test puts a
    proxy there (`chassis.testing.proxy.TcpProxy`) that leads to `port`.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        advertised_port = probe.getsockname()[1]
    broker = LocalKafka(advertised_port=advertised_port)
    try:
        _start(broker)
        yield broker
    finally:
        broker.stop()


@pytest.fixture(scope="session")
def secured_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A broker of this process that is reached by TLS: with log-ins and with certificates."""
    broker = LocalKafka(access=KafkaAccess(tmp_path_factory.mktemp("kafka-access")))
    try:
        _start(broker)
        yield broker
    finally:
        broker.stop()


def _start(broker: LocalKafka) -> None:
    try:
        broker.start()
    except KafkaUnavailable as missing:
        _refuse(f"{_SKIPPED}{missing}")


class _Room:
    """A folder in which running test processes note that they use the broker."""

    def __init__(self, folder: Path) -> None:
        self._holders = folder / "holders"
        self._state = folder / "broker.json"
        self._lock = folder / "lock"
        self._holders.mkdir(parents=True, exist_ok=True)

    @property
    def _mine(self) -> Path:
        return self._holders / str(os.getpid())

    def enter(self) -> Broker:
        """Hold the broker, starting it if none answers."""
        with self._locked():
            broker = self._running() or self._start()
            self._mine.touch()
            return broker

    def leave(self) -> None:
        """Let go of the broker, stopping it if nobody else holds it."""
        with self._locked():
            self._mine.unlink(missing_ok=True)
            broker = self._running()
            if broker is not None and not self._held():
                self._stop(broker)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._lock.open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def _running(self) -> Broker | None:
        try:
            broker = Broker(**json.loads(self._state.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return broker if answers_metadata(broker.port) else None

    def _start(self) -> Broker:
        local = LocalKafka()
        _CHILDREN.append(local)
        _start(local)
        broker = Broker(local.bootstrap, local.pid or 0, str(local.data_dir))
        self._state.write_text(json.dumps(asdict(broker)), encoding="utf-8")
        return broker

    def _held(self) -> bool:
        """Whether a living process holds the broker; notes of dead ones are removed."""
        for note in self._holders.iterdir():
            try:
                os.kill(int(note.name), 0)
            except ProcessLookupError:
                note.unlink()
            except PermissionError:
                return True
            else:
                return True
        return False

    def _stop(self, broker: Broker) -> None:
        self._state.unlink()
        for child in _CHILDREN:
            if child.bootstrap == broker.bootstrap:
                child.stop()
        if not answers_metadata(broker.port):
            return
        os.kill(broker.pid, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        while answers_metadata(broker.port) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        shutil.rmtree(broker.folder, ignore_errors=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once, at the very end and in red, that Kafka tests did not run, and why."""
    skipped = [
        report.longrepr[2]
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple) and _SKIPPED in report.longrepr[2]
    ]
    if skipped:
        terminalreporter.write_sep("!", f"{len(skipped)} Kafka tests were SKIPPED", red=True)
        terminalreporter.write_line(skipped[0].removeprefix(f"Skipped: {_SKIPPED}"), red=True)
