"""Migrations: one linear Alembic chain in each service, run by the role that owns the tables."""

from pathlib import Path
from typing import Any

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from chassis.service import Service
from chassis.storage.connections import driver_url

__all__ = ["downgrade", "head_of", "schema_version", "upgrade"]


def _config(service: Service, owner_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(service.migrations))
    config.attributes["url"] = driver_url(owner_url)
    config.attributes["service"] = service
    return config


def upgrade(service: Service, owner_url: str, revision: str = "head") -> None:
    """Bring the schema to a revision, by default the newest. Safe to repeat."""
    command.upgrade(_config(service, owner_url), revision)


def downgrade(service: Service, owner_url: str, revision: str) -> None:
    """Take the schema back to a revision; `base` removes all."""
    command.downgrade(_config(service, owner_url), revision)


def head_of(migrations: Path) -> str:
    """The newest revision of the chain."""
    config = Config()
    config.set_main_option("script_location", str(migrations))
    head = ScriptDirectory.from_config(config).get_current_head()
    return head or "none"


async def schema_version(sql: "asyncpg.Connection[Any]") -> str:
    """The revision the database is at; `none` before the first migration."""
    try:
        found = await sql.fetchval("select version_num from alembic_version")
    except asyncpg.UndefinedTableError:
        return "none"
    return str(found or "none")
