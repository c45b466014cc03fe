"""Schedule tries, published schedules and what they say: entities and what they promise."""

from datetime import datetime
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
    SmallInteger,
    UniqueConstraint,
    column,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Identified
from chassis.storage.states import enum_check
from erp.base import Base
from erp.scheduling.states import TRY_FOLLOWING, ScheduleMethod, TryState

__all__ = ["Schedule", "ScheduleAssignment", "ScheduleTry", "ScheduledOrder"]

_GAP = Numeric(7, 6)


class Figures:
    """What a schedule comes to; times are minutes."""

    made_by: Mapped[str | None]
    operations: Mapped[int] = mapped_column(Integer, default=0)
    moved: Mapped[int] = mapped_column(Integer, default=0)
    late_orders: Mapped[int] = mapped_column(Integer, default=0)
    lateness_minutes: Mapped[int] = mapped_column(BigInteger, default=0)
    makespan_minutes: Mapped[int] = mapped_column(Integer, default=0)
    objective: Mapped[int | None] = mapped_column(BigInteger)
    bound: Mapped[int | None] = mapped_column(BigInteger)
    gap: Mapped[Decimal | None] = mapped_column(_GAP)


class Schedule(Figures, Identified, Base):
    """A schedule that was published; the next one takes its place, its head stays."""

    __tablename__ = "schedule"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint("jsonb_typeof(setups) = 'array'", name="setups_listed"),
        enum_check("made_by", ScheduleMethod),
        Index(
            "uq_schedule_is_current",
            "is_current",
            unique=True,
            postgresql_where=text("is_current"),
        ),
        Index("ix_schedule_published_at", "published_at", "id"),
    )

    number: Mapped[int] = mapped_column(Integer)
    is_current: Mapped[bool]
    published_at: Mapped[datetime]
    published_by: Mapped[str]
    input_hash: Mapped[str]
    setups: Mapped[list[Any]]


class ScheduleTry(Figures, Identified, Base):
    """A schedule that is not published: asked for, made by a worker, then kept or dropped."""

    __tablename__ = "schedule_try"
    __table_args__ = (
        enum_check("state", TryState, TRY_FOLLOWING),
        enum_check("method", ScheduleMethod),
        enum_check("made_by", ScheduleMethod),
        CheckConstraint("progress between 0 and 100", name="progress_range"),
        CheckConstraint("state <> 'ready' or result is not null", name="ready_has_result"),
        CheckConstraint("(state = 'kept') = (schedule_id is not null)", name="kept_once"),
        CheckConstraint("jsonb_typeof(changes) = 'array'", name="changes_listed"),
        CheckConstraint("jsonb_typeof(conflicts) = 'array'", name="conflicts_listed"),
        UniqueConstraint("schedule_id"),
        Index("ix_schedule_try_base_id", "base_id"),
        Index("ix_schedule_try_created_at", "created_at", "id"),
        Index("ix_schedule_try_state", "state", "created_at", "id"),
    )

    state: Mapped[str] = mapped_column(default=TryState.QUEUED)
    method: Mapped[str]
    progress: Mapped[int] = mapped_column(SmallInteger, default=0)
    profile: Mapped[dict[str, Any]]
    changes: Mapped[list[Any]]
    asked_by: Mapped[str]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    base_id: Mapped[UUID | None] = mapped_column(ForeignKey("schedule.id"))
    schedule_id: Mapped[UUID | None] = mapped_column(ForeignKey("schedule.id"))
    input_hash: Mapped[str | None]
    conflicts: Mapped[list[Any]]
    result: Mapped[dict[str, Any] | None]
    problem: Mapped[str | None]


class ScheduledOrder(Base):
    """When an order is done by the published schedule, and why it is late."""

    __tablename__ = "scheduled_order"
    __table_args__ = (
        CheckConstraint("starts_at <= ends_at", name="times_in_order"),
        CheckConstraint("late_minutes >= 0", name="lateness_not_negative"),
        CheckConstraint("jsonb_typeof(reasons) = 'array'", name="reasons_listed"),
        Index("ix_scheduled_order_schedule_id", "schedule_id"),
        Index("ix_scheduled_order_ends_at", "ends_at", "production_order_id"),
    )

    production_order_id: Mapped[UUID] = mapped_column(
        ForeignKey("production_order.id"), primary_key=True
    )
    schedule_id: Mapped[UUID] = mapped_column(ForeignKey("schedule.id"))
    due_at: Mapped[datetime]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    late_minutes: Mapped[int] = mapped_column(Integer)
    reasons: Mapped[list[Any]]


class ScheduleAssignment(Identified, Base):
    """An operation of the published schedule: on which machine of a work centre, and when.

    No two of a machine overlap, set-ups included (E67).
    """

    __tablename__ = "schedule_assignment"
    __table_args__ = (
        UniqueConstraint("operation_id"),
        CheckConstraint("unit >= 0", name="unit_not_negative"),
        CheckConstraint(
            "setup_starts_at <= starts_at and starts_at <= ends_at", name="times_in_order"
        ),
        ExcludeConstraint(
            (column("work_centre_id"), "="),
            (column("unit"), "="),
            (literal_column("tstzrange(setup_starts_at, ends_at)"), "&&"),
            using="gist",
            name="ex_schedule_assignment_overlap",
        ),
        Index("ix_schedule_assignment_schedule_id", "schedule_id"),
        Index("ix_schedule_assignment_production_order_id", "production_order_id"),
        Index("ix_schedule_assignment_starts_at", "starts_at", "id"),
        Index("ix_schedule_assignment_work_centre_id", "work_centre_id", "starts_at"),
    )

    schedule_id: Mapped[UUID] = mapped_column(ForeignKey("schedule.id"))
    production_order_id: Mapped[UUID] = mapped_column(ForeignKey("production_order.id"))
    operation_id: Mapped[UUID] = mapped_column(ForeignKey("production_order_operation.id"))
    work_centre_id: Mapped[UUID] = mapped_column(ForeignKey("work_centre.id"))
    unit: Mapped[int] = mapped_column(SmallInteger)
    setup_starts_at: Mapped[datetime]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    is_fixed: Mapped[bool]
