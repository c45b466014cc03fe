"""The chassis' own tables, made by the first migration of every service."""

import re
from collections.abc import Sequence
from typing import Protocol

from chassis.events import schema as events
from chassis.http import idempotency
from chassis.jobs import schema as jobs
from chassis.storage import external_tables

__all__ = ["create", "drop"]

_PARTS: Sequence[Sequence[str]] = (
    events.DDL,
    idempotency.DDL,
    jobs.DDL,
    external_tables.DDL,
)
_MADE = re.compile(r"create (table|sequence|function|type) (\w+)")


class Operations(Protocol):
    """What this module asks of a migration's operations."""

    def execute(self, sqltext: str) -> None:
        """Run one statement."""


def create(op: Operations, *more: Sequence[str]) -> None:
    """Create every chassis table in the schema of the migration, then `more`."""
    for statement in (statement for part in (*_PARTS, *more) for statement in part):
        op.execute(statement)


def drop(op: Operations, *more: Sequence[str]) -> None:
    """Drop whatever `create` made, the last made first."""
    made = [_MADE.match(statement) for part in (*_PARTS, *more) for statement in part]
    for found in reversed([one for one in made if one]):
        op.execute(f"drop {found[1]} if exists {found[2]} cascade")
