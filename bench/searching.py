"""Searching lists of many records: `python -m bench.searching [count] [list ...] [--plans]`.

Makes so many accounts, customers and documents of each kind (500,000 by default), asks each list
and prints of each question p50 and p95 of the whole call, and the processor time of the
server for it, in a table of Markdown. With `--plans` also which indexes they read.
"""

import asyncio
import re
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from secrets import token_hex
from types import SimpleNamespace
from typing import Any

import asyncpg
import orjson
from sqlalchemy import make_url

from bench import search_rows
from bench.figures import quantile
from bench.machine import cpu_seconds, load_average
from chassis.service import Service
from chassis.storage.connections import SESSION
from chassis.storage.paging import PageQuery
from chassis.testing.cluster import TestCluster
from crm import searched as crm_searched
from crm.accounts.queries.reading import ACCOUNTS
from crm.accounts.schemas import AccountQuery
from crm.app import SERVICE as CRM
from crm.orders.queries import ORDERS
from crm.orders.schemas import OrderQuery
from embedded.testing import shared_cluster
from erp import searched as erp_searched
from erp.app import SERVICE as ERP
from erp.fulfilment.queries.reading import ORDERS as SALES_ORDERS
from erp.fulfilment.queries.shipments import SHIPMENTS
from erp.fulfilment.schemas import OrderQuery as SalesOrderQuery
from erp.fulfilment.schemas import ShipmentQuery
from erp.parties.queries import CUSTOMERS
from erp.parties.schemas import PartyQuery
from erp.payables.queries import BILLS
from erp.payables.schemas import BillQuery
from erp.purchasing.queries.orders import ORDERS as PURCHASE_ORDERS
from erp.purchasing.queries.receipts import RECEIPTS
from erp.purchasing.schemas.orders import PurchaseOrderQuery
from erp.purchasing.schemas.receipts import ReceiptQuery
from erp.receivables.queries.invoices import INVOICES
from erp.receivables.schemas import InvoiceQuery
from erp.settlement.queries import PAYMENTS
from erp.settlement.schemas import PaymentQuery

TIMES = 40
List = Callable[[Any, PageQuery], Awaitable[Any]]
_READ = re.compile(r"(?:using|Scan on) (\w+_search\w*|ix_\w+|pk_\w+|uq_\w+)")

NAMES = {
    "a name": "c4ca4238",
    "no hit": "nosuchfirm",
    "two Chinese characters": "蓝港",
    "two that every name has": "公司",
    "three Chinese characters": "海港贸",
    "a phone's last digits": "07919",
    "two digits": "13",
}
DOCUMENTS = NAMES | {
    "a number": "000123",
    "an item that a hundredth has": "P-7",
    "an item that few have": "P-4321",
    "a number and a character": "000123 有",
    "a name and an item": "c4ca4238 P-7",
}
UNKNOWN = "an unknown external id"
PARTIES = ("account", "customer")


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


def _reading(sql: Any) -> Any:
    settings = SimpleNamespace(region="CN")
    return SimpleNamespace(sql=sql, setting=SimpleNamespace(settings=settings, currency="CNY"))


LISTS: dict[str, dict[str, List]] = {
    CRM.name: {
        "account": lambda sql, asked: ACCOUNTS.page(
            _reading(sql), AccountQuery.model_validate(_asked(asked)), asked
        ),
        "customer_order": lambda sql, asked: ORDERS.page(
            _reading(sql), OrderQuery.model_validate(_asked(asked)), asked
        ),
    },
    ERP.name: {
        "customer": lambda sql, asked: CUSTOMERS.page(
            _reading(sql), PartyQuery.model_validate(_asked(asked)), asked
        ),
        "sales_order": lambda sql, asked: SALES_ORDERS.page(
            _reading(sql), SalesOrderQuery.model_validate(_asked(asked)), asked
        ),
        "shipment": lambda sql, asked: SHIPMENTS.page(_reading(sql), ShipmentQuery(), asked),
        "invoice": lambda sql, asked: INVOICES.page(_reading(sql), InvoiceQuery(), asked),
        "purchase_order": lambda sql, asked: PURCHASE_ORDERS.page(
            _reading(sql), PurchaseOrderQuery(), asked
        ),
        "purchase_receipt": lambda sql, asked: RECEIPTS.page(_reading(sql), ReceiptQuery(), asked),
        "bill": lambda sql, asked: BILLS.page(_reading(sql), BillQuery(), asked),
        "payment": lambda sql, asked: PAYMENTS.page(_reading(sql), PaymentQuery(), asked),
    },
}
ROWS = {
    CRM.name: search_rows.with_texts(search_rows.CRM, crm_searched.KEPT),
    ERP.name: search_rows.with_texts(search_rows.ERP, erp_searched.KEPT),
}
WITH_LINKS = {*PARTIES, "customer_order", "sales_order"}


