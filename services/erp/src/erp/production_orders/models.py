"""Production orders with what they were made firm with: what they are."""

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy import Sequence as Numbers
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Amount, Identified, Quantity
from chassis.storage.folding import search_index
from chassis.storage.states import enum_check
from erp.base import Base
from erp.production_orders.states import (
    PRODUCTION_ORDER_FOLLOWING,
    ProductionOrderState,
    StepKind,
)
from erp.routings.states import Breaks
from erp.searched import NUMBER
from records.entities import CustomRecord, list_indexes

__all__ = [
    "OrderByProduct",
    "OrderComponent",
    "OrderOperation",
    "ProductionOrder",
    "ProductionStep",
]

PRODUCTION_ORDER_NUMBERS = Numbers("production_order_number_seq", metadata=Base.metadata)
_ZERO = Decimal(0)
_WHOLE = Numeric(60, 0)
IN_LESS_OUT = (
    "material + labour + overhead + rework_in - finished - by_product_value - scrap - rework_out"
    " - variance"
)


class ProductionOrder(CustomRecord, Base):
    """So many of an item to be made; its amounts are what went into it and came out (E62)."""

    __tablename__ = "production_order"
    __table_args__ = (
        enum_check("state", ProductionOrderState, PRODUCTION_ORDER_FOLLOWING),
        CheckConstraint("quantity > 0 and start_quantity >= quantity", name="quantity_positive"),
        CheckConstraint("due_on >= start_on", name="days_in_order"),
        CheckConstraint("good >= 0 and scrapped >= 0 and reworked >= 0", name="made_not_negative"),
        CheckConstraint(
            "over_tolerance between 0 and 1 and under_tolerance between 0 and 1",
            name="tolerance_range",
        ),
        CheckConstraint(
            "material >= 0 and labour >= 0 and overhead >= 0 and rework_in >= 0 and finished >= 0"
            " and by_product_value >= 0 and scrap >= 0 and rework_out >= 0 and planned_cost >= 0",
            name="amounts_not_negative",
        ),
        CheckConstraint(f"state <> 'closed' or {IN_LESS_OUT} = 0", name="closed_at_nothing"),
        CheckConstraint(
            "state <> 'cancelled' or steps = 0 and rework_in = 0", name="cancelled_untouched"
        ),
        CheckConstraint("priority between 1 and 9", name="priority_range"),
        Index("ix_production_order_bill_of_material_id", "bill_of_material_id"),
        Index("ix_production_order_routing_id", "routing_id"),
        Index("ix_production_order_rework_of_id", "rework_of_id"),
        Index("ix_production_order_due_on", "due_on", "id"),
        Index("ix_production_order_start_on", "start_on", "id"),
        search_index("ix_production_order_search", NUMBER),
        *list_indexes("production_order", "state", "item_id", named=False),
    )

    number: Mapped[str] = mapped_column(unique=True)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    quantity: Mapped[Quantity]
    start_quantity: Mapped[Quantity]
    start_on: Mapped[date]
    due_on: Mapped[date]
    state: Mapped[str] = mapped_column(default=ProductionOrderState.PLANNED)
    bill_of_material_id: Mapped[UUID | None] = mapped_column(ForeignKey("bill_of_material.id"))
    routing_id: Mapped[UUID | None] = mapped_column(ForeignKey("routing.id"))
    rework_of_id: Mapped[UUID | None] = mapped_column(ForeignKey("production_order.id"))
    over_tolerance: Mapped[Decimal] = mapped_column(Numeric(7, 6), default=_ZERO)
    under_tolerance: Mapped[Decimal] = mapped_column(Numeric(7, 6), default=_ZERO)
    backflush: Mapped[bool] = mapped_column(default=True)
    priority: Mapped[int] = mapped_column(SmallInteger, default=5, server_default="5")
    rush: Mapped[bool] = mapped_column(default=False, server_default="false")
    note: Mapped[str] = mapped_column(default="")
    good: Mapped[Quantity] = mapped_column(default=_ZERO)
    scrapped: Mapped[Quantity] = mapped_column(default=_ZERO)
    reworked: Mapped[Quantity] = mapped_column(default=_ZERO)
    steps: Mapped[int] = mapped_column(Integer, default=0)
    progress_percent: Mapped[Decimal] = mapped_column(Numeric(20, 4), default=_ZERO)
    planned_cost: Mapped[Amount] = mapped_column(default=_ZERO)
    material: Mapped[Amount] = mapped_column(default=_ZERO)
    labour: Mapped[Amount] = mapped_column(default=_ZERO)
    overhead: Mapped[Amount] = mapped_column(default=_ZERO)
    rework_in: Mapped[Amount] = mapped_column(default=_ZERO)
    finished: Mapped[Amount] = mapped_column(default=_ZERO)
    by_product_value: Mapped[Amount] = mapped_column(default=_ZERO)
    scrap: Mapped[Amount] = mapped_column(default=_ZERO)
    rework_out: Mapped[Amount] = mapped_column(default=_ZERO)
    variance: Mapped[Amount] = mapped_column(default=_ZERO)

    @property
    def work_in_progress(self) -> Decimal:
        """What went in and did not come out yet."""
        went_in = self.material + self.labour + self.overhead + self.rework_in
        came_out = self.finished + self.by_product_value + self.scrap + self.rework_out
        return went_in - came_out - self.variance

    @property
    def handled(self) -> Decimal:
        """How many left the order, good or not."""
        return self.good + self.scrapped + self.reworked


