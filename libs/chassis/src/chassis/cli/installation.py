"""The installation a command works on: its settings, and a database that is there to be used."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol

from pydantic import SecretStr
from sqlalchemy import make_url

from chassis.cli.console import Refusal
from chassis.schema.migrate import head_of, schema_version
from chassis.service import Service
from chassis.settings import ServiceSettings
from chassis.storage.bootstrap import DatabaseUrls, in_own_loop
from chassis.storage.lost import LOST
from chassis.storage.pooler import lends_sessions
from chassis.work.database import Database

__all__ = [
    "FolderDatabase",
    "Installation",
    "connected",
    "installation",
    "refuse_in_production",
    "require_current_schema",
    "require_installation",
]


DATABASES = "tandem.databases"
"""The entry point of this group runs a database in a data folder; production has none of them."""


class FolderDatabase(Protocol):
    """Databases of services in a data folder, by a server that runs while they are used."""

    def exists(self, data_dir: Path) -> bool:
        """Whether the folder has a server's files, so that opening it begins none."""

    def open(self, data_dir: Path, name: str) -> AbstractContextManager[DatabaseUrls]:
        """The database of a service, made at first use. Raises Refusal with what to do."""


@dataclass(frozen=True)
class Installation:
    """A service with settings whose database URLs are known; `embedded` when we run the server."""

    service: Service
    settings: ServiceSettings
    embedded: bool

    @property
    def runtime_url(self) -> str:
        """How requests and jobs reach the database."""
        url = self.settings.database_url
        return url.get_secret_value() if url else ""

    @property
    def owner_url(self) -> str:
        """How migrations reach the database. Raises Refusal when no URL is set."""
        url = self.settings.migration_database_url
        if url is None:
            name = f"{self.service.name.upper()}_MIGRATION_DATABASE_URL"
            message = f"{name} is not set: give the URL of the role that owns the tables"
            raise Refusal(message)
        return url.get_secret_value()

    @property
    def runtime_role(self) -> str:
        """The role that requests and jobs work as. Raises Refusal when the URL names none."""
        role = make_url(self.runtime_url).username
        if not role:
            message = f"{self.service.name.upper()}_DATABASE_URL names no role"
            raise Refusal(message)
        return role


@contextmanager
def installation(service: Service, **overrides: Any) -> Iterator[Installation]:
    """The installation that the environment describes.

    Without a database URL it is the one of the data folder, whose server is left at the end.
    Overrides that are not None replace settings. Raises ValueError for wrong settings, Refusal
    without a database, or with a pooler before it that lends sessions.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    settings = service.settings(**given)
    if settings.database_url is not None:
        in_own_loop(_refuse_lent_sessions(settings, service.name.upper()))
        yield Installation(service, settings, embedded=False)
        return
    with _folder_database(service).open(settings.data_dir, service.name) as urls:
        known = settings.model_copy(
            update={
                "database_url": SecretStr(urls.runtime),
                "migration_database_url": SecretStr(urls.owner),
            }
        )
        yield Installation(service, known, embedded=True)


async def _refuse_lent_sessions(settings: ServiceSettings, service: str) -> None:
    """Raises Refusal. A database that does not answer is left to whoever needs it."""
    for name in ("database_url", "migration_database_url"):
        url: SecretStr | None = getattr(settings, name)
        with suppress(*LOST):
            if url and await lends_sessions(url.get_secret_value()):
                message = (
                    f"{service}_{name.upper()} leads to a pooler that lends sessions, such as "
                    "PgBouncer with pool_mode = transaction: locks, LISTEN and settings of a "
                    f"session are lost at {make_url(url.get_secret_value()).render_as_string()}. "
                    "Name PostgreSQL itself (its own port is 5432 as a rule, PgBouncer's 6432), "
                    "or an entry of PgBouncer with pool_mode = session"
                )
                raise Refusal(message)


@asynccontextmanager
async def connected(service: Service) -> AsyncIterator[tuple[Installation, Database]]:
    """The installation and its database. Raises Refusal when there is none, or not migrated."""
    require_installation(service)
    with installation(service) as here:
        database = service.connect(here.settings.unhurried())
        try:
            await require_current_schema(here, database)
            yield here, database
        finally:
            await database.close()


def require_installation(service: Service) -> None:
    """Raises Refusal, which says what is missing, where no installation is described.

    A command that works on one must not begin a new one in whatever folder it is called.
    """
    settings = service.settings()
    if settings.database_url is not None or _folder_database(service).exists(settings.data_dir):
        return
    url = f"{service.name.upper()}_DATABASE_URL"
    message = (
        f"there is no installation here: {url} is not set, and the folder {settings.data_dir} "
        f"(TANDEM_DATA) has no database. Set one of the two to those of your installation; "
        f"`{service.name} migrate` begins a new one"
    )
    raise Refusal(message)


def refuse_in_production(here: Installation, what: str) -> None:
    """Raises Refusal: what is made for trying has no place among real records."""
    if here.settings.environment == "production":
        message = f"{what} is not made in production (TANDEM_ENV): use an installation for trying"
        raise Refusal(message)


def _folder_database(service: Service) -> FolderDatabase:
    """What runs databases in folders. Raises Refusal where nothing of the kind is installed."""
    for installed in entry_points(group=DATABASES):
        found: FolderDatabase = installed.load()()
        return found
    message = f"{service.name.upper()}_DATABASE_URL is not set: give the URL of the runtime role"
    raise Refusal(message)


async def require_current_schema(here: Installation, database: Database) -> None:
    """Raises Refusal, which says what to run, unless the schema is at its newest revision."""
    async with database.driver() as sql:
        present = await schema_version(sql)
    head = head_of(here.service.migrations)
    if present != head:
        message = (
            f"the database schema is at {present}, this version needs {head}; "
            f"run: {here.service.name} migrate"
        )
        raise Refusal(message)
