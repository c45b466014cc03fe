"""Figures of touches that are counted by the worker, for lists that need them at once."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, literal_column
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.states import enum_check
from crm.base import Base
from crm.insights.states import TouchKind

__all__ = ["RIGHTS", "TouchFigure"]

RIGHTS = {"touch_figure": "select, insert, delete"}
_NOBODY = "'00000000-0000-0000-0000-000000000000'::uuid"


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
