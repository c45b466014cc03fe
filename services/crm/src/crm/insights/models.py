"""What figures are counted from: kept beside deals by the database, or counted by the worker."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    Uuid,
    literal_column,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.states import enum_check
from crm.base import Base
from crm.opportunities.states import TouchKind

__all__ = ["RIGHTS", "DealTouch", "StageFigure", "TouchFigure"]

RIGHTS = {
    "touch_figure": "select, insert, delete",
    "opportunity_stage_figure": "select, insert, update",
    "opportunity_touch": "select, insert, delete",
}
_NOBODY = "'00000000-0000-0000-0000-000000000000'::uuid"


class StageFigure(Base):
    """The stages that a deal entered, each once, and the time in each of them (C20, C22).

    A trigger of `opportunity_stage_change` counts it from all changes of the deal, at each one.
    What lists are asked by is as the deal has it: a trigger of `opportunity` sees to that.
    """

    __tablename__ = "opportunity_stage_figure"
    __table_args__ = (
        CheckConstraint(
            "cardinality(stage_ids) >= 1 and cardinality(microseconds) = cardinality(stage_ids)",
            name="one_each",
        ),
        CheckConstraint("0 <= all(microseconds)", name="not_negative"),
        *(
            Index(f"ix_opportunity_stage_figure_{one}", one)
            for one in ("opened_on", "closes_on", "owner_id", "team_id")
        ),
    )

    opportunity_id: Mapped[UUID] = mapped_column(ForeignKey("opportunity.id"), primary_key=True)
    stage_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    microseconds: Mapped[list[int | None]] = mapped_column(ARRAY(BigInteger))
    """By stage, of the visits that are over; null: none is."""
    pipeline_id: Mapped[UUID]
    state: Mapped[str]
    status: Mapped[str]
    owner_id: Mapped[UUID | None]
    team_id: Mapped[UUID | None]
    opened_on: Mapped[date | None]
    closes_on: Mapped[date | None]


class DealTouch(Base):
    """A call, a meeting or an e-mail about a deal that was done by a person, for one customer.

    Triggers of `activity` keep it (C30). `outbound`: staff turned to the customer.
    """

    __tablename__ = "opportunity_touch"
    __table_args__ = (
        enum_check("channel", TouchKind),
        Index(
            "ix_opportunity_touch_touched_at",
            "opportunity_id",
            "touched_at",
            postgresql_include=["activity_id", "channel", "outbound"],
        ),
    )

    activity_id: Mapped[UUID] = mapped_column(
        ForeignKey("activity.id", ondelete="CASCADE"), primary_key=True
    )
    opportunity_id: Mapped[UUID] = mapped_column(primary_key=True)
    channel: Mapped[str]
    outbound: Mapped[bool]
    touched_at: Mapped[datetime]


class TouchFigure(Base):
    """Closed deals of an owner and a team with so many touches by a kind in their first days.

    `touches` is 5 for five and more. `day_sum`, `day_count`: of the won ones with at least so many,
    on which day after opening the last of these took place, and how many they are.
    """

    __tablename__ = "touch_figure"
    __table_args__ = (
        enum_check("channel", TouchKind),
        CheckConstraint("days in (7, 14, 30)", name="days_known"),
        CheckConstraint("touches between 0 and 5", name="touches_range"),
        CheckConstraint("won between 0 and deals", name="won_of_deals"),
        CheckConstraint("day_count >= 0 and day_sum >= 0", name="days_counted"),
        Index(
            "uq_touch_figure_of",
            "pipeline_id",
            literal_column(f"coalesce(owner_id, {_NOBODY})"),
            literal_column(f"coalesce(team_id, {_NOBODY})"),
            "channel",
            "days",
            "touches",
            unique=True,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    pipeline_id: Mapped[UUID] = mapped_column(ForeignKey("pipeline.id"))
    owner_id: Mapped[UUID | None]
    team_id: Mapped[UUID | None]
    channel: Mapped[str]
    days: Mapped[int] = mapped_column(SmallInteger)
    touches: Mapped[int] = mapped_column(SmallInteger)
    deals: Mapped[int] = mapped_column(BigInteger)
    won: Mapped[int] = mapped_column(BigInteger)
    day_sum: Mapped[int] = mapped_column(BigInteger)
    day_count: Mapped[int] = mapped_column(BigInteger)
    counted_at: Mapped[datetime]
