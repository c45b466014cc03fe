"""The earliest promise, asked over HTTP at 10,000 open orders, beside its statements alone."""

import asyncio
import random
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from bench.bare import TUNED
from bench.figures import Asked, Bench, Figure, Goal, paired
from bench.loader import told
from bench.place import Place, Server
from bench.wire import TOKEN
from chassis.clock import utc_now
from erp.app import SERVICE as ERP
from erp.planning.queries.promising import needed_by_firm_orders, parts_of
from erp.planning.queries.snapshot import read_items
from erp.stock.queries.views import supply_and_demand

__all__ = ["BENCH", "read_needed"]

ORDERS, EACH = 10_000, 200
TOPS, MIDDLES, PARTS, COMPONENTS = 50, 100, 200, 4
CLIENTS = (1, 4)
SEED = 1998
GOAL_MS = 100

_STOCK = """insert into incoming (source_line_id, item_id, quantity, due_on)
  select gen_random_uuid(), i.id, 40, $1::date + 5 * week
    from item i, generate_series(1, 20) week"""


def run(place: Place, asked: Asked) -> list[Figure]:
    """The 95th percentile of whole answers, of all on one day and in parts."""
    urls = place.database(ERP)
    with place.serving(ERP, urls) as erp:
        shop = _Shop(erp)
        place.asked(urls.owner, _expect)
        shop.order()
        place.asked(urls.owner, _analyze)
        return [
            _measured(place, asked, (urls.runtime, shop), clients, more)
            for clients in CLIENTS
            for more in ("", "&in_parts=true")
        ]


def _measured(
    place: Place, asked: Asked, at: tuple[str, "_Shop"], clients: int, more: str
) -> Figure:
    url, shop = at
    erp = shop.erp
    request = erp.request("GET", f"/v1/earliest-promise?{TOKEN}")
    chance, pairs, measured = random.Random(SEED), [], []
    place.load(erp, request, clients=clients, seconds=30, records=shop.questions(chance, 40, more))
    for _ in range(asked.rounds):
        many = shop.questions(chance, 400, more)
        ours = place.load(erp, request, clients=clients, seconds=60, records=many)
        limit = place.measured(
            "bench.promise:read_needed", url=url, clients=clients, count=200, items=shop.tops
        )
        pairs.append((ours.p95, limit.p95))
        measured.append(ours)
    counted = place.statements(erp, request, records=lambda n: shop.questions(chance, n, more))
    return paired(
        f"{'in parts' if more else 'all on one day'}, {clients} client{'s' * (clients > 1)}",
        "ms p95",
        "the same statements by bare asyncpg, without HTTP and without promising",
        pairs,
        goal=Goal(ours_max=GOAL_MS) if clients == 1 else None,
        facts={
            "p50 ms": statistics.median(one.p50 for one in measured),
            "p99 ms": statistics.median(one.p99 for one in measured),
            "app CPU ms": statistics.median(one.app_ms for one in measured),
            "database CPU ms": statistics.median(one.database_ms for one in measured),
            "statements": counted,
        },
    )


class _Shop:
    """Goods of three levels: each of four that are made of four that are bought."""

    def __init__(self, erp: Server) -> None:
        self.erp, self.chance = erp, random.Random(SEED)
        self.today = datetime.now(UTC).date()
        names = [
            f"{level}-{number}"
            for level, many in (("T", TOPS), ("M", MIDDLES), ("P", PARTS))
            for number in range(many)
        ]
        sent = [
            {"external_id": sku, "source_version": 1, "sku": sku, "name": "Lamp"} for sku in names
        ]
        for at in range(0, len(sent), 100):
            items = {"items": sent[at : at + 100]}
            erp.call("POST", "/v1/items/by-external/shop/batch", items)
        for sku in names:
            days = {"lead_days": self.chance.randint(2, 9)}
            policy = {} if sku[0] != "P" else {"policy": "buy"}
            erp.call("POST", "/v1/planning-parameters", {"sku": sku, **days, **policy})
        self._bills("T", TOPS, "M", MIDDLES)
        self._bills("M", MIDDLES, "P", PARTS)
        self.customer = erp.call("POST", "/v1/customers", {"name": "Canal Street Lamps"})["id"]
        self.tops = [f"T-{number}" for number in range(TOPS)]

    def _bills(self, above: str, many: int, below: str, of: int) -> None:
        for number in range(many):
            lines = [
                {"sku": f"{below}-{one}", "quantity": str(self.chance.randint(1, 4))}
                for one in self.chance.sample(range(of), COMPONENTS)
            ]
            bill = {"sku": f"{above}-{number}", "label": "A", "lines": lines}
            made = self.erp.call("POST", "/v1/bills-of-material", bill)
            self.erp.call("POST", f"/v1/bills-of-material/{made['id']}/activate", {})

    def order(self) -> None:
        """So many open orders: most for finished goods, some for what goes into them."""
        for first in range(0, ORDERS, EACH):
            items = [self._order(first + at) for at in range(EACH)]
            self.erp.call("POST", "/v1/sales-orders/by-external/crm/batch", {"items": items})

    def _order(self, number: int) -> dict[str, Any]:
        level, of = (("T", TOPS), ("T", TOPS), ("M", MIDDLES), ("P", PARTS))[number % 4]
        line = {
            "sku": f"{level}-{self.chance.randrange(of)}",
            "quantity": str(self.chance.randint(1, 5)),
            "unit_price": {"amount": "10", "currency": "CNY"},
        }
        day = self.today + timedelta(days=self.chance.randint(1, 120))
        sent = {"external_id": f"O-{number}", "source_version": 1, "lines": [line]}
        return {**sent, "customer_id": self.customer, "requested_on": str(day)}

    def questions(self, chance: random.Random, many: int, more: str) -> list[str]:
        """So many questions: a finished item, a quantity, a day."""
        return [
            f"sku={chance.choice(self.tops)}&quantity={chance.randint(1, 200)}"
            f"&on={self.today + timedelta(days=chance.randint(0, 60))}{more}"
            for _ in range(many)
        ]


async def _expect(sql: "asyncpg.Connection[Any]") -> None:
    await sql.execute(_STOCK, utc_now().date())


async def _analyze(sql: "asyncpg.Connection[Any]") -> None:
    await sql.execute("analyze")


async def read_needed(
    url: str, *, clients: int, count: int, items: Sequence[str]
) -> dict[str, float]:
    """The limit: so many connections read what the answers need. An act of a load."""
    connections = [await asyncpg.connect(url, server_settings=TUNED) for _ in range(clients)]
    chance, taken = random.Random(SEED), list[float]()
    rows = await connections[0].fetch("select id from item where sku = any($1::text[])", items)
    ids = [UUID(str(row["id"])) for row in rows]
    began, cpu = time.perf_counter(), time.process_time()

    async def one(sql: Any) -> None:
        for _ in range(count):
            started = time.perf_counter()
            needed = list(await parts_of(sql, chance.choice(ids)))
            await read_items(sql, utc_now().date(), needed)
            await supply_and_demand(sql, needed, utc_now())
            await needed_by_firm_orders(sql, needed)
            taken.append(time.perf_counter() - started)

    await asyncio.gather(*map(one, connections))
    spent, used = time.perf_counter() - began, time.process_time() - cpu
    for sql in connections:
        await sql.close()
    return told(taken, spent, used)


BENCH = Bench("promise", "The earliest promise at 10,000 open orders, a bill of three levels", run)
