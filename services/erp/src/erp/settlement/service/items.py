"""Open items: opened by documents, reduced by credit notes; and what follows for balances."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from chassis.ids import uuid7
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from erp.settlement import queries
from erp.settlement.events import BalanceChanged, DocumentsSettled, OrdersPaid
from erp.settlement.models import OpenItem
from erp.settlement.states import Side
from erp.sql import Sql
from erp.sums import bookable_sums

__all__ = [
    "OPENING",
    "NewOpenItem",
    "balance_states",
    "lock_documents",
    "lock_open_item",
    "open_item",
    "open_items",
    "owed_by",
    "paid_by_order",
    "publish_settled_documents",
]

OPENING = "opening_receivable"
_ZERO = Decimal(0)


class NewOpenItem(NamedTuple):
    """What a document leaves to be paid. Its number may be noted later, at COMMIT."""

    side: Side
    party_id: UUID
    source_type: str
    source_id: UUID
    order_id: UUID | None
    number: str
    amount: Decimal
    effective_on: date
    due_on: date


class _Change(NamedTuple):
    """By how much what is open with a customer, and what it has not used, has changed."""

    customer_id: UUID
    open_amount: Decimal
    unallocated: Decimal


async def open_item(work: Work, new: NewOpenItem) -> None:
    """Open what is to be paid of a document. One statement, and one at the end of the act."""
    await open_items(work, [new])


async def open_items(work: Work, new_items: Sequence[NewOpenItem]) -> None:
    """Open what is to be paid of documents, as `open_item`."""
    items = [_item(new) for new in new_items]
    await queries.add_open_items(work, items)
    for item in items:
        adjust_balance(work, item.side, item.party_id, open_amount=item.amount)


def _item(new: NewOpenItem) -> OpenItem:
    return OpenItem(
        id=uuid7(),
        side=new.side,
        party_id=new.party_id,
        source_type=new.source_type,
        source_id=new.source_id,
        order_id=new.order_id,
        document_number=new.number,
        effective_on=new.effective_on,
        due_on=new.due_on,
        amount=new.amount,
        open_amount=new.amount,
        credited=_ZERO,
        written_off=_ZERO,
    )


async def lock_documents(work: Work, document_ids: Sequence[UUID]) -> None:
    """Let nobody else settle or credit the documents until this act ends.

    Whoever changes a document with what is open of it calls this before it locks the document.
    """
    await queries.open_items_for_update(work, document_ids)


async def lock_open_item(work: Work, document_id: UUID) -> OpenItem | None:
    """What is open of the document, locked until this act ends; None: nothing ever was."""
    return (await queries.open_items_for_update(work, [document_id])).get(document_id)


async def owed_by(sql: Sql, party_ids: Sequence[UUID]) -> dict[UUID, Decimal]:
    """What each customer owes: open invoices less payments and credits not used yet."""
    return dict.fromkeys(party_ids, _ZERO) | await queries.owed(sql, party_ids)


async def paid_by_order(sql: Sql, order_ids: Sequence[UUID]) -> dict[UUID, Decimal]:
    """What is paid of the invoices of orders, credit notes not counted."""
    return await queries.paid_by_order(sql, order_ids)


def adjust_balance(
    work: Work,
    side: str,
    party_id: UUID,
    *,
    open_amount: Decimal = _ZERO,
    unallocated: Decimal = _ZERO,
) -> None:
    """Count what a customer owes on, at the end of the act; what we owe is not counted."""
    if side == Side.RECEIVABLE:
        work.at_last(_change_balances, _Change(party_id, open_amount, unallocated))


async def _change_balances(work: Work, changes: list[_Change]) -> None:
    """All balances of an act at once, in key order, locked as shortly as can be.

    Raises InvalidInput (more than can be booked).
    """
    sums: dict[UUID, tuple[Decimal, Decimal]] = {}
    for one in changes:
        opened, unused = sums.get(one.customer_id, (_ZERO, _ZERO))
        sums[one.customer_id] = (opened + one.open_amount, unused + one.unallocated)
    changed = ["open_amount", "owed", "told_at", "unallocated"]
    with bookable_sums(pointer=""):
        rows = await queries.change_balances(work, sums)
    for row in rows:
        await work.record(_balance(work, row, changed))


async def balance_states(at: Reading, balance_ids: Sequence[UUID]) -> list[BalanceChanged]:
    """What is published of customers' balances, as they are now."""
    return [_balance(at, row, []) for row in await queries.balances_now(at.sql, balance_ids)]


def _balance(at: Reading, row: Mapping[str, Any], changed: list[str]) -> BalanceChanged:
    owed = row["open_amount"] - row["unallocated"]
    return BalanceChanged(**row, currency=at.setting.currency, owed=owed, changed=changed)


async def publish_settled_documents(work: Work, items: Sequence[OpenItem]) -> None:
    """Publish to the modules above what is left of documents, and which orders are concerned."""
    openings = [item.source_id for item in items if item.source_type == OPENING]
    document_ids = [item.source_id for item in items]
    await work.record(DocumentsSettled(document_ids=document_ids, opening_ids=openings))
    order_ids = sorted({item.order_id for item in items if item.order_id})
    if order_ids:
        await work.record(OrdersPaid(order_ids=order_ids))
