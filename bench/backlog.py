"""A bridge that starts behind a backlog: `python -m bench.backlog [count]` (92,000 events).

Accounts are written to the CRM, each four times, while the bridge is stopped. Then it starts; while
it works the backlog through, other records are changed on both halves at a steady rate. Prints how
long these took to cross, how long the backlog took, and how long the bridge's status took.
"""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from secrets import token_hex
from typing import Any

import asyncpg
import orjson

from bench.figures import quantile
from bench.freshness import WAYS, Crossing, ask, customers
from bench.machine import load_average, services_in
from bench.wire import Connection, Refused
from embedded.cluster import EmbeddedCluster

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "deploy" / "local"))
from runner.temporary import temporary_installation

CHANGES = 4
BATCH = 250
RATE = 4
"""Changes a second of other records, each way."""
POLL_SECONDS = 0.05
AFTER_SECONDS = 15.0
SOURCES = ("crm", "erp")
Half = dict[str, str]


async def write_backlog(half: Half, count: int) -> float:
    """Write that many events of new accounts, each several times; the seconds it took."""
    mark, began = token_hex(4), time.perf_counter()
    connection = await Connection.open(half["url"])
    for first in range(0, count // CHANGES, BATCH):
        numbers = range(first, min(first + BATCH, count // CHANGES))
        for version in range(1, CHANGES + 1):
            items = [
                {
                    "external_id": f"{mark}-{number}",
                    "source_version": version,
                    "name": f"Backlog {mark} {number} v{version}",
                }
                for number in numbers
            ]
            path = "/v1/accounts/by-external/backlog/batch"
            await ask(connection, half, "POST", path, {"items": items})
    connection.close()
    return time.perf_counter() - began


class Fresh:
    """Changes of records that both halves know, at a steady rate until it is stopped."""

    def __init__(self, name: str, halves: dict[str, Half], records: list[str]) -> None:
        self.way = WAYS[name]
        self.changes = Crossing(self.way, halves[self.way.source], list(records))
        self.target = halves[self.way.target]
        self.stopped = asyncio.Event()
        self.made = 0

    async def change(self) -> None:
        """Change a record, then the next one."""
        connection = await Connection.open(self.changes.source["url"])
        began = time.perf_counter()
        while not self.stopped.is_set():
            await self.changes.change(connection)
            self.made += 1
            await asyncio.sleep(max(0.0, began + self.made / RATE - time.perf_counter()))
        connection.close()

    async def watch(self) -> None:
        """Look what has come across until all has, or too much time went by."""
        sql = await asyncpg.connect(self.target["database"])
        until = float("inf")
        while time.perf_counter() < until and not self._all_across():
            self.changes.arrived(await sql.fetch(self.way.shown), time.perf_counter())
            await asyncio.sleep(POLL_SECONDS)
            if until == float("inf") and self.stopped.is_set():
                until = time.perf_counter() + AFTER_SECONDS
        await sql.close()

    def _all_across(self) -> bool:
        return self.stopped.is_set() and len(self.changes.taken) >= self.made

    def told(self) -> str:
        """The figures in words."""
        taken = self.changes.taken
        p50, p99 = quantile(taken, 0.5), quantile(taken, 0.99)
        return (
            f"{self.way.title}: {len(taken)} of {self.made} crossed; seconds p50 {p50:.2f}, "
            f"p99 {p99:.2f}, worst {max(taken, default=0.0):.2f}"
        )


async def until_drained(bridge: Half, halves: dict[str, Half]) -> dict[str, float]:
    """Wait until nothing is left of what the CRM told before; how long that and each look took."""
    connection = await Connection.open(bridge["url"])
    crm = await Connection.open(halves["crm"]["url"])
    place = orjson.loads((await ask(crm, halves["crm"], "GET", "/v1/events/position", None)).body)
    crm.close()
    feed_seq, began = place["sequence"], time.perf_counter()
    status, waits, taken_in, shown = [], [], 0.0, 0.0
    asked = f"/v1/positions/wait?source=crm&feed_seq={feed_seq}&timeout=0"
    while True:
        before = time.perf_counter()
        await ask(connection, bridge, "GET", "/v1/status", None)
        between = time.perf_counter()
        at = orjson.loads((await ask(connection, bridge, "GET", asked, None)).body)
        now = time.perf_counter()
        status.append(between - before)
        waits.append(now - between)
        if not taken_in and at["mark"] >= feed_seq:
            taken_in = now - began
        if now - shown > 10:
            shown = now
            print(
                f"  {now - began:4.0f} s: {max(feed_seq - at['mark'], 0)} not taken in, "
                f"{at['moving']} moving, {at['standing']} standing",
                flush=True,
            )
        if at["reached"]:
            break
        await asyncio.sleep(0.5)
    connection.close()
    return {
        "taken in": taken_in,
        "drained": now - began,
        "status p50": quantile(status, 0.5) * 1000,
        "status worst": max(status) * 1000,
        "wait p50": quantile(waits, 0.5) * 1000,
        "wait worst": max(waits) * 1000,
    }


async def run(folder: Path, halves: dict[str, Half], bridge: Half, count: int) -> None:
    """Stop the bridge, write, let it start, and watch."""
    linked = await customers(halves)
    stopped = services_in(folder)["sync_bridge"]
    os.kill(stopped, signal.SIGSTOP)
    took = await write_backlog(halves["crm"], count)
    print(f"{count} events written in {took:.0f} s (load {load_average():.1f})", flush=True)
    os.kill(stopped, signal.SIGKILL)
    await _answering(bridge)
    fresh = [Fresh(name, halves, linked[way.source]) for name, way in WAYS.items()]
    acting = [asyncio.create_task(act()) for one in fresh for act in (one.change, one.watch)]
    told = await until_drained(bridge, halves)
    for one in fresh:
        one.stopped.set()
    await asyncio.gather(*acting)
    print(
        f"taken in after {told['taken in']:.0f} s, drained after {told['drained']:.0f} s "
        f"(load {load_average():.1f})"
    )
    print(
        "milliseconds: "
        + ", ".join(
            f"{name} {told[name]:.0f}"
            for name in ("status p50", "status worst", "wait p50", "wait worst")
        )
    )
    for one in fresh:
        print(one.told(), flush=True)


async def _answering(service: Half) -> None:
    """Wait until the service is up again."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            connection = await Connection.open(service["url"])
            await ask(connection, service, "GET", "/v1/me", None)
        except (OSError, Refused):
            await asyncio.sleep(POLL_SECONDS)
        else:
            connection.close()
            return
    message = "the bridge did not come up again"
    raise Refused(message)


def main(count: int) -> None:
    """On an installation of its own."""
    with temporary_installation(TRANSPORT="feed") as there:
        with EmbeddedCluster.open(there.folder / "data") as cluster:
            databases = {name: cluster.ensure_database(name).owner for name in SOURCES}
        places: dict[str, dict[str, Any]] = {
            name: {
                "url": entry["url"],
                "key": entry["api_key"],
                "database": databases.get(name, ""),
            }
            for name, entry in there.credentials.items()
        }
        bridge = places.pop("bridge")
        asyncio.run(run(there.folder, places, bridge, count))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 92_000)
