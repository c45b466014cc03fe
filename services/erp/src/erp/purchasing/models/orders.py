"""Purchase orders and their lines: what they are, and what they refuse."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger
from sqlalchemy import Sequence as Numbers
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Amount, Identified, Quantity
from chassis.storage.folding import search_index
from chassis.storage.states import enum_check
from erp.base import Base
from erp.payables.errors import BillCredited
from erp.purchasing.errors import (
    LessThanReceived,
    MoreThanOrdered,
    MoreThanReceived,
    MoreThanSentBack,
    PurchaseOrderClosed,
    PurchaseOrderPending,
    ReturnCredited,
)
from erp.purchasing.rules.values import share_of
from erp.purchasing.states import PURCHASE_ORDER_FOLLOWING, PurchaseOrderState
from erp.searched import NUMBER
from records.entities import Record
from values.decimals import EXACT, plain, rounded

__all__ = ["PurchaseOrder", "PurchaseOrderLine"]

PURCHASE_ORDER_NUMBERS = Numbers("purchase_order_number_seq", metadata=Base.metadata)
_ZERO = Decimal(0)


class PurchaseOrder(Record, Base):
    """Goods ordered from a supplier."""

    __tablename__ = "purchase_order"
    __table_args__ = (
        enum_check("state", PurchaseOrderState, PURCHASE_ORDER_FOLLOWING),
        Index("ix_purchase_order_created_at", "created_at", "id"),
        Index("ix_purchase_order_updated_at", "updated_at", "id"),
        Index("ix_purchase_order_ordered_on", "ordered_on", "id"),
        Index("ix_purchase_order_net", "net", "id"),
        CheckConstraint("net >= 0", name="net_not_negative"),
        search_index("ix_purchase_order_search", NUMBER),
        Index("ix_purchase_order_state_created_at", "state", "created_at", "id"),
        Index("ix_purchase_order_supplier_id_created_at", "supplier_id", "created_at", "id"),
        Index("ix_purchase_order_supplier_id_enlarged_at", "supplier_id", "enlarged_at"),
    )
    OPEN: ClassVar = frozenset({PurchaseOrderState.ORDERED, PurchaseOrderState.PARTLY_RECEIVED})
    STATE_OF: ClassVar = {
        (False, False): PurchaseOrderState.CLOSED,
        (False, True): PurchaseOrderState.ORDERED,
        (True, False): PurchaseOrderState.RECEIVED,
        (True, True): PurchaseOrderState.PARTLY_RECEIVED,
    }
    """Whether something is here, and whether something is expected -> the state."""

    number: Mapped[str] = mapped_column(unique=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("supplier.id"))
    state: Mapped[str]
    ordered_on: Mapped[date]
    net: Mapped[Amount]
    """What its lines cost, each rounded; the database compares it at COMMIT."""
    enlarged_at: Mapped[datetime | None]
    """When more was last ordered with it than before, or dearer, by a change or an approval."""

    def sum_up(self, lines: Iterable["PurchaseOrderLine"], *, decimals: int) -> None:
        """Let the order come to what its lines cost."""
        costs = (line.value_of(line.quantity, decimals=decimals) for line in lines)
        self.net = sum(costs, _ZERO)

    @property
    def is_closed(self) -> bool:
        """Whether nothing more is expected, though not all came."""
        return self.state == PurchaseOrderState.CLOSED

    @property
    def is_pending(self) -> bool:
        """Whether it is placed only once it is approved."""
        return self.state == PurchaseOrderState.PENDING_APPROVAL

    def require_placed(self) -> None:
        """Raises PurchaseOrderPending."""
        if self.is_pending:
            raise PurchaseOrderPending(number=self.number)

    def require_open(self) -> None:
        """Raises PurchaseOrderPending, PurchaseOrderClosed when nothing more is expected."""
        self.require_placed()
        if self.state not in self.OPEN:
            raise PurchaseOrderClosed(number=self.number, state=self.state)

    def require_not_closed(self) -> None:
        """Raises PurchaseOrderClosed when the rest was given up."""
        if self.is_closed:
            raise PurchaseOrderClosed(number=self.number, state=self.state)

    def record_receipt(self, *, complete: bool, at: datetime) -> None:
        """Goods came; `complete`: nothing more is expected."""
        self.state = PurchaseOrderState.RECEIVED if complete else PurchaseOrderState.PARTLY_RECEIVED
        self.touch(at)

    def update_state(self, lines: Sequence["PurchaseOrderLine"], at: datetime) -> None:
        """Of the lines more or less is here, or expected; closed and pending ones stay so."""
        if not self.is_closed and not self.is_pending:
            here = any(line.received for line in lines)
            expected = any(line.expected for line in lines)
            self.state = self.STATE_OF[here, expected]
        self.touch(at)

    def is_closed_short(self, lines: Sequence["PurchaseOrderLine"]) -> bool:
        """Whether the rest was given up; not where all of it only went back."""
        return self.is_closed and any(line.quantity for line in lines)

    def reopen(self, lines: Sequence["PurchaseOrderLine"], at: datetime) -> None:
        """Goods are here after all: an order of which all had gone back is open again."""
        self.state = PurchaseOrderState.ORDERED
        self.update_state(lines, at)

    def await_approval(self) -> None:
        """Be placed only once it is approved: nothing of it came."""
        self.state = PurchaseOrderState.PENDING_APPROVAL

    def enlarge(self, at: datetime) -> None:
        """Let it count as ordered now: more is ordered with it, or dearer."""
        self.enlarged_at = at

    def place(self) -> None:
        """Be ordered: nobody has to approve it, or it is approved."""
        self.state = PurchaseOrderState.ORDERED

    def close(self, at: datetime) -> None:
        """Expect nothing more. Raises PurchaseOrderClosed."""
        if not self.is_pending:
            self.require_open()
        self.state = PurchaseOrderState.CLOSED
        self.touch(at)


class PurchaseOrderLine(Identified, Base):
    """What is ordered of an item at which price, what came of it, and what was billed."""

    __tablename__ = "purchase_order_line"
    __table_args__ = (
        Unique("purchase_order_id", "position"),
        CheckConstraint("quantity >= 0 and unit_price >= 0", name="not_negative"),
        CheckConstraint(
            "received >= 0 and received <= quantity and billed >= 0"
            " and credited >= 0 and credited <= returned"
            " and billed <= received + returned - credited",
            name="in_turn",
        ),
        CheckConstraint(
            "billed_value >= 0 and received_value >= 0"
            " and sign(received_value - billed_value) in (0, sign(received - billed))",
            name="value_in_turn",
        ),
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
    returned: Mapped[Quantity] = mapped_column(default=_ZERO, server_default="0")
    credited: Mapped[Quantity] = mapped_column(default=_ZERO, server_default="0")

    @property
    def expected(self) -> Decimal:
        """What has not come yet."""
        return self.quantity - self.received

    @property
    def is_begun(self) -> bool:
        """Whether some of it came at any time and was not taken back as a mistake."""
        return any((self.received, self.returned, self.billed, self.credited))

    @property
    def unbilled(self) -> Decimal:
        """What is here and was not billed; negative: billed, sent back and not credited."""
        return self.received - self.billed

    @property
    def billable(self) -> Decimal:
        """What may be billed yet: what was sent back may be billed first, and credited then."""
        return self.unbilled + self.returned - self.credited

    @property
    def uncleared(self) -> Decimal:
        """What the books owe for what came; negative: what the supplier owes for returns (E44)."""
        return self.received_value - self.billed_value

    def value_of(self, quantity: Decimal, *, decimals: int) -> Decimal:
        """What so many cost at the agreed price."""
        return rounded(EXACT.multiply(self.unit_price, quantity), decimals)

    def order(self, quantity: Decimal, *, sku: str) -> None:
        """Order so many in all from now on. Raises LessThanReceived."""
        if quantity < self.received:
            raise LessThanReceived(sku=sku, quantity=plain(quantity), received=plain(self.received))
        self.quantity = quantity

    def receive(self, quantity: Decimal, *, sku: str, decimals: int) -> Decimal:
        """Take in what came; what it is worth, at the agreed price. Raises MoreThanOrdered.

        What replaces goods that were billed and sent back is worth what those were.
        """
        if quantity > self.expected:
            raise MoreThanOrdered(sku=sku, quantity=plain(quantity), expected=plain(self.expected))
        replacing = min(quantity, max(-self.unbilled, _ZERO))
        value = self.value_of(quantity - replacing, decimals=decimals)
        if replacing:
            value += share_of(-self.uncleared, replacing, of=-self.unbilled, decimals=decimals)
        self.received += quantity
        self.received_value += value
        return value

    def bill(self, quantity: Decimal, *, sku: str, decimals: int) -> Decimal:
        """Have so many billed; which value that clears of what was received (E44).

        The last of what was received clears the rest. Raises MoreThanReceived.
        """
        if quantity > self.billable:
            raise MoreThanReceived(sku=sku, quantity=plain(quantity), unbilled=plain(self.billable))
        here = max(self.unbilled, _ZERO)
        left = self.uncleared if here else _ZERO
        value = min(self.value_of(quantity, decimals=decimals), left)
        if quantity >= here:
            value = left + self.value_of(quantity - here, decimals=decimals)
        self.billed += quantity
        self.billed_value += value
        return value

    def unbill(self, quantity: Decimal, value: Decimal, *, bill: str) -> Decimal:
        """Have so many, and so much of what they were received at, not billed after all.

        What stays uncleared then for no goods: a variance. Raises BillCredited.
        """
        if quantity > self.billed:
            raise BillCredited(supplier_number=bill)
        self.billed -= quantity
        self.billed_value -= value
        return self._release_residual()

    def send_back(
        self, quantity: Decimal, value: Decimal, *, ordered: bool, counted: bool, decimals: int
    ) -> Decimal:
        """Give back so many that were received at a value; what that clears of it.

        What is not billed goes back first, and the last of it clears the rest. `ordered`: they
        are ordered as before; `counted`: they did come, and count as returned.
        """
        here = max(self.unbilled, _ZERO)
        share = min(value, self.uncleared)
        if quantity >= here:
            billed = share_of(value, quantity - here, of=quantity, decimals=decimals)
            share = (self.uncleared if here else _ZERO) + billed
        self.received -= quantity
        self.received_value -= share
        if counted:
            self.returned += quantity
        if not ordered:
            self.quantity -= quantity
        self._release_residual()
        return share

    def undo_return(
        self,
        quantity: Decimal,
        cleared: Decimal,
        *,
        billed: Decimal,
        dropped: Decimal,
        sku: str,
        number: str,
    ) -> Decimal:
        """Have so many here after all that went back, `billed` of them billed before.

        `dropped` of them are ordered again. What stays uncleared then for no goods: a variance.
        Raises MoreThanOrdered (others came for them), ReturnCredited.
        """
        if quantity - dropped > self.expected:
            raise MoreThanOrdered(sku=sku, quantity=plain(quantity), expected=plain(self.expected))
        if self.returned - quantity < self.credited or billed > max(-self.unbilled, _ZERO):
            raise ReturnCredited(sku=sku, number=number)
        self.received += quantity
        self.received_value += cleared
        self.returned -= quantity
        self.quantity += dropped
        return self._release_residual()

    def credit(self, quantity: Decimal, *, sku: str, decimals: int) -> Decimal:
        """Have so many of those sent back credited; which value that clears.

        Raises MoreThanSentBack.
        """
        if quantity > -self.unbilled:
            most = max(-self.unbilled, _ZERO)
            raise MoreThanSentBack(sku=sku, quantity=plain(quantity), uncredited=plain(most))
        value = share_of(-self.uncleared, quantity, of=-self.unbilled, decimals=decimals)
        self.billed -= quantity
        self.billed_value -= value
        self.credited += quantity
        self._release_residual()
        return value

    def uncredit(self, quantity: Decimal, value: Decimal) -> Decimal:
        """Have so many not credited after all; what stays uncleared then: a variance."""
        self.billed += quantity
        self.billed_value += value
        self.credited -= quantity
        return self._release_residual()

    def _release_residual(self) -> Decimal:
        """Let values follow quantities: of no goods there is no value. What that leaves over."""
        rest, unbilled = self.uncleared, self.unbilled
        if not unbilled or (rest > 0) != (unbilled > 0):
            self.received_value -= rest
        else:
            rest = _ZERO
        below = min(self.received_value, self.billed_value, _ZERO)
        self.received_value -= below
        self.billed_value -= below
        return rest
