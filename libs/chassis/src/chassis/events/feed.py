"""The event feed: every public event of the service, in order, over HTTP.

A reader keeps the cursor of its last page and asks for what follows; nothing is forgotten between
two pages, however long it stayed away, until the retention time is over. While a reader waits for
the next event it holds no database connection.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import asyncpg
from fastapi import Request

from chassis.events.cursor import Cursor, CursorExpired, CursorForeign
from chassis.events.envelope import COLUMNS, to_json
from chassis.events.wakeup import Signal
from chassis.storage.connections import Connections
from chassis.telemetry.logs import get_logger

__all__ = ["Asked", "Page", "Position", "begin_epoch", "end", "ends_of", "follow", "notice_restore"]

LATEST = "latest"
_log = get_logger("chassis.events")
POLL_SECONDS = 1.0
"""A waiting reader looks this often even if no wake-up comes."""

POLL_NUMBERED_SECONDS = 0.02
SCANNED_MAX = 2000
"""Events looked at for one page when only some types are asked for."""

_PAGE = f"""select i.id as installation, i.epoch, i.began_at, f.feed_seq as floor, h.head, event.*
  from installation i cross join feed_floor f
  cross join lateral (
    select greatest(f.feed_seq, (select max(feed_seq) from outbox_sequence)) as head) h
  left join lateral (
    select {COLUMNS} from (
      select feed_seq, outbox_id from outbox_sequence
       where feed_seq > $1 order by feed_seq limit $3) s
    cross join lateral (select * from outbox where id = s.outbox_id offset 0) o
    where $4::text[] is null or o.type = any($4::text[])
    order by s.feed_seq limit $2) event on true
 order by event.feed_seq"""

_ENDS = """select i.id as installation, i.epoch, f.feed_seq as floor,
    greatest(f.feed_seq, (select max(feed_seq) from outbox_sequence)) as head
  from installation i cross join feed_floor f"""

_MARK = """insert into feed_consumer (name, feed_seq) values ($1, $2)
  on conflict (name) do update set feed_seq = excluded.feed_seq, seen_at = now()
  where feed_consumer.feed_seq <> excluded.feed_seq
     or feed_consumer.seen_at < now() - interval '1 minute'"""

_BEGIN_EPOCH = """update installation
  set epoch = greatest(epoch + 1, extract(epoch from clock_timestamp())::integer),
    began_at = (select greatest(f.feed_seq, (select max(feed_seq) from outbox_sequence))
      from feed_floor f)
  returning epoch"""
_NOTICE_RESTORE = """update installation i
  set epoch = greatest(i.epoch + 1, extract(epoch from clock_timestamp())::integer),
    began_at = greatest(f.feed_seq, (select feed_seq from outbox_sequence
      where outbox_id < uuid7_floor(now() - interval '1 day') order by feed_seq desc limit 1))
  from feed_floor f where i.id = $1 and i.epoch = $2 and ($3::bigint is null
    or $3 > greatest(f.feed_seq, (select max(feed_seq) from outbox_sequence)))
  returning i.epoch"""
"""When the restore was is not known, so the events of a day are told again: those of before it are
known to readers by their ids."""
_NEWEST_WRITTEN = "select last_value from outbox_written"
_UNNUMBERED = """select exists (select from outbox o
  where o.written > (select settled from sequencer_lease) and o.written <= $1
    and (select true from outbox_sequence s where s.outbox_id = o.id) is null)"""
"""A scalar subquery is looked up row by row; `not exists` would read the whole sequence."""


@dataclass(frozen=True)
class Asked:
    """What a reader asks for. `after`: a cursor, `latest`, or None for the oldest event kept."""

    after: str | None
    limit: int
    wait_seconds: float
    consumer: str | None
    types: Sequence[str] | None

    @property
    def scanned(self) -> int:
        """How many events one look takes in."""
        return self.limit if self.types is None else SCANNED_MAX

    def link(self, cursor: Cursor) -> str:
        """The query of the page after this one."""
        asked = {
            "after": str(cursor),
            "limit": str(self.limit),
            "wait": f"{self.wait_seconds:g}",
            "consumer": self.consumer,
            "types": ",".join(self.types) if self.types else None,
        }
        return urlencode({name: value for name, value in asked.items() if value is not None})


@dataclass(frozen=True)
class Page:
    """Some events, where a reader of them stands, and where the newest event stands."""

    events: Sequence[bytes]
    cursor: Cursor
    head: int

    def body(self) -> bytes:
        """The batch as JSON."""
        return b"[" + b",".join(self.events) + b"]"


@dataclass(frozen=True)
class Position:
    """The end of the feed. `complete`: all that was committed before the question is below it."""

    cursor: Cursor
    complete: bool


async def follow(
    database: Connections,
    signal: "Signal",
    asked: Asked,
    request: Request,
    *,
    by_bridge: bool = False,
) -> Page:
    """The next page; when it is empty, wait for it as long as asked.

    The wait ends early when the reader leaves or this process stops. A bridge that has read more
    than there is shows that the database was restored: then a new history begins.
    Notes how far the consumer has come, so that nothing it still needs is purged.
    Raises CursorMalformed, CursorExpired, CursorForeign.
    """
    clock = asyncio.get_running_loop().time
    deadline = clock() + asked.wait_seconds
    seen, base_url = signal.count, database.setting.settings.base_url
    async with database.driver() as sql:
        start = await _start(sql, asked.after)
        try:
            page = await _read(sql, start, asked, base_url)
        except CursorForeign:
            if not by_bridge:
                raise
            await notice_restore(sql, start)
            page = await _read(
                sql, start, asked, base_url
            )  # Refused again, with what holds by now.
        if asked.consumer is not None:
            await sql.execute(_MARK, asked.consumer, start.position)
    while not page.events and not signal.closed and (left := deadline - clock()) > 0:
        if page.cursor.position == page.head:
            await signal.wait(seen, min(POLL_SECONDS, left))
        if await request.is_disconnected():
            break
        seen = signal.count
        async with database.driver() as sql:
            page = await _read(sql, page.cursor, asked, base_url)
    return page


async def end(database: Connections, wait_seconds: float) -> Position:
    """The end of the feed, once all that is committed by now is numbered or the wait is over."""
    deadline = asyncio.get_running_loop().time() + wait_seconds
    async with database.driver() as sql:
        newest = await sql.fetchval(_NEWEST_WRITTEN)
    while True:
        async with database.driver() as sql:
            complete = not await sql.fetchval(_UNNUMBERED, newest)
            if complete or asyncio.get_running_loop().time() >= deadline:
                return Position(await _start(sql, LATEST), complete)
        await asyncio.sleep(POLL_NUMBERED_SECONDS)


async def begin_epoch(sql: "asyncpg.Connection[Any]") -> int:
    """Begin a new history, after a restore from a backup: every cursor given before answers 410.

    It is named by the time, so that two restores from one backup are two histories, and the later
    one has the larger number.
    """
    epoch: int = await sql.fetchval(_BEGIN_EPOCH)
    return epoch


async def notice_restore(sql: "asyncpg.Connection[Any]", read: Cursor | None = None) -> None:
    """Begin a new history if that far was read of this one, and no longer is there; once.

    None: it is known already that something is lost.
    """
    ends = await ends_of(sql)
    epoch, position = (read.epoch, read.position) if read else (ends["epoch"], None)
    if read and read != Cursor.at(ends["installation"], read.epoch, read.position):
        return
    history = await sql.fetchval(_NOTICE_RESTORE, ends["installation"], epoch, position)
    if history is not None:
        _log.error("restore_noticed", history=history, read=position, newest=ends["head"])


async def ends_of(sql: "asyncpg.Connection[Any]") -> Mapping[str, Any]:
    """Installation and epoch, the newest number purged (`floor`) and the newest (`head`)."""
    ends: Mapping[str, Any]
    (ends,) = await sql.fetch(_ENDS)
    return ends


async def _start(sql: "asyncpg.Connection[Any]", after: str | None) -> Cursor:
    if after is not None and after != LATEST:
        return Cursor.parse(after)
    ends = await ends_of(sql)
    position = ends["head"] if after == LATEST else ends["floor"]
    return Cursor.at(ends["installation"], ends["epoch"], position)


async def _read(sql: "asyncpg.Connection[Any]", start: Cursor, asked: Asked, base_url: str) -> Page:
    types = None if asked.types is None else list(asked.types)
    rows = await sql.fetch(_PAGE, start.position, asked.limit, asked.scanned, types)
    first, newest = rows[0], rows[0]["head"]
    present = Cursor.at(first["installation"], first["epoch"], start.position)
    if start != present or start.position > newest:
        begins = max(first["began_at"], first["floor"])
        raise CursorForeign(begins=str(replace(present, position=begins)))
    if start.position < first["floor"]:
        raise CursorExpired(floor=first["floor"], position=start.position)
    events = [to_json(row, base_url) for row in rows if row["feed_seq"] is not None]
    position = min(newest, start.position + asked.scanned)
    if len(events) == asked.limit:
        position = rows[-1]["feed_seq"]
    return Page(events, replace(start, position=position), newest)
