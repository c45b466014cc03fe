"""Writing to the audit log: entries of one's own, and who acts where triggers write them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from chassis.actor import Actor
from chassis.telemetry.trace import Trace
from chassis.work.unit_of_work import Work

__all__ = ["CLI", "NOBODY", "Entry", "name_actor", "name_cli", "write_entries", "write_entry"]

CLI = "system:cli"
"""Who acts by the command line."""

NOBODY = "nobody"
"""Who acts where nothing was proven."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What somebody did.

    `act`: such as `export.fetched`. `actor`: who, such as `user:` and a UUID. `source`: from which
    address. `subject`: to whom or what. `request_id`: as the log and the reply name the request.
    `correlation_id`: as changes of records and events name what belongs together.
    No text of it may name a person otherwise than by an id, for it stays.
    """

    at: datetime
    act: str
    actor: str
    source: str | None = None
    subject: str | None = None
    request_id: str | None = None
    correlation_id: UUID | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


async def write_entries(sql: "asyncpg.Connection[Any]", entries: Sequence[Entry]) -> None:
    """Append entries, in this order. Those of other transactions wait for the commit."""
    if not entries:
        return
    rows = [
        (
            *(one.at, one.act, one.actor, one.source, one.subject, one.request_id),
            *(one.correlation_id, orjson.dumps(one.details).decode()),
        )
        for one in entries
    ]
    await sql.execute(_WRITE, *(list(column) for column in zip(*rows, strict=True)))


async def write_entry(
    work: Work, act: str, subject: str | None = None, details: Mapping[str, Any] | None = None
) -> None:
    """Append what the actor of this act does; it counts when the act does."""
    trace, actor = work.trace, work.actor.reference
    entry = Entry(
        at=work.now,
        act=act,
        actor=actor,
        source=trace.source,
        subject=subject,
        request_id=trace.request_id,
        correlation_id=trace.correlation_id,
        details=details or {},
    )
    await write_entries(work.sql, [entry])


async def name_actor(sql: "asyncpg.Connection[Any]", actor: Actor | str, trace: Trace) -> None:
    """Say who acts in this transaction; entries that triggers write name it."""
    reference = actor if isinstance(actor, str) else actor.reference
    ids = (trace.request_id, str(trace.correlation_id))
    await sql.execute(_NAME, reference, trace.source or "", *ids, _FOR_TRANSACTION)


async def name_cli(sql: "asyncpg.Connection[Any]") -> None:
    """Say that all that is done by this connection comes from the command line."""
    await sql.execute(_NAME, CLI, "", "", "", _FOR_CONNECTION)


_WRITE = """insert into audit_entry
    (occurred_at, act, actor, source, subject, request_id, correlation_id, details)
  select * from unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[],
    $6::text[], $7::uuid[], $8::jsonb[])"""

_FOR_TRANSACTION, _FOR_CONNECTION = "true", "false"

_NAME = """select set_config('tandem.' || one.name, one.value, $5::text::boolean)
  from (values ('actor', $1), ('source', $2), ('request_id', $3), ('correlation_id', $4))
    as one (name, value)"""
