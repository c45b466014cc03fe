"""The sequencer: gives each committed outbox row a dense number, in an order readers can trust.

One process of a service holds the sequencer's lock; the others wait to take over. Each taking of
the lock raises the epoch, which is stored with every number, and a holder whose epoch is no longer
the newest cannot number anything.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg
import structlog

from chassis.events.wakeup import Connect, Wakeups
from chassis.storage.lost import LOST

__all__ = ["LeaseLost", "LowMark", "Sequencer"]

BATCH = 1000
"""Rows numbered by one statement; after a full batch the next follows at once."""

GATHER_SECONDS = 0.005
BUSY_GATHER_SECONDS = 0.02
"""Time for more commits to join a pass: longer where one pass follows the other."""
POLL_BUSY_SECONDS = 0.1
POLL_IDLE_SECONDS = 1.0
TAKEOVER_SECONDS = 1.0
_BUSY_PASSES = 20
_log = structlog.get_logger(__name__)

_SESSION = """set plan_cache_mode = force_custom_plan; set jit = off;
  set max_parallel_workers_per_gather = 0; set tcp_keepalives_idle = 5;
  set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3;
  set statement_timeout = '60s'; set application_name = 'tandem-sequencer'"""
_TAKE_LOCK = "select pg_try_advisory_lock(hashtextextended('outbox_sequencer', 0))"
_TAKE_LEASE = """update sequencer_lease set epoch = epoch + 1, holder = $1, acquired_at = now()
  returning epoch, settled"""

# The lease row is written only when there is something to number: an idle pass writes nothing.
_NUMBER = """with fresh as materialized (
  select o.id, o.written from outbox o
   where o.written > $1
     and not exists (select from outbox_sequence s where s.outbox_id = o.id)
   order by o.written limit $2),
lease as (
  update sequencer_lease set settled = $1
   where epoch = $3 and exists (select from fresh) returning epoch),
last as (
  select greatest((select max(feed_seq) from outbox_sequence), feed_seq) as feed_seq
    from feed_floor),
numbered as (
  insert into outbox_sequence (feed_seq, outbox_id, epoch)
  select last.feed_seq + row_number() over (order by fresh.written), fresh.id, lease.epoch
    from fresh, lease, last returning feed_seq)
select (select count(*) from fresh) as found, (select count(*) from numbered) as numbered,
  (select max(written) from fresh) as newest,
  case when exists (select from numbered) then pg_current_xact_id()::text::bigint end as xid,
  pg_snapshot_xmin(pg_current_snapshot())::text::bigint as oldest_running"""


class LeaseLost(Exception):
    """Another process has become the sequencer."""


@dataclass
class LowMark:
    """Up to which `written` every row's fate is known, so that no pass looks below it again.

    A row seen as written N proves that each transaction which drew a number up to N had its xid
    before the pass that saw N got its own. Once all xids up to that one have ended, and a pass
    has numbered every row it saw up to N, nothing at or below N can appear any more. (The
    snapshot's xmax would not do as the bound: larger xids may be running already.)
    """

    settled: int
    newest: int = 0
    xid: int | None = None

    def learn(self, row: Mapping[str, Any], *, cut_off: bool) -> None:
        """Take the outcome of one pass; `cut_off`: its limit may have left rows unnumbered."""
        reached = not cut_off or row["newest"] >= self.newest
        if self.xid is not None and row["oldest_running"] > self.xid and reached:
            self.settled, self.xid = self.newest, None
        if self.xid is None and row["xid"] is not None:
            self.newest, self.xid = max(self.settled, row["newest"]), row["xid"]


class Sequencer:
    """Numbers outbox rows while it holds the lock. `run` takes the lock, or waits for it."""

    def __init__(
        self, connect: Connect, wakeups: Wakeups, *, holder: str, batch: int = BATCH
    ) -> None:
        self._connect = connect
        self._wakeups = wakeups
        self._holder = holder
        self._batch = batch
        self._connection: asyncpg.Connection[Any] | None = None
        self._mark = LowMark(settled=0)
        self.epoch = 0

    async def run(self) -> None:
        """Number rows until cancelled, waking at a commit or by the poll; survive a lost server."""
        while True:
            try:
                await self._hold()
            except LeaseLost:
                _log.warning("sequencer_superseded", epoch=self.epoch)
            except LOST as broken:
                _log.warning("sequencer_interrupted", reason=repr(broken))
            finally:
                self.release()
            await asyncio.sleep(TAKEOVER_SECONDS)

    async def _hold(self) -> None:
        while not await self.acquire():  # noqa: ASYNC110 - the lock is another process's
            await asyncio.sleep(TAKEOVER_SECONDS)
        _log.info("sequencer_leads", epoch=self.epoch)
        quiet_passes, passed = 0, float("-inf")
        while True:
            seen, before, passed = self._wakeups.committed.count, passed, time.monotonic()
            numbered = await self.number()
            quiet_passes = 0 if numbered else quiet_passes + 1
            if numbered == self._batch:
                continue
            poll = POLL_BUSY_SECONDS if quiet_passes < _BUSY_PASSES else POLL_IDLE_SECONDS
            if await self._wakeups.committed.wait(seen, poll):
                busy = passed - before < 2 * BUSY_GATHER_SECONDS
                await asyncio.sleep(BUSY_GATHER_SECONDS if busy else GATHER_SECONDS)

    async def acquire(self) -> bool:
        """Become the one sequencer, with a new epoch. False while another process is."""
        if self._connection is None:
            self._connection = await self._connect()
            await self._connection.execute(_SESSION)
        if not await self._connection.fetchval(_TAKE_LOCK):
            return False
        lease = await _one(self._connection, _TAKE_LEASE, self._holder)
        self.epoch, self._mark = lease["epoch"], LowMark(settled=lease["settled"])
        return True

    async def number(self) -> int:
        """Number one batch of committed rows; how many there were. Raises LeaseLost."""
        if self._connection is None:
            raise LeaseLost
        arguments = (self._mark.settled, self._batch, self.epoch)
        row = await _one(self._connection, _NUMBER, *arguments)
        if row["found"] != row["numbered"]:
            raise LeaseLost
        self._mark.learn(row, cut_off=row["found"] == self._batch)
        if row["numbered"]:
            self._wakeups.sequenced.notify()
        return int(row["numbered"])

    def release(self) -> None:
        """Let go of the lock, whatever state the connection is in."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


async def _one(
    connection: "asyncpg.Connection[Any]", sql: str, *arguments: Any
) -> Mapping[str, Any]:
    """The one row that the statement always gives."""
    row: Mapping[str, Any]
    (row,) = await connection.fetch(sql, *arguments)
    return row
