"""Receipts, and what of them went back: written once."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, Text, text
from sqlalchemy import Sequence as Numbers
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.storage.base import Amount, Identified, Quantity
from chassis.storage.folding import search_index
from chassis.storage.states import enum_check
from erp.base import Base
from erp.purchasing.errors import (
    LotNotOnReceipt,
    MoreThanOnReceipt,
    NotAReturn,
    ReturnReversed,
    SerialNotOnReceipt,
)
from erp.purchasing.rules.values import share_of
from erp.purchasing.states import PurchaseReturnKind
from erp.searched import NUMBER
from values.decimals import plain

__all__ = ["PurchaseReceipt", "PurchaseReceiptLine", "PurchaseReturn", "PurchaseReturnLine"]

PURCHASE_RECEIPT_NUMBERS = Numbers("purchase_receipt_number_seq", metadata=Base.metadata)
PURCHASE_RETURN_NUMBERS = Numbers("purchase_return_number_seq", metadata=Base.metadata)

_NONE = Decimal(0)


class PurchaseReceipt(Identified, Base):
    """Goods of an order that came on a day. Written once."""

    __tablename__ = "purchase_receipt"
    __table_args__ = (
        Index("ix_purchase_receipt_purchase_order_id", "purchase_order_id"),
        Index("ix_purchase_receipt_recorded_at", "recorded_at", "id"),
        Index("ix_purchase_receipt_updated_at", "updated_at", "id"),
        search_index("ix_purchase_receipt_search", NUMBER),
        Index("ix_purchase_receipt_effective_on", "effective_on", "id"),
    )

    number: Mapped[str] = mapped_column(unique=True)
    purchase_order_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order.id"))
    effective_on: Mapped[date]
    recorded_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    actor: Mapped[str]


class PurchaseReceiptLine(Identified, Base):
    """What came of an order's line with a receipt, at which value, and what went back of it."""

    __tablename__ = "purchase_receipt_line"
    __table_args__ = (
        Unique("purchase_receipt_id", "order_line_id"),
        CheckConstraint("quantity > 0 and value >= 0", name="something"),
        CheckConstraint(
            "returned >= 0 and returned <= quantity"
            " and returned_value >= 0 and returned_value <= value"
            " and (returned < quantity or returned_value = value)",
            name="returned_of_it",
        ),
        Index("ix_purchase_receipt_line_item_id", "item_id"),
        Index("ix_purchase_receipt_line_order_line_id", "order_line_id"),
    )

    purchase_receipt_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_receipt.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    order_line_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order_line.id"))
    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    quantity: Mapped[Quantity]
    value: Mapped[Amount]
    serials: Mapped[list[str]] = mapped_column(ARRAY(Text))
    lots: Mapped[list[dict[str, str]]] = mapped_column(
        JSONB, default=list, server_default=text("'[]'")
    )
    """Number and quantity of each lot that came."""
    returned: Mapped[Quantity]
    returned_value: Mapped[Amount]

    @property
    def left(self) -> Decimal:
        """What of it did not go back."""
        return self.quantity - self.returned

    def lots_left(self, gone: Mapping[str, Decimal]) -> dict[str, Decimal]:
        """What came of each lot and did not go back; `gone`: what did."""
        left: dict[str, Decimal] = {}
        for one in self.lots:
            left[one["number"]] = left.get(one["number"], _NONE) + Decimal(one["quantity"])
        return {number: came - gone.get(number, _NONE) for number, came in left.items()}

    def send_back(
        self,
        quantity: Decimal,
        serials: Sequence[str],
        lots: Mapping[str, Decimal] | None = None,
        *,
        gone: Mapping[str, Decimal] | None = None,
        sku: str,
        decimals: int,
    ) -> Decimal:
        """Give back so many; what they were received at (E36).

        `lots`: how many of each; `gone`: how many of each went back before. Raises
        MoreThanOnReceipt (also of a lot), SerialNotOnReceipt, LotNotOnReceipt.
        """
        if quantity > self.left:
            raise MoreThanOnReceipt(sku=sku, quantity=plain(quantity), left=plain(self.left))
        for serial in serials:
            if serial not in self.serials:
                raise SerialNotOnReceipt(sku=sku, serial=serial)
        left = self.lots_left(gone or {})
        for lot, many in (lots or {}).items():
            if lot not in left:
                raise LotNotOnReceipt(sku=sku, lot=lot)
            if many > left[lot]:
                of_lot = f"{sku} ({lot})"
                raise MoreThanOnReceipt(sku=of_lot, quantity=plain(many), left=plain(left[lot]))
        value = share_of(
            self.value - self.returned_value, quantity, of=self.left, decimals=decimals
        )
        self.returned += quantity
        self.returned_value += value
        return value

    def undo_return(self, quantity: Decimal, value: Decimal) -> None:
        """Have so many after all that went back by mistake."""
        self.returned -= quantity
        self.returned_value -= value


