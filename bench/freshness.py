"""How soon a change on one half shows on the other, with the three services as real processes.

The limit is one upsert sent by hand to the other half at the same rate: what a bridge that costs
nothing would still need.
"""

import asyncio
import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import orjson

from bench.feeding import steadily
from bench.figures import Asked, Bench, Figure, Goal, paired, quantile
from bench.machine import cpu_seconds, services_in
from bench.place import Place
from bench.wire import Connection, Refused, Reply, request_bytes
from embedded.cluster import EmbeddedCluster

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "deploy" / "local"))
from runner.temporary import Temporary, temporary_installation

__all__ = ["BENCH", "WAYS", "Crossing", "ask", "crossing", "customers", "upserts"]

RATES = (20, 100)
PARTNERS = {"crm": "erp", "erp": "crm"}
CUSTOMERS = 100
POLL_SECONDS = 0.01
QUIET_POLLS = 40
SEEDED = 20
ARRIVE_SECONDS_MAX = 30.0
_STAGES = """select {columns} from inbox
  where source like $1 and received_at > $2 and hops = 0 and settled_at is not null""".format(
    columns=", ".join(
        f"""1000 * extract(epoch from percentile_cont({quantile}) within group (order by {taken}))
        as "{title} p{quantile * 100:.0f} ms\""""
        for title, taken in {
            "taken in": "received_at - occurred_at",
            "delivered": "settled_at - received_at",
        }.items()
        for quantile in (0.5, 0.99)
    )
)
_SHOWN = re.compile(r"(\d+)$")


@dataclass(frozen=True)
class Way:
    """From one half to the other: what is changed here and where it shows there."""

    title: str
    source: str
    target: str
    changed: str
    upserted: str
    field: str
    change: Callable[[int], Any]
    shown: str

    def upsert(self, number: int) -> dict[str, Any]:
        """The change as a bridge would send it."""
        facts: dict[str, Any] = {"source_version": 2 + number}
        if self.target == "erp":
            return facts | {self.field: self.change(number)}
        return facts | {"erp": {"customer_number": "C-1", self.field: self.change(number)}}


def _website(number: int) -> str:
    return f"https://canal.example/{number}"


def _limit(number: int) -> dict[str, str]:
    return {"amount": f"{number}.00", "currency": "CNY"}


WAYS = {
    "crm-erp": Way(
        "CRM -> ERP",
        "crm",
        "erp",
        "/v1/accounts",
        "/v1/customers",
        "website",
        _website,
        """select x.external_id::uuid as id, c.website as shown from customer c
          join external_reference x on x.entity_id = c.id and x.system = 'crm'
         where c.updated_at > now() - interval '5 seconds'""",
    ),
    "erp-crm": Way(
        "ERP -> CRM",
        "erp",
        "crm",
        "/v1/customers",
        "/v1/accounts",
        "credit_limit",
        _limit,
        """select x.external_id::uuid as id, trunc(a.erp_credit_limit)::text as shown
          from account a join external_reference x on x.entity_id = a.id and x.system = 'erp'
         where a.updated_at > now() - interval '5 seconds'""",
    ),
}


def run(place: Place, asked: Asked) -> list[Figure]:
    """Both ways, at both rates, on both transports."""
    return [figure for transport in ("feed", "kafka") for figure in _over(place, asked, transport)]


def _over(place: Place, asked: Asked, transport: str) -> list[Figure]:
    with temporary_installation(TRANSPORT=transport) as there:
        with EmbeddedCluster.open(there.folder / "data") as cluster:
            databases = {name: cluster.ensure_database(name).owner for name in PARTNERS}
            bridge = cluster.ensure_database("bridge").owner
        halves = _halves(there, databases)
        linked = place.loader.act("bench.freshness:customers", halves=halves)
        figures = []
        for rate in RATES:
            for name, way in WAYS.items():
                told = _measured(
                    place,
                    asked,
                    there,
                    halves=halves,
                    bridge=bridge,
                    linked=linked,
                    name=name,
                    rate=rate,
                )
                title = f"{way.title}, {transport}, {rate}/s"
                figures += _figures(title, told)
        return figures


def _halves(there: Temporary, databases: dict[str, str]) -> dict[str, dict[str, str]]:
    """Where each half answers, with a key that may speak for the other half."""
    with there.clients() as clients:
        keys = {name: _key(clients[name], PARTNERS[name]) for name in databases}
        return {
            name: {"url": str(clients[name].base_url), "key": key, "database": databases[name]}
            for name, key in keys.items()
        }


