"""What must be there when the small story is over, however often somebody died meanwhile.

Counted in the tables themselves: a record too many or too few is something done twice or lost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import asyncpg
import httpx
from sqlalchemy import make_url

from embedded.cluster import EmbeddedCluster

RECORDS: Mapping[str, Mapping[str, int]] = {
    "erp": {
        "customer": 3,
        "item": 3,
        "price": 1,
        "external_reference": 4,
        "supplier": 1,
        "supplier_price": 1,
        "fiscal_year": 1,
        "sales_order": 1,
        "sales_order_line": 1,
        "sales_order_charge": 0,
        "change_request": 0,
        "demand": 3,
        "approval": 0,
        "purchase_suggestion": 2,
        "purchase_order": 1,
        "purchase_order_line": 1,
        "purchase_receipt": 1,
        "shipment": 1,
        "shipment_line": 1,
        "invoice": 1,
        "invoice_line": 1,
        "payment": 1,
        "allocation": 1,
        "open_item": 1,
        "calendar": 1,
        "work_centre": 1,
        "bill_of_material": 2,
        "routing": 2,
        "inspection_plan": 1,
        "production_order": 2,
        "production_step": 2,
        "inspection": 1,
        "inspection_result": 2,
        "inspection_verdict": 1,
        "schedule_try": 1,
        "schedule": 1,
        "lot": 3,
        "stock_move": 6,
        "journal_entry": 7,
    },
    "crm": {
        "lead": 1,
        "lead_consent": 1,
        "activity": 1,
        "opportunity": 1,
        "opportunity_line": 1,
        "quote": 1,
        "quote_line": 1,
        "quote_answer": 1,
        "approval": 1,
        "contact": 1,
        "account": 3,
        "product": 3,
        "product_price": 1,
        "customer_order": 1,
        "customer_order_line": 1,
        "external_reference": 8,
    },
    "bridge": {"pair": 14, "review": 0, "quarantine": 0, "hole": 0, "pause": 0},
}
"""How many rows the story makes, by table."""

EVENTS = {
    "tandem.erp.item-changed.v1": 3,
    "tandem.erp.price-changed.v1": 1,
    "tandem.erp.purchase-changed.v1": 2,
    "tandem.erp.invoice-changed.v1": 2,
    "tandem.erp.payment-received.v1": 1,
    "tandem.crm.order-changed.v1": 1,
}
"""How many events tell of its documents.

How customers and orders stand in the ERP is told by state: two changes may be told of at once.
"""

BALANCES = {
    "inventory": "512.00",
    "work_in_progress": "0",
    "labour_absorption": "-60.00",
    "overhead_absorption": "-12.00",
    "production_variance": "0",
    "receivable": "0",
    "sales": "-902.50",
    "freight_income": "0.00",
    "bank": "902.50",
    "cogs": "600.00",
    "grni": "-800.00",
}
FAULTS = ("Traceback", "unexpected_error", "constraint_held", "lane_fault", "lane_failed")
"""Words of the log that tell of a fault of ours: a lost neighbour is no reason for one."""
TELLING_LINES = 60

UNBALANCED = """select sl.item_id from stock_level sl join location l on l.id = sl.location_id
  where sl.on_hand <> coalesce((select sum(case when m.to_location_id = l.id then m.quantity
    else -m.quantity end) from stock_move m where m.item_id = sl.item_id
    and l.id in (m.from_location_id, m.to_location_id)), 0)"""
KEPT: Mapping[str, Sequence[str]] = {
    "erp": ("customer", "item", "price", "supplier", "supplier_price"),
    "crm": ("product", "product_price"),
}
"""Tables of records of which every version is a change of the record itself."""

UNTOLD = """select r.id from {table} r where r.version <> (
  select count(distinct h.revision) from record_change h
   where h.record_type = '{table}' and h.record_id = r.id and h.revision <= r.version)
  or not exists (select from record_change h
   where h.record_type = '{table}' and h.record_id = r.id and h.is_new)"""
TOLD = """select s.feed_seq, o.id, o.aggregate_id, o.aggregate_version, o.type
  from outbox o left join outbox_sequence s on s.outbox_id = o.id order by s.feed_seq"""
TAKEN = """select i.feed_seq, i.event_id as id, i.subject as aggregate_id,
    i.aggversion as aggregate_version, i.type
  from inbox i join position p using (source)
  where p.service = $1 and not i.is_state order by i.feed_seq"""
"""What the bridge was told. Records that it read as they are (`is_state`) are no events."""


@dataclass(frozen=True)
class Ledgers:
    """The databases of an installation, read as their administrator."""

    cluster: EmbeddedCluster

    async def ask(self, database: str, question: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of an answer."""
        url = make_url(self.cluster.admin_url).set(database=database)
        sql = await asyncpg.connect(url.render_as_string(hide_password=False))
        try:
            return [tuple(row) for row in await sql.fetch(question, *values)]
        finally:
            await sql.close()

    async def records(self) -> dict[str, dict[str, int]]:
        """How many rows each table has that the story fills."""
        found: dict[str, dict[str, int]] = {}
        for database, tables in RECORDS.items():
            counting = ", ".join(f"(select count(*) from {table})" for table in tables)
            [counts] = await self.ask(database, f"select {counting}")
            found[database] = dict(zip(tables, counts, strict=True))
        return found

    async def told(self, half: str) -> list[tuple[Any, ...]]:
        """Every event a half published: place in the feed, id, whose, version, type."""
        return await self.ask(half, TOLD)

    async def taken(self, half: str) -> list[tuple[Any, ...]]:
        """Every event the bridge took in of that half, in the same form."""
        return await self.ask("bridge", TAKEN, half)


async def nothing_lost_and_nothing_twice(ledgers: Ledgers) -> None:
    """Every record is there once; every event was told, taken in and acted on once."""
    assert await ledgers.records() == RECORDS
    types: list[str] = []
    for half in ("crm", "erp"):
        told = await ledgers.told(half)
        assert [event[0] for event in told] == list(range(1, len(told) + 1))
        assert await ledgers.taken(half) == told
        mark = "select mark, head, events from position where service = $1"
        assert await ledgers.ask("bridge", mark, half) == [(len(told),) * 3]
        types += [event[-1] for event in told]
    assert {name: types.count(name) for name in EVENTS} == EVENTS
    waiting = "select count(*) from inbox where state not in ('done', 'ignored', 'unknown')"
    assert await ledgers.ask("bridge", waiting) == [(0,)]
    standing = "select key, state, pending from lane where state <> 'idle' or pending <> 0"
    assert await ledgers.ask("bridge", standing) == []
    assert await ledgers.ask("erp", UNBALANCED) == []
    for half, tables in KEPT.items():
        for table in tables:
            assert await ledgers.ask(half, UNTOLD.format(table=table)) == []


def books_are_right(erp: httpx.Client) -> None:
    """Debit equals credit, and each account holds what the story brings."""
    trial = erp.get("/v1/reports/trial-balance").raise_for_status().json()
    assert Decimal(trial["debit"]) == Decimal(trial["credit"])
    found = {one["role"]: one["balance"] for one in trial["accounts"]}
    right = {role: Decimal(found[role]) for role in BALANCES}
    assert right == {role: Decimal(balance) for role, balance in BALANCES.items()}


def fault_in(log: Sequence[str]) -> str:
    """The first fault of ours that the log tells of, with the lines after it; "" if none."""
    for at, line in enumerate(log):
        if any(word in line for word in FAULTS):
            return "\n".join(log[at : at + TELLING_LINES])
    return ""
