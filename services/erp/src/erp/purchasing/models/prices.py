"""Supplier prices and purchase suggestions: what they are, and what they refuse."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Quantity
from chassis.storage.states import enum_check
from erp.base import Base
from erp.purchasing.rules.replenishing import Requirement
from erp.purchasing.states import SUGGESTION_FOLLOWING, SuggestionState
from records.entities import CustomRecord, Record, list_indexes

__all__ = ["PurchaseSuggestion", "SupplierPrice"]


class SupplierPrice(CustomRecord, Base):
    """What a supplier asks for one unit of an item, and on which terms."""

    __tablename__ = "supplier_price"
    __table_args__ = (
        Unique("supplier_id", "item_id"),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        CheckConstraint("lead_time_days between 0 and 3650", name="lead_time_days_range"),
        CheckConstraint("min_quantity > 0 and multiple > 0", name="lots_positive"),
        Index("ix_supplier_price_item_id", "item_id", "amount"),
        *list_indexes("supplier_price", named=False),
    )

    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("supplier.id"))
    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    amount: Mapped[Quantity]
    lead_time_days: Mapped[int] = mapped_column(Integer, default=0)
    min_quantity: Mapped[Quantity] = mapped_column(default=Decimal(1))
    multiple: Mapped[Quantity] = mapped_column(default=Decimal(1))


class PurchaseSuggestion(Record, Base):
    """What should be bought of an item; one open one at a time, following the demand (E41)."""

    __tablename__ = "purchase_suggestion"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        enum_check("state", SuggestionState, SUGGESTION_FOLLOWING),
        CheckConstraint(
            "(state = 'ordered') = (order_line_id is not null)", name="ordered_by_a_line"
        ),
        Index(
            "uq_purchase_suggestion_open",
            "item_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_purchase_suggestion_created_at", "created_at", "id"),
        Index("ix_purchase_suggestion_updated_at", "updated_at", "id"),
        Index("ix_purchase_suggestion_item_id", "item_id"),
        Index("ix_purchase_suggestion_supplier_id", "supplier_id"),
        Index("ix_purchase_suggestion_state_created_at", "state", "created_at", "id"),
    )

    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    quantity: Mapped[Quantity]
    needed_on: Mapped[date]
    order_by: Mapped[date]
    supplier_id: Mapped[UUID | None] = mapped_column(ForeignKey("supplier.id"))
    state: Mapped[str] = mapped_column(default=SuggestionState.OPEN)
    order_line_id: Mapped[UUID | None] = mapped_column(ForeignKey("purchase_order_line.id"))

    def update_from(self, requirement: Requirement | None, at: datetime) -> bool:
        """Become what is wished, or be withdrawn when nothing is; whether anything changed."""
        if requirement is None:
            values: dict[str, object] = {"state": SuggestionState.WITHDRAWN}
        else:
            names = ("quantity", "needed_on", "order_by", "supplier_id")
            values = {name: getattr(requirement, name) for name in names}
        return bool(self.change(values, at))

    def mark_ordered(self, order_line_id: UUID, at: datetime) -> None:
        """Be done: a line of an order covers it."""
        self.order_line_id = order_line_id
        self.state = SuggestionState.ORDERED
        self.touch(at)
