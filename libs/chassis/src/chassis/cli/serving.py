"""The web server: the API, the worker beside it, and metrics on a port of their own."""

import asyncio
import gc
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing

import uvicorn
from fastapi import FastAPI

from chassis.api.app import create_app
from chassis.cli.console import Refusal
from chassis.cli.installation import Installation
from chassis.events.wakeup import Wakeups
from chassis.http.connections import allow_files, protocol_of
from chassis.service import ServiceContext
from chassis.settings import ServiceSettings
from chassis.telemetry.metrics import Metrics
from chassis.work.database import Database
from chassis.worker.running import run_worker

__all__ = ["context", "ended", "listen", "on_stop", "serve_on"]

METRICS_CONNECTIONS = 16
GRACE_SECONDS = 25
"""Time for requests to end after a stop; with the worker's own it stays below 30 s."""


def context(here: Installation, database: Database) -> ServiceContext:
    """What the worker is given."""
    return ServiceContext(service=here.service, settings=here.settings, database=database)


async def serve_on(
    listening: socket.socket, here: Installation, database: Database, *, with_worker: bool
) -> None:
    """Serve the API on the socket until a signal, with the worker in the same process or not."""
    app = create_app(here.service, here.settings, database)
    connections = allow_files(here.settings)
    config = uvicorn.Config(
        app,
        loop="none",
        http=protocol_of(here.settings, connections),
        limit_concurrency=connections + 1,  # the protocol refuses first, also who says nothing
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    metrics: Metrics = app.state.metrics
    working: asyncio.Task[None] | None = None
    if with_worker:
        wakeups: Wakeups = app.state.wakeups
        working = asyncio.create_task(run_worker(context(here, database), wakeups, metrics))
    # What exists by now stays: the collector need not look through it again with each request.
    gc.collect()
    gc.freeze()
    async with _metrics_served(here.settings, metrics, database):
        await _Server(config, working, app.state.wakeups).serve([listening])


@asynccontextmanager
async def _metrics_served(
    settings: ServiceSettings, metrics: Metrics, database: Database
) -> AsyncIterator[None]:
    """`/metrics` on a port of its own, where the settings name one."""
    if settings.metrics_port is None:
        yield
        return
    app = FastAPI(openapi_url=None, routes=metrics.router().routes)
    app.state.database = database
    config = uvicorn.Config(
        app,
        loop="none",
        http=protocol_of(settings, METRICS_CONNECTIONS),
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = _Beside(config)
    with closing(listen(settings.host, settings.metrics_port)) as listening:
        serving = asyncio.create_task(server.serve([listening]))
        try:
            yield
        finally:
            server.should_exit = True
            await serving


def listen(host: str, port: int) -> socket.socket:
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


class _Beside(uvicorn.Server):
    """A web server beside the API's: signals are for that one."""

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until it is told to end."""
        await self._serve(sockets)


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
        on_stop(self._stop)
        if self._working:
            self._working.add_done_callback(self._worker_ended)
        await self._serve(sockets)
        if self._working:
            await ended(self._working)

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


def on_stop(stop: Callable[[], object]) -> None:
    """Call this at a signal to stop."""
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)


async def ended(working: Awaitable[None]) -> None:
    """Wait for the end; being cancelled by a signal is a good one."""
    try:
        await working
    except asyncio.CancelledError:
        return
