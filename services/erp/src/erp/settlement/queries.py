"""Reads, locks and set-based writes of settlement.

Locks are taken in this order: a payment, open items by id, at last the balances of customers.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from chassis.ids import uuid7
from chassis.storage.bulk import Bulk
from chassis.storage.loading import loaded
from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from erp import searched
from erp.base import Base
from erp.parties.schemas import CustomerView, SupplierView
from erp.settlement.models import REST_WRITTEN_OFF, WITHOUT_DOCUMENT, Allocation, OpenItem, Payment
from erp.settlement.schemas import (
    OpenItemQuery,
    OpenItemView,
    PartyBalance,
    PaymentQuery,
    PaymentView,
    open_between,
)
from erp.settlement.states import PaymentDirection, PaymentState, Side
from erp.sql import Sql
from records.document_types import DocumentType, custom_of
from records.filters import among, between, total_between
from records.includes import Include
from records.reads import Reads, everybody, sorts_of

__all__ = [
    "OPEN_ITEMS",
    "PAYMENTS",
    "PAYMENT_FIELDS",
    "add_open_items",
    "add_payments",
    "allocated",
    "balances_now",
    "balances_of_parties",
    "change_balances",
    "control_account",
    "document_written_off",
    "items_to_settle",
    "missing_party",
    "next_numbers",
    "open_items_for_update",
    "owed",
    "paid_by_order",
    "party_balances",
    "payment_for_update",
    "payment_of",
    "payment_views",
    "save_settled",
    "written_off_rest",
]

_ACTS = ", ".join(f"'{one}'" for one in WITHOUT_DOCUMENT)
_ITEM = """id, side, party_id, source_type, source_id, order_id, document_number, effective_on,
  due_on, amount, open_amount, credited, written_off, created_at"""
_ROW = """id, version, created_at, updated_at, number, kind, direction, party_id, effective_on,
  amount, unallocated, reference, source_id, reversed_on, reversal_reason"""
_VIEW = f"""{_ROW}, {custom_of("payment", "payment.id")} as custom,
  case when reversed_on is null then 'booked' else 'reversed' end as state,
  (select coalesce(jsonb_agg(jsonb_build_object('document_id', s.source_id,
      'document_number', s.document_number, 'amount', s.settled::text,
      'open_amount', s.open_amount::text) order by s.id), '[]')
    from (select i.id, i.source_id, i.document_number, i.open_amount, sum(a.amount) as settled
      from allocation a join open_item i on i.id = a.open_item_id
      where a.payment_id = payment.id group by i.id having sum(a.amount) <> 0) s) as allocations"""

_NUMBERED = f"""payment.id in (select n.id
    from (select {{}}::text as number) asked cross join lateral (
      select p.id from payment p where p.number = asked.number
      union all
      select a.payment_id from open_item i join allocation a on a.open_item_id = i.id
        where i.document_number = asked.number and i.source_type in ({_ACTS})) n)"""
_OF_DOCUMENTS = f"""select {_ITEM} from open_item where source_id = any($1::uuid[])
  order by id for no key update"""
_TO_SETTLE = f"""select {_ITEM} from open_item
  where source_id = any($1::uuid[])
    or (side = 'receivable' and party_id = any($2::uuid[]) and open_amount > 0)
    or (side = 'payable' and party_id = any($3::uuid[]) and open_amount > 0)
  order by id for no key update"""
_NEW_ITEM = (
    *("id", "side", "party_id", "source_type", "source_id", "order_id", "document_number"),
    *("effective_on", "due_on", "amount", "open_amount", "credited", "written_off"),
)
_NEW_PAYMENT = (
    *("id", "number", "kind", "direction", "party_id", "effective_on", "amount", "unallocated"),
    *("reference", "source_id"),
)
_ALLOCATED = """select coalesce(sum(amount), 0) from allocation
  where payment_id = $1 and open_item_id = $2"""
_WRITTEN_OFF_OF = """select i.source_id from allocation a
  join open_item i on i.id = a.open_item_id and i.source_type <> 'write_off_reversal'
  where a.payment_id = $1 group by i.id having sum(a.amount) > 0"""
_REST_WRITTEN_OFF = """select i.source_id from allocation a
  join open_item i on i.id = a.open_item_id and i.source_type = $2
  where a.payment_id = $1 group by i.id having sum(a.amount) > 0 order by i.id limit 1"""
_MISSING = """select 'customer' as entity, w.id from unnest($1::uuid[]) as w(id)
    where not exists (select from customer c where c.id = w.id)
  union all select 'supplier', w.id from unnest($2::uuid[]) as w(id)
    where not exists (select from supplier s where s.id = w.id)
  order by 1, 2 limit 1"""
# The first row of a customer is never below nothing; `excluded` would be checked before the sum.
_CHANGE_BALANCES = """insert into customer_balance as b
    (id, version, customer_id, open_amount, unallocated, told_at)
  select n.id, 1, n.customer_id, greatest(n.open_amount, 0), greatest(n.unallocated, 0),
      clock_timestamp()
    from {rows} order by n.customer_id
  on conflict (customer_id) do update set version = b.version + 1,
    (open_amount, unallocated) = (select b.open_amount + n.open_amount,
        b.unallocated + n.unallocated
      from {rows} where n.customer_id = b.customer_id),
    told_at = greatest(clock_timestamp(), b.told_at + interval '1 microsecond')
  returning id, version, customer_id, open_amount, unallocated, told_at"""
_BALANCES_NOW = """select id, version, customer_id, open_amount, unallocated, told_at
  from customer_balance where id = any($1::uuid[])"""
_OWED = """select customer_id, open_amount - unallocated as owed from customer_balance
  where customer_id = any($1::uuid[])"""
_PAID = """select order_id, sum(amount - open_amount - credited - written_off) as paid
  from open_item
  where order_id = any($1::uuid[]) group by order_id"""
_BALANCES = """with left_open as (
    select i.party_id, $2::date - i.due_on as late, i.amount - coalesce((select sum(a.amount)
      from allocation a where a.open_item_id = i.id and a.effective_on <= $2), 0) as open
    from open_item i where i.side = $1 and i.effective_on <= $2),
  unused as (
    select p.party_id, sum(p.amount - coalesce((select sum(a.amount)
      from allocation a where a.payment_id = p.id and a.effective_on <= $2), 0)) as unallocated
    from payment p where p.direction = $3 and p.effective_on <= $2 group by p.party_id),
  aged as (
    select party_id, sum(open) as open,
      coalesce(sum(open) filter (where late <= 0), 0) as not_due,
      coalesce(sum(open) filter (where late > 0), 0) as overdue,
      coalesce(sum(open) filter (where late between 1 and 30), 0) as overdue_1_to_30,
      coalesce(sum(open) filter (where late between 31 and 60), 0) as overdue_31_to_60,
      coalesce(sum(open) filter (where late between 61 and 90), 0) as overdue_61_to_90,
      coalesce(sum(open) filter (where late > 90), 0) as overdue_over_90
    from left_open group by party_id),
  party as (select id, number, name from customer where $1 = 'receivable'
    union all select id, number, name from supplier where $1 = 'payable')
  select p.id as party_id, p.number, p.name, coalesce(a.open, 0) as open,
      coalesce(a.not_due, 0) as not_due, coalesce(a.overdue, 0) as overdue,
      coalesce(a.overdue_1_to_30, 0) as overdue_1_to_30,
      coalesce(a.overdue_31_to_60, 0) as overdue_31_to_60,
      coalesce(a.overdue_61_to_90, 0) as overdue_61_to_90,
      coalesce(a.overdue_over_90, 0) as overdue_over_90,
      coalesce(u.unallocated, 0) as unallocated,
      coalesce(a.open, 0) - coalesce(u.unallocated, 0) as balance
    from party p left join aged a on a.party_id = p.id left join unused u on u.party_id = p.id
   where ($4::uuid is null or p.id = $4)
     and (coalesce(a.open, 0) <> 0 or coalesce(u.unallocated, 0) <> 0)
   order by p.number"""
_CONTROL = """select coalesce(sum(case $1 when 'payable' then l.credit - l.debit
    else l.debit - l.credit end), 0) from journal_line l
  join account a on a.id = l.account_id and a.role = $1
  join journal_entry e on e.id = l.entry_id and e.effective_on <= $2
  where $3::uuid is null or l.party_id = $3"""


class _BalanceChange(NamedTuple):
    """By how much the balance of a customer changes; `id`: of a first balance."""

    id: UUID
    customer_id: UUID
    open_amount: Decimal
    unallocated: Decimal


async def next_numbers(sql: Sql, count: int) -> list[str]:
    """Numbers of payments; their series may have gaps."""
    rows = await sql.fetch(
        "select nextval('payment_number_seq') as number from generate_series(1, $1)", count
    )
    return [f"PY-{row['number']:06}" for row in rows]


async def open_items_for_update(work: Work, document_ids: Sequence[UUID]) -> dict[UUID, OpenItem]:
    """The open items of documents, locked in key order; by document."""
    rows = await work.sql.fetch(_OF_DOCUMENTS, list(document_ids))
    return {row["source_id"]: loaded(OpenItem, dict(row)) for row in rows}


async def items_to_settle(
    work: Work, document_ids: Sequence[UUID], customers: Sequence[UUID], suppliers: Sequence[UUID]
) -> dict[UUID, OpenItem]:
    """Open items of documents, and all that are open with parties, locked in key order."""
    rows = await work.sql.fetch(_TO_SETTLE, list(document_ids), list(customers), list(suppliers))
    return {row["source_id"]: loaded(OpenItem, dict(row)) for row in rows}


async def add_open_items(work: Work, items: Sequence[OpenItem]) -> None:
    """Store new open items."""
    write = Bulk()
    write.insert(OpenItem, items, *_NEW_ITEM, created_at=work.now, updated_at=work.now)
    await write.execute(work.sql)


async def add_payments(work: Work, payments: Sequence[Payment]) -> None:
    """Store new payments."""
    write = Bulk()
    write.insert(
        Payment, payments, *_NEW_PAYMENT, version=1, created_at=work.now, updated_at=work.now
    )
    await write.execute(work.sql)


async def save_settled(
    work: Work, items: Sequence[OpenItem], allocations: Sequence[Allocation]
) -> None:
    """Store what is left of open items, and what settled them."""
    write = Bulk()
    settled = ("open_amount", "credited", "written_off")
    write.update(OpenItem, items, *settled, updated_at=work.now)
    write.insert(
        Allocation,
        allocations,
        *("id", "payment_id", "open_item_id", "effective_on", "amount"),
        recorded_at=work.now,
        actor=work.actor.reference,
    )
    await write.execute(work.sql)


async def payment_for_update(work: Work, payment_id: UUID) -> Payment | None:
    """The payment, its row locked until the act ends."""
    return await work.session.get(Payment, payment_id, with_for_update={"key_share": True})


async def payment_of(sql: Sql, source_id: UUID) -> UUID:
    """The credit that a document gave; the document's own id where it gave none."""
    found: UUID | None = await sql.fetchval(
        "select id from payment where source_id = $1", source_id
    )
    return found or source_id


