"""How many accounts a second cross from the CRM to the ERP, when all are written at once.

The limit is the same number of customers sent to the ERP in batches by hand: what a bridge that
costs nothing would still need. Milliseconds of processor time are for each record, from the first
one written to the last one across, of each service and of PostgreSQL in each database.
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg

from bench.figures import Asked, Bench, Figure, Goal, paired
from bench.freshness import ask
from bench.machine import cpu_seconds, database_cpu_seconds, services_in
from bench.place import Place
from bench.wire import Connection, Refused
from embedded.cluster import EmbeddedCluster

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "deploy" / "local"))
from runner.temporary import temporary_installation

__all__ = ["BENCH", "accounts"]

BATCH = 250
BATCHES = 20
POLL_SECONDS = 0.5
"""To look is dear: it counts all customers."""
ARRIVE_SECONDS_MAX = 300.0
GOALS = {"new": 500.0, "known": 1000.0}
ACROSS = """select count(*) from customer c
  join external_reference x on x.entity_id = c.id and x.system = 'crm' where c.name like $1"""


def run(place: Place, asked: Asked) -> list[Figure]:  # noqa: ARG001 - a number of records, no time
    """Accounts that are new to the ERP, then the same ones changed."""
    with temporary_installation(TRANSPORT="feed") as there:
        with EmbeddedCluster.open(there.folder / "data") as cluster:
            databases = {name: cluster.ensure_database(name).owner for name in ("crm", "erp")}
            postmaster = int((cluster.place.data / "postmaster.pid").read_text().split()[0])
        halves = {
            name: {"url": entry["url"], "key": entry["api_key"], "database": databases[name]}
            for name, entry in there.credentials.items()
            if name in databases
        }
        spent = {"services": services_in(there.folder), "postmaster": postmaster}
        mark = uuid4().hex[:8]
        return [
            _figure(
                what,
                place.loader.act(
                    "bench.crossing:accounts", halves=halves, spent=spent, mark=mark, version=at
                ),
            )
            for at, what in enumerate(GOALS, 1)
        ]


def _figure(what: str, told: dict[str, Any]) -> Figure:
    return paired(
        f"CRM -> ERP, {what}",
        "records/s",
        "the same in batches by hand",
        [(told["across"], told["by hand"])],
        goal=Goal(ours_min=GOALS[what]),
        facts={"records": told["count"], "written/s": told["written"], **told["spent"]},
    )


async def accounts(
    halves: dict[str, dict[str, str]], spent: dict[str, Any], mark: str, version: int
) -> dict[str, Any]:
    """Write accounts to the CRM and wait until the ERP has them; then customers by hand.

    An act of a load: records a second, and milliseconds spent on each by those named in `spent`.
    """
    count = BATCH * BATCHES
    before = _cpu_seconds(**spent)
    began = time.perf_counter()
    await _write(halves["crm"], "/v1/accounts", mark, version)
    written = time.perf_counter() - began
    sql = await asyncpg.connect(halves["erp"]["database"])
    until = began + ARRIVE_SECONDS_MAX
    while await sql.fetchval(ACROSS, f"Load {mark} % v{version}") < count:
        if time.perf_counter() > until:
            message = f"not all of {count} accounts crossed"
            raise Refused(message)
        await asyncio.sleep(POLL_SECONDS)
    across = time.perf_counter() - began
    after = _cpu_seconds(**spent)
    await sql.close()
    began = time.perf_counter()
    await _write(halves["erp"], "/v1/customers", f"hand {mark}", version)
    by_hand = time.perf_counter() - began
    return {
        "count": count,
        "written": count / written,
        "across": count / across,
        "by hand": count / by_hand,
        "spent": {
            f"{name} CPU ms": 1000 * (seconds - before.get(name, 0.0)) / count
            for name, seconds in after.items()
        },
    }


def _cpu_seconds(services: dict[str, int], postmaster: int) -> dict[str, float]:
    """What each service and each database has cost so far."""
    databases = database_cpu_seconds(postmaster)
    return {name: cpu_seconds(pid) for name, pid in services.items()} | {
        f"PostgreSQL {name}": seconds for name, seconds in databases.items()
    }


async def _write(half: dict[str, str], path: str, mark: str, version: int) -> None:
    """Send records in batches, each as its system's version."""
    connection = await Connection.open(half["url"])
    for batch in range(BATCHES):
        items: list[dict[str, Any]] = [
            {
                "external_id": f"{mark}-{batch}-{number}",
                "source_version": version,
                "name": f"Load {mark} {batch} {number} v{version}",
                "tax_id": f"T{mark[-8:]}{mark[0]}{batch}X{number}".upper(),
            }
            for number in range(BATCH)
        ]
        if version > 1:  # the ERP leads in tax ids by now
            items = [{k: v for k, v in item.items() if k != "tax_id"} for item in items]
        await ask(connection, half, "POST", f"{path}/by-external/load/batch", {"items": items})
    connection.close()


BENCH = Bench("crossing", "Accounts written at once until the ERP has them", run)
