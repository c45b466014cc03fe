"""Commands that run a service: serve, worker, migrate."""

import asyncio
from collections.abc import Coroutine
from contextlib import closing
from typing import Annotated, Any

import typer
import uvloop

from chassis.cli.console import AsJson, Refusal, command, show
from chassis.cli.installation import Installation, installation, require_current_schema
from chassis.cli.serving import context, ended, listen, on_stop, serve_on
from chassis.events.wakeup import Wakeups
from chassis.schema.migrate import head_of, upgrade
from chassis.schema.rights import grant
from chassis.service import Service
from chassis.settings import ServiceSettings
from chassis.storage.bootstrap import owns_tables
from chassis.telemetry.logs import configure_logs
from chassis.work.database import Database
from chassis.worker.running import run_worker

__all__ = ["add_operating"]

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
            _log(here.settings, service)
            _run(_serve(here, with_worker=with_worker))

    @cli.command()
    @command
    def worker() -> None:
        """Run what happens behind the API: event sequencer, Kafka relay, jobs, clock."""
        with installation(service) as here:
            _log(here.settings, service)
            _run(_work(here))

    @cli.command()
    @command
    def migrate(as_json: AsJson = False) -> None:
        """Bring the schema to this version and grant the runtime role its rights. Repeatable."""
        with installation(service) as here:
            upgrade(service, here.owner_url)
            asyncio.run(grant(here.owner_url, here.runtime_role, service.rights))
            made = asyncio.run(_prepare(here))
            head = head_of(service.migrations)
            show({"schema": head} | made, f"schema at {head}", as_json=as_json)


def _run(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


def _log(settings: ServiceSettings, service: Service) -> None:
    configure_logs(settings.log_format, service=service.name, level=settings.log_level)


async def _serve(here: Installation, *, with_worker: bool) -> None:
    with closing(listen(here.settings.host, here.settings.port)) as listening:
        database = here.service.connect(here.settings)
        try:
            await _require_sound(here, database)
            await _prepare(here)
            await serve_on(listening, here, database, with_worker=with_worker)
        finally:
            await database.close()


async def _work(here: Installation) -> None:
    database = here.service.connect(here.settings.unhurried())
    wakeups = Wakeups(database.connect_driver)
    database.wake(for_events=wakeups.committed.notify, for_jobs=wakeups.asked.notify)
    try:
        await _require_sound(here, database)
        working = asyncio.create_task(_with_wakeups(here, database, wakeups))
        on_stop(working.cancel)
        await ended(working)
    finally:
        await database.close()


async def _with_wakeups(here: Installation, database: Database, wakeups: Wakeups) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(wakeups.run())
        tasks.create_task(run_worker(context(here, database), wakeups, None))


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
    database, made = here.service.connect(here.settings.unhurried()), dict[str, int]()
    try:
        for prepare in (one for module in here.service.modules for one in module.at_start):
            made |= await prepare(context(here, database))
    finally:
        await database.close()
    return made
