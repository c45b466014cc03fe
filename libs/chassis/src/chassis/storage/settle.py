"""The last statement before COMMIT: outbox rows, job rows and the reply kept for a repeat."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import asyncpg

from chassis.events import outbox
from chassis.jobs import queue

if TYPE_CHECKING:
    from chassis.storage.work import Work

__all__ = ["Reply", "settle"]

KEEP_REPLY = """kept_reply as (
  update idempotency_key set status = $3, reply = $4, headers = $5
   where actor = $1 and key = $2)"""


@dataclass(frozen=True)
class Reply:
    """What the caller of a keyed request was answered; a repeat is answered the same."""

    actor: str
    key: str
    status: int
    body: bytes
    headers: str

    def arguments(self) -> Sequence[Any]:
        """Values of KEEP_REPLY, in its order."""
        return self.actor, self.key, self.status, self.body, self.headers


async def settle(sql: "asyncpg.Connection[Any]", work: "Work") -> None:
    """Write events, jobs and reply in one statement; none of them, no statement."""
    parts: list[str] = []
    arguments: list[Any] = []
    if work.events:
        rows, values = outbox.written(work)
        parts.append(rows)
        arguments.extend(values)
    if work.jobs:
        parts.append(queue.JOBS_CTE)
        arguments.extend(queue.job_arrays(work.jobs))
    if work.reply:
        parts.append(KEEP_REPLY)
        arguments.extend(work.reply.arguments())
    if parts:
        await sql.execute(_one_statement(tuple(parts)), *arguments)


@lru_cache(maxsize=64)
def _one_statement(parts: tuple[str, ...]) -> str:
    """The parts as one WITH statement, each part's parameters numbered on from the last's."""
    numbered, taken = [], 0
    for part in parts:
        numbered.append(_numbered_from(taken, part))
        taken += max(int(number) for number in re.findall(r"\$(\d+)", part))
    return f"with {', '.join(numbered)} select 1"


def _numbered_from(taken: int, part: str) -> str:
    return re.sub(r"\$(\d+)", lambda found: f"${int(found[1]) + taken}", part)
