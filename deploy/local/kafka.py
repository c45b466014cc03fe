"""A real Apache Kafka broker without a container engine: `make kafka`, the tests and the demo.

The jars come through Maven into a cache folder once; one broker in KRaft mode, which is its own
controller, runs from there with Java 17 or newer, on loopback. It is ready when it answers a
client's request for metadata, and it stops with the process that started it.

    python deploy/local/kafka.py [--port 9092] [--data-dir .tandem/kafka] [--secured]
"""

from __future__ import annotations

import argparse
import base64
import fcntl
import hashlib
import os
import re
import shutil
import signal
import string
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kafka_access import KafkaAccess
from kafka_ports import LOOPBACK, answers_metadata, free_port, port_is_free

__all__ = [
    "KafkaUnavailable",
    "LocalKafka",
    "answers_metadata",
    "cache_dir",
    "fetch_jars",
    "find_java",
]

FILES = Path(__file__).with_name("kafka")
JAVA_MINIMUM = 17
JVM_FLAGS = ("-Xmx256m", "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
READY_SECONDS = 60.0
STOP_SECONDS = 15.0
FETCH_SECONDS = 600.0
POLL_SECONDS = 0.05
LOG_TAIL_LINES = 15
INSTALL_ADVICE = (
    "Install both (Debian, Ubuntu: apt-get install openjdk-17-jre-headless maven; "
    "macOS: brew install openjdk@17 maven), or point JAVA_HOME at a newer Java."
)
COMPOSE_ADVICE = (
    "This machine has Docker, so a broker also comes from\n"
    "    docker compose -f deploy/compose.yaml up kafka\n"
    "Start Tandem with KAFKA_BOOTSTRAP_SERVERS=localhost:9094."
)


class KafkaUnavailable(Exception):
    """No broker can be had here. The text says what is missing and what to do about it."""


def cache_dir() -> Path:
    """Where jars are kept between runs: $TANDEM_CACHE/kafka, else ~/.cache/tandem/kafka."""
    chosen = os.environ.get("TANDEM_CACHE")
    return (Path(chosen) if chosen else Path.home() / ".cache" / "tandem") / "kafka"


def find_java() -> str:
    """The path of a java that can run the broker. Raises KafkaUnavailable."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else shutil.which("java")
    if java is None or not Path(java).exists():
        raise KafkaUnavailable(
            _advice(f"Apache Kafka needs Java {JAVA_MINIMUM} or newer, and no java was found.")
        )
    banner = subprocess.run(
        [java, "-version"], capture_output=True, text=True, check=False, timeout=60
    ).stderr
    version = re.search(r'version "(\d+)', banner)
    if version is None or int(version.group(1)) < JAVA_MINIMUM:
        found = banner.splitlines()[0] if banner else "no answer"
        raise KafkaUnavailable(
            _advice(f"Apache Kafka needs Java {JAVA_MINIMUM} or newer; {java} says: {found}.")
        )
    return java


def fetch_jars(cache: Path) -> Path:
    """The folder with the broker's jars, fetched by Maven on first use.

    Two processes that ask at once fetch once. Raises KafkaUnavailable.
    """
    pom = FILES / "pom.xml"
    folder = cache / f"jars-{hashlib.sha256(pom.read_bytes()).hexdigest()[:12]}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(cache / "fetch.lock"):
        if not folder.is_dir():
            _run_maven(pom, cache, folder)
    return folder


def _run_maven(pom: Path, cache: Path, folder: Path) -> None:
    """Let Maven copy the jars beside the folder, then rename: half a download is never used."""
    maven = shutil.which("mvn")
    if maven is None:
        raise KafkaUnavailable(
            _advice("Maven fetches the jars of Apache Kafka, and no mvn was found.")
        )
    with tempfile.TemporaryDirectory(dir=cache) as unfinished:
        jars = Path(unfinished, "jars")
        command = [maven, "-B", "-q", "-C", "-f", str(pom), "dependency:copy-dependencies"]
        try:
            done = subprocess.run(
                [*command, f"-DoutputDirectory={jars}"],
                capture_output=True,
                text=True,
                check=False,
                timeout=FETCH_SECONDS,
            )
        except subprocess.TimeoutExpired as late:
            raise KafkaUnavailable(_network_advice("it took over ten minutes")) from late
        if done.returncode != 0:
            raise KafkaUnavailable(_network_advice(_tail(done.stdout)))
        jars.rename(folder)


def _advice(problem: str) -> str:
    """The problem, followed by the ways out that this machine offers."""
    ways = [
        problem,
        INSTALL_ADVICE,
        "Kafka is optional: without it the bridge reads the HTTP event feeds.",
    ]
    if shutil.which("docker"):
        ways.append(COMPOSE_ADVICE)
    return "\n".join(ways)


def _network_advice(reason: str) -> str:
    return _advice(
        f"Maven could not fetch the jars of Apache Kafka:\n{reason}\n"
        "Check the network; behind a proxy or a mirror, name it in ~/.m2/settings.xml. "
        "The jars are kept, so this is needed once."
    )


def _tail(text: str) -> str:
    return "\n".join(text.splitlines()[-LOG_TAIL_LINES:])


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock between processes."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


class LocalKafka:
    """One broker of our own, as a child process.

    `advertised_port` is what clients are told to connect to, where a proxy of a test listens;
    without it, the broker's own port. With `access` it also listens at `login_port` by TLS with
    log-in, and at `certificate_port` by TLS with certificates of clients.
    """

    def __init__(
        self,
        *,
        cache: Path | None = None,
        advertised_port: int | None = None,
        access: KafkaAccess | None = None,
    ) -> None:
        self._cache = cache or cache_dir()
        self.advertised_port = advertised_port
        self.access = access
        self.login_port = self.certificate_port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._temporary: Path | None = None
        self._command: list[str] = []
        self.data_dir = Path()
        self.port = 0

    @property
    def bootstrap(self) -> str:
        """host:port of the broker itself."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int | None:
        """The broker's process id while it is a running child of ours."""
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def log_file(self) -> Path:
        """What the broker writes about itself."""
        return self.data_dir / "broker.log"

    def start(self, port: int = 0, data_dir: Path | None = None) -> str:
        """Start the broker and return its address once it answers a client.

        Port 0 takes a free one. A data folder used before keeps its topics, messages and offsets;
        without one a temporary folder is used and removed by `stop`. Raises KafkaUnavailable.
        """
        java = find_java()
        jars = fetch_jars(self._cache)
        if port and not port_is_free(port):
            message = (
                f"Port {port} on {LOOPBACK} is taken. If that is a Kafka broker, use it: "
                f"KAFKA_BOOTSTRAP_SERVERS={LOOPBACK}:{port}. Else choose another port with "
                "--port (make kafka KAFKA_PORT=9192)."
            )
            raise KafkaUnavailable(message)
        if data_dir is None:
            self._temporary = data_dir = Path(tempfile.mkdtemp(prefix="tandem-kafka-"))
        self.data_dir = data_dir.resolve()
        self.port = port or free_port()
        self._command = [java, *JVM_FLAGS, "-Dorg.slf4j.simpleLogger.showDateTime=true"]
        self._command += self.access.jvm_flags if self.access else ()
        self._command += ["-cp", str(jars / "*")]
        self._configure()
        return self.restart()

    def _configure(self) -> None:
        """Write the properties, and format the data folder if it is new."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        logs = self.data_dir / "log"
        properties = self.data_dir / "server.properties"
        ports = {
            "port": self.port,
            "controller_port": free_port(),
            "advertised_port": self.advertised_port or self.port,
        }
        template = string.Template((FILES / "server.properties").read_text(encoding="utf-8"))
        text = template.substitute(ports, log_dir=logs)
        if self.access:
            self.access.make()
            self.login_port, self.certificate_port = free_port(), free_port()
            own = {"login_port": self.login_port, "certificate_port": self.certificate_port}
            text += self.access.properties(ports | own)
        properties.touch(mode=0o600)
        properties.write_text(text, encoding="utf-8")
        if (logs / "meta.properties").exists():
            return
        # One argument: an id that begins with "-" would be taken for an option.
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        formatting = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}"]
        formatting += self.access.format_arguments if self.access else ()
        done = subprocess.run(
            [*self._command, *formatting, "--config", str(properties), "--ignore-formatted"],
            capture_output=True,
            text=True,
            check=False,
            timeout=READY_SECONDS,
        )
        if done.returncode != 0:
            message = (
                f"Kafka could not prepare its data folder {self.data_dir}. Is the disk full, or "
                f"the folder not yours?\n{_tail(done.stdout + done.stderr)}"
            )
            raise KafkaUnavailable(message)

    def restart(self) -> str:
        """Start again on the same ports and data, after `kill`. Raises KafkaUnavailable."""
        if self.pid is not None:
            self._terminate()
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._command, "kafka.Kafka", str(self.data_dir / "server.properties")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches us first; we stop the broker in order
            )
        self._await_ready(self._process)
        return self.bootstrap

    def _await_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not answers_metadata(self.port):
            try:
                process.wait(timeout=POLL_SECONDS)
            except subprocess.TimeoutExpired:
                if time.monotonic() < deadline:
                    continue
            log = _tail(self.log_file.read_text(encoding="utf-8", errors="replace"))
            self._terminate()
            message = (
                f"The broker did not come up. Its log, {self.log_file}, ends with:\n{log}\n"
                "If it names another process that holds the folder, stop that one; if it names "
                "broken data, remove the folder."
            )
            raise KafkaUnavailable(message)

    def kill(self) -> None:
        """End the broker as a power cut would end its process (SIGKILL)."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """Stop in order, then remove the temporary folder if there was one. Safe to repeat."""
        self._terminate()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)
            self._temporary = None

    def _terminate(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make kafka", description=(__doc__ or "").split(":")[0])
    parser.add_argument(
        "--port", type=int, default=int(os.environ.get("KAFKA_PORT", "9092")), help="0: a free one"
    )
    home = Path(os.environ.get("TANDEM_DATA", ".tandem"))
    parser.add_argument(
        "--data-dir", type=Path, help=f"topics and offsets live here; {home}/kafka unless said"
    )
    parser.add_argument("--secured", action="store_true", help="by TLS and log-in as well")
    arguments = parser.parse_args(argv)
    if arguments.data_dir is None:
        arguments.data_dir = home / ("kafka-secured" if arguments.secured else "kafka")
    return arguments


def _access(data_dir: Path) -> KafkaAccess:
    """What a secured broker shows. Raises KafkaUnavailable: a package is missing."""
    access = KafkaAccess(data_dir.resolve() / "access")
    try:
        access.make()
    except ImportError as missing:
        message = f"{missing}: run it by the environment's Python, as make kafka SECURED=1 does"
        raise KafkaUnavailable(message) from missing
    return access


def main(argv: list[str] | None = None) -> int:
    """Run one broker until Ctrl-C or SIGTERM. Exit code 0, or 1 with what to do on stderr."""
    arguments = _arguments(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    broker = LocalKafka()
    try:
        if arguments.secured:
            broker.access = _access(arguments.data_dir)
        _announce(broker, arguments)
        while broker.pid is not None:
            time.sleep(1.0)
        print(f"The broker ended by itself; see {broker.log_file}", file=sys.stderr)
    except KafkaUnavailable as missing:
        print(missing, file=sys.stderr)
    except KeyboardInterrupt:
        return 0
    finally:
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_IGN)  # an impatient second Ctrl-C leaves no orphan
        broker.stop()
    return 1


def _announce(broker: LocalKafka, arguments: argparse.Namespace) -> None:
    """Start the broker and say how long it took and how to use it."""
    began = time.monotonic()
    print("Starting Apache Kafka (the first time, Maven fetches about 45 MB) ...", flush=True)
    address = broker.start(port=arguments.port, data_dir=arguments.data_dir)
    print(f"Apache Kafka is ready after {time.monotonic() - began:.1f} s at {address}")
    variables = {"KAFKA_BOOTSTRAP_SERVERS": address}
    if broker.access:
        variables = broker.access.settings(broker.login_port)
    said = " ".join(f"{name}={value}" for name, value in variables.items())
    print(f"    {said} make run")
    print(f"    log: {broker.log_file}    stop: Ctrl-C", flush=True)


if __name__ == "__main__":
    sys.exit(main())
