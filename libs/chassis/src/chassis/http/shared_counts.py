"""Counts that all processes of a service share: made in memory, settled with the database.

`limits` has no storage for PostgreSQL; this is one. A request counts in its own process; what was
counted there goes into one table every half second at most, in one statement for all counters, and
the sum of all processes comes back. So a request costs no statement, and a limit is passed by no
more than what the other processes let through in half a second. Where it must be exact, such as for
attempts to log in, the caller settles at once.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg
from limits.aio.storage import Storage

from chassis.storage.connections import Connections
from chassis.storage.lost import LOST
from chassis.telemetry.logs import get_logger

__all__ = ["DDL", "RIGHTS", "SharedCounts"]

DDL = """create unlogged table rate_count (
  key text not null,
  ends_at timestamptz not null,
  hits bigint not null,
  constraint pk_rate_count primary key (key, ends_at)
)"""
"""A crash of the server empties it: then every limit begins anew."""

RIGHTS = {"rate_count": "select, insert, update, delete"}

SETTLE_SECONDS = 0.5
_COUNTERS_MAX = 100_000
log = get_logger("chassis.http")

_SETTLE = """with ended as (delete from rate_count where ends_at < $4)
  insert into rate_count as known (key, ends_at, hits)
  select * from unnest($1::text[], $2::timestamptz[], $3::bigint[])
  on conflict (key, ends_at) do update set hits = known.hits + excluded.hits
  returning key, hits"""
_FORGET = "delete from rate_count where key = $1"
_FORGET_ALL = "delete from rate_count"


@dataclass
class Window:
    """The present window of one counter: the sum of all processes, and what is on top here."""

    ends_at: float
    settled: int = 0
    sent: int = 0
    unsettled: int = 0

    @property
    def hits(self) -> int:
        """As many as are known of here."""
        return self.settled + self.sent + self.unsettled


class SharedCounts(Storage):
    """A storage of `limits`. Windows begin at full multiples of their length, in all processes."""

    STORAGE_SCHEME = None

    def __init__(self, database: Connections, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._database = database
        self._clock = clock
        self._windows: dict[str, Window] = {}
        self._due_at = 0.0
        self._settling: asyncio.Task[None] | None = None
        self._one_at_a_time = asyncio.Lock()

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """What the database may raise."""
        return LOST

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, and return how many are known of in this window of `expiry` seconds."""
        now = self._clock()
        window = self._windows.get(key)
        if window is None or window.ends_at <= now:
            while len(self._windows) >= _COUNTERS_MAX:
                del self._windows[next(iter(self._windows))]
            window = self._windows[key] = Window((now // expiry + 1) * expiry)
        window.unsettled += amount
        if now >= self._due_at:
            self._due_at = now + SETTLE_SECONDS
            self._settling = asyncio.create_task(self.settle())
        return window.hits

    async def get(self, key: str) -> int:
        """How many are known of in the present window."""
        window = self._windows.get(key)
        return window.hits if window and window.ends_at > self._clock() else 0

    async def get_expiry(self, key: str) -> float:
        """When the present window ends, in seconds since 1970."""
        window = self._windows.get(key)
        return window.ends_at if window else self._clock()

    async def check(self) -> bool:
        """True while the database answers."""
        try:
            async with self._database.driver() as sql:
                await sql.fetchval("select 1")
        except LOST:
            return False
        return True

    async def reset(self) -> int | None:
        """Begin every counter anew."""
        self._windows.clear()
        async with self._database.driver() as sql:
            await sql.execute(_FORGET_ALL)
        return None

    async def clear(self, key: str) -> None:
        """Begin one counter anew."""
        self._windows.pop(key, None)
        async with self._database.driver() as sql:
            await sql.execute(_FORGET, key)

    async def settle(self) -> None:
        """Tell the database what was counted here, and learn what all have counted.

        Without the database each process counts alone until it is back.
        """
        async with self._one_at_a_time:
            now = self._clock()
            self._windows = {
                key: window for key, window in self._windows.items() if window.ends_at > now
            }
            due = [(key, self._windows[key]) for key in sorted(self._windows)]
            due = [(key, window) for key, window in due if window.unsettled]
            for _, window in due:
                window.sent, window.unsettled = window.unsettled, 0
            try:
                sums = await self._sums(due, now) if due else {}
            except LOST as lost:
                log.warning("rate_limits_not_shared", error=repr(lost))
                sums = {}
            for key, window in due:
                if key in sums:
                    window.settled = sums[key]
                else:
                    window.unsettled += window.sent
                window.sent = 0

    async def _sums(self, due: list[tuple[str, Window]], now: float) -> dict[str, int]:
        keys = [key for key, _ in due]
        ends = [datetime.fromtimestamp(window.ends_at, UTC) for _, window in due]
        counts = [window.sent for _, window in due]
        async with self._database.driver() as sql:
            rows: list[asyncpg.Record] = await sql.fetch(
                _SETTLE, keys, ends, counts, datetime.fromtimestamp(now, UTC)
            )
        return {row["key"]: row["hits"] for row in rows}

    async def close(self) -> None:
        """Settle what is left."""
        if self._settling:
            await asyncio.gather(self._settling, return_exceptions=True)
        await self.settle()
