"""Supplier prices, suggestions, purchase orders and receipts: what they are and refuse."""

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Sequence, SmallInteger, text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Amount, Identified, Quantity
from erp.base import Base, Record
from erp.exact import EXACT, plain, rounded
from erp.purchasing.errors import MoreThanOrdered, MoreThanReceived, PurchaseOrderClosed
from erp.purchasing.rules.replenishing import Wish

__all__ = [
    "PurchaseOrder",
    "PurchaseOrderLine",
    "PurchaseReceipt",
    "PurchaseSuggestion",
    "SupplierPrice",
]

PURCHASE_ORDER_NUMBERS = Sequence("purchase_order_number_seq", metadata=Base.metadata)
PURCHASE_RECEIPT_NUMBERS = Sequence("purchase_receipt_number_seq", metadata=Base.metadata)


class SupplierPrice(Record, Base):
    """What a supplier asks for one unit of an item, and on which terms."""

    __tablename__ = "supplier_price"
    __table_args__ = (
        Unique("supplier_id", "item_id"),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        CheckConstraint("lead_time_days between 0 and 3650", name="lead_time_days_range"),
        CheckConstraint("min_quantity > 0 and multiple > 0", name="lots_positive"),
        Index("ix_supplier_price_item_id", "item_id", "amount"),
        Index("ix_supplier_price_created_at", "created_at", "id"),
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
        CheckConstraint("state in ('open', 'ordered', 'withdrawn')", name="state_known"),
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
        Index("ix_purchase_suggestion_state_created_at", "state", "created_at", "id"),
    )

    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    quantity: Mapped[Quantity]
    needed_on: Mapped[date]
    order_by: Mapped[date]
    supplier_id: Mapped[UUID | None] = mapped_column(ForeignKey("supplier.id"))
    state: Mapped[str] = mapped_column(default="open")
    order_line_id: Mapped[UUID | None] = mapped_column(ForeignKey("purchase_order_line.id"))

    def follow(self, wish: Wish | None, at: datetime) -> bool:
        """Become what is wished, or be withdrawn when nothing is; whether anything changed."""
        if wish is None:
            facts: dict[str, object] = {"state": "withdrawn"}
        else:
            names = ("quantity", "needed_on", "order_by", "supplier_id")
            facts = {name: getattr(wish, name) for name in names}
        return bool(self.change(facts, at))

    def become_ordered(self, order_line_id: UUID, at: datetime) -> None:
        """Be done: a line of an order covers it."""
        self.order_line_id = order_line_id
        self.state = "ordered"
        self.touch(at)


class PurchaseOrder(Record, Base):
    """Goods ordered from a supplier."""

    __tablename__ = "purchase_order"
    __table_args__ = (
        CheckConstraint(
            "state in ('ordered', 'partly_received', 'received', 'closed')", name="state_known"
        ),
        Index("ix_purchase_order_created_at", "created_at", "id"),
        Index("ix_purchase_order_state_created_at", "state", "created_at", "id"),
        Index("ix_purchase_order_supplier_id_created_at", "supplier_id", "created_at", "id"),
    )
    OPEN: ClassVar = frozenset({"ordered", "partly_received"})

    number: Mapped[str] = mapped_column(unique=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("supplier.id"))
    state: Mapped[str]
    ordered_on: Mapped[date]

    def must_be_open(self) -> None:
        """Raises PurchaseOrderClosed when nothing more is expected."""
        if self.state not in self.OPEN:
            raise PurchaseOrderClosed(number=self.number, state=self.state)

    def note_receipt(self, *, complete: bool, at: datetime) -> None:
        """Goods came; `complete`: nothing more is expected."""
        self.state = "received" if complete else "partly_received"
        self.touch(at)

    def close(self, at: datetime) -> None:
        """Expect nothing more. Raises PurchaseOrderClosed."""
        self.must_be_open()
        self.state = "closed"
        self.touch(at)


class PurchaseOrderLine(Identified, Base):
    """What is ordered of an item at which price, what came of it, and what was billed."""

    __tablename__ = "purchase_order_line"
    __table_args__ = (
        Unique("purchase_order_id", "position"),
        CheckConstraint("quantity > 0 and unit_price >= 0", name="positive"),
        CheckConstraint(
            "billed >= 0 and billed <= received and received <= quantity", name="in_turn"
        ),
        CheckConstraint(
            "billed_value >= 0 and billed_value <= received_value", name="value_in_turn"
        ),
        CheckConstraint("billed < received or billed_value = received_value", name="cleared"),
        Index("ix_purchase_order_line_item_id", "item_id"),
    )

    purchase_order_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    quantity: Mapped[Quantity]
    unit_price: Mapped[Quantity]
    due_on: Mapped[date]
    received: Mapped[Quantity] = mapped_column(default=Decimal(0))
    received_value: Mapped[Amount] = mapped_column(default=Decimal(0))
    billed: Mapped[Quantity] = mapped_column(default=Decimal(0))
    billed_value: Mapped[Amount] = mapped_column(default=Decimal(0))

    @property
    def expected(self) -> Decimal:
        """What has not come yet."""
        return self.quantity - self.received

    @property
    def unbilled(self) -> Decimal:
        """What came and was not billed."""
        return self.received - self.billed

    def worth(self, quantity: Decimal, *, decimals: int) -> Decimal:
        """What so many cost at the agreed price."""
        return rounded(EXACT.multiply(self.unit_price, quantity), decimals)

    def receive(self, quantity: Decimal, *, sku: str, decimals: int) -> Decimal:
        """Take in what came; what it is worth. Raises MoreThanOrdered."""
        if quantity > self.expected:
            raise MoreThanOrdered(sku=sku, quantity=plain(quantity), expected=plain(self.expected))
        value = self.worth(quantity, decimals=decimals)
        self.received += quantity
        self.received_value += value
        return value

    def bill(self, quantity: Decimal, *, sku: str, decimals: int) -> Decimal:
        """Have so many billed; which value that clears of what was received (E44).

        The last of what was received clears the rest. Raises MoreThanReceived.
        """
        if quantity > self.unbilled:
            raise MoreThanReceived(sku=sku, quantity=plain(quantity), unbilled=plain(self.unbilled))
        left = self.received_value - self.billed_value
        value = left
        if quantity < self.unbilled:
            value = min(self.worth(quantity, decimals=decimals), left)
        self.billed += quantity
        self.billed_value += value
        return value

    def unbill(self, quantity: Decimal, value: Decimal) -> None:
        """Have so many, and so much of what they were received at, not billed after all."""
        self.billed -= quantity
        self.billed_value -= value


class PurchaseReceipt(Identified, Base):
    """Goods of an order that came on a day. Written once."""

    __tablename__ = "purchase_receipt"
    __table_args__ = (
        Index("ix_purchase_receipt_purchase_order_id", "purchase_order_id"),
        Index("ix_purchase_receipt_recorded_at", "recorded_at", "id"),
        Index("ix_purchase_receipt_effective_on", "effective_on", "id"),
    )

    number: Mapped[str] = mapped_column(unique=True)
    purchase_order_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order.id"))
    effective_on: Mapped[date]
    recorded_at: Mapped[datetime]
    actor: Mapped[str]
