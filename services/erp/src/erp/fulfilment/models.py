"""Orders, lines, charges, shipments: what they are, and what they refuse."""

from collections.abc import Sequence
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

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.storage.base import Amount, Identified, PartlyEdited, Quantity
from chassis.storage.folding import search_index
from chassis.storage.states import enum_check
from erp.base import Base
from erp.fulfilment.errors import (
    MoreThanLeft,
    OrderClosed,
    OrderNotConfirmed,
    ShipmentInvoiced,
    ShipmentReversed,
)
from erp.fulfilment.rules.deciding import Decision
from erp.fulfilment.states import (
    CHANGE_FOLLOWING,
    ORDER_FOLLOWING,
    ChangeKind,
    ChangeState,
    ChargeKind,
    OrderState,
    ShipmentKind,
)
from erp.searched import NUMBER, shipment_text
from records.entities import Record
from values.address import Address
from values.decimals import plain

__all__ = [
    "UNDECIDED",
    "ChangeRequest",
    "Order",
    "OrderCharge",
    "OrderLine",
    "Shipment",
    "ShipmentLine",
]

UNDECIDED = frozenset({OrderState.DRAFT, OrderState.ON_HOLD, OrderState.REJECTED})
"""Of such an order nothing is reserved: other content is taken over whole, and decided anew."""


class Order(PartlyEdited, Record, Base):
    """A customer's order; its lines and charges stand apart."""

    __tablename__ = "sales_order"
    __table_args__ = (
        enum_check("state", OrderState, ORDER_FOLLOWING),
        CheckConstraint(
            "net >= 0 and charges >= 0 and invoiced >= 0 and paid >= 0",
            name="amounts_not_negative",
        ),
        Index("ix_sales_order_created_at", "created_at", "id"),
        Index("ix_sales_order_updated_at", "updated_at", "id"),
        Index("ix_sales_order_ordered_on", "ordered_on", "id"),
        Index("ix_sales_order_total", text("(net + charges)"), "id"),
        search_index("ix_sales_order_search", NUMBER),
        Index("ix_sales_order_state", "state", "created_at", "id"),
        Index("ix_sales_order_customer_id", "customer_id", "created_at", "id"),
    )

    number: Mapped[str] = mapped_column(unique=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    currency: Mapped[str]
    ordered_on: Mapped[date]
    requested_on: Mapped[date | None]
    promised_on: Mapped[date | None]
    ship_to: Mapped[Address]
    note: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str]
    net: Mapped[Amount]
    charges: Mapped[Amount]
    invoiced: Mapped[Amount]
    paid: Mapped[Amount]
    sent: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """What another system sent last, and our version then; None: it is an order of our own."""

    @property
    def wanted_on(self) -> date:
        """The day the customer wants it: the day he ordered, unless he named one."""
        return self.requested_on or self.ordered_on

    def apply_decision(self, decision: Decision) -> None:
        """Become what was decided. Raises OrderClosed."""
        self._transition(decision.state, decision.reason)

    def cancel(self) -> None:
        """End it before anything has gone out: no day is promised. Raises OrderClosed."""
        self._transition(OrderState.CANCELLED, "")
        self.promised_on = None

    def update_state(self, lines: Sequence["OrderLine"], charges: Sequence["OrderCharge"]) -> None:
        """Complete the order when all is shipped and invoiced, or take it up again."""
        done = all(line.shipped == line.quantity and line.to_invoice <= 0 for line in lines)
        done = done and all(charge.invoiced for charge in charges)
        wanted = OrderState.COMPLETED if done else OrderState.CONFIRMED
        if self.state != wanted:
            self._transition(wanted, "")

    def require_confirmed(self) -> None:
        """Raises OrderNotConfirmed."""
        if self.state not in {OrderState.CONFIRMED, OrderState.COMPLETED}:
            raise OrderNotConfirmed(number=self.number, state=self.state)

    def _transition(self, state: str, reason: str) -> None:
        if state not in ORDER_FOLLOWING[OrderState(self.state)]:
            raise OrderClosed(number=self.number, state=self.state)
        self.state, self.reason = state, reason


