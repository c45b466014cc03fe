"""Commands that run a service: serve, worker, migrate."""

import asyncio
import gc
import signal
import socket
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import closing
from typing import Annotated, Any

import typer
import uvicorn
import uvloop

from chassis.api.app import create_app
from chassis.cli.console import AsJson, Refusal, command, show
from chassis.cli.installation import Installation, installation, require_current_schema
from chassis.events.wakeup import Wakeups
from chassis.schema.migrate import head_of, upgrade
from chassis.service import Service, ServiceContext
from chassis.storage.bootstrap import grant, owns_tables
from chassis.telemetry.logs import configure_logs
from chassis.telemetry.metrics import Metrics
from chassis.work.database import Database
from chassis.worker.running import run_worker

__all__ = ["add_operating"]

GRACE_SECONDS = 25
"""Time for requests to end after a stop; with the worker's own it stays below 30 s."""

Host = Annotated[str | None, typer.Option(help="Address to listen on.")]
Port = Annotated[int | None, typer.Option(help="Port to listen on.", min=0, max=65535)]
WithWorker = Annotated[bool, typer.Option("--with-worker", help="Run the worker here as well.")]


def add_operating(cli: typer.Typer, service: Service) -> None:
    """Add the commands."""

    @cli.command()
    @command
    def serve(host: Host = None, port: Port = None, with_worker: WithWorker = False) -> None:
        """Serve the API until stopped. Never migrates; says so when that is needed."""
        with installation(service, host=host, port=port) as here:
            configure_logs(here.settings.log_format, service=service.name)
            _run(_serve(here, with_worker=with_worker))

    @cli.command()
    @command
    def worker() -> None:
        """Run what happens behind the API: event sequencer, Kafka relay, jobs, clock."""
        with installation(service) as here:
            configure_logs(here.settings.log_format, service=service.name)
            _run(_work(here))

    @cli.command()
    @command
    def migrate(as_json: AsJson = False) -> None:
        """Bring the schema to this version and grant the runtime role its rights. Repeatable."""
        with installation(service) as here:
            upgrade(service, here.owner_url)
            asyncio.run(grant(here.owner_url, here.runtime_role))
            made = asyncio.run(_prepare(here))
            head = head_of(service.migrations)
            show({"schema": head} | made, f"schema at {head}", as_json=as_json)


def _run(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


async def _serve(here: Installation, *, with_worker: bool) -> None:
    with closing(_listen(here.settings.host, here.settings.port)) as listening:
        database = here.service.connect(here.settings)
        try:
            await _require_sound(here, database)
            await _prepare(here)
            await _serve_on(listening, here, database, with_worker=with_worker)
        finally:
            await database.close()


async def _serve_on(
    listening: socket.socket, here: Installation, database: Database, *, with_worker: bool
) -> None:
    app = create_app(here.service, here.settings, database)
    config = uvicorn.Config(
        app,
        loop="none",
        http="httptools",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    working: asyncio.Task[None] | None = None
    if with_worker:
        metrics: Metrics = app.state.metrics
        wakeups: Wakeups = app.state.wakeups
        working = asyncio.create_task(run_worker(_context(here, database), wakeups, metrics))
    # What exists by now stays: the collector need not look through it again with each request.
    gc.collect()
    gc.freeze()
    await _Server(config, working, app.state.wakeups).serve([listening])


async def _work(here: Installation) -> None:
    database = here.service.connect(here.settings)
    wakeups = Wakeups(database.connect_driver)
    database.wake(for_events=wakeups.committed.notify, for_jobs=wakeups.asked.notify)
    try:
        await _require_sound(here, database)
        working = asyncio.create_task(_with_wakeups(here, database, wakeups))
        _on_stop(working.cancel)
        await _ended(working)
    finally:
        await database.close()


async def _with_wakeups(here: Installation, database: Database, wakeups: Wakeups) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(wakeups.run())
        tasks.create_task(run_worker(_context(here, database), wakeups, None))


def _context(here: Installation, database: Database) -> ServiceContext:
    return ServiceContext(service=here.service, settings=here.settings, database=database)


async def _require_sound(here: Installation, database: Database) -> None:
    """Raises Refusal for a schema of another version, and in production for unsafe rights."""
    await require_current_schema(here, database)
    if here.settings.environment == "production" and await owns_tables(here.runtime_url):
        message = (
            f"the role {here.runtime_role} owns tables, so requests could remove their guards; "
            f"give {here.service.name.upper()}_DATABASE_URL another role"
        )
        raise Refusal(message)


async def _prepare(here: Installation) -> dict[str, int]:
    """Do what modules do at start; how many they made of what."""
    database, made = here.service.connect(here.settings), dict[str, int]()
    try:
        for prepare in (one for module in here.service.modules for one in module.at_start):
            made |= await prepare(_context(here, database))
    finally:
        await database.close()
    return made


def _listen(host: str, port: int) -> socket.socket:
    """The listening socket. Raises Refusal when the port is taken or the address is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as refused:
        listening.close()
        reason = refused.strerror or str(refused)
        message = f"cannot listen on {host}:{port}: {reason}; choose another with --host or --port"
        raise Refusal(message) from refused
    listening.set_inheritable(True)
    return listening


class _Server(uvicorn.Server):
    """The web server, which stops the worker before it closes the database under it."""

    def __init__(
        self, config: uvicorn.Config, working: "asyncio.Task[None] | None", wakeups: Wakeups
    ) -> None:
        super().__init__(config)
        self._working = working
        self._wakeups = wakeups

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until a signal, or until the worker fails, whose error is then raised.

        Signals are not raised again at the end, so that whatever was opened is closed.
        """
        _on_stop(self._stop)
        if self._working:
            self._working.add_done_callback(self._worker_ended)
        await self._serve(sockets)
        if self._working:
            await _ended(self._working)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop: the worker first, then requests, then the application.

        Readers who wait for events are answered at once.
        """
        self._wakeups.close()
        if self._working and not self._working.done():
            self._working.cancel()
            await asyncio.wait([self._working])
        await super().shutdown(sockets)

    def _worker_ended(self, _working: "asyncio.Task[None]") -> None:
        self.should_exit = True

    def _stop(self) -> None:
        """A signal: the first one asks for an orderly end, the second for one at once."""
        self.force_exit = self.should_exit and self.started
        self.should_exit = True


def _on_stop(stop: Callable[[], object]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)


async def _ended(working: Awaitable[None]) -> None:
    """Wait for the end; being cancelled by a signal is a good one."""
    try:
        await working
    except asyncio.CancelledError:
        return
