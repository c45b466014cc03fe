"""Where benchmarks run: a PostgreSQL of their own with default durability, and real processes."""

import asyncio
import base64
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import asyncpg
import orjson

from bench.machine import cpu_seconds, tree_cpu_seconds
from bench.wire import TOKEN, Refused, request_bytes
from chassis.service import Service
from chassis.storage.bootstrap import DatabaseUrls, Roles, create_database
from embedded.cluster import EmbeddedCluster
from identity.keys import new_secret

__all__ = ["Loader", "Measured", "Place", "Server"]

T = TypeVar("T")
READY_SECONDS = 60.0
POLL_SECONDS = 0.02
_ENDED = b'{"error": "the load process has ended"}'
_LOGGED = re.compile(r"LOG: +(?:statement|execute [^:]*): +(?!notify|alter system)", re.IGNORECASE)


@dataclass(frozen=True)
class Measured:
    """A load's outcome: rate a second, latencies and processor time an act in milliseconds."""

    rate: float
    p50: float
    p99: float
    app_ms: float
    database_ms: float
    p95: float


@dataclass(frozen=True)
class Server:
    """A running process that answers HTTP."""

    url: str
    pid: int
    key: str = ""

    def request(self, method: str, path: str, body: Any = None, *, once: bool = False) -> bytes:
        """A request to it; with `once`, a new idempotency key each time it is sent."""
        more = f"Idempotency-Key: {TOKEN}\r\n" if once else ""
        sent = b"" if body is None else orjson.dumps(body)
        return _unfilled(method, self.url, path, key=self.key, body=sent, more=more)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request once, at leisure; what it answers. Raises Refused."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        headers["Idempotency-Key"] = os.urandom(16).hex()
        data = None if body is None else orjson.dumps(body)
        asked = urllib.request.Request(self.url + path, data, headers, method=method)  # noqa: S310 - our own
        try:
            with urllib.request.urlopen(asked, timeout=60) as reply:  # noqa: S310 - our own address
                return orjson.loads(reply.read())
        except urllib.error.HTTPError as error:
            raise Refused(error.read().decode()) from error


def _unfilled(method: str, url: str, path: str, **parts: Any) -> bytes:
    """The request with its TOKENs still in it."""
    mark = b"#" * len(TOKEN)
    parts["body"] = parts["body"].replace(TOKEN.encode(), mark)
    parts["more"] = parts["more"].replace(TOKEN, mark.decode())
    request = request_bytes(method, url, path.replace(TOKEN, mark.decode()), **parts)
    return request.replace(mark, TOKEN.encode())