class OrderLine(Identified, Base):
    """Some of an item, at the price that was agreed."""

    __tablename__ = "sales_order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("unit_price >= 0", name="price_not_negative"),
        CheckConstraint("discount >= 0 and discount <= 1", name="discount_part"),
        CheckConstraint(
            "shipped >= 0 and shipped <= quantity and returned >= 0 and returned <= shipped"
            " and credited >= 0 and credited <= invoiced and waived >= 0"
            " and invoiced - credited + waived <= quantity",
            name="within_ordered",
        ),
        Index("ix_sales_order_line_item_id", "item_id"),
        Index(
            "ix_sales_order_line_soft_reservation_id",
            "soft_reservation_id",
            postgresql_where=text("soft_reservation_id is not null"),
        ),
    )

    order_id: Mapped[UUID] = mapped_column(ForeignKey("sales_order.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    external_line_id: Mapped[str]
    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    description: Mapped[str]
    quantity: Mapped[Quantity]
    unit_price: Mapped[Quantity]
    discount: Mapped[Decimal] = mapped_column(Numeric(7, 6))
    net: Mapped[Amount]
    shipped: Mapped[Quantity]
    returned: Mapped[Quantity]
    invoiced: Mapped[Quantity]
    credited: Mapped[Quantity]
    waived: Mapped[Quantity] = mapped_column(server_default="0")
    soft_reservation_id: Mapped[UUID | None] = mapped_column(ForeignKey("soft_reservation.id"))

    @property
    def to_ship(self) -> Decimal:
        """What has not gone out."""
        return self.quantity - self.shipped

    @property
    def to_invoice(self) -> Decimal:
        """What has gone out and stayed, and is not invoiced; below zero: paid for, and back."""
        return (self.shipped - self.returned) - self.invoiced_or_waived

    @property
    def left_to_invoice(self) -> Decimal:
        """What is ordered, has not come back, and is not invoiced, be it shipped or not."""
        return (self.quantity - self.returned) - self.invoiced_or_waived

    @property
    def invoiced_or_waived(self) -> Decimal:
        """What is invoiced and not credited, or the customer's for nothing."""
        return self.net_invoiced + self.waived

    @property
    def minimum_quantity(self) -> Decimal:
        """How few may be ordered: what has gone out, and what is invoiced before that."""
        if self.invoiced_or_waived <= self.shipped:
            return self.shipped
        return min(self.invoiced_or_waived + self.returned, self.quantity)

    @property
    def net_invoiced(self) -> Decimal:
        """What is invoiced and not credited."""
        return self.invoiced - self.credited

    @property
    def has_fixed_price(self) -> bool:
        """Whether its price is past changing: it is invoiced, or went out and was not yet."""
        return bool(self.net_invoiced) or (bool(self.shipped) and not self.credited)

    @property
    def key(self) -> str:
        """How the system that sent the order knows the line; one that we added by our id."""
        return self.external_line_id or str(self.id)

    def ship(self, quantity: Decimal) -> Decimal:
        """Ship so many, or render them; how many were invoiced before. Raises MoreThanLeft."""
        if quantity > self.to_ship:
            raise MoreThanLeft(
                line=self.description, wanted=plain(quantity), left=plain(self.to_ship)
            )
        ahead = max(self.invoiced_or_waived - (self.shipped - self.returned), Decimal(0))
        self.shipped += quantity
        return min(ahead, quantity)

    def reverse_shipment(self, quantity: Decimal, *, prepaid: Decimal, number: str) -> Decimal:
        """Take a mistaken shipment back: so many are to be shipped again.

        What was invoiced before it left stays invoiced, what the customer was given for nothing is
        open again. How many of those prepaid went to other shipments, which were not invoiced.
        Raises ShipmentInvoiced where more than that is invoiced.
        """
        kept = self.shipped - self.returned
        ahead = max(self.invoiced_or_waived - kept, Decimal(0))
        beyond = max(self.invoiced_or_waived - ahead - (kept - quantity), Decimal(0))
        excess = max(beyond - prepaid, Decimal(0))
        given = min(self.waived, excess)
        if excess > given:
            raise ShipmentInvoiced(
                number=number, line=self.description, invoiced=plain(excess - given)
            )
        self.waived -= given
        self.shipped -= quantity
        return max(prepaid - beyond, Decimal(0))

    def reverse_return(self, quantity: Decimal, *, waived: Decimal) -> None:
        """Take a mistaken return back: the customer has so many after all.

        What of them was credited meanwhile may be invoiced anew.
        """
        self.returned -= quantity
        self.waived += waived

    def credit(self, quantity: Decimal, *, again: bool) -> None:
        """Have so many credited by hand; `again`: they may be invoiced anew, if they stay."""
        self.credited += quantity
        if not again:
            self.waived += quantity

    def receive_return(self, quantity: Decimal, *, credit: bool) -> Decimal:
        """Take so many back; how many of them are to be credited now.

        What was not invoiced, or is credited already, comes back first: the customer pays for
        what he keeps, and what is invoiced before it goes out. Without `credit` nothing is
        credited. Raises MoreThanLeft.
        """
        kept = self.shipped - self.returned
        if quantity > kept:
            raise MoreThanLeft(line=self.description, wanted=plain(quantity), left=plain(kept))
        ahead = max(self.invoiced_or_waived - kept, Decimal(0))
        self.returned += quantity
        excess = max(self.invoiced_or_waived - ahead - (kept - quantity), Decimal(0))
        given = min(self.waived, excess)
        self.waived -= given
        due = excess - given if credit else Decimal(0)
        self.credited += due
        return due


class OrderCharge(Identified, Base):
    """What the customer pays in addition to the goods: freight."""

    __tablename__ = "sales_order_charge"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        enum_check("kind", ChargeKind),
        CheckConstraint("amount > 0", name="amount_positive"),
    )

    order_id: Mapped[UUID] = mapped_column(ForeignKey("sales_order.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    kind: Mapped[str]
    amount: Mapped[Amount]
    invoiced: Mapped[bool]


class ChangeRequest(Identified, Base):
    """A change or cancellation asked for after confirmation, and the answer."""

    __tablename__ = "change_request"
    __table_args__ = (
        enum_check("kind", ChangeKind),
        enum_check("state", ChangeState, CHANGE_FOLLOWING),
        Index("ix_change_request_order_id", "order_id", "recorded_at"),
    )

    order_id: Mapped[UUID] = mapped_column(ForeignKey("sales_order.id"))
    recorded_at: Mapped[datetime]
    kind: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str]
    asked_by: Mapped[str]
    source_version: Mapped[int | None] = mapped_column(BigInteger)
    source_history: Mapped[int | None]


class Shipment(Record, Base):
    """Goods that left for a customer, or came back; a mistaken one may be taken back whole."""

    __tablename__ = "shipment"
    __table_args__ = (
        enum_check("kind", ShipmentKind),
        CheckConstraint("reversed_on >= shipped_on", name="reversed_after"),
        Index("ix_shipment_order_id", "order_id", "created_at"),
        Index("ix_shipment_created_at", "created_at", "id"),
        Index("ix_shipment_updated_at", "updated_at", "id"),
        search_index("ix_shipment_search", shipment_text()),
        Index("ix_shipment_kind_created_at", "kind", "created_at", "id"),
        Index("ix_shipment_shipped_on", "shipped_on", "id"),
        Index(
            "ix_shipment_reversed",
            *("created_at", "id"),
            postgresql_where=text("reversed_on is not null"),
        ),
    )

    number: Mapped[str] = mapped_column(unique=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("sales_order.id"))
    kind: Mapped[str]
    shipped_on: Mapped[date]
    carrier: Mapped[str]
    tracking_number: Mapped[str]
    reversed_on: Mapped[date | None]
    reversal_reason: Mapped[str] = mapped_column(server_default="")

    def reverse(self, *, on: date, reason: str, at: datetime) -> None:
        """Have never left, or come back. Raises ShipmentReversed, InvalidInput (before it)."""
        if self.reversed_on:
            raise ShipmentReversed(number=self.number)
        if on < self.shipped_on:
            wrong = FieldError(
                "/effective_on", "before_shipment", "It was not shipped on this day."
            )
            raise InvalidInput(errors=[wrong])
        self.reversed_on, self.reversal_reason = on, reason
        self.touch(at)


class ShipmentLine(Identified, Base):
    """What of an order line went along; `prepaid` of it was invoiced before.

    Of what came back, `waived` was the customer's for nothing until then.
    """

    __tablename__ = "shipment_line"
    __table_args__ = (
        UniqueConstraint("shipment_id", "order_line_id"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("prepaid >= 0 and prepaid <= quantity", name="prepaid_part"),
        CheckConstraint("waived >= 0 and waived <= quantity", name="waived_part"),
        Index("ix_shipment_line_order_line_id", "order_line_id"),
    )

    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"))
    order_line_id: Mapped[UUID] = mapped_column(ForeignKey("sales_order_line.id"))
    quantity: Mapped[Quantity]
    prepaid: Mapped[Quantity] = mapped_column(server_default="0")
    waived: Mapped[Quantity] = mapped_column(server_default="0")
