"""A supplier's bill: written once; it can be taken back, which frees its number."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Amount, Identified, Quantity
from chassis.storage.folding import search_index
from chassis.storage.states import enum_check
from erp.base import Base
from erp.payables.errors import BillAlreadyReversed
from erp.payables.states import BILL_FOLLOWING, BillKind, BillState
from erp.searched import bill_text
from records.entities import Record

__all__ = ["NUMBER_READ", "Bill", "BillExpense", "BillLine"]

NUMBER_READ = "split_part(coalesce(number_key, lower(supplier_number)), ' ', 1)"
"""A bill's number as a person reads it. Of old bills that are alike the key has an id behind it."""


class Bill(Record, Base):
    """What a supplier asks us to pay, or (a credit note) need not be paid after all.

    `received` is what its goods were booked in at.
    """

    __tablename__ = "bill"
    __table_args__ = (
        CheckConstraint("supplier_number <> ''", name="numbered"),
        CheckConstraint(
            "net >= 0 and tax >= 0 and net + tax = gross and received >= 0", name="adds_up"
        ),
        enum_check("kind", BillKind),
        CheckConstraint("credits_id is null or kind = 'credit_note'", name="credits_a_bill"),
        CheckConstraint(
            "opening = (kind = 'opening') or kind = 'credit_note'", name="opening_of_kind"
        ),
        enum_check("state", BillState, BILL_FOLLOWING),
        CheckConstraint(
            "(state = 'reversed') = (reversed_on is not null)", name="reversed_on_a_day"
        ),
        Index(
            "uq_bill_number_of_kind",
            "supplier_id",
            text("coalesce(number_key, upper(supplier_number))"),
            "year",
            text("(kind = 'credit_note')"),
            unique=True,
            postgresql_where=text("state = 'entered'"),
        ),
        Index("ix_bill_created_at", "created_at", "id"),
        Index("ix_bill_updated_at", "updated_at", "id"),
        Index("ix_bill_effective_on", "effective_on", "id"),
        Index("ix_bill_gross", "gross", "id"),
        Index("ix_bill_open_amount", "open_amount", "id"),
        CheckConstraint("open_amount >= 0 and open_amount <= gross", name="open_within_gross"),
        Index("ix_bill_supplier_id", "supplier_id", "created_at", "id"),
        Index("ix_bill_kind_created_at", "kind", "created_at", "id"),
        Index("ix_bill_opening", "created_at", "id", postgresql_where=text("opening")),
        Index("ix_bill_credits_id", "credits_id", postgresql_where=text("credits_id is not null")),
        search_index("ix_bill_search", bill_text()),
        Index("ix_bill_number_read", text(NUMBER_READ)),
        Index(
            "ix_bill_purchase_order_id",
            "purchase_order_id",
            postgresql_where=text("purchase_order_id is not null"),
        ),
    )

    kind: Mapped[str] = mapped_column(default=BillKind.BILL, server_default="bill")
    opening: Mapped[bool] = mapped_column(default=False, server_default="false")
    credits_id: Mapped[UUID | None] = mapped_column(ForeignKey("bill.id"))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("supplier.id"))
    supplier_number: Mapped[str]
    year: Mapped[int] = mapped_column(SmallInteger)
    purchase_order_id: Mapped[UUID | None]
    effective_on: Mapped[date]
    due_on: Mapped[date]
    currency: Mapped[str]
    net: Mapped[Amount]
    tax: Mapped[Amount]
    gross: Mapped[Amount]
    received: Mapped[Amount]
    open_amount: Mapped[Amount] = mapped_column(server_default="0")
    """What is left of its open item, as the database writes it with the item."""

    state: Mapped[str] = mapped_column(default=BillState.ENTERED, server_default="entered")
    billed_on: Mapped[date | None]
    number_key: Mapped[str | None]
    reversed_on: Mapped[date | None]
    reversal_reason: Mapped[str] = mapped_column(default="", server_default="")

    def reverse(self, *, on: date, reason: str, at: datetime) -> None:
        """Take it back: nothing is owed of it, and its number may be entered again.

        Raises BillAlreadyReversed.
        """
        if self.state == BillState.REVERSED:
            raise BillAlreadyReversed(supplier_number=self.supplier_number)
        self.state, self.reversed_on, self.reversal_reason = BillState.REVERSED, on, reason
        self.touch(at)


class BillLine(Identified, Base):
    """What a bill asks for of a line of a purchase order, and what of the receipt that clears."""

    __tablename__ = "bill_line"
    __table_args__ = (
        UniqueConstraint("bill_id", "position"),
        CheckConstraint(
            "quantity > 0 and unit_price >= 0 and net >= 0 and received >= 0", name="not_negative"
        ),
        Index("ix_bill_line_order_line_id", "order_line_id"),
    )

    bill_id: Mapped[UUID] = mapped_column(ForeignKey("bill.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    order_line_id: Mapped[UUID]
    quantity: Mapped[Quantity]
    unit_price: Mapped[Quantity]
    net: Mapped[Amount]
    received: Mapped[Amount]


class BillExpense(Identified, Base):
    """What a bill asks for that is no goods, and the account it goes to."""

    __tablename__ = "bill_expense"
    __table_args__ = (
        UniqueConstraint("bill_id", "position"),
        CheckConstraint("amount > 0", name="amount_positive"),
    )

    bill_id: Mapped[UUID] = mapped_column(ForeignKey("bill.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    account: Mapped[str]
    description: Mapped[str]
    amount: Mapped[Amount]