def _key(half: httpx.Client, system: str) -> str:
    body = {"name": "bench", "scopes": ["admin"], "systems": [system]}
    made = half.post("/v1/api-keys", json=body, headers={"Idempotency-Key": os.urandom(16).hex()})
    secret: str = made.raise_for_status().json()["secret"]
    return secret


def _measured(
    place: Place,
    asked: Asked,
    there: Temporary,
    *,
    halves: dict[str, dict[str, str]],
    bridge: str,
    linked: dict[str, Any],
    name: str,
    rate: int,
) -> dict[str, Any]:
    services = services_in(there.folder)
    before = {service: cpu_seconds(pid) for service, pid in services.items()}
    began = datetime.now(UTC)
    ours = place.loader.act(
        "bench.freshness:crossing",
        way=name,
        halves=halves,
        records=linked[WAYS[name].source],
        rate=rate,
        seconds=asked.seconds * 5,
    )
    spent = {
        f"{service} CPU ms": (cpu_seconds(pid) - before[service]) * 1000 / ours["count"]
        for service, pid in services.items()
    } | asyncio.run(_stages(bridge, WAYS[name].source, began))
    limit = place.loader.act(
        "bench.freshness:upserts", way=name, halves=halves, rate=rate, seconds=asked.seconds * 2
    )
    return {"ours": ours, "limit": limit, "spent": spent}


async def _stages(bridge: str, source: str, began: datetime) -> dict[str, float]:
    """Of the changes since then: milliseconds until the inbox had them, and from there on."""
    sql = await asyncpg.connect(bridge)
    (row,) = await sql.fetch(_STAGES, f"/tandem/{source}/%", began)
    await sql.close()
    return {name: float(value or 0) for name, value in row.items()}


def _figures(title: str, told: dict[str, Any]) -> list[Figure]:
    ours, limit = told["ours"], told["limit"]
    facts = {"changes": ours["count"], "largest ms": ours["max"], **told["spent"]}
    return [
        paired(
            f"{title}, {name}",
            "ms",
            "one upsert by hand at that rate",
            [(ours[name], limit[name])],
            goal=Goal(ours_max=500) if name == "p99" else None,
            facts=facts if name == "p99" else {},
        )
        for name in ("p50", "p99")
    ]


async def customers(halves: dict[str, dict[str, str]]) -> dict[str, list[str]]:
    """Make customers in the CRM and wait until the ERP has them and both know it.

    An act of a load; the ids on both sides, in the same order.
    """
    crm = halves["crm"]
    connection = await Connection.open(crm["url"])
    made = []
    for number in range(CUSTOMERS):
        body = {"name": f"Customer {number}", "website": _website(0)}
        reply = await ask(connection, crm, "POST", "/v1/accounts", body)
        made.append(orjson.loads(reply.body)["id"])
    connection.close()
    sql = await asyncpg.connect(crm["database"])
    linked = """select entity_id, external_id from external_reference
      where system = 'erp' and entity_type = 'account'"""
    until = time.monotonic() + ARRIVE_SECONDS_MAX
    while len(rows := await sql.fetch(linked)) < CUSTOMERS:
        if time.monotonic() > until:
            message = f"only {len(rows)} of {CUSTOMERS} customers crossed"
            raise Refused(message)
        await asyncio.sleep(POLL_SECONDS)
    await sql.close()
    twins = {str(row["entity_id"]): row["external_id"] for row in rows}
    await _quiet(halves)
    return {"crm": made, "erp": [twins[one] for one in made]}


async def _quiet(halves: dict[str, dict[str, str]]) -> None:
    """Wait until nothing was told for a while on either side: the echoes have died away."""
    connections = [await asyncpg.connect(half["database"]) for half in halves.values()]
    written, still = [-1], 0
    while still < QUIET_POLLS:
        now = [await sql.fetchval("select last_value from outbox_written") for sql in connections]
        still, written = (still + 1, written) if now == written else (0, now)
        await asyncio.sleep(POLL_SECONDS)
    for sql in connections:
        await sql.close()


async def ask(
    connection: Connection, half: dict[str, str], method: str, path: str, body: Any, **more: str
) -> Reply:
    """Send a body; raises Refused for an answer that is none."""
    more.setdefault("Idempotency-Key", os.urandom(16).hex())
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in more.items())
    sent = orjson.dumps(body) if body is not None else b""
    request = request_bytes(method, half["url"], path, key=half["key"], body=sent, more=lines)
    reply = await connection.ask(request)
    if reply.status >= 300 and reply.status != 412:
        message = f"{method} {path}: {reply.status} {reply.body[:300]!r}"
        raise Refused(message)
    return reply


