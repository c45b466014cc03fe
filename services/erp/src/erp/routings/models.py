"""Routings with their operations: what they are, and what they refuse."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    Text,
    UniqueConstraint,
    column,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, ExcludeConstraint
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Identified, Quantity
from chassis.storage.states import enum_check
from erp.base import Base
from erp.routings.errors import ReversedRoutingDays
from erp.routings.states import ROUTING_FOLLOWING, Breaks, RoutingStatus, RunBasis
from records.entities import CustomRecord, Values, list_indexes

__all__ = ["Operation", "Routing", "RoutingOperation"]


@dataclass(frozen=True, slots=True)
class Operation:
    """A step of a routing; times are minutes of working time.

    `alternates`: other work centres that can do it, the preferred one first.
    """

    sequence: int
    name: str
    work_centre_id: UUID
    alternates: list[UUID]
    setup_minutes: Decimal
    run_minutes: Decimal
    run_basis: str
    batch_quantity: Decimal
    queue_minutes: Decimal
    yield_part: Decimal
    skills: list[str]
    tools: list[str]
    supplier_id: UUID | None
    setup_family: str
    breaks: str


class Routing(CustomRecord, Base):
    """A revision: the operations by which an item is made, within a period.

    Operations stand in a table of their own; they are loaded with it where it is written, and are
    a field of it there.
    """

    __tablename__ = "routing"
    __table_args__ = (
        UniqueConstraint("item_id", "label"),
        CheckConstraint("label <> ''", name="label_given"),
        CheckConstraint("effective_to >= effective_from", name="period_in_order"),
        enum_check("status", RoutingStatus, ROUTING_FOLLOWING),
        ExcludeConstraint(
            (column("item_id"), "="),
            (literal_column("daterange(effective_from, effective_to, '[]')"), "&&"),
            where=text("status = 'active'"),
            using="gist",
            name="ex_routing_overlap",
        ),
        *list_indexes("routing", "status", "item_id", named=False),
    )

    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    label: Mapped[str]
    effective_from: Mapped[date | None]
    effective_to: Mapped[date | None]
    note: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default=RoutingStatus.DRAFT)
    activated_in: Mapped[int | None] = mapped_column(BigInteger)
    """The transaction in which it left the draft; the database notes it, nobody else."""

    @property
    def operations(self) -> list[Operation]:
        """Its operations, in their sequence."""
        found: list[Operation] = self.__dict__.get("_operations", [])
        return list(found)

    @operations.setter
    def operations(self, operations: list[Operation]) -> None:
        self.__dict__["_operations"] = operations

    def apply(self, values: Values) -> dict[str, Any]:
        """Take over the values that differ. Raises ReversedRoutingDays."""
        changed = super().apply(values)
        begin, end = self.effective_from, self.effective_to
        if begin and end and end < begin:
            raise ReversedRoutingDays(effective_from=begin, effective_to=end)
        return changed


class RoutingOperation(Identified, Base):
    """An operation of a routing."""

    __tablename__ = "routing_operation"
    __table_args__ = (
        UniqueConstraint("routing_id", "sequence"),
        CheckConstraint("sequence between 1 and 9999", name="sequence_range"),
        CheckConstraint(
            "setup_minutes >= 0 and run_minutes >= 0 and queue_minutes >= 0",
            name="minutes_not_negative",
        ),
        CheckConstraint("batch_quantity > 0", name="batch_positive"),
        CheckConstraint("yield_part > 0 and yield_part <= 1", name="yield_range"),
        enum_check("run_basis", RunBasis),
        enum_check("breaks", Breaks),
        Index("ix_routing_operation_work_centre_id", "work_centre_id"),
        Index("ix_routing_operation_supplier_id", "supplier_id"),
    )

    routing_id: Mapped[UUID] = mapped_column(ForeignKey("routing.id", ondelete="cascade"))
    sequence: Mapped[int] = mapped_column(Integer)
    name: Mapped[str]
    work_centre_id: Mapped[UUID] = mapped_column(ForeignKey("work_centre.id"))
    alternates: Mapped[list[UUID]] = mapped_column(ARRAY(PG_UUID(as_uuid=True)))
    setup_minutes: Mapped[Quantity]
    run_minutes: Mapped[Quantity]
    run_basis: Mapped[str]
    batch_quantity: Mapped[Quantity]
    queue_minutes: Mapped[Quantity]
    yield_part: Mapped[Decimal] = mapped_column(Numeric(7, 6))
    skills: Mapped[list[str]] = mapped_column(ARRAY(Text))
    tools: Mapped[list[str]] = mapped_column(ARRAY(Text))
    supplier_id: Mapped[UUID | None] = mapped_column(ForeignKey("supplier.id"))
    setup_family: Mapped[str] = mapped_column(default="", server_default="")
    breaks: Mapped[str] = mapped_column(default=Breaks.SPLIT, server_default=Breaks.SPLIT)