class PurchaseReturn(Identified, Base):
    """Goods of a receipt that went back, or a receipt that was a mistake.

    Written once; a return may be taken back.
    """

    __tablename__ = "purchase_return"
    __table_args__ = (
        enum_check("kind", PurchaseReturnKind),
        CheckConstraint("reversed_on is null or kind = 'return'", name="reversed_return"),
        CheckConstraint("reversed_on >= effective_on", name="reversed_after"),
        CheckConstraint("(reversed_on is null) = (reversal_id is null)", name="reversed_as"),
        Index("ix_purchase_return_purchase_order_id", "purchase_order_id"),
        Index("ix_purchase_return_purchase_receipt_id", "purchase_receipt_id"),
        Index(
            "uq_purchase_return_reversal",
            "purchase_receipt_id",
            unique=True,
            postgresql_where=text("kind = 'reversal'"),
        ),
        Index("ix_purchase_return_recorded_at", "recorded_at", "id"),
        Index("ix_purchase_return_updated_at", "updated_at", "id"),
        search_index("ix_purchase_return_search", NUMBER),
        Index("ix_purchase_return_effective_on", "effective_on", "id"),
    )

    number: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    purchase_receipt_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_receipt.id"))
    purchase_order_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order.id"))
    effective_on: Mapped[date]
    reason: Mapped[str]
    expected_again: Mapped[bool]
    recorded_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    actor: Mapped[str]
    reversed_on: Mapped[date | None]
    reversal_id: Mapped[UUID | None]
    """The document that brought the goods in again, in stock and books."""
    reversal_reason: Mapped[str] = mapped_column(default="", server_default="")

    def reverse(self, *, on: date, reason: str) -> None:
        """Have never gone back. Raises NotAReturn, ReturnReversed, InvalidInput (before it)."""
        if self.kind != PurchaseReturnKind.RETURN:
            raise NotAReturn(number=self.number)
        if self.reversed_on:
            raise ReturnReversed(number=self.number)
        if on < self.effective_on:
            wrong = FieldError("/effective_on", "before_return", "It was still here on this day.")
            raise InvalidInput(errors=[wrong])
        self.reversed_on, self.reversal_id, self.reversal_reason = on, uuid7(), reason


class PurchaseReturnLine(Identified, Base):
    """What went back of a receipt's line: what it was received at, and what it cost stock.

    `cleared` is what that took off the order's line, `billed` how many of them were billed,
    `dropped` how many were not ordered any more.
    """

    __tablename__ = "purchase_return_line"
    __table_args__ = (
        Unique("purchase_return_id", "position"),
        CheckConstraint("quantity > 0 and value >= 0 and cost >= 0", name="something"),
        CheckConstraint(
            "cleared >= 0 and billed >= 0 and billed <= quantity and dropped in (0, quantity)",
            name="parts",
        ),
        Index("ix_purchase_return_line_receipt_line_id", "receipt_line_id"),
    )

    purchase_return_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_return.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    receipt_line_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_receipt_line.id"))
    quantity: Mapped[Quantity]
    value: Mapped[Amount]
    cost: Mapped[Amount]
    cleared: Mapped[Amount] = mapped_column(server_default="0")
    billed: Mapped[Quantity] = mapped_column(server_default="0")
    dropped: Mapped[Quantity] = mapped_column(server_default="0")
    serials: Mapped[list[str]] = mapped_column(ARRAY(Text))
    lots: Mapped[list[dict[str, str]]] = mapped_column(
        JSONB, default=list, server_default=text("'[]'")
    )