class OrderComponent(Identified, Base):
    """A component as the order was made firm with: for each piece that is begun."""

    __tablename__ = "production_order_component"
    __table_args__ = (
        UniqueConstraint("production_order_id", "item_id"),
        CheckConstraint("numerator >= 0 and denominator > 0", name="ratio_positive"),
        CheckConstraint("required >= 0 and issued >= 0 and issued_value >= 0", name="not_negative"),
        CheckConstraint("issued > 0 or issued_value = 0", name="nothing_is_worth_nothing"),
        Index("ix_production_order_component_item_id", "item_id"),
    )

    production_order_id: Mapped[UUID] = mapped_column(
        ForeignKey("production_order.id", ondelete="cascade")
    )
    position: Mapped[int] = mapped_column(SmallInteger)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    numerator: Mapped[Decimal] = mapped_column(_WHOLE)
    denominator: Mapped[Decimal] = mapped_column(_WHOLE)
    required: Mapped[Quantity]
    issued: Mapped[Quantity] = mapped_column(default=_ZERO)
    issued_value: Mapped[Amount] = mapped_column(default=_ZERO)
    unit_cost: Mapped[Quantity] = mapped_column(default=_ZERO)

    @property
    def per_piece(self) -> Fraction:
        """How much one piece that is begun needs."""
        return Fraction(int(self.numerator), int(self.denominator))


class OrderOperation(Identified, Base):
    """An operation as the order was made firm with; times are minutes, rates those of then."""

    __tablename__ = "production_order_operation"
    __table_args__ = (
        UniqueConstraint("production_order_id", "sequence"),
        CheckConstraint(
            "good >= 0 and scrapped >= 0 and reworked >= 0 and minutes >= 0",
            name="not_negative",
        ),
        enum_check("breaks", Breaks),
        Index("ix_production_order_operation_work_centre_id", "work_centre_id"),
        Index("ix_production_order_operation_supplier_id", "supplier_id"),
    )

    production_order_id: Mapped[UUID] = mapped_column(
        ForeignKey("production_order.id", ondelete="cascade")
    )
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
    cost_per_hour: Mapped[Quantity]
    overhead_per_hour: Mapped[Quantity]
    efficiency: Mapped[Decimal] = mapped_column(Numeric(20, 6))
    start_quantity: Mapped[Quantity]
    planned_minutes: Mapped[Quantity]
    good: Mapped[Quantity] = mapped_column(default=_ZERO)
    scrapped: Mapped[Quantity] = mapped_column(default=_ZERO)
    reworked: Mapped[Quantity] = mapped_column(default=_ZERO)
    minutes: Mapped[Quantity] = mapped_column(default=_ZERO)

    @property
    def handled(self) -> Decimal:
        """How many were worked on, good or not."""
        return self.good + self.scrapped + self.reworked


class OrderByProduct(Identified, Base):
    """What comes out beside the item, for the whole order, and which part of the cost it bears."""

    __tablename__ = "production_order_by_product"
    __table_args__ = (
        UniqueConstraint("production_order_id", "item_id"),
        CheckConstraint("planned >= 0 and received >= 0 and received_value >= 0", name="not_less"),
        CheckConstraint("cost_share >= 0 and cost_share < 1", name="cost_share_range"),
        Index("ix_production_order_by_product_item_id", "item_id"),
    )

    production_order_id: Mapped[UUID] = mapped_column(
        ForeignKey("production_order.id", ondelete="cascade")
    )
    position: Mapped[int] = mapped_column(SmallInteger)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    planned: Mapped[Quantity]
    cost_share: Mapped[Decimal] = mapped_column(Numeric(7, 6))
    received: Mapped[Quantity] = mapped_column(default=_ZERO)
    received_value: Mapped[Amount] = mapped_column(default=_ZERO)


class ProductionStep(Identified, Base):
    """What was booked on an order: written once, never changed. Moves and entries name it."""

    __tablename__ = "production_step"
    __table_args__ = (
        enum_check("kind", StepKind),
        CheckConstraint(
            "good >= 0 and scrapped >= 0 and reworked >= 0 and minutes >= 0", name="not_negative"
        ),
        CheckConstraint(
            "scrapped + reworked = 0 or reason <> ''",
            name="reason_given",
        ),
        Index("ix_production_step_production_order_id", "production_order_id", "id"),
        Index(
            "ix_production_step_rework_order_id",
            "rework_order_id",
            postgresql_where=text("rework_order_id is not null"),
        ),
    )

    production_order_id: Mapped[UUID] = mapped_column(ForeignKey("production_order.id"))
    kind: Mapped[str]
    sequence: Mapped[int | None] = mapped_column(Integer)
    good: Mapped[Quantity] = mapped_column(default=_ZERO)
    scrapped: Mapped[Quantity] = mapped_column(default=_ZERO)
    reworked: Mapped[Quantity] = mapped_column(default=_ZERO)
    minutes: Mapped[Quantity] = mapped_column(default=_ZERO)
    reason: Mapped[str] = mapped_column(default="")
    rework_order_id: Mapped[UUID | None] = mapped_column(ForeignKey("production_order.id"))
    effective_on: Mapped[date]
    recorded_at: Mapped[datetime]
    actor: Mapped[str]

    @classmethod
    def of(cls, order_id: UUID, kind: StepKind, **facts: Any) -> "ProductionStep":
        """A step with nothing made, nothing lost and no time, but for what is given."""
        nothing: dict[str, Any] = dict.fromkeys(("good", "scrapped", "reworked", "minutes"), _ZERO)
        nothing |= {"sequence": None, "reason": "", "rework_order_id": None}
        return cls(production_order_id=order_id, kind=kind, **nothing | facts)
