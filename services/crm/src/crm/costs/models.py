"""Costs of products: what they are."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.base import Base
from records.entities import ACTIVE, CustomRecord, list_indexes

__all__ = ["ProductCost"]


class ProductCost(CustomRecord, Base):
    """What one unit of a product costs the company from a day on.

    One that was entered by mistake is archived: it counts no more, and stays in the history.
    """

    __tablename__ = "product_cost"
    __table_args__ = (
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_form"),
        CheckConstraint("cost >= 0", name="cost_not_negative"),
        CheckConstraint("status in ('active', 'archived')", name="status_known"),
        Index(
            "uq_product_cost_active",
            *("product_id", "currency", "valid_from"),
            unique=True,
            postgresql_where=text("status = 'active'"),
        ),
        *list_indexes("product_cost", "status", named=False),
        Index("ix_product_cost_valid_from", "valid_from", "id"),
    )

    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    currency: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date]
    cost: Mapped[Decimal] = mapped_column(Numeric(20, 6))
    note: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default=ACTIVE, server_default=ACTIVE)
