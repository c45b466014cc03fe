"""Orders and their lines: what they are, and what they refuse."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Numeric,
    SmallInteger,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Amount, Identified, Quantity
from crm.addresses import Address
from crm.base import Base, Record
from crm.orders.errors import OrderCancelled

__all__ = ["CANCELLED", "PLACED", "Order", "OrderLine"]

PLACED, CANCELLED = "placed", "cancelled"


class Order(Record, Base):
    """What a customer ordered; `erp` is how the ERP says it stands."""

    __tablename__ = "customer_order"
    __table_args__ = (
        CheckConstraint("state in ('placed', 'cancelled')", name="state_known"),
        CheckConstraint("net >= 0 and freight >= 0 and total = net + freight", name="adds_up"),
        Index("ix_customer_order_created_at", "created_at", "id"),
        Index("ix_customer_order_account_id", "account_id", "created_at", "id"),
        Index("ix_customer_order_state", "state", "created_at", "id"),
    )

    number: Mapped[str] = mapped_column(unique=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    ordered_on: Mapped[date]
    requested_on: Mapped[date | None]
    ship_to: Mapped[Address]
    note: Mapped[str]
    currency: Mapped[str]
    state: Mapped[str]
    net: Mapped[Amount]
    freight: Mapped[Amount]
    total: Mapped[Amount]
    erp: Mapped[dict[str, Any] | None]
    erp_version: Mapped[int] = mapped_column(BigInteger, default=0)

    def cancel(self, at: datetime) -> bool:
        """The customer wants it no longer; False when that is known."""
        if self.state == CANCELLED:
            return False
        self.state = CANCELLED
        self.touch(at)
        return True

    def stand(self, at: datetime) -> None:
        """It could not be cancelled any more: it is placed still."""
        self.state = PLACED
        self.touch(at)

    def must_be_placed(self) -> None:
        """Raises OrderCancelled."""
        if self.state == CANCELLED:
            raise OrderCancelled(number=self.number)


class OrderLine(Identified, Base):
    """Some of a product at the price that was agreed."""

    __tablename__ = "customer_order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("unit_price >= 0 and net >= 0", name="price_not_negative"),
        CheckConstraint("discount >= 0 and discount <= 1", name="discount_part"),
        Index("ix_customer_order_line_product_id", "product_id"),
    )

    order_id: Mapped[UUID] = mapped_column(ForeignKey("customer_order.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    quantity: Mapped[Quantity]
    unit_price: Mapped[Quantity]
    discount: Mapped[Decimal] = mapped_column(Numeric(7, 6))
    net: Mapped[Amount]
