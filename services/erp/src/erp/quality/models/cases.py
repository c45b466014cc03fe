"""Cases, dispositions and corrective actions: what they are, and what they refuse."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Text, text
from sqlalchemy import Sequence as Numbers
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Amount, Identified, Quantity
from chassis.storage.folding import search_index
from chassis.storage.states import enum_check
from erp.base import Base
from erp.quality.errors import CaseNotOpen, MoreThanUndisposed
from erp.quality.states import CASE_FOLLOWING, CaseSource, CaseState, DispositionKind
from erp.searched import NUMBER
from values.decimals import plain

__all__ = ["CorrectiveAction", "Disposition", "Nonconformance"]

CASE_NUMBERS = Numbers("nonconformance_number_seq", metadata=Base.metadata)


class Nonconformance(Identified, Base):
    """Goods that do not conform, why, and what became of them (E64)."""

    __tablename__ = "nonconformance"
    __table_args__ = (
        CheckConstraint("quantity > 0 and disposed >= 0 and disposed <= quantity", name="of_it"),
        CheckConstraint(
            "withheld >= 0 and withheld <= quantity - disposed", name="withheld_is_left"
        ),
        CheckConstraint("state <> 'closed' or disposed = quantity", name="closed_is_disposed"),
        CheckConstraint(
            "state <> 'cancelled' or disposed = 0 and withheld = 0", name="cancelled_untouched"
        ),
        CheckConstraint(
            "(source = 'inspection') = (inspection_id is not null)", name="inspection_named"
        ),
        CheckConstraint(
            "(source = 'complaint') = (external_id is not null)"
            " and (external_id is null) = (system is null)",
            name="complaint_named",
        ),
        enum_check("source", CaseSource),
        enum_check("state", CaseState, CASE_FOLLOWING),
        Unique("system", "external_id"),
        Index("ix_nonconformance_created_at", "created_at", "id"),
        Index("ix_nonconformance_updated_at", "updated_at", "id"),
        Index("ix_nonconformance_state_created_at", "state", "created_at", "id"),
        *(
            Index(f"ix_nonconformance_{one}", one)
            for one in (
                *("item_id", "lot_id", "inspection_id", "supplier_id", "customer_id"),
                *("order_id", "production_order_id"),
            )
        ),
        search_index("ix_nonconformance_search", NUMBER),
    )

    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer)
    number: Mapped[str] = mapped_column(unique=True)
    source: Mapped[str]
    state: Mapped[str]
    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("lot.id"))
    serials: Mapped[list[str]] = mapped_column(ARRAY(Text))
    quantity: Mapped[Quantity]
    disposed: Mapped[Quantity]
    withheld: Mapped[Quantity]
    cost: Mapped[Amount]
    description: Mapped[str]
    cause_code: Mapped[str]
    cause: Mapped[str]
    inspection_id: Mapped[UUID | None] = mapped_column(ForeignKey("inspection.id"))
    supplier_id: Mapped[UUID | None] = mapped_column(ForeignKey("supplier.id"))
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("sales_order.id"))
    production_order_id: Mapped[UUID | None] = mapped_column(ForeignKey("production_order.id"))
    system: Mapped[str | None]
    external_id: Mapped[str | None]
    links: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """What a complaint was traced to, when it was taken up."""
    actor: Mapped[str]

    @property
    def left(self) -> Decimal:
        """What is not disposed of."""
        return self.quantity - self.disposed

    def require_open(self) -> None:
        """Raises CaseNotOpen."""
        if self.state != CaseState.OPEN:
            raise CaseNotOpen(number=self.number, state=self.state)

    def dispose(self, quantity: Decimal) -> Decimal:
        """Dispose of so many; how many of these are withheld. Raises MoreThanUndisposed."""
        if quantity > self.left:
            raise MoreThanUndisposed(
                number=self.number, quantity=plain(quantity), left=plain(self.left)
            )
        withheld = min(quantity, self.withheld)
        self.disposed += quantity
        self.withheld -= withheld
        return withheld


class Disposition(Identified, Base):
    """What became of so many of a case. Written once; stock and books name it."""

    __tablename__ = "nonconformance_disposition"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint(
            "(kind = 'return_to_supplier') = (purchase_return_id is not null)"
            " and (kind = 'rework') = (inspection_id is not null)",
            name="booked_as",
        ),
        enum_check("kind", DispositionKind),
        Index("ix_nonconformance_disposition_nonconformance_id", "nonconformance_id", "id"),
        Index("ix_nonconformance_disposition_purchase_return_id", "purchase_return_id"),
        Index("ix_nonconformance_disposition_inspection_id", "inspection_id"),
    )

    nonconformance_id: Mapped[UUID] = mapped_column(ForeignKey("nonconformance.id"))
    kind: Mapped[str]
    quantity: Mapped[Quantity]
    serials: Mapped[list[str]] = mapped_column(ARRAY(Text))
    cost: Mapped[Amount]
    note: Mapped[str]
    purchase_return_id: Mapped[UUID | None] = mapped_column(ForeignKey("purchase_return.id"))
    inspection_id: Mapped[UUID | None] = mapped_column(ForeignKey("inspection.id"))
    effective_on: Mapped[date]
    recorded_at: Mapped[datetime]
    actor: Mapped[str]


class CorrectiveAction(Identified, Base):
    """What somebody does until a day so that it does not happen again."""

    __tablename__ = "corrective_action"
    __table_args__ = (
        Unique("nonconformance_id", "position"),
        CheckConstraint("position > 0", name="position_positive"),
        CheckConstraint("description <> '' and owner <> ''", name="named"),
        Index(
            "ix_corrective_action_due_on", "due_on", "id", postgresql_where=text("done_on is null")
        ),
    )

    nonconformance_id: Mapped[UUID] = mapped_column(ForeignKey("nonconformance.id"))
    position: Mapped[int] = mapped_column(Integer)
    description: Mapped[str]
    owner: Mapped[str]
    due_on: Mapped[date]
    done_on: Mapped[date | None]
    result: Mapped[str]
    recorded_at: Mapped[datetime]
    actor: Mapped[str]
