"""From commit to reader: the sequencer's rate, the feed's rate, and the delay between."""

import asyncio
import os
import time
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from bench.bare import TUNED
from bench.figures import Asked, Bench, Figure, Goal, paired, quantile
from bench.outbox import fill, message
from bench.place import Place
from bench.wire import Connection, request_bytes
from bench.writing import ACCOUNT
from chassis.events.sequencer import LeaseLost, Sequencer
from chassis.events.wakeup import Wakeups
from crm.app import SERVICE as CRM

__all__ = ["BENCH", "bare_delays", "delays", "number_events", "read_feed"]

EVENTS = 10_000
PAGE = 500
WRITES_A_SECOND = 100
_NUMBER_BARE = """insert into outbox_sequence (feed_seq, outbox_id, epoch)
  select $2 + row_number() over (order by written), id, 0 from outbox
   where written > $1 order by written limit 1000"""
_READ_BARE = """select s.feed_seq, o.payload::text from outbox_sequence s
  join outbox o on o.id = s.outbox_id where s.feed_seq > $1 order by s.feed_seq limit $2"""


def run(place: Place, asked: Asked) -> list[Figure]:
    """Numbering and reading a stored backlog, then the delay of single events."""
    numbered, read = [], []
    for _ in range(asked.rounds):
        ours, bare = place.database(CRM), place.database(CRM)
        numbered.append(_numbered(place, ours.runtime, bare.runtime))
        with place.serving(CRM, ours) as crm:
            http = place.loader.act("bench.feeding:read_feed", url=crm.url, key=crm.key)
        limit = place.loader.act("bench.feeding:read_bare", url=bare.runtime)
        read.append((http["rate"], limit["rate"]))
    return [
        paired("sequencer, backlog", "events/s", "bare insert of the numbers", numbered),
        paired(f"feed, pages of {PAGE}", "events/s", "the same rows by bare asyncpg", read),
        *_delayed(place, asked),
    ]


def _numbered(place: Place, ours: str, bare: str) -> tuple[float, float]:
    for url in (ours, bare):
        asyncio.run(fill(url, EVENTS))
    one = place.loader.act("bench.feeding:number_events", url=ours)
    limit = place.loader.act("bench.feeding:number_bare", url=bare)
    return one["rate"], limit["rate"]


def _delayed(place: Place, asked: Asked) -> list[Figure]:
    """Commit -> feed: accounts made over HTTP at a steady rate, a reader that waits at the feed."""
    ours, bare = place.database(CRM), place.database(CRM)
    pairs: dict[str, list[tuple[float, float]]] = {"p50": [], "p99": []}
    with place.serving(CRM, ours, "--with-worker") as crm:
        for _ in range(asked.rounds):
            seconds = 2 * asked.seconds
            one = place.loader.act(
                "bench.feeding:delays", url=crm.url, key=crm.key, seconds=seconds
            )
            limit = place.loader.act("bench.feeding:bare_delays", url=bare.runtime, seconds=seconds)
            for name, figures in pairs.items():
                figures.append((one[name], limit[name]))
    against = "insert + NOTIFY in one transaction, a listener that reads the row"
    title = f"reply to the writer -> feed, {WRITES_A_SECOND}/s"
    return [
        paired(
            f"{title}, {name}",
            "ms",
            against,
            figures,
            goal=None if name == "p50" else Goal(ours_max=100),
        )
        for name, figures in pairs.items()
    ]


async def number_events(url: str) -> dict[str, float]:
    """Number all that is stored, as the sequencer does. An act of a load."""

    async def connect() -> "asyncpg.Connection[Any]":
        return await asyncpg.connect(url)

    sequencer = Sequencer(connect, Wakeups(connect), holder="bench")
    if not await sequencer.acquire():
        raise LeaseLost
    began, count = time.perf_counter(), 0
    while numbered := await sequencer.number():
        count += numbered
    seconds = time.perf_counter() - began
    sequencer.release()
    return {"rate": count / seconds}


async def number_bare(url: str) -> dict[str, float]:
    """Number all that is stored by one plain insert for each thousand. An act of a load."""
    sql = await asyncpg.connect(url)
    began, count = time.perf_counter(), 0
    while count < EVENTS:
        await sql.execute(_NUMBER_BARE, count, count)
        count += 1000
    seconds = time.perf_counter() - began
    await sql.close()
    return {"rate": count / seconds}


