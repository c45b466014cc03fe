"""What a service's Alembic `env.py` runs: one call, the same in every service."""

import asyncio
from typing import Any

from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from chassis.storage.connections import ASYNC_URL, connecting

__all__ = ["engine_of", "run"]

LOCK_TIMEOUT = "5s"
CHAIN_LOCK = 7_208_651
"""Advisory lock that puts two migrating processes in line."""


def run() -> None:
    """Migrate with the URL and the service that the caller put into the configuration."""
    asyncio.run(_run(context.config.attributes["url"], context.config.attributes["service"]))


def engine_of(url: str) -> AsyncEngine:
    """What migrations connect by: one connection, closed when it is given back."""
    return create_async_engine(ASYNC_URL, poolclass=pool.NullPool, async_creator=connecting(url))


async def _run(url: str, service: Any) -> None:
    engine = engine_of(url)
    async with engine.connect() as connection:
        await connection.run_sync(_migrate, service)
        await connection.commit()
    await engine.dispose()


def _migrate(connection: Connection, service: Any) -> None:
    connection.execute(text(f"set lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.execute(text(f"select pg_advisory_xact_lock({CHAIN_LOCK})"))
    context.configure(
        connection=connection,
        target_metadata=service.metadata,
        transaction_per_migration=False,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
