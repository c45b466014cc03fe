"""The driver's connection as queries name it."""

from typing import Any, TypeAlias

import asyncpg

__all__ = ["Sql"]

Sql: TypeAlias = "asyncpg.Connection[Any]"