async def read_feed(url: str, key: str) -> dict[str, float]:
    """Read the whole feed page by page, each decoded. An act of a load."""
    connection = await Connection.open(url)
    began, count, after = time.perf_counter(), 0, ""
    while count < EVENTS:
        path = f"/v1/events?limit={PAGE}{after}"
        reply = await connection.ask(request_bytes("GET", url, path, key=key))
        count += len(orjson.loads(reply.body))
        after = f"&after={reply.header('tandem-cursor')}"
    connection.close()
    return {"rate": count / (time.perf_counter() - began)}


async def read_bare(url: str) -> dict[str, float]:
    """Read the whole history page by page, each decoded. An act of a load."""
    sql = await asyncpg.connect(url, server_settings=TUNED)
    began, count = time.perf_counter(), 0
    while count < EVENTS:
        rows = await sql.fetch(_READ_BARE, count, PAGE)
        for row in rows:
            orjson.loads(row["payload"])
        count += len(rows)
    await sql.close()
    return {"rate": count / (time.perf_counter() - began)}


async def delays(url: str, key: str, seconds: float) -> dict[str, float]:
    """Milliseconds between the writer's reply and the reader's page with the event in it."""
    reader = await Connection.open(url)
    replied: dict[str, float] = {}
    seen: dict[str, float] = {}
    first = await reader.ask(request_bytes("GET", url, "/v1/events?after=latest", key=key))
    cursor = first.header("tandem-cursor")
    due = int(seconds * WRITES_A_SECOND)

    async def read() -> None:
        after = cursor
        while len(seen) < due:
            path = f"/v1/events?after={after}&wait=5&limit={PAGE}"
            reply = await reader.ask(request_bytes("GET", url, path, key=key))
            now = time.perf_counter()
            seen.update((one["subject"], now) for one in orjson.loads(reply.body))
            after = reply.header("tandem-cursor")

    async def write(connection: Connection) -> None:
        more = f"Idempotency-Key: {os.urandom(16).hex()}\r\n"
        body = orjson.dumps(ACCOUNT)
        sent = request_bytes("POST", url, "/v1/accounts", key=key, body=body, more=more)
        reply = await connection.ask(sent)
        replied[orjson.loads(reply.body)["id"]] = time.perf_counter()

    reading = asyncio.create_task(read())
    await steadily(url, due, WRITES_A_SECOND, write)
    await asyncio.wait_for(reading, 30)
    # An event may be read before its writer has taken in the reply: that is no delay.
    taken = [max(0.0, seen[record] - at) for record, at in replied.items()]
    return {"p50": quantile(taken, 0.5) * 1000, "p99": quantile(taken, 0.99) * 1000}


async def steadily(url: str, count: int, rate: float, act: Any, *, connections: int = 8) -> None:
    """Do an act so often at a steady rate, each on a free connection."""
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(connections):
        free.put_nowait(await Connection.open(url))
    began = asyncio.get_running_loop().time()

    async def one(number: int) -> None:
        await asyncio.sleep(began + number / rate - asyncio.get_running_loop().time())
        connection = await free.get()
        await act(connection)
        free.put_nowait(connection)

    await asyncio.gather(*map(one, range(count)))
    while not free.empty():
        free.get_nowait().close()


async def bare_delays(url: str, seconds: float) -> dict[str, float]:
    """The limit: a listener reads each row as it is told of it. An act of a load."""
    writer, listener, reader = [await asyncpg.connect(url) for _ in range(3)]
    committed: dict[str, float] = {}
    taken: list[float] = []
    told: asyncio.Queue[str] = asyncio.Queue()
    await listener.add_listener("bench", lambda *heard: told.put_nowait(heard[3]))

    async def read(count: int) -> None:
        for _ in range(count):
            record = await told.get()
            await reader.fetchrow("select payload::text from outbox where id = $1", UUID(record))
            taken.append(max(0.0, time.perf_counter() - committed.get(record, time.perf_counter())))

    due = int(seconds * WRITES_A_SECOND)
    reading = asyncio.create_task(read(due))
    began = time.perf_counter()
    for number in range(due):
        await asyncio.sleep(began + number / WRITES_A_SECOND - time.perf_counter())
        record = await message(writer)
        committed[str(record)] = time.perf_counter()
    await asyncio.wait_for(reading, 30)
    for sql in (writer, listener, reader):
        await sql.close()
    return {"p50": quantile(taken, 0.5) * 1000, "p99": quantile(taken, 0.99) * 1000}


BENCH = Bench("feed", "Events from commit to the feed's reader", run)
