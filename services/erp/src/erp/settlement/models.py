"""Open items, payments, allocations: what they are, and what they refuse."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Amount, Identified
from chassis.storage.folding import search_index
from chassis.storage.states import enum_check
from erp.base import Base
from erp.searched import open_item_text, payment_text
from erp.settlement.errors import OverAllocated
from erp.settlement.states import PaymentDirection, PaymentKind, Side
from erp.sums import bookable
from records.entities import Record
from values.amounts import amount_facts

__all__ = [
    "REST_WRITTEN_OFF",
    "WITHOUT_DOCUMENT",
    "WRITE_OFFS",
    "Allocation",
    "CustomerBalance",
    "OpenItem",
    "Payment",
]

WRITE_OFFS = frozenset({PaymentKind.SMALL_DIFFERENCE, PaymentKind.BAD_DEBT})
"""Kinds of payments that are none: what nobody will pay."""
REST_WRITTEN_OFF = "payment_rest"
"""The source of an open item that is the rest of a payment, which was written off."""


WITHOUT_DOCUMENT = ("refund", REST_WRITTEN_OFF, "write_off_reversal")
"""Sources of open items that are acts on a payment and have its kind of number, and no document
of their own: the payment is found by that number."""
_NUMBERED_AS_PAYMENTS = ", ".join(f"'{one}'" for one in WITHOUT_DOCUMENT)


class OpenItem(Identified, Base):
    """What is left to be paid of a document; `credited` is what credit notes took off."""

    __tablename__ = "open_item"
    __table_args__ = (
        enum_check("side", Side),
        CheckConstraint(
            "amount > 0 and open_amount >= 0 and credited >= 0 and written_off >= 0"
            " and open_amount + credited + written_off <= amount",
            name="open_within_amount",
        ),
        Index(
            "ix_open_item_open",
            "side",
            "party_id",
            "due_on",
            "id",
            postgresql_where=text("open_amount > 0"),
        ),
        Index(
            "ix_open_item_payment_number",
            "document_number",
            postgresql_where=text(f"source_type in ({_NUMBERED_AS_PAYMENTS})"),
        ),
        Index("ix_open_item_created_at", "created_at", "id"),
        Index("ix_open_item_updated_at", "updated_at", "id"),
        Index("ix_open_item_amount", "amount", "id"),
        Index("ix_open_item_open_amount", "open_amount", "id"),
        Index("ix_open_item_due_on", "due_on", "id"),
        Index("ix_open_item_party_id", "party_id"),
        search_index("ix_open_item_search", open_item_text()),
        Index("ix_open_item_order_id", "order_id", postgresql_where=text("order_id is not null")),
    )

    created_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    side: Mapped[str]
    party_id: Mapped[UUID]
    source_type: Mapped[str]
    source_id: Mapped[UUID] = mapped_column(unique=True)
    order_id: Mapped[UUID | None]
    document_number: Mapped[str]
    effective_on: Mapped[date]
    due_on: Mapped[date]
    amount: Mapped[Amount]
    open_amount: Mapped[Amount]
    credited: Mapped[Amount]
    written_off: Mapped[Amount] = mapped_column(server_default="0")

    def settle(self, amount: Decimal, *, kind: str, currency: str) -> None:
        """Take so much off what is open, by a payment of the kind; of a negative amount, open it.

        Raises OverAllocated.
        """
        if amount > self.open_amount:
            facts = amount_facts(currency, requested=amount, open=self.open_amount)
            raise OverAllocated(document=self.document_number, **facts)
        self.open_amount -= amount
        if kind == PaymentKind.CREDIT_NOTE:
            self.credited += amount
        elif kind in WRITE_OFFS:
            self.written_off += amount


class Payment(Record, Base):
    """Money that came in or went out, a credit note or a write-off: what settles open items."""

    __tablename__ = "payment"
    __table_args__ = (
        enum_check("kind", PaymentKind),
        CheckConstraint(
            "(kind = 'credit_note') = (source_id is not null)", name="source_of_credit"
        ),
        enum_check("direction", PaymentDirection),
        CheckConstraint(
            "amount > 0 and unallocated >= 0 and unallocated <= amount",
            name="allocated_within_amount",
        ),
        CheckConstraint(
            "reversed_on is null or kind in ('small_difference', 'bad_debt')",
            name="reversed_write_off",
        ),
        CheckConstraint("reversed_on >= effective_on", name="reversed_after"),
        CheckConstraint(
            "reversed_on is not null or reversal_reason = ''", name="reversed_for_a_reason"
        ),
        Index(
            "ix_payment_reversed",
            *("created_at", "id"),
            postgresql_where=text("reversed_on is not null"),
        ),
        Index("ix_payment_created_at", "created_at", "id"),
        Index("ix_payment_updated_at", "updated_at", "id"),
        Index("ix_payment_effective_on", "effective_on", "id"),
        Index("ix_payment_amount", "amount", "id"),
        Index("ix_payment_kind_created_at", "kind", "created_at", "id"),
        Index("ix_payment_party_id", "party_id", "created_at", "id"),
        search_index("ix_payment_search", payment_text()),
    )

    number: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    direction: Mapped[str]
    party_id: Mapped[UUID]
    effective_on: Mapped[date]
    amount: Mapped[Amount]
    unallocated: Mapped[Amount]
    reference: Mapped[str]
    source_id: Mapped[UUID | None] = mapped_column(unique=True)
    reversed_on: Mapped[date | None]
    reversal_reason: Mapped[str] = mapped_column(default="", server_default="")

    def mark_reversed(self, *, on: date, reason: str) -> None:
        """Be taken back: a write-off, whose document is owed again from that day on."""
        self.reversed_on, self.reversal_reason = on, reason

    @property
    def side(self) -> Side:
        """What it settles: what customers owe, or what we owe."""
        return Side.RECEIVABLE if self.direction == PaymentDirection.IN else Side.PAYABLE

    def allocate(self, amount: Decimal, *, currency: str) -> None:
        """Use so much of it; of a negative amount, have it back. Raises OverAllocated."""
        if amount > self.unallocated:
            facts = amount_facts(currency, requested=amount, open=self.unallocated)
            raise OverAllocated(document=self.number, **facts)
        self.unallocated -= amount


class Allocation(Identified, Base):
    """What of a payment settled what of an open item; a negative one takes it back."""

    __tablename__ = "allocation"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount_not_zero"),
        Index("ix_allocation_payment_id", "payment_id"),
        Index("ix_allocation_open_item_id", "open_item_id"),
    )

    recorded_at: Mapped[datetime]
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payment.id"))
    open_item_id: Mapped[UUID] = mapped_column(ForeignKey("open_item.id"))
    effective_on: Mapped[date]
    amount: Mapped[Amount]
    actor: Mapped[str]


class CustomerBalance(Identified, Base):
    """What a customer owes: open invoices, and payments and credits not used yet."""

    __tablename__ = "customer_balance"
    __table_args__ = (
        CheckConstraint("open_amount >= 0 and unallocated >= 0", name="not_negative"),
        CheckConstraint(bookable("open_amount", "unallocated"), name="bookable"),
    )

    version: Mapped[int]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"), unique=True)
    open_amount: Mapped[Amount]
    unallocated: Mapped[Amount]
    told_at: Mapped[datetime]
