"""Searching among 500,000 accounts and as many customers: `python -m bench.searching [count]`.

Prints of each question how long its list takes (p50 and p95), and how its statements are run.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from secrets import token_hex
from typing import Any

import asyncpg
import orjson

from bench.figures import quantile
from chassis.http.paging import PageQuery
from chassis.storage.database import SESSION, driver_url
from chassis.testing.cluster import shared_cluster
from crm.accounts.queries import account_page
from crm.accounts.schemas import AccountQuery
from crm.app import SERVICE as CRM
from erp.app import SERVICE as ERP
from erp.parties.queries import customer_page
from erp.parties.schemas import PartyQuery

TIMES = 40
_NAME = """'海蓝绿金银天地山水'::text as a, '港湾城江河湖州岛云'::text as b,
  '贸易科技食品机电建材'::text as c"""
_ROWS = f"""select n, substr(a, 1 + n % 9, 1) || substr(b, 1 + n / 9 % 9, 1)
      || chr(20000 + n * 7 % 900) || substr(c, 1 + n / 81 % 5 * 2, 2) || '有限公司' as name,
    substr(md5(n::text), 1, 8) as word, (13000000000 + n::bigint * 7919 % 999999999)::text as phone
  from generate_series(1, $1::int) as n, (select {_NAME}) as parts"""
_ACCOUNTS = f"""insert into account (id, version, created_at, updated_at, name, sort_key, email,
    email_key, phone_raw, phone_e164, phone_digits, status, kind, stage, tax_id, website,
    industry, segment, language, currency, billing_address, shipping_address, erp_dunning_block)
  select gen_random_uuid(), 1, now() - n * interval '1 s', now(), name || ' ' || word,
    'hai gang mao yi you xian gong si ' || word, word || '@example.com', word, phone, '', phone,
    'active', 'company', 'customer', 'T' || n, '', '', '', '', 'CNY', '{{}}', '{{}}', false
  from ({_ROWS}) as made"""
_CUSTOMERS = f"""insert into customer (id, version, created_at, updated_at, number, name, sort_key,
    legal_name, tax_id, email, phone, website, language, currency, payment_terms_days, status,
    bill_to, ship_to, dunning_block)
  select gen_random_uuid(), 1, now() - n * interval '1 s', now(), 'B-' || n, name || ' ' || word,
    'hai gang mao yi you xian gong si ' || word, '', 'T' || n, word || '@example.com', phone, '',
    '', 'CNY', 30, 'active', '{{}}', '{{}}', false
  from ({_ROWS}) as made"""
_LINKS = """insert into external_reference (entity_type, system, external_id, entity_id,
    source_version, updated_at)
  select '{table}', 'shop', 'S-' || row_number() over (), id, 1, now() from {table}"""

QUESTIONS: dict[str, dict[str, Any]] = {
    "a hit": {"q": "c4ca4238"},
    "no hit": {"q": "nosuchfirm"},
    "two Chinese characters": {"q": "蓝港"},
    "two that every name has": {"q": "公司"},
    "three Chinese characters": {"q": "海港贸"},
    "a phone's last digits": {"q": "07919"},
    "two digits": {"q": "13"},
    "an unknown external id": {"external_system": "shop", "external_id": "unknown"},
}
Page = Callable[[Any, dict[str, Any]], Awaitable[Any]]


class Watching:
    """A connection that keeps the list's statements, to explain them."""

    def __init__(self, sql: Any) -> None:
        self.sql: Any = sql
        self.asked: list[tuple[str, tuple[Any, ...]]] = []

    async def fetch(self, statement: str, *arguments: Any) -> Any:
        """As the connection does."""
        self.asked.append((statement, arguments))
        return await self.sql.fetch(statement, *arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sql, name)


async def _accounts(sql: Any, asked: dict[str, Any]) -> Any:
    return await account_page(sql, AccountQuery(**asked), PageQuery(), region="CN")


async def _customers(sql: Any, asked: dict[str, Any]) -> Any:
    return await customer_page(sql, PartyQuery(**asked), PageQuery())


async def measure(sql: Any, table: str, page: Page) -> None:
    """Print each question's figures."""
    for name, asked in QUESTIONS.items():
        took, found = [], 0
        for _ in range(TIMES):
            began = time.perf_counter()
            found = len((await page(sql, asked)).items)
            took.append((time.perf_counter() - began) * 1000)
        p50, p95 = quantile(took, 0.5), quantile(took, 0.95)
        print(f"{table:<9} {name:<26} {found:>3} found  p50 {p50:7.2f} ms  p95 {p95:7.2f} ms")
        watching = Watching(sql)
        await page(watching, asked)
        for statement, arguments in watching.asked[1 if "q" in asked else 0 :]:
            plan = await sql.fetch(f"explain (analyze, buffers) {statement}", *arguments)
            print("\n".join(f"    {row[0]}" for row in plan if "Scan" in row[0]), flush=True)


async def run(url: str, table: str, make: str, page: Page, count: int) -> None:
    """Make the records of one half and ask."""
    sql = await asyncpg.connect(driver_url(url), server_settings=SESSION, command_timeout=1800)
    try:
        for json in ("json", "jsonb"):
            await sql.set_type_codec(
                json, schema="pg_catalog", encoder=str, decoder=orjson.loads, format="text"
            )
        began = time.perf_counter()
        await sql.execute(f"drop index ix_{table}_search")
        await sql.execute(make.replace("$1", str(count)))
        print(f"{table:<9} {count} made in {time.perf_counter() - began:.0f} s", flush=True)
        index = f"ix_{table}_search on {table} using gin (search_grams(search))"
        await sql.execute(f"create index {index}")
        await sql.execute(_LINKS.format(table=table))
        await sql.execute(f"vacuum analyze {table}")
        await sql.execute("analyze external_reference")
        print(f"{table:<9} indexed after {time.perf_counter() - began:.0f} s", flush=True)
        await measure(sql, table, page)
    finally:
        await sql.close()


def main(count: int) -> None:
    """Both halves, one after the other."""
    halves = (
        (CRM, "account", _ACCOUNTS, _accounts),
        (ERP, "customer", _CUSTOMERS, _customers),
    )
    with shared_cluster() as cluster:
        for service, table, make, page in halves:
            urls = cluster.migrated(service, f"searching_{token_hex(4)}")
            asyncio.run(run(urls.owner, table, make, page, count))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500_000)