async def allocated(work: Work, payment_id: UUID, open_item_id: UUID) -> Decimal:
    """How much of the payment settles the open item."""
    found: Decimal = await work.sql.fetchval(_ALLOCATED, payment_id, open_item_id)
    return found


async def written_off_rest(sql: Sql, payment_id: UUID) -> UUID | None:
    """The item of the payment's rest that is written off; None: none is."""
    found: UUID | None = await sql.fetchval(_REST_WRITTEN_OFF, payment_id, REST_WRITTEN_OFF)
    return found


async def document_written_off(sql: Sql, payment_id: UUID) -> UUID | None:
    """The document that a write-off settles; None: it was taken back."""
    found: UUID | None = await sql.fetchval(_WRITTEN_OFF_OF, payment_id)
    return found


async def missing_party(
    sql: Sql, customers: Sequence[UUID], suppliers: Sequence[UUID]
) -> tuple[str, UUID] | None:
    """One that is not there, and what it should be."""
    row = await sql.fetchrow(_MISSING, list(customers), list(suppliers))
    return (row["entity"], row["id"]) if row else None


async def change_balances(
    work: Work, changes: Mapping[UUID, tuple[Decimal, Decimal]]
) -> list[Mapping[str, Any]]:
    """Count what customers owe on by (open, unallocated); what they owe now, one version on."""
    rows = await Bulk().fetch(
        work.sql,
        _CHANGE_BALANCES,
        _BalanceChange,
        [_BalanceChange(uuid7(), customer, *by) for customer, by in changes.items()],
        *_BalanceChange._fields,
    )
    return [dict(row) for row in rows]


