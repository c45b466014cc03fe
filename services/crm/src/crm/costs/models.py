"""Costs of products: what they are."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm.base import Base
from records.entities import CustomRecord, list_indexes

__all__ = ["ProductCost"]


class ProductCost(CustomRecord, Base):
    """What one unit of a product costs the company from a day on."""

    __tablename__ = "product_cost"
    __table_args__ = (
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_form"),
        CheckConstraint("cost >= 0", name="cost_not_negative"),
        UniqueConstraint("product_id", "currency", "valid_from"),
        *list_indexes("product_cost", named=False),
        Index("ix_product_cost_valid_from", "valid_from", "id"),
    )

    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    currency: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date]
    cost: Mapped[Decimal] = mapped_column(Numeric(20, 6))
    note: Mapped[str] = mapped_column(default="")