class Loader:
    """The load process."""

    def __init__(self, log: Path) -> None:
        self._log = log
        with log.open("wb") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bench.loader"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
            )

    def act(self, name: str, **asked: Any) -> dict[str, Any]:
        """Let it do `module:name`. Raises Refused when that fails."""
        assert self._process.stdin  # noqa: S101 - tells mypy
        assert self._process.stdout  # noqa: S101 - tells mypy
        self._process.stdin.write(orjson.dumps({"act": name} | asked) + b"\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = orjson.loads(self._process.stdout.readline() or _ENDED)
        if "error" in answer:
            said = self._log.read_text(encoding="utf-8", errors="replace")[-2000:]
            message = f"{name}: {answer['error']}\n{said}"
            raise Refused(message)
        return answer

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin  # noqa: S101 - tells mypy
        self._process.stdin.close()
        self._process.wait()


class Place:
    """A cluster, migrated databases, processes of services, a load process; all gone at the end."""

    def __init__(self, folder: Path, cluster: EmbeddedCluster, loader: Loader) -> None:
        self.folder, self.cluster, self.loader = folder, cluster, loader
        self.postmaster = int((cluster.place.data / "postmaster.pid").read_text().split()[0])
        self._databases = 0

    @classmethod
    @contextmanager
    def open(cls) -> Iterator[Self]:
        """Start it all; stop and remove it at the end."""
        folder = Path(tempfile.mkdtemp(prefix="tandem-bench-"))
        folder.chmod(0o711)
        loader = Loader(folder / "loader.log")
        try:
            with EmbeddedCluster.open(folder / "data") as cluster:
                yield cls(folder, cluster, loader)
        finally:
            loader.close()
            shutil.rmtree(folder, ignore_errors=True)

    def database(self, service: Service) -> DatabaseUrls:
        """A new migrated database of a service, without a row of business."""
        template = self.cluster.ensure_database(service.name)
        command = [sys.executable, "-m", _package(service), "migrate"]
        if not (self.folder / service.name).exists():
            subprocess.run(command, env=_environment(service, template), check=True, stdout=-3)
            (self.folder / service.name).touch()
        roles = Roles(
            name=service.name,
            runtime_password=self.cluster.password(service.name),
            owner_password=self.cluster.password(f"{service.name}_owner"),
        )
        self._databases += 1
        name = f"{service.name}_{self._databases}"
        copying = create_database(self.cluster.admin_url, name, roles, template=service.name)
        asyncio.run(copying)
        return roles.urls(self.cluster.admin_url, name)

    @contextmanager
    def serving(self, service: Service, urls: DatabaseUrls, *options: str) -> Iterator[Server]:
        """The service's own `serve` on a free port."""
        port, secret = _free_port(), new_secret(service.name)
        first = self.folder / f"{service.name}-{port}.json"
        systems = sorted(service.reserved_systems)
        key = {"name": "bench", "secret": secret, "scopes": ["admin"], "systems": systems}
        first.write_text(json.dumps({"keys": [key], "users": []}), encoding="utf-8")
        given = _environment(service, urls) | {
            f"{service.name.upper()}_BOOTSTRAP_KEY_FILE": str(first)
        }
        command = [sys.executable, "-m", _package(service), "serve", "--port", str(port), *options]
        with self.process(command, given, port, "/readyz") as server:
            yield Server(server.url, server.pid, secret)

    @contextmanager
    def bare(self, **asked: Any) -> Iterator[Server]:
        """A process of `bench.bare`."""
        port = _free_port()
        given = dict(os.environ) | {"BENCH_BARE": json.dumps(asked)}
        command = [sys.executable, "-m", "bench.bare", str(port)]
        with self.process(command, given, port, "/ready") as server:
            yield server

    @contextmanager
    def process(
        self, command: list[str], env: Mapping[str, str], port: int, ready: str
    ) -> Iterator[Server]:
        """A process that answers at a port; its output goes to a file. Raises Refused."""
        said = self.folder / f"{port}.log"
        with ExitStack() as ending, said.open("wb") as log:
            process = subprocess.Popen(command, env=dict(env), stdout=log, stderr=log)
            ending.callback(process.wait)
            ending.callback(process.terminate)
            url = f"http://127.0.0.1:{port}"
            until = time.monotonic() + READY_SECONDS
            while not _answers(url + ready):
                if process.poll() is not None or time.monotonic() > until:
                    raise Refused(said.read_text(encoding="utf-8")[-2000:])
                time.sleep(POLL_SECONDS)
            yield Server(url, process.pid)

    def load(
        self, server: Server, request: bytes, *, clients: int, seconds: float, **more: Any
    ) -> Measured:
        """Send the request for a time; what that cost. `more`: as `bench.loader.load` takes it."""
        return self.measured(
            "bench.loader:load",
            app=server.pid,
            url=server.url,
            request=base64.b64encode(request).decode(),
            clients=clients,
            seconds=seconds,
            **more,
        )

    def measured(self, act: str, *, app: int | None = None, **asked: Any) -> Measured:
        """Let the load process act; the application is that process itself unless `app` is."""
        before = tree_cpu_seconds(self.postmaster), cpu_seconds(app) if app else 0.0
        told = self.loader.act(act, **asked)
        database = tree_cpu_seconds(self.postmaster) - before[0]
        used = cpu_seconds(app) - before[1] if app else told["cpu"]
        each = 1000 / max(told["count"], 1)
        return Measured(
            told["rate"], told["p50"], told["p99"], used * each, database * each, told["p95"]
        )

    def statements(
        self,
        server: Server,
        request: bytes,
        *,
        count: int = 20,
        records: Callable[[int], list[str] | None] = lambda _: None,
    ) -> float:
        """Messages to the database for each request, BEGIN and COMMIT counted, by its log."""
        asked = {
            "url": server.url,
            "request": base64.b64encode(request).decode(),
            "clients": 1,
            "count": count,
        }
        log = self.cluster.place.log
        first, second = records(count), records(count)
        self._log_statements("all")
        self.loader.act("bench.loader:load", **asked, records=first)
        before = log.stat().st_size  # every session has heard of it by now
        self.loader.act("bench.loader:load", **asked, records=second)
        with log.open("rb") as lines:
            lines.seek(before)
            seen = len(_LOGGED.findall(lines.read().decode(errors="replace")))
        self._log_statements("none")
        return seen / count

    def _log_statements(self, which: str) -> None:
        async def tell(sql: "asyncpg.Connection[Any]") -> None:
            await sql.execute(f"alter system set log_statement = '{which}'")
            await sql.execute("select pg_reload_conf()")

        self.asked(self.cluster.admin_url, tell)

    def asked(
        self, url: str, act: Callable[["asyncpg.Connection[Any]"], Coroutine[Any, Any, T]]
    ) -> T:
        """Do something on a connection of its own."""

        async def alone() -> T:
            sql = await asyncpg.connect(url)
            try:
                return await act(sql)
            finally:
                await sql.close()

        return asyncio.run(alone())


def _package(service: Service) -> str:
    return "sync_bridge" if service.name == "bridge" else service.name


def _environment(service: Service, urls: DatabaseUrls) -> dict[str, str]:
    """Ours without what points at another installation."""
    prefix = f"{service.name.upper()}_"
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(prefix) and name != "KAFKA_BOOTSTRAP_SERVERS"
    }
    return kept | {
        f"{prefix}DATABASE_URL": urls.runtime,
        f"{prefix}MIGRATION_DATABASE_URL": urls.owner,
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:  # noqa: S310 - our own address
            return bool(reply.status == 200)
    except OSError:
        return False
