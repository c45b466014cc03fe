"""The last statement before COMMIT: outbox rows, job rows, history, the reply for a repeat."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

import asyncpg

__all__ = ["Part", "Reply", "settle"]

Part = tuple[str, Sequence[Any]]
"""A common table expression that writes rows, and its arguments."""

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

    def part(self) -> Part:
        """What keeps the reply for a repeat."""
        return KEEP_REPLY, (self.actor, self.key, self.status, self.body, self.headers)


async def settle(sql: "asyncpg.Connection[Any]", parts: Sequence[Part]) -> None:
    """Write the parts in one statement; without any, no statement."""
    if parts:
        statement = _one_statement(tuple(text for text, _arguments in parts))
        await sql.execute(statement, *chain.from_iterable(arguments for _text, arguments in parts))


@lru_cache(maxsize=256)
def _one_statement(parts: tuple[str, ...]) -> str:
    """The parts as one WITH statement, each part's parameters numbered on from the last's."""
    numbered, taken = [], 0
    for part in parts:
        numbered.append(_numbered_from(taken, part))
        taken += max(int(number) for number in re.findall(r"\$(\d+)", part))
    return f"with {', '.join(numbered)} select 1"


def _numbered_from(taken: int, part: str) -> str:
    return re.sub(r"\$(\d+)", lambda found: f"${int(found[1]) + taken}", part)
