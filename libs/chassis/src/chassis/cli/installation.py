"""The installation a command works on: its settings, and a database that is there to be used."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from sqlalchemy import make_url

from chassis.cli.console import Refusal
from chassis.schema.migrate import head_of, schema_version
from chassis.service import Service
from chassis.settings import ServiceSettings
from chassis.storage.embedded import EmbeddedCluster
from chassis.work.database import Database

__all__ = [
    "Installation",
    "connected",
    "installation",
    "require_current_schema",
    "require_installation",
]


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

    Without a database URL the embedded server of the data folder is joined, and left at the end.
    Overrides that are not None replace settings. Raises ValueError for wrong settings,
    ClusterUnavailable.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    settings = service.settings(**given)
    if settings.database_url is not None:
        yield Installation(service, settings, embedded=False)
        return
    with EmbeddedCluster.open(settings.data_dir) as cluster:
        urls = cluster.ensure_database(service.name)
        known = settings.model_copy(
            update={
                "database_url": SecretStr(urls.runtime),
                "migration_database_url": SecretStr(urls.owner),
            }
        )
        yield Installation(service, known, embedded=True)


@asynccontextmanager
async def connected(service: Service) -> AsyncIterator[tuple[Installation, Database]]:
    """The installation and its database. Raises Refusal when there is none, or not migrated."""
    require_installation(service)
    with installation(service) as here:
        database = service.connect(here.settings)
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
    if settings.database_url is not None or EmbeddedCluster.exists(settings.data_dir):
        return
    url = f"{service.name.upper()}_DATABASE_URL"
    message = (
        f"there is no installation here: {url} is not set, and the folder {settings.data_dir} "
        f"(TANDEM_DATA) has no database. Set one of the two to those of your installation; "
        f"`{service.name} migrate` begins a new one"
    )
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
