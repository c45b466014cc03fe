"""The board of many open deals: `python -m bench.board [count]`.

Makes so many open deals (10,000 by default) of 20 owners in two teams, starts the CRM and asks for
its board and for the first page of its list over HTTP: as a key that sees all, as a sales manager
and as a seller. Then it moves a deal to and fro. Prints p50 and p95 of the whole request.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import orjson
from sqlalchemy import make_url

from bench.figures import quantile
from bench.listing import PEOPLE, person
from bench.machine import load_average
from bench.place import Place, Server
from bench.wire import Connection, Refused, Reply, request_bytes
from chassis.storage.connections import SESSION
from crm.app import SERVICE as CRM

TIMES = 200
BOARD, LIST = "/v1/opportunities/board", "/v1/opportunities?limit=50&status=active"

_DEALS = """insert into opportunity (id, version, created_at, updated_at, name, sort_key,
    pipeline_id, stage_id, state, stage_since, currency, amount, probability, forecast_category,
    opened_on, closes_on, owner_id, source, next_step, note, status)
  select gen_random_uuid(), 1, now() - n * interval '1 minute', now(), 'Deal ' || n, 'deal ' || n,
    s.pipeline_id, s.id, s.kind, now() - n * interval '1 minute', 'CNY', n % 9973 + 0.25,
    s.probability, s.forecast_category, '2026-01-01'::date, '2030-01-01'::date + (n % 365)::int,
    ($2::uuid[])[n % cardinality($2::uuid[]) + 1], '', '', '', 'active'
  from generate_series(1, $1::bigint) as n
  join pipeline_stage s on s.code = (array['qualification', 'needs_analysis', 'proposal',
    'negotiation'])[n % 4 + 1]"""


_ONE = """select o.id from opportunity o join pipeline_stage s on s.id = o.stage_id
  where s.code = 'needs_analysis' limit 1"""


async def _fill(place: Place, url: str, count: int, people: list[str]) -> str:
    """Make the deals; the id of one of them."""
    admin = make_url(place.cluster.admin_url).set(database=make_url(url).database)
    sql = await asyncpg.connect(
        admin.render_as_string(hide_password=False),
        server_settings=SESSION | {"search_path": "public"},
        command_timeout=600,
    )
    try:
        await sql.execute(_DEALS, count, people)
        await sql.execute("vacuum analyze opportunity")
        return str(await sql.fetchval(_ONE))
    finally:
        await sql.close()


async def _timed(
    who: str, what: str, act: Callable[[Connection, int], Awaitable[Any]], url: str
) -> None:
    connection = await Connection.open(url)
    took = []
    for at in range(TIMES):
        began = time.perf_counter()
        await act(connection, at)
        took.append((time.perf_counter() - began) * 1000)
    p50, p95 = quantile(took, 0.5), quantile(took, 0.95)
    print(f"| {who} | {what} | {p50:.1f} | {p95:.1f} |", flush=True)


def _asks(server: Server, path: str, key: str) -> Callable[[Connection, int], Awaitable[Reply]]:
    request = request_bytes("GET", server.url, path, key=key, body=b"", more="")

    async def ask(connection: Connection, _at: int) -> Reply:
        return _answered(await connection.ask(request))

    return ask


def _moves(server: Server, deal: str) -> Callable[[Connection, int], Awaitable[Reply]]:
    async def move(connection: Connection, at: int) -> Reply:
        body = orjson.dumps({"stage": ("proposal", "negotiation")[at % 2]})
        path, more = f"/v1/opportunities/{deal}/stage", f'If-Match: "{at + 1}"\r\n'
        request = request_bytes("PATCH", server.url, path, key=server.key, body=body, more=more)
        return _answered(await connection.ask(request))

    return move


def _answered(reply: Reply) -> Reply:
    if reply.status != 200:
        raise Refused(repr(reply.body[:900]))
    return reply


def main(arguments: list[str]) -> None:
    """Fill, ask, move."""
    count = int(arguments[0]) if arguments else 10_000
    with Place.open() as place:
        urls = place.database(CRM)
        with place.serving(CRM, urls) as crm:
            teams = [crm.call("POST", "/v1/teams", {"name": one})["id"] for one in ("East", "West")]
            manager = person(crm, "sales_manager", teams[0])
            people = [person(crm, "seller", teams[n % 2]) for n in range(PEOPLE)]
            deal = asyncio.run(_fill(place, urls.owner, count, [one for one, _ in people]))
            print(f"\n{count:,} open deals, {PEOPLE} owners; load average {load_average():.1f}\n")
            print("| sees | act | p50 ms | p95 ms |\n| --- | --- | ---: | ---: |", flush=True)
            callers = (("all", crm.key), ("team", manager[1]), ("own", people[2][1]))
            for who, key in callers:
                for what, path in (("board", BOARD), ("list", LIST)):
                    asyncio.run(_timed(who, what, _asks(crm, path, key), crm.url))
            asyncio.run(_timed("all", "move", _moves(crm, deal), crm.url))
        print(f"\nload average {load_average():.1f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
