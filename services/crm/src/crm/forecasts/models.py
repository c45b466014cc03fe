"""Quotas, and snapshots of forecasts."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, SmallInteger, literal_column
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Identified
from chassis.storage.states import enum_check
from crm.base import Base
from crm.opportunities.states import ForecastCategory, StageKind
from records.entities import ACTIVE, NamedRecord, list_indexes
from values.money import Money

__all__ = ["ForecastSnapshot", "Quota", "SnapshotDeal"]

_WHOSE = "coalesce(owner_id, team_id, '00000000-0000-0000-0000-000000000000'::uuid)"


class Quota(NamedRecord, Base):
    """What a user, a team, or else the company is to win in a period."""

    __tablename__ = "sales_quota"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint("status in ('active', 'archived')", name="status_known"),
        CheckConstraint("first_day <= last_day", name="period_in_order"),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        CheckConstraint("owner_id is null or team_id is null", name="of_one"),
        ExcludeConstraint(
            (
                literal_column(
                    "coalesce(owner_id, team_id, '00000000-0000-0000-0000-000000000000'::uuid)"
                ),
                "=",
            ),
            (literal_column("daterange(first_day, last_day, '[]')"), "&&"),
            where=literal_column("status = 'active'"),
            using="gist",
            name="ex_sales_quota_once",
        ),
        *list_indexes("sales_quota", "status", "owner_id", "team_id"),
    )

    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff_member.id"))
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("team.id"))
    first_day: Mapped[date]
    last_day: Mapped[date]
    amount_number: Mapped[Decimal] = mapped_column("amount", Numeric(20, 4))
    currency: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default=ACTIVE)

    @property
    def amount(self) -> Money | None:
        """What is to be won; None before it was said."""
        return None if self.amount_number is None else Money(self.amount_number, self.currency)

    @amount.setter
    def amount(self, amount: Money) -> None:
        self.amount_number, self.currency = amount.amount, amount.currency


class ForecastSnapshot(Identified, Base):
    """A forecast as it was at an instant. Written once (C23)."""

    __tablename__ = "forecast_snapshot"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint("first_day <= last_day", name="period_in_order"),
        Index("ix_forecast_snapshot_recorded_at", "recorded_at", "id"),
    )

    name: Mapped[str]
    recorded_at: Mapped[datetime]
    taken_on: Mapped[date]
    by: Mapped[str]
    first_day: Mapped[date]
    last_day: Mapped[date]
    currency: Mapped[str]
    deals: Mapped[int]


class SnapshotDeal(Base):
    """A deal as it was in a snapshot, and the rate that it counted by. Written once (C23, C24)."""

    __tablename__ = "forecast_snapshot_deal"
    __table_args__ = (
        enum_check("state", StageKind),
        enum_check("forecast_category", ForecastCategory),
        Index("ix_forecast_snapshot_deal_opportunity_id", "opportunity_id"),
    )

    snapshot_id: Mapped[UUID] = mapped_column(ForeignKey("forecast_snapshot.id"), primary_key=True)
    opportunity_id: Mapped[UUID] = mapped_column(ForeignKey("opportunity.id"), primary_key=True)
    owner_id: Mapped[UUID | None]
    team_id: Mapped[UUID | None]
    pipeline_id: Mapped[UUID]
    state: Mapped[str]
    forecast_category: Mapped[str]
    probability: Mapped[int] = mapped_column(SmallInteger)
    closes_on: Mapped[date]
    currency: Mapped[str]
    amount: Mapped[Decimal] = mapped_column(Numeric(20, 4))
    weighted: Mapped[Decimal] = mapped_column(Numeric(20, 4))
    rate_day: Mapped[date | None]
    rate: Mapped[Decimal | None] = mapped_column(Numeric(20, 6))
    units: Mapped[int | None]
