"""Locations, levels, moves and valuations: what they are, and what they refuse."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Amount, Identified, Quantity
from chassis.storage.folding import search_index
from chassis.storage.states import enum_check
from erp.base import Base
from erp.searched import NUMBER, memo_text
from erp.stock.errors import (
    NoCostOnDay,
    SerialsNeeded,
    SerialsNotKept,
    ShortOnDay,
    TooLittleOnHand,
)
from erp.stock.rules.valuation import DayEnds, cost_as_of, earliest_possible_day, short_day
from erp.stock.states import LocationKind
from erp.sums import bookable
from records.entities import Record, list_indexes
from values.decimals import plain

__all__ = [
    "ItemValuation",
    "Level",
    "Location",
    "Move",
    "OpeningStock",
    "Serial",
    "StockProof",
    "Warehouse",
]


class Warehouse(Record, Base):
    """A building with stock of ours."""

    __tablename__ = "warehouse"
    __table_args__ = list_indexes("warehouse", named=False)

    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]


class Location(Record, Base):
    """A location goods are moved from or to: inside a warehouse, or outside."""

    __tablename__ = "location"
    __table_args__ = (
        enum_check("kind", LocationKind),
        CheckConstraint(
            "(kind = 'internal') = (warehouse_id is not null)", name="inside_a_warehouse"
        ),
        Index("ix_location_warehouse_id", "warehouse_id"),
        Index(
            "uq_location_outside", "kind", unique=True, postgresql_where=text("kind <> 'internal'")
        ),
    )

    warehouse_id: Mapped[UUID | None] = mapped_column(ForeignKey("warehouse.id"))
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str]


class Level(Base):
    """What of an item is at one location, and how much of it is reserved."""

    __tablename__ = "stock_level"
    __table_args__ = (
        CheckConstraint(
            "reserved >= 0 and restricted >= 0 and reserved + restricted <= on_hand",
            name="reserved_on_hand",
        ),
        CheckConstraint("owner = 'own' and quality = 'good'", name="own_good_stock"),
        ForeignKeyConstraint(
            ["item_id", "tracking"], ["item.id", "item.tracking"], onupdate="cascade"
        ),
        Index("ix_stock_level_location_id", "location_id"),
        Index(
            "uq_stock_level_key",
            text("(md5((item_id::text || location_id::text) || lot)::uuid)"),
            unique=True,
        ),
    )

    item_id: Mapped[UUID] = mapped_column(primary_key=True)
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"), primary_key=True)
    tracking: Mapped[str]
    lot: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(primary_key=True)
    quality: Mapped[str] = mapped_column(primary_key=True)
    on_hand: Mapped[Quantity]
    reserved: Mapped[Quantity]
    restricted: Mapped[Quantity] = mapped_column(server_default=text("0"))
    """What lies in lots that may not be used, and is not reserved; of other items what is withheld.
    """
    soft_reserved_until: Mapped[datetime | None]
    """No soft reservation of the item lives longer; null: it has had none. Only ever later, so that
    whoever holds the level locked sees whether to look for some.
    """

    @property
    def free(self) -> Decimal:
        """What may be used and is promised to nobody."""
        return self.on_hand - self.reserved - self.restricted

    @property
    def tracked(self) -> bool:
        """Whether each piece has a serial."""
        return self.tracking == "serial"

    def check_serials(self, quantity: Decimal, named: int, *, sku: str) -> None:
        """See that there is one serial for each piece, or none where none are kept (E28).

        Raises SerialsNotKept, SerialsNeeded.
        """
        if not self.tracked and named:
            raise SerialsNotKept(sku=sku)
        if self.tracked and named != abs(quantity):
            raise SerialsNeeded(sku=sku, quantity=plain(abs(quantity)), named=named)

    def reserve(self, wanted: Decimal) -> Decimal:
        """Reserve as much of the wanted as is free; how much that was."""
        taken = max(min(self.free, wanted), Decimal(0))
        self.reserved += taken
        return taken

    def release(self, quantity: Decimal) -> None:
        """Give back what was reserved."""
        self.reserved -= quantity

    def receive(self, quantity: Decimal) -> None:
        """Receive goods."""
        self.on_hand += quantity

    def withhold(self, quantity: Decimal) -> None:
        """Keep so many from being used, or (negative) let them be used again."""
        self.restricted += quantity

    def issue_reserved(self, quantity: Decimal) -> None:
        """Issue what was reserved."""
        self.reserved -= quantity
        self.on_hand -= quantity

    def issue_free(self, quantity: Decimal, *, sku: str, restricted: Decimal = Decimal(0)) -> None:
        """Issue what is reserved for nobody, of it so many that are `restricted`.

        Raises TooLittleOnHand.
        """
        if quantity > restricted:
            self.require_free(quantity - restricted, sku=sku, wanted=quantity)
        self.on_hand -= quantity

    def require_free(self, quantity: Decimal, *, sku: str, wanted: Decimal | None = None) -> None:
        """See that so many are free, as part of what is `wanted`. Raises TooLittleOnHand."""
        if quantity > self.free:
            raise TooLittleOnHand(sku=sku, wanted=plain(wanted or quantity), free=plain(self.free))


class Serial(Identified, Base):
    """The number of one piece of an item, and the one place where that piece is (E28).

    The place is where its last move brought it; only a move changes it.
    """

    __tablename__ = "serial"
    __table_args__ = (
        UniqueConstraint("item_id", "number"),
        CheckConstraint("number <> ''", name="number_given"),
        Index("ix_serial_item_id_location_id", "item_id", "location_id", "id"),
        Index("ix_serial_number", "number", "id"),
        search_index("ix_serial_search", NUMBER),
    )

    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    number: Mapped[str]
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"))
    move_id: Mapped[UUID] = mapped_column(ForeignKey("stock_move.id", use_alter=True))


_TRACKING = """tracking = case when serial is not null then 'serial'
  when lot_id is not null then 'lot' else 'none' end and (serial is null or lot_id is null)"""


class Move(Identified, Base):
    """Goods that went from one location to another. Written once, never changed."""

    __tablename__ = "stock_move"
    __table_args__ = (
        CheckConstraint("from_location_id <> to_location_id", name="two_ends"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("serial is null or quantity = 1", name="serial_is_one"),
        CheckConstraint("value >= 0", name="value_not_negative"),
        CheckConstraint(_TRACKING, name="tracked"),
        ForeignKeyConstraint(["item_id", "tracking"], ["item.id", "item.tracking"]),
        ForeignKeyConstraint(["lot_id", "item_id"], ["lot.id", "lot.item_id"]),
        ForeignKeyConstraint(["item_id", "serial"], ["serial.item_id", "serial.number"]),
        Index("ix_stock_move_item_id_effective_on", "item_id", "effective_on"),
        Index("ix_stock_move_item_id_recorded_at", "item_id", "recorded_at", "id"),
        Index(
            "ix_stock_move_serial",
            *("item_id", "serial", "recorded_at", "id"),
            postgresql_where=text("serial is not null"),
        ),
        Index(
            "ix_stock_move_serial_source_id",
            *("source_id", "item_id", "id"),
            postgresql_where=text("serial is not null"),
        ),
        Index(
            "ix_stock_move_lot_id",
            *("lot_id", "recorded_at", "id"),
            postgresql_where=text("lot_id is not null"),
        ),
        Index("ix_stock_move_recorded_at", "recorded_at", "id"),
        Index("ix_stock_move_source_type_recorded_at", "source_type", "recorded_at", "id"),
        Index("ix_stock_move_effective_on", "effective_on", "id"),
        Index("ix_stock_move_source_id", "source_id"),
        search_index("ix_stock_move_search", memo_text()),
        Index(
            "ix_stock_move_order_line_id",
            "order_line_id",
            postgresql_where=text("order_line_id is not null"),
        ),
    )

    item_id: Mapped[UUID]
    from_location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"))
    to_location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"))
    lot: Mapped[str]
    serial: Mapped[str | None]
    tracking: Mapped[str] = mapped_column(server_default="none")
    lot_id: Mapped[UUID | None]
    quantity: Mapped[Quantity]
    value: Mapped[Amount]
    effective_on: Mapped[date]
    recorded_at: Mapped[datetime]
    source_type: Mapped[str]
    source_id: Mapped[UUID]
    memo: Mapped[str]
    order_line_id: Mapped[UUID | None]
    actor: Mapped[str]


class ItemValuation(Base):
    """What the stock of an item in a warehouse is worth: an amount, whose quotient is the cost."""

    __tablename__ = "item_valuation"
    __table_args__ = (
        CheckConstraint("quantity >= 0 and value >= 0", name="not_negative"),
        CheckConstraint("quantity > 0 or value = 0", name="nothing_is_worth_nothing"),
        CheckConstraint(bookable("value"), name="bookable"),
    )

    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"), primary_key=True)
    warehouse_id: Mapped[UUID] = mapped_column(ForeignKey("warehouse.id"), primary_key=True)
    quantity: Mapped[Quantity]
    value: Mapped[Amount]
    moved_on: Mapped[date | None]

    def receive(self, quantity: Decimal, value: Decimal) -> None:
        """Goods came in, for so much."""
        self.quantity += quantity
        self.value += value

    def issue(
        self, quantity: Decimal, ends: DayEnds, *, sku: str, decimals: int, value: Decimal | None
    ) -> Decimal:
        """Goods went out on the first of the days; what they were worth.

        `value`: what goes back was received at (E36). Raises ShortOnDay, NoCostOnDay.
        """
        short = short_day(quantity, ends)
        cost = None if short else cost_as_of(quantity, ends, decimals=decimals, value=value)
        if cost is None:
            first = earliest_possible_day(quantity, ends, decimals=decimals)
            facts: dict[str, Any] = {"effective_on": ends[0].day, "possible_from": first}
            if short:
                facts |= {"day": short.day, "on_hand": plain(short.quantity)}
            raise (ShortOnDay if short else NoCostOnDay)(sku=sku, wanted=plain(quantity), **facts)
        self.quantity -= quantity
        self.value -= cost
        return cost


class StockProof(Base):
    """What moves and books say an item's stock is: counted by triggers, and by nothing else."""

    __tablename__ = "stock_proof"

    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"), primary_key=True)
    warehouse_id: Mapped[UUID] = mapped_column(ForeignKey("warehouse.id"), primary_key=True)
    quantity: Mapped[Quantity]
    value: Mapped[Amount]
    booked: Mapped[Amount]
    moved_on: Mapped[date | None]
    changed_from: Mapped[date | None]
    proven_from: Mapped[date | None]


class OpeningStock(Record, Base):
    """What lay there when the books were opened, as another system tells it."""

    __tablename__ = "opening_stock"
    __table_args__ = (
        CheckConstraint("quantity > 0 and value >= 0", name="something"),
        Index("ix_opening_stock_item_id", "item_id"),
    )

    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    quantity: Mapped[Quantity]
    value: Mapped[Amount]
    effective_on: Mapped[date]
    serials: Mapped[list[str]] = mapped_column(ARRAY(Text))
    lots: Mapped[list[dict[str, Any]]] = mapped_column(
        JSONB, default=list, server_default=text("'[]'")
    )
    """Number and quantity of each lot, by number."""
