"""Refusals of callers, counted so that no flood of them fills the audit log.

The first of a kind is written within a second, those like it are counted and written once a
minute. A process that is killed loses what it counted since; the log of the service has each one.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request

from chassis.clock import utc_now
from chassis.http.rate_limits import source_of
from chassis.problems.problem import Problem
from chassis.storage.connections import Connections
from chassis.telemetry.logs import get_logger
from identity.audit.entries import NOBODY, Entry, write_entries

__all__ = ["KINDS_MAX", "Denials"]

KINDS_MAX = 1_000
"""Refusals of so many kinds are counted apart; of all others together."""

WRITTEN_EVERY_SECONDS = 1.0
COUNTED_FOR_SECONDS = 60.0
log = get_logger("identity")


@dataclass(frozen=True)
class Kind:
    """What refusals have in common that are counted as one."""

    act: str
    actor: str
    source: str | None
    subject: str | None
    code: str


OTHERS = Kind("access.denied", NOBODY, None, None, "several")


@dataclass
class Count:
    """How often, since when, with which request as example, and when it was written last."""

    number: int
    since: datetime
    request_id: str
    written_at: float


class Denials:
    """The refusals of one process that the audit log does not have yet."""

    def __init__(
        self,
        connections: Connections,
        *,
        clock: Callable[[], float],
        pause: Callable[[float], Any] = asyncio.sleep,
    ) -> None:
        self._connections = connections
        self._clock = clock
        self._pause = pause
        self._counts: dict[Kind, Count] = {}
        self._writing: asyncio.Task[None] | None = None

    def count(self, request: Request, problem: Problem) -> None:
        """Count a refused request by who, from where, what and why."""
        actor, route = getattr(request.state, "actor", None), request.scope.get("route")
        path = getattr(route, "path", None)
        self.add(
            Kind(
                act="access.denied",
                actor=actor.reference if actor else NOBODY,
                source=source_of(request.scope),
                subject=f"{request.method} {path}" if path else None,
                code=problem.code,
            ),
            request.state.trace.request_id,
        )

    def count_login(self, source: str, user_id: object, why: str, request_id: str) -> None:
        """Count a failed attempt to log in; `user_id` where there is such a login."""
        subject = f"user:{user_id}" if user_id else None
        self.add(Kind("session.refused", NOBODY, source, subject, why), request_id)

    def add(self, kind: Kind, request_id: str) -> None:
        """Count one, and see to it that it will be written."""
        if kind not in self._counts and len(self._counts) >= KINDS_MAX:
            kind = OTHERS
        found = self._counts.get(kind)
        if found is None:
            self._counts[kind] = Count(1, utc_now(), request_id, float("-inf"))
        else:
            if not found.number:
                found.since, found.request_id = utc_now(), request_id
            found.number += 1
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_while_there_are_some())

    async def close(self) -> None:
        """Write what was counted."""
        if self._writing:
            self._writing.cancel()
            with suppress(asyncio.CancelledError):
                await self._writing
        await self.write(all_of_them=True)

    async def write(self, *, all_of_them: bool = False) -> None:
        """Write what is due; what is not written for want of a database stays counted."""
        now, written = self._clock(), utc_now()
        due = {
            kind: one.number
            for kind, one in self._counts.items()
            if one.number and (all_of_them or one.written_at <= now - COUNTED_FOR_SECONDS)
        }
        entries = [_entry(kind, self._counts[kind], written) for kind in due]
        try:
            if entries:
                async with self._connections.driver() as sql:
                    await write_entries(sql, entries)
        except Exception as failed:  # noqa: BLE001 - a refusal is answered whatever happens here
            log.warning("audit_waits", denials=sum(due.values()), error=repr(failed))
            return
        for kind, number in due.items():
            self._counts[kind].number -= number
            self._counts[kind].written_at = now
        old = now - COUNTED_FOR_SECONDS
        self._counts = {
            kind: one for kind, one in self._counts.items() if one.number or one.written_at > old
        }

    async def _write_while_there_are_some(self) -> None:
        while self._counts:
            await self._pause(WRITTEN_EVERY_SECONDS)
            await self.write()


def _entry(kind: Kind, counted: Count, written: datetime) -> Entry:
    details = {"reason": kind.code, "times": counted.number, "since": counted.since.isoformat()}
    return Entry(
        at=written,
        act=kind.act,
        actor=kind.actor,
        source=kind.source,
        subject=kind.subject,
        request_id=counted.request_id,
        details=details,
    )
