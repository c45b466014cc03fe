"""Invoices and their lines: written once, never changed."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Numeric,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Amount, Identified, Quantity
from erp.base import Base, Record

__all__ = ["Invoice", "InvoiceLine", "InvoiceSeries", "TaxCode"]


class TaxCode(Base):
    """A rate of tax by its code."""

    __tablename__ = "tax_code"
    __table_args__ = (CheckConstraint("rate >= 0 and rate < 1", name="rate_part"),)

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    rate: Mapped[Decimal] = mapped_column(Numeric(7, 6))


class InvoiceSeries(Base):
    """The last number of a series and its day."""

    __tablename__ = "invoice_series"
    __table_args__ = (CheckConstraint("last_number >= 1", name="counts"),)

    series: Mapped[str] = mapped_column(primary_key=True)
    last_number: Mapped[int] = mapped_column(BigInteger)
    last_on: Mapped[date]


class Invoice(Record, Base):
    """What a customer is asked to pay, or (a credit note) need not pay after all."""

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("series", "number"),
        CheckConstraint("kind in ('invoice', 'credit_note')", name="kind_known"),
        CheckConstraint("net + tax = gross and gross >= 0", name="adds_up"),
        Index("ix_invoice_created_at", "created_at", "id"),
        Index("ix_invoice_customer_id", "customer_id", "created_at", "id"),
        Index("ix_invoice_order_id", "order_id", postgresql_where=text("order_id is not null")),
    )

    series: Mapped[str]
    number: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    order_id: Mapped[UUID | None]
    credits_id: Mapped[UUID | None] = mapped_column(ForeignKey("invoice.id"))
    effective_on: Mapped[date]
    due_on: Mapped[date]
    currency: Mapped[str]
    net: Mapped[Amount]
    tax: Mapped[Amount]
    gross: Mapped[Amount]

    @property
    def shown_number(self) -> str:
        """Series and number as people read them: INV-2026-000123."""
        return f"{self.series}-{self.number:06}"


class InvoiceLine(Identified, Base):
    """One line: goods, or a charge posted to its own income account."""

    __tablename__ = "invoice_line"
    __table_args__ = (
        UniqueConstraint("invoice_id", "position"),
        CheckConstraint("quantity > 0 and net >= 0", name="not_negative"),
    )

    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoice.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    role: Mapped[str]
    order_line_id: Mapped[UUID | None]
    item_id: Mapped[UUID | None]
    description: Mapped[str]
    quantity: Mapped[Quantity]
    unit_price: Mapped[Quantity]
    discount: Mapped[Decimal] = mapped_column(Numeric(7, 6))
    net: Mapped[Amount]
    tax_code: Mapped[str] = mapped_column(ForeignKey("tax_code.code"))
