"""Lots and what lies of them: what they are, and what the database promises of them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Identified, Quantity
from chassis.storage.folding import search_index
from chassis.storage.states import enum_check
from erp.base import Base
from erp.searched import LOT_NUMBERS
from erp.stock.errors import LotExpiresFirst
from erp.stock.states import LOT_FOLLOWING, LotEdgeKind, LotOwner, LotQuality
from records.entities import CustomRecord, Values, list_indexes

__all__ = ["Lot", "LotEdge", "LotProof", "LotStock"]

_USABLE = """reserved = 0 or owner = 'own' and quality = 'released'
  and reserved_on is not null and reserved_on <= usable_until"""
_KEY = ("item_id", "owner", "quality", "usable_until")


class Lot(CustomRecord, Base):
    """Goods of an item that were made, or came, as one; whose they are, and whether to use them."""

    __tablename__ = "lot"
    __table_args__ = (
        ForeignKeyConstraint(["item_id", "tracking"], ["item.id", "item.tracking"]),
        CheckConstraint("tracking = 'lot'", name="tracked_by_lot"),
        CheckConstraint("number <> ''", name="number_given"),
        CheckConstraint("(owner = 'own') = (owner_id is null)", name="others_named"),
        CheckConstraint("expires_on >= made_on", name="expires_after_made"),
        enum_check("owner", LotOwner),
        enum_check("quality", LotQuality, LOT_FOLLOWING),
        UniqueConstraint(
            *("item_id", "number", "owner_id"),
            postgresql_nulls_not_distinct=True,
        ),
        UniqueConstraint("id", "item_id"),
        UniqueConstraint("id", *_KEY),
        *list_indexes("lot", "quality", "item_id", named=False),
        Index("ix_lot_number", "number", "id"),
        Index("ix_lot_usable_until", "usable_until", "id"),
        Index("ix_lot_supplier_id", "supplier_id"),
        Index("ix_lot_owner_customer_id", "owner_customer_id"),
        Index("ix_lot_owner_supplier_id", "owner_supplier_id"),
        search_index("ix_lot_search", LOT_NUMBERS),
    )

    item_id: Mapped[UUID]
    tracking: Mapped[str] = mapped_column(default="lot", server_default="lot")
    number: Mapped[str]
    owner: Mapped[str] = mapped_column(default=LotOwner.OWN)
    owner_id: Mapped[UUID | None]
    owner_customer_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("customer.id"),
        Computed("case when owner = 'customer' then owner_id end", persisted=True),
    )
    owner_supplier_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("supplier.id"),
        Computed("case when owner = 'supplier' then owner_id end", persisted=True),
    )
    supplier_id: Mapped[UUID | None] = mapped_column(ForeignKey("supplier.id"))
    supplier_lot: Mapped[str] = mapped_column(default="")
    made_on: Mapped[date | None]
    expires_on: Mapped[date | None]
    usable_until: Mapped[date] = mapped_column(
        Computed("coalesce(expires_on, date 'infinity')", persisted=True)
    )
    quality: Mapped[str] = mapped_column(default=LotQuality.RELEASED)
    quality_reason: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")

    def apply(self, values: Values) -> dict[str, Any]:
        """Take over the values that differ. Raises LotExpiresFirst."""
        before = super().apply(values)
        if self.made_on and self.expires_on and self.expires_on < self.made_on:
            raise LotExpiresFirst(
                number=self.number, made_on=self.made_on, expires_on=self.expires_on
            )
        return before


class LotStock(Base):
    """What of a lot lies at a location, and how much of it is reserved.

    It repeats whose the lot is and whether it may be used, so that a CHECK says what is reserved:
    only goods of ours, released, on a day before they expire (E40).
    """

    __tablename__ = "lot_stock"
    __table_args__ = (
        ForeignKeyConstraint(
            ["lot_id", *_KEY], ["lot.id", *(f"lot.{one}" for one in _KEY)], onupdate="cascade"
        ),
        CheckConstraint("reserved >= 0 and reserved <= on_hand", name="reserved_on_hand"),
        CheckConstraint(_USABLE, name="reserved_is_usable"),
        Index(
            "ix_lot_stock_item_id",
            *("item_id", "location_id"),
            postgresql_where=text("on_hand > 0"),
        ),
    )

    lot_id: Mapped[UUID] = mapped_column(primary_key=True)
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"), primary_key=True)
    item_id: Mapped[UUID]
    owner: Mapped[str]
    quality: Mapped[str]
    usable_until: Mapped[date]
    on_hand: Mapped[Quantity]
    reserved: Mapped[Quantity]
    reserved_on: Mapped[date | None]
    received_on: Mapped[date]


class LotProof(Base):
    """What moves say lies of a lot: counted by a trigger, and by nothing else."""

    __tablename__ = "lot_proof"

    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"), primary_key=True)
    quantity: Mapped[Quantity]


class LotEdge(Identified, Base):
    """So many of a lot became goods of another, by an act that `source_id` names. Written once."""

    __tablename__ = "lot_genealogy"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("from_lot_id <> to_lot_id", name="two_lots"),
        enum_check("kind", LotEdgeKind),
        Index("ix_lot_genealogy_from_lot_id", "from_lot_id", "to_lot_id"),
        Index("ix_lot_genealogy_to_lot_id", "to_lot_id", "from_lot_id"),
        Index("ix_lot_genealogy_source_id", "source_id"),
    )

    from_lot_id: Mapped[UUID] = mapped_column(ForeignKey("lot.id"))
    to_lot_id: Mapped[UUID] = mapped_column(ForeignKey("lot.id"))
    quantity: Mapped[Quantity]
    kind: Mapped[str]
    source_id: Mapped[UUID]
    effective_on: Mapped[date]
    recorded_at: Mapped[datetime]
    actor: Mapped[str]
