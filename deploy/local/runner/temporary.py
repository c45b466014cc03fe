"""A whole installation of its own for a while: temporary folder, free ports, removed at the end."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from embedded.placement import refuge_of
from kafka import KafkaUnavailable, LocalKafka
from runner.plan import ALL
from runner.telling import Refusal, step

__all__ = [
    "Temporary",
    "environment_of",
    "remove_installation",
    "services_of",
    "temporary_folder",
    "temporary_installation",
]

RUN = Path(__file__).resolve().parents[1] / "run.py"
READY_SECONDS_MAX = 180.0
POLL_SECONDS = 0.1
TAIL_LINES = 40
READY = "Tandem is ready."


class Temporary:
    """A running installation: its services' APIs as its administrator, its log, its broker."""

    def __init__(self, folder: Path, broker: LocalKafka | None = None) -> None:
        self.folder = folder
        self.broker = broker
        self.log = folder / "run.log"
        self.credentials: dict[str, dict[str, str]] = json.loads(
            (folder / "data" / "credentials.json").read_text(encoding="utf-8")
        )

    @contextmanager
    def clients(
        self, through: Callable[[], httpx.BaseTransport] = httpx.HTTPTransport
    ) -> Iterator[dict[str, httpx.Client]]:
        """A client for each service, by name; each with a transport of its own."""
        clients = {
            name: httpx.Client(
                base_url=entry["url"],
                headers={"Authorization": f"Bearer {entry['api_key']}"},
                transport=through(),
                trust_env=False,
                timeout=60,
            )
            for name, entry in self.credentials.items()
        }
        try:
            yield clients
        finally:
            for client in clients.values():
                client.close()


@contextmanager
def temporary_installation(**settings: str) -> Iterator[Temporary]:
    """Start ERP, CRM and bridge; stop and remove them at the end.

    TRANSPORT=kafka in the settings brings a broker along. Raises Refusal with the last lines.
    """
    with temporary_folder() as folder, _broker(settings.pop("TRANSPORT", "feed")) as broker:
        kafka = {"KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap} if broker else {}
        with services_of(folder, environment_of(folder) | settings | kafka):
            yield Temporary(folder, broker)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder for an installation, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="tandem-demo-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        remove_installation(folder)


@contextmanager
def services_of(folder: Path, given: Mapping[str, str]) -> Iterator[None]:
    """The services of a folder run; stopped in order at the end. Raises Refusal.

    Again in the same folder and environment they find what they left.
    """
    with (folder / "run.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, str(RUN), "up"],
            env=given,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        with step("Installation") as now:
            _wait_until_ready(process, folder / "run.log")
            now.result = f"ERP, CRM and bridge run in {folder}"
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def remove_installation(folder: Path) -> None:
    """Remove the folder, and the copy of the database's binaries that root's server may need."""
    refuge = refuge_of((folder / "data").resolve())
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(refuge, ignore_errors=True)


@contextmanager
def _broker(transport: str) -> Iterator[LocalKafka | None]:
    """The broker of an installation whose events travel that way."""
    if transport == "feed":
        yield None
        return
    if transport != "kafka":
        message = f"TRANSPORT={transport} is unknown: write TRANSPORT=feed or TRANSPORT=kafka"
        raise Refusal(message)
    broker = LocalKafka()
    try:
        with step("Apache Kafka") as now:
            now.result = broker.start()
        yield broker
    except KafkaUnavailable as missing:
        raise Refusal(str(missing)) from missing
    finally:
        broker.stop()


def environment_of(folder: Path) -> dict[str, str]:
    """Ours without what points at another installation, with free ports."""
    prefixes = tuple(service.prefix for service in ALL)
    mine = {"ONLY", "DATA", "KAFKA_BOOTSTRAP_SERVERS"}
    plain = {
        name: value
        for name, value in os.environ.items()
        if name not in mine and not name.startswith(prefixes)
    }
    ports = {
        f"{service.prefix}PORT": str(port) for service, port in zip(ALL, _ports(), strict=True)
    }
    data = {"TANDEM_DATA": str(folder / "data"), "TANDEM_AS_IT_IS": "1", "DEMO": "0", "LOGS": "1"}
    return plain | ports | data


def _ports() -> list[int]:
    probes = [socket.socket() for _ in ALL]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def _wait_until_ready(process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS_MAX
    while READY not in log.read_text(encoding="utf-8"):
        if process.poll() is not None or time.monotonic() > deadline:
            last = "\n".join(log.read_text(encoding="utf-8").splitlines()[-TAIL_LINES:])
            message = f"The installation for the demo did not come up:\n{last}"
            raise Refusal(message)
        time.sleep(POLL_SECONDS)
