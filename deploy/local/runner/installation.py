"""One local installation from start to stop: database, migrations, services, demo company."""

import asyncio
import errno
import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from embedded.cluster import EmbeddedCluster
from embedded.placement import ClusterUnavailable
from runner.children import Child
from runner.credentials import Credentials
from runner.plan import Plan, Runnable, fingerprint
from runner.telling import Refusal, paint, say, step

__all__ = ["run_installation"]

ROOT = Path(__file__).resolve().parents[3]
READY_SECONDS_MAX = 120.0
POLL_SECONDS = 0.2
WATCH_SECONDS = 1.0
LEFTOVER_SECONDS_MAX = 40.0
MIGRATED = "migrated.json"
REFUSED = 2


def run_installation() -> int:
    """Run what the environment asks for until Ctrl-C; returns the exit code."""
    try:
        plan = Plan.of(os.environ, ROOT)
        with _data_folder(plan), _alone(plan):
            credentials = Credentials(plan.data_dir)
            credentials.prepare(plan)
            with _database(plan) as cluster:
                asyncio.run(Run(plan, credentials, cluster).until_stopped())
    except (Refusal, ClusterUnavailable) as refused:
        sys.stderr.write(f"\n{paint('Tandem does not run.', 'bad')} {refused}\n")
        return REFUSED
    except KeyboardInterrupt:
        return 130
    say("Stopped.")
    return 0


class Run:
    """The services of a plan, from their migrations to their end."""

    def __init__(
        self, plan: Plan, credentials: Credentials, cluster: EmbeddedCluster | None
    ) -> None:
        self.plan = plan
        self.credentials = credentials
        self.cluster = cluster
        self.children = [
            Child(service, plan.command(service, sys.executable), self._environment(service))
            for service in plan.services
        ]
        self._stop = asyncio.Event()
        self._asking = httpx.AsyncClient(trust_env=False, timeout=5)

    def _environment(self, service: Runnable) -> dict[str, str]:
        return self.plan.environment(service, self.credentials.bootstrap)

    async def until_stopped(self) -> None:
        """Migrate, start, present, keep running. Raises Refusal, ClusterUnavailable."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._on_signal)
        living = asyncio.create_task(self._live())
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait({living, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        living.cancel()
        try:
            await living
        except asyncio.CancelledError:
            return
        except Refusal:
            (self.plan.data_dir / MIGRATED).unlink(missing_ok=True)
            raise

    async def _live(self) -> None:
        background: list[asyncio.Task[None]] = []
        try:
            await asyncio.gather(*(child.begin() for child in self.children))
            await self._migrate()
            await self._seed()
            parts = (*map(self._keep_running, self.children), self._watch_database())
            background += map(asyncio.create_task, (*parts, self._present()))
            done, _ = await asyncio.wait(background, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            await self._end(background)

    def _on_signal(self) -> None:
        if self._stop.is_set():
            for child in self.children:
                child.kill()
        self._stop.set()

    async def _end(self, background: Sequence["asyncio.Task[None]"]) -> None:
        """Stop everything in order."""
        say("\nStopping ...")
        # The bridge first: it would miss the halves it calls.
        for child in reversed(self.children):
            if child.service.name == "bridge":
                await child.stop()
        await asyncio.gather(*(child.stop() for child in self.children))
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await self._asking.aclose()

    async def _keep_running(self, child: Child) -> None:
        """The bridge starts when both halves can answer it."""
        if child.service.name == "bridge":
            halves = (self._ready(one) for one in self.plan.services if one != child.service)
            await asyncio.gather(*halves)
        await child.run()

    async def _migrate(self) -> None:
        """Migrate what changed since the last run of this data folder."""
        mark = self.plan.data_dir / MIGRATED
        known = json.loads(mark.read_text(encoding="utf-8")) if mark.exists() else {}
        wanted = {one.name: fingerprint(ROOT, one, self.plan) for one in self.plan.services}
        stale = [
            child
            for child in self.children
            if known.get(child.service.name) != wanted[child.service.name]
        ]
        with step("Migrations") as now:
            mark.unlink(missing_ok=True)
            migrating = (child.do_first("migrate") for child in stale)
            now.result = "; ".join(await asyncio.gather(*migrating)) or "up to date"
        mark.write_text(json.dumps(known | wanted), encoding="utf-8")

    async def _seed(self) -> None:
        """Create the demo company, once in the life of a data folder."""
        mark = self.plan.data_dir / "demo-company.json"
        halves = [child for child in self.children if child.service.name != "bridge"]
        if mark.exists() or self.plan.given.get("DEMO") == "0":
            return
        with step("Demo company") as now:
            seeding = (child.do_first("seed", "--demo") for child in halves)
            now.result = "; ".join(await asyncio.gather(*seeding))
        mark.write_text(json.dumps([one.service.name for one in halves]), encoding="utf-8")

    async def _watch_database(self) -> None:
        """Start PostgreSQL again if somebody ends it."""
        while self.cluster is not None:
            await asyncio.sleep(WATCH_SECONDS)
            if await asyncio.to_thread(self.cluster.ensure_running):
                say(paint("PostgreSQL had ended; it was started again", "bad"))
        await self._stop.wait()

    async def _present(self) -> None:
        """Wait until all services are ready, create the demo company, say how to enter."""
        with step("Services") as now:
            now.progress = "waiting until /readyz says so"
            await asyncio.gather(*(self._ready(one) for one in self.plan.services))
            now.result = "ready"
        self._announce()
        await self._stop.wait()

    async def _ready(self, service: Runnable) -> None:
        """Wait until it serves. Raises Refusal when that takes too long."""
        try:
            async with asyncio.timeout(READY_SECONDS_MAX):
                while not await self._says_ready(service):  # noqa: ASYNC110 - it is told by HTTP
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            message = (
                f"The {service.title} was not ready after {READY_SECONDS_MAX:.0f} s; "
                f"{self.plan.url(service)}/readyz tells why, and its lines above"
            )
            raise Refusal(message) from None

    async def _says_ready(self, service: Runnable) -> bool:
        try:
            reply = await self._asking.get(f"{self.plan.url(service)}/readyz")
        except httpx.HTTPError:
            return False
        return reply.status_code == httpx.codes.OK

    def _announce(self) -> None:
        say()
        say(paint("Tandem is ready.", "good"))
        for service in self.plan.services:
            entry = self.credentials.services[service.name]
            say(f"  {service.title:<12} {entry['url']}   try it: {entry['url']}/docs")
            say(f"  {'':<12} login {entry['login']}, password {entry['password']}")
            say(f"  {'':<12} API key {entry['api_key']}")
        say(f"  The same in {self.credentials.path} (only you can read it).")
        kafka = self.plan.given.get("KAFKA_BOOTSTRAP_SERVERS")
        say(f"  Events travel by {f'Kafka at {kafka}' if kafka else 'the HTTP feeds'}.")
        if self.plan.given.get("LOGS") != "1":
            say("  Only warnings of the services follow; `make run LOGS=1` shows every line.")
        say("  Ctrl-C stops everything; the data stays.")
        say()


@contextmanager
def _data_folder(plan: Plan) -> Iterator[None]:
    """The folder exists and can be written; the system's refusals become advice."""
    try:
        if not plan.data_dir.exists():
            plan.data_dir.mkdir(parents=True)
            plan.data_dir.chmod(0o711)
        yield
    except OSError as failed:
        if failed.errno in {errno.ENOSPC, errno.EDQUOT}:
            message = f"The disk is full: free some space for {plan.data_dir} and try again."
        elif failed.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            message = (
                f"{failed.filename or plan.data_dir} cannot be written by this account: run as "
                "the one that made it, or choose another folder: make run TANDEM_DATA=<folder>"
            )
        else:
            raise
        raise Refusal(message) from failed


