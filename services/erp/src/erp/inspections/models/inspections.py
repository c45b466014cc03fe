"""Inspections with results and verdicts: what they are, and what they refuse."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Numeric, Text, text
from sqlalchemy import Sequence as Numbers
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Identified, Quantity
from chassis.storage.folding import search_index
from chassis.storage.states import enum_check
from erp.base import Base
from erp.inspections.errors import (
    MoreThanPending,
    NotBeforeShipment,
    NothingPending,
    PendingChanged,
    SerialNotPending,
)
from erp.inspections.states import InspectionSource, InspectionStage
from erp.searched import NUMBER
from values.decimals import plain

__all__ = ["Inspection", "InspectionResult", "InspectionVerdict"]

INSPECTION_NUMBERS = Numbers("inspection_number_seq", metadata=Base.metadata)
_NONE = text("0")


class Inspection(Identified, Base):
    """Goods that are looked at before they are used: accepted, rejected and pending (E64)."""

    __tablename__ = "inspection"
    __table_args__ = (
        CheckConstraint(
            "accepted + rejected + pending + cancelled = quantity and quantity > 0"
            " and accepted >= 0 and rejected >= 0 and pending >= 0 and cancelled >= 0",
            name="adds_up",
        ),
        CheckConstraint("shipped >= 0 and shipped <= accepted", name="shipped_was_accepted"),
        CheckConstraint("cancelled = 0 or stage = 'shipment'", name="cancelled_before_shipment"),
        CheckConstraint(
            "(stage = 'shipment') = (order_line_id is not null)", name="shipment_of_a_line"
        ),
        CheckConstraint("sample_size > 0", name="sample_positive"),
        CheckConstraint("acceptance_number >= 0", name="acceptance_not_negative"),
        enum_check("stage", InspectionStage),
        enum_check("source_type", InspectionSource),
        Index("ix_inspection_created_at", "created_at", "id"),
        Index("ix_inspection_updated_at", "updated_at", "id"),
        Index("ix_inspection_effective_on", "effective_on", "id"),
        Index("ix_inspection_item_id", "item_id", "id"),
        Index("ix_inspection_pending", "created_at", "id", postgresql_where=text("pending > 0")),
        *(
            Index(f"ix_inspection_{one}", one)
            for one in (
                *("plan_id", "lot_id", "supplier_id", "customer_id", "order_line_id"),
                "source_id",
            )
        ),
        search_index("ix_inspection_search", NUMBER),
    )

    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    number: Mapped[str] = mapped_column(unique=True)
    stage: Mapped[str]
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("inspection_plan.id"))
    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("lot.id"))
    serials: Mapped[list[str]] = mapped_column(ARRAY(Text))
    quantity: Mapped[Quantity]
    accepted: Mapped[Quantity] = mapped_column(server_default=_NONE)
    rejected: Mapped[Quantity] = mapped_column(server_default=_NONE)
    pending: Mapped[Quantity]
    cancelled: Mapped[Quantity] = mapped_column(server_default=_NONE)
    """What was not decided about, of goods that were not to leave any more."""
    shipped: Mapped[Quantity] = mapped_column(server_default=_NONE)
    """What of the accepted left already, of goods that are inspected before they leave."""
    verdicts: Mapped[int] = mapped_column(Integer, server_default=_NONE)
    sample_size: Mapped[int] = mapped_column(Integer)
    acceptance_number: Mapped[int] = mapped_column(Integer)
    characteristics: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """Those of the plan, as they were when it was opened."""
    supplier_id: Mapped[UUID | None] = mapped_column(ForeignKey("supplier.id"))
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))
    order_line_id: Mapped[UUID | None] = mapped_column(ForeignKey("sales_order_line.id"))
    source_type: Mapped[str]
    source_id: Mapped[UUID]
    effective_on: Mapped[date]
    actor: Mapped[str]

    def cancel(self) -> None:
        """Decide about no more of it. Raises NothingPending, NotBeforeShipment."""
        if self.stage != InspectionStage.SHIPMENT:
            raise NotBeforeShipment(number=self.number)
        if not self.pending:
            raise NothingPending(number=self.number)
        self.cancelled += self.pending
        self.pending = Decimal(0)

    def decide(
        self,
        accepted: Decimal,
        rejected: Decimal,
        serials: Sequence[str],
        *,
        seen: Decimal | None,
        waiting: Sequence[str],
    ) -> None:
        """Accept so many and reject so many of what is pending; `serials`: of those.

        `seen`: what was pending when the inspector looked. `waiting`: serials not decided yet.
        Raises PendingChanged, MoreThanPending, SerialNotPending.
        """
        if seen is not None and seen != self.pending:
            raise PendingChanged(number=self.number, pending=plain(self.pending), seen=plain(seen))
        if accepted + rejected > self.pending:
            raise MoreThanPending(
                number=self.number,
                decided=plain(accepted + rejected),
                pending=plain(self.pending),
            )
        for one in serials:
            if one not in waiting:
                raise SerialNotPending(number=self.number, serial=one)
        self.accepted += accepted
        self.rejected += rejected
        self.pending -= accepted + rejected
        self.verdicts += 1


class InspectionResult(Identified, Base):
    """What was found of a characteristic of one piece of the sample."""

    __tablename__ = "inspection_result"
    __table_args__ = (
        Unique("inspection_id", "sample", "number"),
        CheckConstraint("sample > 0", name="sample_positive"),
        CheckConstraint("num_nonnulls(value, answer) = 1", name="value_or_answer"),
        CheckConstraint("answer is null or answer = good", name="answer_is_good"),
    )

    inspection_id: Mapped[UUID] = mapped_column(ForeignKey("inspection.id"))
    sample: Mapped[int] = mapped_column(Integer)
    number: Mapped[int] = mapped_column(Integer)
    value: Mapped[Decimal | None] = mapped_column(Numeric(20, 6))
    answer: Mapped[bool | None]
    good: Mapped[bool]
    note: Mapped[str]
    recorded_at: Mapped[datetime]
    actor: Mapped[str]


class InspectionVerdict(Identified, Base):
    """So many were accepted and so many rejected. Written once."""

    __tablename__ = "inspection_verdict"
    __table_args__ = (
        CheckConstraint(
            "accepted >= 0 and rejected >= 0 and accepted + rejected > 0", name="something"
        ),
        CheckConstraint("rejected = 0 or reason <> ''", name="reason_given"),
        Index("ix_inspection_verdict_inspection_id", "inspection_id", "id"),
    )

    inspection_id: Mapped[UUID] = mapped_column(ForeignKey("inspection.id"))
    accepted: Mapped[Quantity]
    rejected: Mapped[Quantity]
    accepted_serials: Mapped[list[str]] = mapped_column(ARRAY(Text))
    rejected_serials: Mapped[list[str]] = mapped_column(ARRAY(Text))
    reason: Mapped[str]
    concession: Mapped[str]
    recorded_at: Mapped[datetime]
    actor: Mapped[str]
