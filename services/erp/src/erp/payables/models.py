"""A supplier's bill: written once, never changed."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Amount, Identified
from erp.base import Base, Record

__all__ = ["Bill", "BillExpense"]


class Bill(Record, Base):
    """What a supplier asks us to pay; `received` is what its goods were booked in at."""

    __tablename__ = "bill"
    __table_args__ = (
        UniqueConstraint("supplier_id", "supplier_number", "year"),
        CheckConstraint("supplier_number <> ''", name="numbered"),
        CheckConstraint(
            "net >= 0 and tax >= 0 and net + tax = gross and gross > 0 and received >= 0",
            name="adds_up",
        ),
        Index(
            "uq_bill_number_alike",
            "supplier_id",
            text("upper(supplier_number)"),
            "year",
            unique=True,
        ),
        Index("ix_bill_created_at", "created_at", "id"),
        Index(
            "ix_bill_purchase_order_id",
            "purchase_order_id",
            postgresql_where=text("purchase_order_id is not null"),
        ),
    )

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
