"""The chassis' own tables, made by the first migration of every service."""

from typing import Protocol

from chassis.events import schema as events
from chassis.http import idempotency
from chassis.identity import schema as identity
from chassis.jobs import schema as jobs
from chassis.storage import external

__all__ = ["create"]


class Operations(Protocol):
    """What this module asks of a migration's operations."""

    def execute(self, sqltext: str) -> None:
        """Run one statement."""


def create(op: Operations) -> None:
    """Create every chassis table in the schema of the migration."""
    parts = (events.DDL, idempotency.DDL, identity.DDL, jobs.DDL, external.DDL)
    for statement in (statement for part in parts for statement in part):
        op.execute(statement)
