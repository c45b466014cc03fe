"""Doctor: is this installation sound? Each check says what it found and, if bad, what to do."""

import shutil
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from functools import partial

import asyncpg
import typer

from brokers.connection import Brokers
from chassis.cli.console import FAILED, AsJson, command, show
from chassis.cli.installation import Installation, installation, require_installation
from chassis.schema.migrate import head_of, schema_version
from chassis.schema.rights import excess, loose
from chassis.service import Check, Service, ServiceContext, Unsound
from chassis.storage.bootstrap import owns_tables
from chassis.storage.connections import opened
from chassis.storage.folding import KNOWS_ALL_SCRIPTS
from chassis.storage.lost import LOST

__all__ = ["Finding", "add_doctor", "examine"]

POSTGRES_MIN = 150000
CLOCK_SKEW_MAX_SECONDS = 2.0
DISK_FREE_MIN_BYTES = 1024**3
BROKER_ANSWERS_WITHIN_SECONDS = 5


@dataclass(frozen=True)
class Finding:
    """The outcome of one check."""

    check: str
    ok: bool
    detail: str


def add_doctor(cli: typer.Typer, service: Service) -> None:
    """Add the command."""

    @cli.command()
    @command
    async def doctor(as_json: AsJson = False) -> None:
        """Check database, schema, rights, clock, disk and broker; exit code 1 if one is bad."""
        require_installation(service)
        with installation(service) as here:
            findings = await examine(here)
        lines = [f"{'ok ' if one.ok else 'BAD'} {one.check}: {one.detail}" for one in findings]
        show([asdict(one) for one in findings], "\n".join(lines), as_json=as_json)
        if not all(one.ok for one in findings):
            raise typer.Exit(FAILED)


async def examine(here: Installation) -> list[Finding]:
    """Every finding; a check that itself fails is a bad finding, never an exception."""
    checks: dict[str, Callable[[Installation], Awaitable[str]]] = {
        "database": _database,
        "schema": _schema,
        "rights": _rights,
        "search": _search,
        "clock": _clock,
        "disk": _disk,
        "jobs": _jobs,
        "production": _production,
    }
    if brokers := here.settings.brokers:
        checks["broker"] = partial(_broker, brokers=brokers)
    checks |= {name: _of_module(check) for name, check in here.service.checks.items()}
    return [await _finding(name, check, here) for name, check in checks.items()]


def _of_module(check: Check) -> Callable[[Installation], Awaitable[str]]:
    """A module's check, asked with a database of its own."""

    async def ask(here: Installation) -> str:
        database = here.service.connect(here.settings)
        try:
            return await check(ServiceContext(here.service, here.settings, database))
        finally:
            await database.close()

    return ask


async def _finding(
    name: str, check: Callable[[Installation], Awaitable[str]], here: Installation
) -> Finding:
    try:
        return Finding(name, ok=True, detail=await check(here))
    except Unsound as bad:
        return Finding(name, ok=False, detail=str(bad))
    except LOST as failed:
        return Finding(name, ok=False, detail=f"{type(failed).__name__}: {failed}")


async def _ask(here: Installation, question: str) -> asyncpg.Record:
    async with opened(here.runtime_url, seconds=5) as sql:
        (row,) = await sql.fetch(question)
        return row


async def _database(here: Installation) -> str:
    row = await _ask(
        here,
        "select current_setting('server_version_num')::int as number,"
        " current_setting('server_version') as version, current_database() as name,"
        " (select ssl from pg_stat_ssl where pid = pg_backend_pid()) as tls",
    )
    if row["number"] < POSTGRES_MIN:
        message = f"PostgreSQL {row['version']} is too old; 15 or newer is needed"
        raise Unsound(message)
    kind = "embedded" if here.embedded else "external"
    tls = "with" if row["tls"] else "without"
    return f"PostgreSQL {row['version']}, {kind}, database {row['name']}, {tls} TLS"


async def _schema(here: Installation) -> str:
    async with opened(here.runtime_url, seconds=5) as sql:
        present = await schema_version(sql)
    head = head_of(here.service.migrations)
    if present != head:
        message = f"at {present}, this version needs {head}; run: {here.service.name} migrate"
        raise Unsound(message)
    return f"at {head}"


async def _rights(here: Installation) -> str:
    owned = await owns_tables(here.runtime_url)
    if owned:
        message = (
            f"the runtime role owns {len(owned)} tables ({', '.join(owned[:3])} ...), so a request "
            "could remove their guards; give it a role that owns none"
        )
        raise Unsound(message)
    async with opened(here.runtime_url, seconds=5) as sql:
        wrong = [*await loose(sql), *await excess(sql, here.service.rights)]
    if wrong:
        message = (
            f"{len(wrong)} are not as declared: {'; '.join(wrong[:5])}; run: "
            f"{here.service.name} migrate, and revoke as docs/operations/security.md says"
        )
        raise Unsound(message)
    return f"role {here.runtime_role} owns no table, and may do with rows what is declared"


async def _search(here: Installation) -> str:
    row = await _ask(here, "select to_regproc('search_fold') is not null as there")
    if not row["there"]:
        return "searches nothing by words"
    known = await _ask(here, KNOWS_ALL_SCRIPTS)
    if not known[0]:
        message = (
            "letters outside ASCII are found as they are written only: use PostgreSQL 17 or newer, "
            "one built with ICU, or a database whose locale is UTF-8, then restore into it"
        )
        raise Unsound(message)
    return "folds letters of all scripts"


async def _clock(here: Installation) -> str:
    before = time.time()
    row = await _ask(here, "select extract(epoch from clock_timestamp())::float8 as now")
    middle = (before + time.time()) / 2
    skew = abs(row["now"] - middle)
    if skew > CLOCK_SKEW_MAX_SECONDS:
        message = f"this machine and the database differ by {skew:.1f} s; set both by NTP"
        raise Unsound(message)
    return f"within {skew:.1f} s of the database; zone {here.settings.zone}"


async def _disk(here: Installation) -> str:
    folder = here.settings.data_dir
    usage = shutil.disk_usage(folder if folder.exists() else ".")
    free = f"{usage.free / 1024**3:.1f} GiB free"
    if usage.free < DISK_FREE_MIN_BYTES:
        message = f"only {free}; make room"
        raise Unsound(message)
    return free


async def _jobs(here: Installation) -> str:
    row = await _ask(here, "select count(*) as dead from job where state = 'dead'")
    if row["dead"]:
        message = f"{row['dead']} are dead; see GET /v1/jobs?state=dead, then retry them"
        raise Unsound(message)
    return "none is dead"


async def _production(here: Installation) -> str:
    settings = here.settings
    if settings.environment == "production":
        return "nothing that production refuses"
    refused = "; ".join(settings.unsafe()) if not here.embedded else "the embedded database"
    return f"TANDEM_ENV is development; production would refuse {refused or 'nothing'}"


async def _broker(_: Installation, brokers: Brokers) -> str:
    from brokers.reaching import NotReached, count_brokers  # noqa: PLC0415 - B62: only with one

    try:
        count = await count_brokers(brokers, answer_seconds=BROKER_ANSWERS_WITHIN_SECONDS)
    except NotReached as reasons:
        raise Unsound(str(reasons)) from reasons
    login = f", log-in by {brokers.mechanism}" if brokers.mechanism else ""
    return f"{count} answer at {brokers.servers} by {brokers.protocol}{login}"
