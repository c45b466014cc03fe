"""Planning parameters of items, plans and what they say: entities and what they refuse."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Identified, Quantity
from chassis.storage.states import enum_check
from erp.base import Base
from erp.planning.states import (
    PLAN_FOLLOWING,
    PLANNED_ORDER_FOLLOWING,
    DemandKind,
    LotRule,
    MessageKind,
    PlannedOrderState,
    PlanState,
    Policy,
    Source,
    SupplyKind,
)
from records.entities import CustomRecord, list_indexes

__all__ = [
    "MaterialPlan",
    "PlanMessage",
    "PlanPeg",
    "PlanRequirement",
    "PlannedItemRow",
    "PlannedOrderRow",
    "PlanningParameter",
]

_ZERO = Decimal(0)


class PlanningParameter(CustomRecord, Base):
    """How an item is planned. Without one it is planned as its bill or its supplier says."""

    __tablename__ = "planning_parameter"
    __table_args__ = (
        UniqueConstraint("item_id"),
        enum_check("policy", Policy),
        enum_check("lot_rule", LotRule),
        CheckConstraint(
            "lot_quantity >= 0 and lot_minimum >= 0 and lot_maximum >= 0 and lot_multiple >= 0",
            name="lots_not_negative",
        ),
        CheckConstraint("lot_maximum = 0 or lot_maximum >= lot_minimum", name="lots_in_order"),
        CheckConstraint("lot_rule <> 'fixed' or lot_quantity > 0", name="fixed_quantity_given"),
        CheckConstraint("lot_days between 0 and 3650", name="lot_days_range"),
        CheckConstraint("setup_cost >= 0 and holding_cost >= 0", name="costs_not_negative"),
        CheckConstraint("lead_days between 0 and 3650", name="lead_days_range"),
        CheckConstraint("safety_stock >= 0", name="safety_stock_not_negative"),
        CheckConstraint("yield_part > 0 and yield_part <= 1", name="yield_part_range"),
        CheckConstraint("fence_days between 0 and 3650", name="fence_days_range"),
        CheckConstraint("forecast_backward_days between 0 and 366", name="backward_days_range"),
        CheckConstraint("forecast_forward_days between 0 and 366", name="forward_days_range"),
        *list_indexes("planning_parameter", named=False),
    )

    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    policy: Mapped[str | None]
    lot_rule: Mapped[str] = mapped_column(default=LotRule.LOT_FOR_LOT)
    lot_quantity: Mapped[Quantity] = mapped_column(default=_ZERO)
    lot_minimum: Mapped[Quantity] = mapped_column(default=_ZERO)
    lot_maximum: Mapped[Quantity] = mapped_column(default=_ZERO)
    lot_multiple: Mapped[Quantity] = mapped_column(default=_ZERO)
    lot_days: Mapped[int] = mapped_column(SmallInteger, default=0)
    setup_cost: Mapped[Quantity] = mapped_column(default=_ZERO)
    holding_cost: Mapped[Quantity] = mapped_column(default=_ZERO)
    lead_days: Mapped[int | None] = mapped_column(SmallInteger)
    safety_stock: Mapped[Quantity] = mapped_column(default=_ZERO)
    yield_part: Mapped[Decimal] = mapped_column(Numeric(7, 6), default=Decimal(1))
    fence_days: Mapped[int] = mapped_column(SmallInteger, default=0)
    forecast_backward_days: Mapped[int] = mapped_column(SmallInteger, default=0)
    forecast_forward_days: Mapped[int] = mapped_column(SmallInteger, default=0)


class MaterialPlan(Identified, Base):
    """A plan: asked for, made by a worker, and replaced by the next one that is done."""

    __tablename__ = "material_plan"
    __table_args__ = (
        enum_check("state", PlanState, PLAN_FOLLOWING),
        CheckConstraint("progress between 0 and 100", name="progress_range"),
        CheckConstraint("not is_current or state = 'done'", name="current_is_done"),
        Index(
            "uq_material_plan_is_current",
            "is_current",
            unique=True,
            postgresql_where=text("is_current"),
        ),
        Index(
            "uq_material_plan_queued",
            "state",
            unique=True,
            postgresql_where=text("state = 'queued'"),
        ),
        Index("ix_material_plan_created_at", "created_at", "id"),
    )

    state: Mapped[str] = mapped_column(default=PlanState.QUEUED)
    progress: Mapped[int] = mapped_column(SmallInteger, default=0)
    is_current: Mapped[bool] = mapped_column(default=False)
    asked_by: Mapped[str]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    planned_on: Mapped[date | None]
    items: Mapped[int] = mapped_column(Integer, default=0)
    orders: Mapped[int] = mapped_column(Integer, default=0)
    messages: Mapped[int] = mapped_column(Integer, default=0)
    input_hash: Mapped[str | None]
    output_hash: Mapped[str | None]
    problem: Mapped[str | None]


class OfPlan:
    """A row of a plan; all of them go when another plan becomes the current one."""

    plan_id: Mapped[UUID] = mapped_column(
        ForeignKey("material_plan.id", ondelete="cascade"), primary_key=True
    )
    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"), primary_key=True)


class PlannedItemRow(OfPlan, Base):
    """With what an item was planned: it explains its orders."""

    __tablename__ = "planned_item"
    __table_args__ = (
        enum_check("source", Source),
        enum_check("lot_rule", LotRule),
        Index("ix_planned_item_item_id", "item_id"),
        Index("ix_planned_item_supplier_id", "supplier_id"),
    )

    level: Mapped[int] = mapped_column(SmallInteger)
    source: Mapped[str]
    on_hand: Mapped[Quantity]
    safety_stock: Mapped[Quantity]
    lead_days: Mapped[int] = mapped_column(SmallInteger)
    lot_rule: Mapped[str]
    yield_part: Mapped[Decimal] = mapped_column(Numeric(7, 6))
    fence_days: Mapped[int] = mapped_column(SmallInteger)
    supplier_id: Mapped[UUID | None] = mapped_column(ForeignKey("supplier.id"))


class PlannedOrderRow(Base):
    """What is to be bought or made."""

    __tablename__ = "planned_order"
    __table_args__ = (
        UniqueConstraint("plan_id", "item_id", "number"),
        CheckConstraint("quantity > 0 and start_quantity >= quantity", name="quantities_in_order"),
        CheckConstraint("release_on <= due_on", name="days_in_order"),
        enum_check("source", Source),
        enum_check("state", PlannedOrderState, PLANNED_ORDER_FOLLOWING),
        CheckConstraint(
            "(state = 'ordered') = (num_nonnulls(order_line_id, production_order_id) = 1)"
            " and num_nonnulls(order_line_id, production_order_id) < 2",
            name="ordered_once",
        ),
        Index("ix_planned_order_item_id", "item_id"),
        Index("ix_planned_order_release_on", "release_on", "id"),
        Index("ix_planned_order_due_on", "due_on", "id"),
        Index("ix_planned_order_order_line_id", "order_line_id"),
        UniqueConstraint("production_order_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("material_plan.id", ondelete="cascade"))
    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    number: Mapped[int]
    source: Mapped[str]
    due_on: Mapped[date]
    release_on: Mapped[date]
    start_quantity: Mapped[Quantity]
    quantity: Mapped[Quantity]
    needed: Mapped[Quantity]
    past_due_days: Mapped[int]
    possible_on: Mapped[date]
    lead_days: Mapped[int]
    batch: Mapped[str]
    state: Mapped[str] = mapped_column(default=PlannedOrderState.PLANNED)
    order_line_id: Mapped[UUID | None]
    production_order_id: Mapped[UUID | None] = mapped_column(ForeignKey("production_order.id"))


class PlanRequirement(OfPlan, Base):
    """What is needed of an item, and what needs it."""

    __tablename__ = "plan_requirement"
    __table_args__ = (
        enum_check("kind", DemandKind),
        Index("ix_plan_requirement_item_id", "item_id"),
        Index("ix_plan_requirement_parent", "plan_id", "parent_item_id", "parent_number"),
    )

    place: Mapped[int] = mapped_column(primary_key=True)
    needed_on: Mapped[date]
    quantity: Mapped[Quantity]
    kind: Mapped[str]
    demand_id: Mapped[UUID | None]
    wanted: Mapped[Quantity | None]
    """What the order wanted in all, reserved and shipped too; of sales orders."""
    parent_item_id: Mapped[UUID | None]
    parent_number: Mapped[int | None]
    possible_on: Mapped[date | None]


class PlanPeg(OfPlan, Base):
    """Which supply covers how much of a requirement."""

    __tablename__ = "plan_peg"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        enum_check("supply", SupplyKind),
        Index("ix_plan_peg_item_id", "item_id"),
        Index("ix_plan_peg_requirement", "plan_id", "item_id", "requirement"),
        Index("ix_plan_peg_number", "plan_id", "item_id", "number"),
    )

    place: Mapped[int] = mapped_column(primary_key=True)
    requirement: Mapped[int]
    supply: Mapped[str]
    number: Mapped[int | None]
    receipt_id: Mapped[UUID | None]
    quantity: Mapped[Quantity]


class PlanMessage(Base):
    """What should be done about what is ordered, or is planned too late."""

    __tablename__ = "plan_message"
    __table_args__ = (
        enum_check("kind", MessageKind),
        Index("ix_plan_message_plan_id", "plan_id", "id"),
        Index("ix_plan_message_item_id", "item_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("material_plan.id", ondelete="cascade"))
    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    kind: Mapped[str]
    receipt_id: Mapped[UUID | None]
    number: Mapped[int | None]
    day: Mapped[date]
    needed_on: Mapped[date | None]
    quantity: Mapped[Quantity]
    by_days: Mapped[int]
