"""Reads, locks and set-based writes of settlement."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.http.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.loading import loaded
from chassis.storage.work import Work
from erp.settlement.models import Allocation, OpenItem, Payment
from erp.settlement.schemas import OpenItemView, PartyBalance, PaymentView
from erp.sql import Sql

__all__ = [
    "add_open_item",
    "add_payments",
    "balances",
    "documents_open",
    "items_to_settle",
    "next_numbers",
    "open_item_page",
    "owed",
    "paid_by_order",
    "payment_page",
    "save_settled",
]

_PAYMENT = """id, version, number, direction, party_id, effective_on, amount, unallocated,
  reference, created_at"""
_ITEM = """id, side, party_id, source_type, source_id, order_id, document_number, effective_on,
  due_on, amount, open_amount, created_at"""

_TO_SETTLE = f"""select {_ITEM} from open_item where source_id = any($1::uuid[])
    or (open_amount > 0 and ((side = 'receivable' and party_id = any($2::uuid[]))
      or (side = 'payable' and party_id = any($3::uuid[]))))
  order by id for no key update"""
_OF_DOCUMENTS = f"""select {_ITEM} from open_item where source_id = any($1::uuid[])
  order by id for no key update"""
_ADD_ITEM = """insert into open_item (id, created_at, side, party_id, source_type, source_id,
    order_id, document_number, effective_on, due_on, amount, open_amount)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)"""
_SAVE = """with item as (update open_item i set open_amount = n.open_amount
    from unnest($1::uuid[], $2::numeric[]) as n(id, open_amount) where i.id = n.id)
