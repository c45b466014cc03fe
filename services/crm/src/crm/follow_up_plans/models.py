"""Follow-up plans, their runs, and the activities that their steps made."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.states import enum_check
from crm.base import Base
from crm.follow_up_plans.states import RUN_FOLLOWING, RunState, StopReason
from crm.searched import FOLLOW_UP_PLAN
from records.entities import ACTIVE, NamedRecord, list_indexes

__all__ = ["RIGHTS", "SEARCH", "STEP", "FollowUpPlan", "FollowUpRun"]

RIGHTS = {
    "follow_up_run": "select, insert, update",
    "follow_up_step": "select, insert",
}


class FollowUpPlan(NamedRecord, Base):
    """Steps in days, each of which makes a task or a call that is to be made."""

    __tablename__ = "follow_up_plan"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint("status in ('active', 'archived')", name="status_known"),
        CheckConstraint(
            "jsonb_typeof(steps) = 'array' and jsonb_array_length(steps) between 1 and 30",
            name="steps_listed",
        ),
        *list_indexes("follow_up_plan", "status"),
    )

    note: Mapped[str] = mapped_column(default="")
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    stop_on_reply: Mapped[bool] = mapped_column(default=True)
    stop_stages: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    status: Mapped[str] = mapped_column(default=ACTIVE)


class FollowUpRun(Base):
    """A plan on a record; its steps are those of the plan when it began."""

    __tablename__ = "follow_up_run"
    __table_args__ = (
        enum_check("state", RunState, RUN_FOLLOWING),
        enum_check("stop_reason", StopReason),
        CheckConstraint(
            "record_type in ('contact', 'lead', 'opportunity')", name="record_type_known"
        ),
        CheckConstraint("(state = 'stopped') = (stop_reason is not null)", name="stopped_for"),
        CheckConstraint("(state = 'running') = (next_on is not null)", name="running_has_next"),
        CheckConstraint("(state = 'running') = (ended_at is null)", name="ended_has_time"),
        CheckConstraint("next_step between 0 and jsonb_array_length(steps)", name="next_in_steps"),
        Index(
            "uq_follow_up_run_running",
            "record_type",
            "record_id",
            "plan_id",
            unique=True,
            postgresql_where=text("state = 'running'"),
        ),
        Index("ix_follow_up_run_due", "next_on", "id", postgresql_where=text("state = 'running'")),
        Index("ix_follow_up_run_created_at", "created_at", "id"),
        Index("ix_follow_up_run_updated_at", "updated_at", "id"),
        Index("ix_follow_up_run_plan_id", "plan_id", "created_at", "id"),
        Index("ix_follow_up_run_record", "record_type", "record_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("follow_up_plan.id"))
    record_type: Mapped[str]
    record_id: Mapped[UUID]
    state: Mapped[str]
    stop_reason: Mapped[str | None]
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    stop_on_reply: Mapped[bool]
    stop_stages: Mapped[list[str]] = mapped_column(ARRAY(Text))
    next_step: Mapped[int] = mapped_column(SmallInteger)
    next_on: Mapped[date | None]
    started_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


STEP = Table(
    "follow_up_step",
    Base.metadata,
    Column("run_id", PG_UUID(as_uuid=True), ForeignKey("follow_up_run.id"), nullable=False),
    Column("step", SmallInteger, nullable=False),
    Column("activity_id", PG_UUID(as_uuid=True), ForeignKey("activity.id"), nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("run_id", "step"),
    UniqueConstraint("activity_id"),
)
"""The activity that a step of a run made: each step makes one, and never another."""

SEARCH = FOLLOW_UP_PLAN.beside(Base.metadata)
