"""Absences: what they are."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, func, literal_column
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm.base import Base
from crm.searched import ABSENCE
from records.entities import ACTIVE, NamedRecord, list_indexes

__all__ = ["SEARCH", "Absence"]


class Absence(NamedRecord, Base):
    """Time in which a user is away; the end is not part of it. No two of a user overlap."""

    __tablename__ = "absence"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint("status in ('active', 'archived')", name="status_known"),
        CheckConstraint("starts_at < ends_at", name="ends_later"),
        ExcludeConstraint(
            ("user_id", "="),
            (func.tstzrange(literal_column("starts_at"), literal_column("ends_at")), "&&"),
            where=literal_column("status = 'active'"),
            using="gist",
            name="ex_absence_once",
        ),
        *list_indexes("absence", "status", "user_id"),
    )

    note: Mapped[str] = mapped_column(default="")
    user_id: Mapped[UUID] = mapped_column(ForeignKey("staff_member.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(default=ACTIVE)


SEARCH = ABSENCE.beside(Base.metadata)
