"""What is withheld of items without lots: by an inspection that is not decided, or by a case."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Identified, Quantity
from erp.base import Base

__all__ = ["StockHold"]


class StockHold(Identified, Base):
    """So many of an item, or one serial of it, that nobody uses until it is decided (E64).

    `source_id` is the inspection or the nonconformance that withholds it. Together they are what
    the level has as restricted; the database compares both at COMMIT. Of items in lots the state
    of the lot says it.
    """

    __tablename__ = "stock_hold"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("serial is null or quantity = 1", name="serial_is_one"),
        ForeignKeyConstraint(["item_id", "serial"], ["serial.item_id", "serial.number"]),
        Index("ix_stock_hold_source_id", "source_id"),
        Index("ix_stock_hold_item_id", "item_id", "id"),
        Index(
            "uq_stock_hold_serial",
            *("item_id", "serial"),
            unique=True,
            postgresql_where=text("serial is not null"),
        ),
        Index(
            "uq_stock_hold_source_id_item_id",
            *("item_id", "source_id"),
            unique=True,
            postgresql_where=text("serial is null"),
        ),
    )

    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    source_id: Mapped[UUID]
    serial: Mapped[str | None]
    quantity: Mapped[Quantity]
