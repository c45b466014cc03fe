"""A page of 50 accounts among 10,000 and 50,000 with a filter, over HTTP and by the bare driver."""

import asyncio
import statistics
import time
from typing import Any

import asyncpg

from bench.bare import TUNED
from bench.figures import Asked, Bench, Figure, Goal, paired
from bench.loader import told
from bench.place import Place
from bench.writing import ACCOUNT
from crm.accounts.queries.reading import ACCOUNTS
from crm.app import SERVICE as CRM

__all__ = ["BENCH", "read_pages"]

SIZES = (10_000, 50_000)
CLIENTS = (1, 4)
PATH = "/v1/accounts?status=active&stage=prospect&limit=50"
PAGE = f"""select {ACCOUNTS.columns}, created_at::text as page_sort, id::text as page_key
  from account where status = $1 and stage = $2 order by created_at desc, id desc limit $3"""

# Every tenth account is a prospect; all differ in name and in the second they were made.
_MORE = """insert into account (id, version, created_at, updated_at, name, sort_key, email,
    email_key, phone_raw, phone_e164, phone_digits, status, kind, stage, tax_id, website,
    industry, segment, language, currency, billing_address, shipping_address, erp_dunning_block)
  select gen_random_uuid(), version, created_at - number * interval '1 second', updated_at,
    name || number, sort_key || number, email, email_key, phone_raw, phone_e164, phone_digits,
    status, kind, case when number % 10 = 0 then 'prospect' else 'customer' end, tax_id, website,
    industry, segment, language, currency, billing_address, shipping_address, erp_dunning_block
  from (select * from account where name = $3) one, generate_series($1::int, $2::int) number"""


def run(place: Place, asked: Asked) -> list[Figure]:
    """Median of the page's latency at both sizes."""
    urls = place.database(CRM)
    figures, present = [], 1
    with place.serving(CRM, urls) as crm:
        crm.call("POST", "/v1/accounts", ACCOUNT)
        request = crm.request("GET", PATH)
        for size in SIZES:
            asyncio.run(_fill(urls.owner, present, size))
            present = size + 1
            place.load(crm, request, clients=max(CLIENTS), seconds=asked.seconds / 2)
            for clients in CLIENTS:
                pairs, measured = [], []
                for _ in range(asked.rounds):
                    ours = place.load(crm, request, clients=clients, seconds=asked.seconds)
                    limit = place.measured(
                        "bench.paging:read_pages",
                        url=urls.runtime,
                        clients=clients,
                        seconds=asked.seconds,
                    )
                    pairs.append((ours.p50, limit.p50))
                    measured.append(ours)
                figures.append(
                    paired(
                        f"page of 50 in {size:,}, {clients} client{'s' if clients > 1 else ''}",
                        "ms p50",
                        "the same query by bare asyncpg, rows not read out",
                        pairs,
                        goal=Goal(ours_max=8) if clients == 1 else None,
                        facts={
                            "p99 ms": statistics.median(one.p99 for one in measured),
                            "app CPU ms": statistics.median(one.app_ms for one in measured),
                            "database CPU ms": statistics.median(
                                one.database_ms for one in measured
                            ),
                        },
                    )
                )
        counted = place.statements(crm, request)
    return [
        Figure(**(one.__dict__ | {"facts": {**one.facts, "statements": counted}}))
        for one in figures
    ]


async def _fill(url: str, first: int, last: int) -> None:
    sql = await asyncpg.connect(url)
    try:
        # No list uses it without a search word, and it is what makes so many rows slow to store.
        await sql.execute("drop index if exists ix_account_search")
        await sql.execute(_MORE, first, last, ACCOUNT["name"])
        await sql.execute("vacuum analyze account")
    finally:
        await sql.close()


async def read_pages(url: str, *, clients: int, seconds: float) -> dict[str, float]:
    """The limit: so many connections ask for the page for a time. An act of a load."""
    connections = [await asyncpg.connect(url, server_settings=TUNED) for _ in range(clients)]
    taken: list[float] = []
    began, cpu = time.perf_counter(), time.process_time()

    async def one(sql: "asyncpg.Connection[Any]") -> None:
        while time.perf_counter() < began + seconds:
            started = time.perf_counter()
            rows = await sql.fetch(PAGE, "active", "prospect", 51)
            taken.append(time.perf_counter() - started)
            if len(rows) != 51:
                message = f"a page of {len(rows)} rows"
                raise ValueError(message)

    await asyncio.gather(*map(one, connections))
    spent, used = time.perf_counter() - began, time.process_time() - cpu
    for sql in connections:
        await sql.close()
    return told(taken, spent, used)


BENCH = Bench("page", "A page of a filtered list", run)
