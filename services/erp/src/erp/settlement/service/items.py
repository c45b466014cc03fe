"""Open items: opened by documents, reduced by credits."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from chassis.ids import uuid7
from chassis.storage.work import Work
from erp.settlement import queries
from erp.settlement.models import OpenItem
from erp.sql import Sql

__all__ = ["NewItem", "open_item", "owed_by", "paid_by_order", "reduce_item"]


class NewItem(NamedTuple):
    """What a document leaves to be paid."""

    side: str
    party_id: UUID
    source_type: str
    source_id: UUID
    order_id: UUID | None
    number: str
    amount: Decimal
    effective_on: date
    due_on: date


async def open_item(work: Work, new: NewItem) -> None:
    """Open what is to be paid of a document."""
    item = OpenItem(
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
    )
    await queries.add_open_item(work, item)


async def reduce_item(work: Work, source_id: UUID, amount: Decimal) -> Decimal:
    """Take a credit off a document's open item, as far as it is open; how much that was."""
    items = await queries.documents_open(work, [source_id])
    item = items.get(source_id)
    if item is None:
        return Decimal(0)
    reduced = min(amount, item.open_amount)
    item.settle(reduced)
    await queries.save_settled(work, [item], [])
    return reduced


async def owed_by(sql: Sql, party_id: UUID) -> Decimal:
    """What a customer owes: open invoices less unallocated payments."""
    return (await queries.owed(sql, [party_id], "receivable"))[party_id]


async def paid_by_order(sql: Sql, order_ids: Sequence[UUID]) -> dict[UUID, Decimal]:
    """What is settled of the invoices of orders."""
    return await queries.paid_by_order(sql, order_ids)
