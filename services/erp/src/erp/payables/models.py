"""A supplier's bill: written once, never changed."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Amount
from erp.base import Base, Record

__all__ = ["Bill"]


class Bill(Record, Base):
    """What a supplier asks us to pay."""

    __tablename__ = "bill"
    __table_args__ = (
        UniqueConstraint("supplier_id", "supplier_number", "year"),
        CheckConstraint("supplier_number <> ''", name="numbered"),
        CheckConstraint("net > 0 and received >= 0", name="not_negative"),
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
    received: Mapped[Amount]
