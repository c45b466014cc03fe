"""Invoices and their lines: what is asked for is written once; how it was settled follows."""

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
from chassis.storage.folding import search_index
from chassis.storage.states import enum_check
from erp.base import Base
from erp.receivables.errors import OverCredited
from erp.receivables.rules.amounts import proportional_part
from erp.receivables.states import INVOICE_FOLLOWING, InvoiceKind, InvoiceState
from erp.searched import INVOICE_NUMBER, NUMBER, PRINTED
from erp.settlement.states import OpeningKind
from records.entities import Record
from values.decimals import plain

__all__ = [
    "Invoice",
    "InvoiceLine",
    "InvoiceNumber",
    "InvoiceSeries",
    "InvoiceTax",
    "OpeningReceivable",
    "TaxCode",
]

_ZERO = Decimal(0)


class TaxCode(Base):
    """A rate of tax by its code; a code's rate never changes."""

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
        enum_check("kind", InvoiceKind),
        enum_check("state", InvoiceState, INVOICE_FOLLOWING),
        CheckConstraint(
            "(kind = 'credit_note') = (credits_id is not null)", name="credits_an_invoice"
        ),
        CheckConstraint("net >= 0 and tax >= 0 and net + tax = gross", name="adds_up"),
        CheckConstraint(
            "open_amount >= 0 and open_amount <= gross and credited >= 0 and credited <= gross",
            name="within_gross",
        ),
        Index("ix_invoice_created_at", "created_at", "id"),
        Index("ix_invoice_updated_at", "updated_at", "id"),
        Index("ix_invoice_effective_on", "effective_on", "id"),
        Index("ix_invoice_gross", "gross", "id"),
        Index("ix_invoice_open_amount", "open_amount", "id"),
        Index("ix_invoice_customer_id", "customer_id", "created_at", "id"),
        Index("ix_invoice_order_id", "order_id", postgresql_where=text("order_id is not null")),
        Index(
            "ix_invoice_credits_id", "credits_id", postgresql_where=text("credits_id is not null")
        ),
    )

    kind: Mapped[str]
    state: Mapped[str]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    order_id: Mapped[UUID | None]
    credits_id: Mapped[UUID | None] = mapped_column(ForeignKey("invoice.id"))
    effective_on: Mapped[date]
    due_on: Mapped[date]
    currency: Mapped[str]
    net: Mapped[Amount]
    tax: Mapped[Amount]
    gross: Mapped[Amount]
    open_amount: Mapped[Amount]
    credited: Mapped[Amount]
    reason: Mapped[str]


class InvoiceNumber(Base):
    """The number of an invoice in its series: without a gap, in the order of days."""

    __tablename__ = "invoice_number"
    __table_args__ = (
        UniqueConstraint("series", "number"),
        Index("ix_invoice_number_printed", text(PRINTED.format(of=""))),
        search_index("ix_invoice_number_search", INVOICE_NUMBER),
    )

    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoice.id"), primary_key=True)
    series: Mapped[str]
    number: Mapped[int] = mapped_column(BigInteger)


class InvoiceLine(Identified, Base):
    """One line: goods or services, or a charge posted to its own income account."""

    __tablename__ = "invoice_line"
    __table_args__ = (
        UniqueConstraint("invoice_id", "position"),
        CheckConstraint(
            "quantity > 0 and net >= 0 and discount >= 0 and discount <= 1", name="not_negative"
        ),
        CheckConstraint(
            "credited_quantity >= 0 and credited_quantity <= quantity"
            " and credited_net >= 0 and credited_net <= net",
            name="credited_within",
        ),
        Index("ix_invoice_line_item_id", "item_id"),
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
    credited_quantity: Mapped[Quantity] = mapped_column(default=_ZERO)
    credited_net: Mapped[Amount] = mapped_column(default=_ZERO)

    @property
    def left(self) -> Decimal:
        """How much of it is not credited."""
        return self.quantity - self.credited_quantity

    def credit(self, quantity: Decimal, *, decimals: int) -> Decimal:
        """Take so much back; its net. All parts together come to the line's net.

        Raises OverCredited.
        """
        if quantity > self.left:
            raise OverCredited(
                position=self.position, wanted=plain(quantity), left=plain(self.left)
            )
        net = proportional_part(
            self.net,
            self.credited_net,
            share=quantity,
            whole=self.quantity,
            left=self.left,
            decimals=decimals,
        )
        self.credited_quantity += quantity
        self.credited_net += net
        return net


class OpeningReceivable(Record, Base):
    """What a customer owed, or had paid ahead, when the books were opened, of a document before."""

    __tablename__ = "opening_receivable"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        enum_check("kind", OpeningKind),
        CheckConstraint("issued_on <= due_on and issued_on <= effective_on", name="days"),
        Index("ix_opening_receivable_created_at", "created_at", "id"),
        Index("ix_opening_receivable_updated_at", "updated_at", "id"),
        Index("ix_opening_receivable_amount", "amount", "id"),
        Index("ix_opening_receivable_customer_id", "customer_id", "created_at", "id"),
        search_index("ix_opening_receivable_search", NUMBER),
    )

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    number: Mapped[str]
    number_key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(server_default="debt")
    issued_on: Mapped[date]
    due_on: Mapped[date]
    effective_on: Mapped[date]
    currency: Mapped[str]
    amount: Mapped[Amount]


class InvoiceTax(Base):
    """The tax of one code on a document."""

    __tablename__ = "invoice_tax"
    __table_args__ = (
        CheckConstraint(
            "credited_base >= 0 and credited_base <= base"
            " and credited_tax >= 0 and credited_tax <= tax",
            name="credited_within",
        ),
    )

    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoice.id"), primary_key=True)
    tax_code: Mapped[str] = mapped_column(ForeignKey("tax_code.code"), primary_key=True)
    rate: Mapped[Decimal] = mapped_column(Numeric(7, 6))
    base: Mapped[Amount]
    tax: Mapped[Amount]
    credited_base: Mapped[Amount] = mapped_column(default=_ZERO)
    credited_tax: Mapped[Amount] = mapped_column(default=_ZERO)

    def credit(self, base: Decimal, *, decimals: int) -> Decimal:
        """Take back the tax on so much of the base; all parts together come to the tax."""
        tax = proportional_part(
            self.tax,
            self.credited_tax,
            share=base,
            whole=self.base or Decimal(1),
            left=self.base - self.credited_base,
            decimals=decimals,
        )
        self.credited_base += base
        self.credited_tax += tax
        return tax
