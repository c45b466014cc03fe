"""Teams, and what a staff member has beside the login."""

from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text, literal_column
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import Mapped, mapped_column

from crm.base import Base
from records.entities import NamedRecord, list_indexes

__all__ = ["LOCAL_USER", "StaffMember", "Team"]

LOCAL_USER = Table(
    "local_user",
    Base.metadata,
    Column("id", PG_UUID(as_uuid=True), primary_key=True),
    info={"owner": "chassis"},
)
"""The users' table belongs to the chassis; it is named here for foreign keys to it."""


class Team(NamedRecord, Base):
    """People who share work. A team lies below its parent, never below itself (a trigger)."""

    __tablename__ = "team"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name_given"),
        Index("uq_team_name", literal_column("lower(name)"), unique=True),
        *list_indexes("team"),
        CheckConstraint("parent_id <> id", name="not_its_own_parent"),
        Index("ix_team_parent_id", "parent_id"),
    )

    description: Mapped[str] = mapped_column(Text, default="")
    active: Mapped[bool] = mapped_column(default=True)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("team.id"))


class StaffMember(Base):
    """What a local user is to sales. Its version is the user's."""

    __tablename__ = "staff_member"
    __table_args__ = (
        Index("ix_staff_member_team_id", "team_id"),
        Index("ix_staff_member_calendar_id", "calendar_id"),
        CheckConstraint("capacity >= 0", name="capacity_not_negative"),
    )

    id: Mapped[UUID] = mapped_column(ForeignKey("local_user.id"), primary_key=True)
    email: Mapped[str] = mapped_column(default="")
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("team.id"))
    calendar_id: Mapped[UUID | None] = mapped_column(ForeignKey("calendar.id"))
    capacity: Mapped[int | None]
