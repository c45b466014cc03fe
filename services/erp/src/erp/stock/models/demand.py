"""Demand of orders, what is expected, and what is published of both."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Identified, Quantity
from erp.base import Base
from erp.stock.errors import (
    AlreadyShipped,
    NotReserved,
    NotShipped,
)
from values.decimals import plain

__all__ = ["Availability", "Demand", "Incoming"]


class Demand(Base):
    """What an order line needs of an item: reserved, shipped, and waited for."""

    __tablename__ = "demand"
    __table_args__ = (
        CheckConstraint(
            "reserved >= 0 and shipped >= 0 and reserved + shipped <= wanted", name="within_wanted"
        ),
        Index(
            "ix_demand_waiting",
            "item_id",
            "promised_on",
            "place",
            postgresql_where=text("reserved + shipped < wanted"),
        ),
        Index(
            "ix_demand_reserved",
            *("item_id", "promised_on", "place"),
            postgresql_where=text("reserved > 0"),
        ),
        Index("ix_demand_order_id", "order_id"),
        Index("ix_demand_item_id_needed_on", "item_id", "needed_on"),
    )

    order_line_id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"))
    wanted: Mapped[Quantity]
    reserved: Mapped[Quantity]
    shipped: Mapped[Quantity]
    needed_on: Mapped[date]
    promised_on: Mapped[date | None]
    place: Mapped[int] = mapped_column(BigInteger, Identity(always=True))

    @property
    def queue_order(self) -> tuple[date, int]:
        """The order in which goods are allocated: first promised first, then first come."""
        return self.promised_on or date.max, self.place

    @property
    def waiting(self) -> Decimal:
        """What is neither shipped nor reserved."""
        return self.wanted - self.reserved - self.shipped

    def change_quantity(self, wanted: Decimal, *, sku: str) -> Decimal:
        """Order so many in all from now on; how many reserved ones that frees.

        What waits is given up first. Raises AlreadyShipped.
        """
        if wanted < self.shipped:
            raise AlreadyShipped(sku=sku, wanted=plain(wanted), shipped=plain(self.shipped))
        freed = max(self.reserved + self.shipped - wanted, Decimal(0))
        self.wanted = wanted
        self.reserved -= freed
        return freed

    def reserve(self, quantity: Decimal) -> None:
        """Reserve so many of those that were waited for."""
        self.reserved += quantity

    def unreserve(self, quantity: Decimal) -> None:
        """Wait again for so many of the reserved."""
        self.reserved -= quantity

    def ship(self, quantity: Decimal, *, sku: str) -> None:
        """Ship so many of the reserved. Raises NotReserved."""
        if quantity > self.reserved:
            raise NotReserved(sku=sku, wanted=plain(quantity), reserved=plain(self.reserved))
        self.reserved -= quantity
        self.shipped += quantity

    def reverse_return(self, quantity: Decimal) -> None:
        """Reverse a return: so many are with the customer after all."""
        self.shipped += quantity
        self.wanted += quantity

    def receive_return(self, quantity: Decimal, *, sku: str) -> None:
        """Take so many of the shipped back; they are not wanted again. Raises NotShipped."""
        if quantity > self.shipped:
            raise NotShipped(sku=sku, wanted=plain(quantity), shipped=plain(self.shipped))
        self.shipped -= quantity
        self.wanted -= quantity


class Incoming(Base):
    """What a supplier is expected to deliver, or production to make."""

    __tablename__ = "incoming"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        Index("ix_incoming_item_id", "item_id", "due_on"),
    )

    source_line_id: Mapped[UUID] = mapped_column(primary_key=True)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    quantity: Mapped[Quantity]
    due_on: Mapped[date]


class Availability(Identified, Base):
    """How often an item's availability was published; the version of its event."""

    __tablename__ = "availability"

    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"), unique=True)
    version: Mapped[int]