def _asked(asked: PageQuery) -> dict[str, str]:
    return {"q": asked.q} if asked.q else {"external_system": "shop", "external_id": "unknown"}


async def measure(sql: Any, table: str, page: List, *, plans: bool) -> None:
    """Print each question's figures."""
    server = await sql.fetchval("select pg_backend_pid()")
    questions: dict[str, str | None] = dict(NAMES if table in PARTIES else DOCUMENTS)
    if table in WITH_LINKS:
        questions[UNKNOWN] = None
    for name, q in questions.items():
        took, found, asked = [], 0, PageQuery(q=q)
        await page(sql, asked)
        cpu = cpu_seconds(server)
        for _ in range(TIMES):
            began = time.perf_counter()
            found = len((await page(sql, asked)).items)
            took.append((time.perf_counter() - began) * 1000)
        cpu = (cpu_seconds(server) - cpu) * 1000 / TIMES
        p50, p95 = quantile(took, 0.5), quantile(took, 0.95)
        print(f"| {table} | {name} | {found} | {p50:.1f} | {p95:.1f} | {cpu:.1f} |", flush=True)
        if plans:
            watching = Watching(sql)
            await page(watching, asked)
            print(f"    {await _indexes(sql, watching.asked)}", flush=True)


async def _indexes(sql: Any, asked: list[tuple[str, tuple[Any, ...]]]) -> str:
    """What the statements read, one after the other."""
    read = []
    for statement, arguments in asked:
        plan = await sql.fetch(f"explain {statement}", *arguments)
        read.append(", ".join(dict.fromkeys(_READ.findall("\n".join(row[0] for row in plan)))))
    return "; ".join(read)


async def run(
    cluster: TestCluster, service: Service, lists: Mapping[str, List], count: int, *, plans: bool
) -> None:
    """Make the records of one half and ask its lists."""
    urls = await asyncio.to_thread(cluster.migrated, service, f"searching_{token_hex(4)}")
    # The administrator: foreign keys are not checked while rows are made in bulk.
    admin = make_url(cluster.admin_url).set(database=make_url(urls.owner).database)
    settings = SESSION | {"search_path": "public", "maintenance_work_mem": "1GB"}
    sql = await asyncpg.connect(
        admin.render_as_string(hide_password=False), server_settings=settings, command_timeout=3600
    )
    try:
        for json in ("json", "jsonb"):
            await sql.set_type_codec(
                json, schema="pg_catalog", encoder=str, decoder=orjson.loads, format="text"
            )
        await search_rows.fill(sql, ROWS[service.name], count)
        print(f"\n{count} records of each kind; load average {load_average():.1f}\n")
        print("| list | question | found | p50 ms | p95 ms | CPU ms |")
        print("| --- | --- | ---: | ---: | ---: | ---: |", flush=True)
        for table, page in lists.items():
            await measure(sql, table, page, plans=plans)
        print(f"\nload average {load_average():.1f}", flush=True)
    finally:
        await sql.close()


def main(arguments: list[str]) -> None:
    """Both halves, one after the other."""
    plans = "--plans" in arguments
    numbers = [int(one) for one in arguments if one.isdigit()]
    names = {one for one in arguments if not one.isdigit() and not one.startswith("--")}
    with shared_cluster() as cluster:
        for service in (CRM, ERP):
            lists = LISTS[service.name].items()
            wanted = {name: page for name, page in lists if not names or name in names}
            if wanted:
                count = numbers[0] if numbers else 500_000
                asyncio.run(run(cluster, service, wanted, count, plans=plans))


if __name__ == "__main__":
    main(sys.argv[1:])
