"""Whether a pooler lends sessions of PostgreSQL, so that nothing of a session lasts.

PgBouncer does so in its transaction mode. Locks of a session, LISTEN and settings are then those
of whoever has the session next; they are needed here.
"""

from typing import Any

import asyncpg

from chassis.storage.connections import opened

__all__ = ["lends_sessions"]

ROUNDS = 5
"""Others may have a session for a moment; so often by chance they hide nothing."""
SECONDS = 5.0


async def lends_sessions(url: str) -> bool:
    """Whether connections to this URL change sessions between transactions. Raises LOST."""
    async with opened(url, seconds=SECONDS) as one:
        if await _session_of(one) == one.get_server_pid():
            return False  # PostgreSQL itself answers; a pooler gives numbers of its own
        async with opened(url, seconds=SECONDS) as other:
            for _ in range(ROUNDS):
                before = await _session_of(one)
                async with other.transaction():
                    if await other.fetchval(_SESSION) == before or await _session_of(one) != before:
                        return True
    return False


_SESSION = "select pg_backend_pid()"


async def _session_of(sql: "asyncpg.Connection[Any]") -> Any:
    async with sql.transaction():  # two messages, which reach one session only within it
        return await sql.fetchval(_SESSION, timeout=SECONDS)
