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
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Amount, Identified, Quantity
from chassis.storage.folding import search_index
from chassis.storage.states import enum_check
from crm.base import Base
from crm.orders.errors import AccountFixed, OrderCancelled
from crm.orders.states import ORDER_FOLLOWING, OrderState
from crm.searched import NUMBER
from records.entities import Record
from values.address import Address

__all__ = ["Order", "OrderLine"]


class Order(Record, Base):
    """What a customer ordered; `erp` is how the ERP says it stands.

    `content_version` is the version in which it was last changed here, in the `content_history` of
    this database. Later versions only took over what the ERP had decided, so they are
    not sent to the ERP.
    """

    __tablename__ = "customer_order"
    __table_args__ = (
        enum_check("state", OrderState, ORDER_FOLLOWING),
        CheckConstraint(
            "content_version >= 1 and content_version <= version", name="content_version_reached"
        ),
        CheckConstraint("state <> 'rejected' or refusal is not null", name="rejected_for_a_reason"),
        CheckConstraint("net >= 0 and freight >= 0 and total = net + freight", name="adds_up"),
        Index("ix_customer_order_created_at", "created_at", "id"),
        Index("ix_customer_order_updated_at", "updated_at", "id"),
        Index("ix_customer_order_ordered_on", "ordered_on", "id"),
        Index("ix_customer_order_total", "total", "id"),
        search_index("ix_customer_order_search", NUMBER),
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
    erp_history: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    content_version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    content_history: Mapped[int | None]
    refusal: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    base: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))

    def count_local_change(self, at: datetime, *, history: int) -> list[str]:
        """Count a change that was made here: the ERP decides anew; other fields that it changed."""
        cancelled = self.state == OrderState.CANCELLED
        state = self.state if cancelled else OrderState.PLACED
        changed = [*self.apply({"state": state}), *self.apply({"refusal": None})]
        self.touch(at)
        self.content_version, self.content_history = self.version, history
        return changed

    def changed_after(self, version: int, *, history: int | None) -> bool:
        """Whether it was changed here after that version of it; None: the history is not known."""
        ours = self.content_history or history or 0
        return (history or ours, version) < (ours, self.content_version)

    def cancel(self, at: datetime, *, history: int) -> list[str]:
        """The customer wants it no longer; the fields changed, none if it was cancelled before."""
        if self.state == OrderState.CANCELLED:
            return []
        self.state = OrderState.CANCELLED
        return ["state", *self.count_local_change(at, history=history)]

    def require_not_cancelled(self) -> None:
        """Raises OrderCancelled."""
        if self.state == OrderState.CANCELLED:
            raise OrderCancelled(number=self.number)

    def require_movable_to(self, account_id: UUID) -> None:
        """Raises AccountFixed where goods have gone out, or were invoiced, to another account."""
        lines = (self.erp or {}).get("lines", ())
        gone = any(Decimal(line[part]) for line in lines for part in ("shipped", "invoiced"))
        if gone and account_id != self.account_id:
            raise AccountFixed(number=self.number, account=self.account_id)


class OrderLine(Identified, Base):
    """Some of a product at the price that was agreed."""

    __tablename__ = "customer_order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("unit_price >= 0 and net >= 0", name="price_not_negative"),
        CheckConstraint("discount >= 0 and discount <= 1", name="discount_part"),
        Index("ix_customer_order_line_product_id", "product_id"),
        Index(
            "uq_customer_order_line_external_line_id",
            "order_id",
            "external_line_id",
            unique=True,
            postgresql_where=text("external_line_id <> ''"),
        ),
    )

    order_id: Mapped[UUID] = mapped_column(ForeignKey("customer_order.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    quantity: Mapped[Quantity]
    unit_price: Mapped[Quantity]
    discount: Mapped[Decimal] = mapped_column(Numeric(7, 6))
    net: Mapped[Amount]
    external_line_id: Mapped[str] = mapped_column(default="", server_default=text("''"))