insert into allocation (id, recorded_at, payment_id, open_item_id, amount)
  select n.id, $7, n.payment_id, n.open_item_id, n.amount
    from unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::numeric[])
      as n(id, payment_id, open_item_id, amount)"""
_ADD_PAYMENTS = """insert into payment (id, version, created_at, updated_at, number, direction,
    party_id, effective_on, amount, unallocated, reference)
  select n.id, 1, $9, $9, n.number, n.direction, n.party_id, n.effective_on, n.amount,
      n.unallocated, n.reference
    from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::date[], $6::numeric[],
      $7::numeric[], $8::text[])
      as n(id, number, direction, party_id, effective_on, amount, unallocated, reference)"""
_OWED = """select p.party_id,
    coalesce((select sum(i.open_amount) from open_item i
      where i.side = $2 and i.party_id = p.party_id and i.open_amount > 0), 0)
    - coalesce((select sum(y.unallocated) from payment y
      where y.direction = $3 and y.party_id = p.party_id and y.unallocated > 0), 0) as owed
  from unnest($1::uuid[]) as p(party_id)"""
_PAID = """select order_id, sum(amount - open_amount) as paid from open_item
  where order_id = any($1::uuid[]) group by order_id"""
_BALANCES = """select party_id, sum(open) as open, sum(overdue) as overdue,
    sum(unallocated) as unallocated, sum(open) - sum(unallocated) as balance
  from (select party_id, open_amount as open,
      case when due_on < $2 then open_amount else 0 end as overdue, 0 as unallocated
    from open_item where side = $1 and open_amount > 0
    union all
    select party_id, 0, 0, unallocated from payment where direction = $3 and unallocated > 0) b
  where $4::uuid is null or party_id = $4
  group by party_id order by party_id"""


def direction_of(side: str) -> str:
    """Which way the money goes that settles the side."""
    return "in" if side == "receivable" else "out"


async def next_numbers(sql: Sql, count: int) -> list[str]:
    """Numbers of payments; their series may have gaps."""
    rows = await sql.fetch(
        "select nextval('payment_number_seq') as number from generate_series(1, $1)", count
    )
    return [f"PY-{row['number']:06}" for row in rows]


async def documents_open(work: Work, document_ids: Sequence[UUID]) -> dict[UUID, OpenItem]:
    """The open items of documents, locked in key order; by document."""
    rows = await work.sql.fetch(_OF_DOCUMENTS, list(document_ids))
    return {row["source_id"]: loaded(OpenItem, dict(row)) for row in rows}


async def items_to_settle(
    work: Work,
    document_ids: Sequence[UUID],
    *,
    customer_ids: Sequence[UUID],
    supplier_ids: Sequence[UUID],
) -> dict[UUID, OpenItem]:
    """Open items of documents and all of parties, locked at once in key order; by document."""
    rows = await work.sql.fetch(
        _TO_SETTLE, list(document_ids), list(customer_ids), list(supplier_ids)
    )
    return {row["source_id"]: loaded(OpenItem, dict(row)) for row in rows}


async def add_open_item(work: Work, item: OpenItem) -> None:
    """Store a new open item."""
    await work.sql.execute(
        _ADD_ITEM,
        item.id,
        work.now,
        item.side,
        item.party_id,
        item.source_type,
        item.source_id,
        item.order_id,
        item.document_number,
        item.effective_on,
        item.due_on,
        item.amount,
    )


async def add_payments(work: Work, payments: Sequence[Payment]) -> None:
    """Store new payments."""
    await work.sql.execute(
        _ADD_PAYMENTS,
        [one.id for one in payments],
        [one.number for one in payments],
        [one.direction for one in payments],
        [one.party_id for one in payments],
        [one.effective_on for one in payments],
        [one.amount for one in payments],
        [one.unallocated for one in payments],
        [one.reference for one in payments],
        work.now,
    )


async def save_settled(
    work: Work, items: Sequence[OpenItem], allocations: Sequence[Allocation]
) -> None:
    """Store what is left of open items, and what settled them."""
    await work.sql.execute(
        _SAVE,
        [one.id for one in items],
        [one.open_amount for one in items],
        [one.id for one in allocations],
        [one.payment_id for one in allocations],
        [one.open_item_id for one in allocations],
        [one.amount for one in allocations],
        work.now,
    )


async def owed(sql: Sql, party_ids: Sequence[UUID], side: str) -> dict[UUID, Decimal]:
    """What each party owes us (or we owe it) in all."""
    rows = await sql.fetch(_OWED, list(party_ids), side, direction_of(side))
    return {row["party_id"]: row["owed"] for row in rows}


async def paid_by_order(sql: Sql, order_ids: Sequence[UUID]) -> dict[UUID, Decimal]:
    """What is settled of the invoices of orders."""
    return {row["order_id"]: row["paid"] for row in await sql.fetch(_PAID, list(order_ids))}


async def balances(sql: Sql, side: str, *, on: date, party_id: UUID | None) -> list[PartyBalance]:
    """What is open with each party, planned anew each time."""
    async with sql.transaction(readonly=True):
        await sql.execute("set local plan_cache_mode = force_custom_plan")
        rows = await sql.fetch(_BALANCES, side, on, direction_of(side), party_id)
    return [PartyBalance.model_validate(dict(row)) for row in rows]


async def payment_page(
    sql: Sql, asked: PageQuery, *, filters: Sequence[Filter]
) -> Page[PaymentView]:
    """One page of payments."""
    return await fetch_page(
        sql,
        columns=_PAYMENT,
        source="payment",
        where=filters,
        sorts={"created_at": Sort("created_at", "timestamptz")},
        default="-created_at",
        asked=asked,
        view=_payment_view,
    )


def _payment_view(row: Any) -> PaymentView:
    return PaymentView.model_validate(dict(row))


async def open_item_page(
    sql: Sql, asked: PageQuery, *, filters: Sequence[Filter]
) -> Page[OpenItemView]:
    """One page of open items."""
    return await fetch_page(
        sql,
        columns=_ITEM,
        source="open_item",
        where=filters,
        sorts={"created_at": Sort("created_at", "timestamptz"), "due_on": Sort("due_on", "date")},
        default="-created_at",
        asked=asked,
        view=lambda row: OpenItemView.model_validate(dict(row)),
    )