async def balances_now(sql: Sql, balance_ids: Sequence[UUID]) -> list[Mapping[str, Any]]:
    """What customers owe now, as `change_balances` returns it."""
    return [dict(row) for row in await sql.fetch(_BALANCES_NOW, list(balance_ids))]


async def owed(sql: Sql, customer_ids: Sequence[UUID]) -> dict[UUID, Decimal]:
    """What customers owe; one who never did is left out."""
    rows = await sql.fetch(_OWED, list(customer_ids))
    return {row["customer_id"]: row["owed"] for row in rows}


async def paid_by_order(sql: Sql, order_ids: Sequence[UUID]) -> dict[UUID, Decimal]:
    """What is paid of the invoices of orders, credit notes not counted."""
    return {row["order_id"]: row["paid"] for row in await sql.fetch(_PAID, list(order_ids))}


async def party_balances(
    sql: Sql, side: Side, *, on: date, currency: str, party_id: UUID | None
) -> tuple[list[PartyBalance], Decimal]:
    """What is open with each party at the end of a day, and the control account's balance."""
    async with sql.transaction(isolation="repeatable_read", readonly=True):
        rows = await balances_of_parties(sql, side, on=on, currency=currency, party_id=party_id)
        account = await control_account(sql, side, on=on, party_id=party_id)
    return rows, account


