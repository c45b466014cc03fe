"""What schedules are made by: changeovers, shared resources, profiles."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.states import enum_check
from erp.base import Base
from erp.scheduling.states import SharedKind
from records.entities import ACTIVE, CustomRecord, list_indexes

__all__ = ["Changeover", "SchedulingProfile", "SharedResource"]

_STATUS = "status in ('active', 'archived')"


class Changeover(CustomRecord, Base):
    """How long a work centre is set up from one set-up family to another."""

    __tablename__ = "changeover"
    __table_args__ = (
        CheckConstraint("from_family <> '' and to_family <> ''", name="families_given"),
        CheckConstraint("minutes between 0 and 100000", name="minutes_range"),
        CheckConstraint(_STATUS, name="status_known"),
        UniqueConstraint(
            "work_centre_id",
            "from_family",
            "to_family",
            name="uq_changeover_families",
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_changeover_from_family", "from_family", "to_family"),
        *list_indexes("changeover", "status", named=False),
    )

    work_centre_id: Mapped[UUID | None] = mapped_column(ForeignKey("work_centre.id"))
    from_family: Mapped[str]
    to_family: Mapped[str]
    minutes: Mapped[int] = mapped_column(Integer)
    note: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default=ACTIVE)


class SharedResource(CustomRecord, Base):
    """People with a skill, or tools of a kind: so many operations take one of it at once."""

    __tablename__ = "shared_resource"
    __table_args__ = (
        UniqueConstraint("kind", "name"),
        enum_check("kind", SharedKind),
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint("capacity between 1 and 10000", name="capacity_range"),
        CheckConstraint(_STATUS, name="status_known"),
        Index("ix_shared_resource_calendar_id", "calendar_id"),
        *list_indexes("shared_resource", "status", named=False),
    )

    kind: Mapped[str]
    name: Mapped[str]
    capacity: Mapped[int] = mapped_column(Integer)
    calendar_id: Mapped[UUID | None] = mapped_column(ForeignKey("calendar.id"))
    note: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default=ACTIVE)


class SchedulingProfile(CustomRecord, Base):
    """How schedules are made: how far ahead, what stays, what weighs how much."""

    __tablename__ = "scheduling_profile"
    __table_args__ = (
        CheckConstraint("code <> ''", name="code_given"),
        CheckConstraint("horizon_days between 1 and 730", name="horizon_range"),
        CheckConstraint("frozen_hours between 0 and 8760", name="frozen_range"),
        CheckConstraint(
            "lateness_weight between 0 and 10000 and setup_weight between 0 and 10000"
            " and makespan_weight between 0 and 10000 and stability_weight between 0 and 10000",
            name="weights_range",
        ),
        CheckConstraint("solver_seconds between 1 and 600", name="seconds_range"),
        CheckConstraint(_STATUS, name="status_known"),
        *list_indexes("scheduling_profile", "status", named=False),
    )

    code: Mapped[str] = mapped_column(unique=True)
    horizon_days: Mapped[int] = mapped_column(SmallInteger, default=90)
    frozen_hours: Mapped[int] = mapped_column(SmallInteger, default=0)
    lateness_weight: Mapped[int] = mapped_column(SmallInteger, default=10)
    setup_weight: Mapped[int] = mapped_column(SmallInteger, default=1)
    makespan_weight: Mapped[int] = mapped_column(SmallInteger, default=1)
    stability_weight: Mapped[int] = mapped_column(SmallInteger, default=240)
    solver_seconds: Mapped[int] = mapped_column(SmallInteger, default=30)
    note: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default=ACTIVE)