@contextmanager
def _alone(plan: Plan) -> Iterator[None]:
    """One runner for a data folder, and its ports are free.

    After a runner that was killed, its services may still be leaving; they are waited for.
    """
    with (plan.data_dir / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            message = (
                f"It already runs on {plan.data_dir} (process {lock.read().strip()}). Stop that "
                "one, or run a second beside it on another folder and other ports:\n"
                "make run TANDEM_DATA=.tandem2 ERP_PORT=8101 CRM_PORT=8102 BRIDGE_PORT=8103"
            )
            raise Refusal(message) from None
        lock.seek(0)
        if lock.read().strip():
            _wait_for_ports(plan)
        plan.check_ports()
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        try:
            yield
        finally:
            lock.truncate(0)


def _wait_for_ports(plan: Plan) -> None:
    with step("Earlier run") as now:
        now.progress = "its services are stopping"
        now.result = "has ended"
        deadline = time.monotonic() + LEFTOVER_SECONDS_MAX
        while not plan.ports_are_free() and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)


@contextmanager
def _database(plan: Plan) -> Iterator[EmbeddedCluster | None]:
    """The embedded PostgreSQL where a service needs it; stopped at the end."""
    if not plan.embedded:
        yield None
        return
    with step("PostgreSQL") as now:
        cluster = EmbeddedCluster.open(plan.data_dir)
        now.result = f"runs in {cluster.place.data}"
    with cluster:
        yield cluster