async def balances_of_parties(
    sql: Sql, side: Side, *, on: date, currency: str, party_id: UUID | None
) -> list[PartyBalance]:
    """What is open with each party at the end of a day."""
    direction = PaymentDirection.IN if side == Side.RECEIVABLE else PaymentDirection.OUT
    async with sql.transaction():
        await sql.execute("set local plan_cache_mode = force_custom_plan")
        rows = await sql.fetch(_BALANCES, side, on, direction, party_id)
    return [PartyBalance.model_validate({**row, "currency": currency}) for row in rows]


async def control_account(sql: Sql, side: Side, *, on: date, party_id: UUID | None) -> Decimal:
    """What the side's account says at the end of a day, of one party or of all."""
    found: Decimal = await sql.fetchval(_CONTROL, side, on, party_id)
    return found


async def payment_views(sql: Sql, ids: Sequence[UUID], *, currency: str) -> list[PaymentView]:
    """The payments as callers see them, in the order asked; one that is not there is left out."""
    rows = await sql.fetch(f"select {_VIEW} from payment where id = any($1::uuid[])", ids)
    found = {row["id"]: PaymentView.model_validate({**row, "currency": currency}) for row in rows}
    return [found[one] for one in ids if one in found]


def _payment_filters(_at: Reading, query: PaymentQuery) -> list[Filter]:
    return [
        Filter("party_id = {}", query.party_id),
        among("kind", query.kind),
        Filter(
            "reversed_on is not null and {}::boolean",
            query.state == PaymentState.REVERSED or None,
        ),
        Filter(
            "reversed_on is null and {}::boolean",
            query.state == PaymentState.BOOKED or None,
        ),
        *between("effective_on", query.effective_on_gte, query.effective_on_lte),
        *total_between("amount", query),
        Filter(_NUMBERED, query.number),
    ]


def _open_item_filters(_at: Reading, query: OpenItemQuery) -> list[Filter]:
    equal = ("side", "party_id", "order_id", "source_id")
    return [
        *(Filter(f"{name} = {{}}", getattr(query, name)) for name in equal),
        Filter("(open_amount > 0) = {}", query.open),
        *open_between("open_amount", query),
        *between("due_on", query.due_on_gte, query.due_on_lte),
        *total_between("amount", query),
    ]


_PARTIES = {
    "customer": Include(CustomerView, "party_id"),
    "supplier": Include(SupplierView, "party_id"),
}

PAYMENTS = Reads(
    name="payment",
    view=PaymentView,
    columns=_VIEW,
    source="payment",
    visible=everybody,
    query=PaymentQuery,
    filters=_payment_filters,
    searched=searched.PAYMENTS,
    subtitle="payment.reference",
    sorts=sorts_of(
        "payment", named=False, texts=("number",), days=("effective_on",), total="payment.amount"
    ),
    includes=_PARTIES,
)
PAYMENT_FIELDS = DocumentType(PAYMENTS, Base)
OPEN_ITEMS = Reads(
    name="open_item",
    view=OpenItemView,
    columns=_ITEM,
    source="open_item",
    visible=everybody,
    query=OpenItemQuery,
    filters=_open_item_filters,
    searched=searched.OPEN_ITEMS,
    title="open_item.document_number",
    subtitle="""coalesce((select c.name from customer c where c.id = open_item.party_id),
      (select s.name from supplier s where s.id = open_item.party_id))""",
    sorts=sorts_of("open_item", named=False, days=("due_on",), total="open_item.amount")
    | {"open_amount": Sort("open_item.open_amount", "numeric")},
    includes=_PARTIES,
)