class Crossing:
    """Changes on their way: when each was answered here, and when it showed there."""

    def __init__(self, way: Way, source: dict[str, str], records: list[str]) -> None:
        self.way, self.source, self.records = way, source, records
        self.waiting: dict[str, dict[int, float]] = {one: {} for one in records}
        self.taken: list[float] = []
        self.number = int(time.time()) % 10**7 * 10
        self.busy: set[str] = set()
        self.known: dict[str, str] = {}

    async def change(self, connection: Connection) -> None:
        """Change the next record that nobody is changing now."""
        record = next(one for one in self.records if one not in self.busy)
        self.records.remove(record)
        self.records.append(record)
        self.busy.add(record)
        self.number += 1
        number, path = self.number, f"{self.way.changed}/{record}"
        body = {self.way.field: self.way.change(number)}
        while True:
            known = self.known.get(record, '"0"')
            reply = await ask(connection, self.source, "PATCH", path, body, If_Match=known)
            if reply.status != 412:
                break
            # Somebody came between, as an echo does: take the newest and try again.
            seen = await ask(connection, self.source, "GET", path, None)
            self.known[record] = seen.header("etag")
        self.known[record] = reply.header("etag")
        self.waiting[record][number] = time.perf_counter()
        self.busy.remove(record)

    def arrived(self, rows: list[Any], now: float) -> None:
        """Take in what shows there; a later change on a record shows the earlier ones as well."""
        for row in rows:
            told = _SHOWN.search(row["shown"] or "")
            waiting = self.waiting.get(str(row["id"]), {})
            for number in [one for one in waiting if told and one <= int(told[1])]:
                self.taken.append(max(0.0, now - waiting.pop(number)))


async def crossing(
    way: str, halves: dict[str, dict[str, str]], records: list[str], rate: int, seconds: float
) -> dict[str, float]:
    """Milliseconds from the reply to a change until it shows on the other half. An act of a load.

    The other half's database is looked at every 10 ms, which is part of the figure.
    """
    known = WAYS[way]
    crossing = Crossing(known, halves[known.source], list(records))
    due = int(rate * seconds)
    sql = await asyncpg.connect(halves[known.target]["database"])
    until = time.monotonic() + seconds + ARRIVE_SECONDS_MAX

    async def watch() -> None:
        while len(crossing.taken) < due and time.monotonic() < until:
            crossing.arrived(await sql.fetch(known.shown), time.perf_counter())
            await asyncio.sleep(POLL_SECONDS)

    watching = asyncio.create_task(watch())
    await steadily(halves[known.source]["url"], due, rate, crossing.change)
    await watching
    await sql.close()
    if len(crossing.taken) < due:
        message = f"{known.title}: only {len(crossing.taken)} of {due} changes arrived"
        raise Refused(message)
    return _told(crossing.taken)


async def upserts(
    way: str, halves: dict[str, dict[str, str]], rate: int, seconds: float
) -> dict[str, float]:
    """The limit: upserts by hand at the rate, each of a record that is there. An act of a load."""
    known = WAYS[way]
    target = halves[known.target]
    system = known.source
    records = [str(UUID(int=number + 1)) for number in range(SEEDED)]
    connection = await Connection.open(target["url"])
    start = int(time.time() * 1000)
    for record in records:
        body = {"name": f"By hand {record}"} | known.upsert(start)
        path = f"{known.upserted}/by-external/{system}/{record}"
        await ask(connection, target, "PUT", path, body)
    connection.close()
    taken: list[float] = []

    async def one(connection: Connection) -> None:
        number = len(taken)
        path = f"{known.upserted}/by-external/{system}/{records[number % SEEDED]}"
        began = time.perf_counter()
        await ask(connection, target, "PUT", path, known.upsert(start + 1 + number))
        taken.append(time.perf_counter() - began)

    await _quiet(halves)
    await steadily(target["url"], int(rate * seconds), rate, one)
    await _quiet(halves)
    return _told(taken)


def _told(taken: list[float]) -> dict[str, float]:
    return {
        "count": len(taken),
        "p50": quantile(taken, 0.5) * 1000,
        "p99": quantile(taken, 0.99) * 1000,
        "max": max(taken) * 1000,
    }


BENCH = Bench("freshness", "A customer changed on one half until it shows on the other", run)
