"""Soft reservations: what they are, and what they refuse."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, text
from sqlalchemy import Sequence as Numbers
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Identified, Quantity
from chassis.storage.folding import search_index
from chassis.storage.states import enum_check
from erp.base import Base
from erp.searched import NUMBER
from erp.stock.refusals import SoftReservationEnded, SoftReservationNotFor
from erp.stock.states import SOFT_FOLLOWING, SoftReservationState

__all__ = ["SoftReservation"]

SOFT_RESERVATION_NUMBERS = Numbers("soft_reservation_number_seq", metadata=Base.metadata)


class SoftReservation(Identified, Base):
    """So many of an item, promised to somebody for a day until it expires or an order uses it.

    No goods are reserved: every later promise counts it as needed on its day (E37). It takes its
    place in the same queue as the demand of orders.
    """

    __tablename__ = "soft_reservation"
    __table_args__ = (
        enum_check("state", SoftReservationState, SOFT_FOLLOWING),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("promised_on >= wanted_on", name="promised_from_wanted"),
        CheckConstraint(
            "(state = 'used') = (order_line_id is not null)"
            " and (order_line_id is null) = (order_id is null)",
            name="used_by_a_line",
        ),
        CheckConstraint(
            "used >= 0 and used <= quantity and (used > 0) = (state = 'used')", name="used_of_it"
        ),
        CheckConstraint("expires_at > created_at", name="expires_later"),
        Index("uq_soft_reservation_order_line_id", "order_line_id", unique=True),
        Index(
            "ix_soft_reservation_open",
            *("item_id", "expires_at"),
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_soft_reservation_created_at", "created_at", "id"),
        Index("ix_soft_reservation_updated_at", "updated_at", "id"),
        Index("ix_soft_reservation_state_created_at", "state", "created_at", "id"),
        Index("ix_soft_reservation_expires_at", "expires_at", "id"),
        Index("ix_soft_reservation_promised_on", "promised_on", "id"),
        Index("ix_soft_reservation_item_id", "item_id", "id"),
        Index("ix_soft_reservation_customer_id", "customer_id"),
        Index("ix_soft_reservation_order_id", "order_id"),
        search_index("ix_soft_reservation_search", NUMBER),
    )

    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer)
    number: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str]
    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))
    quantity: Mapped[Quantity]
    wanted_on: Mapped[date]
    promised_on: Mapped[date]
    expires_at: Mapped[datetime]
    used: Mapped[Quantity] = mapped_column(server_default=text("0"))
    order_id: Mapped[UUID | None]
    order_line_id: Mapped[UUID | None]
    reference: Mapped[str]
    note: Mapped[str]
    place: Mapped[int] = mapped_column(
        BigInteger, server_default=text("nextval('demand_place_seq'::regclass)")
    )
    actor: Mapped[str]

    def is_live(self, now: datetime) -> bool:
        """Whether it counts at that time: neither used, nor released, nor expired."""
        return self.state == SoftReservationState.OPEN and self.expires_at > now

    def require_live(self, now: datetime) -> None:
        """Raises SoftReservationEnded."""
        if not self.is_live(now):
            state = self.state if self.state != SoftReservationState.OPEN else "expired"
            raise SoftReservationEnded(number=self.number, state=state)

    def require_for(self, item_id: UUID, customer_id: UUID | None) -> None:
        """Raises SoftReservationNotFor: it is of another item, or for another customer."""
        other = self.customer_id and customer_id and self.customer_id != customer_id
        if self.item_id != item_id or other:
            raise SoftReservationNotFor(number=self.number)

    def use(self, quantity: Decimal, *, order_id: UUID, order_line_id: UUID) -> None:
        """Be used by an order line that wants so many; the rest is free again."""
        self.state = SoftReservationState.USED
        self.used = min(self.quantity, quantity)
        self.order_id, self.order_line_id = order_id, order_line_id

    def touch(self, at: datetime) -> None:
        """Count one more change."""
        self.version += 1
        self.updated_at = at
