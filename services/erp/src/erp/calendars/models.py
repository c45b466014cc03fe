"""Calendars: what they are."""

from typing import Any

from sqlalchemy import CheckConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from erp.base import Base
from erp.searched import CALENDAR
from records.entities import ACTIVE, NamedRecord, list_indexes

__all__ = ["SEARCH", "Calendar"]


class Calendar(NamedRecord, Base):
    """When work is done. `hours` and `exceptions` are as callers see them."""

    __tablename__ = "calendar"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint(
            "jsonb_typeof(hours) = 'array' and jsonb_array_length(hours) > 0", name="hours_given"
        ),
        CheckConstraint("jsonb_typeof(exceptions) = 'array'", name="exceptions_listed"),
        CheckConstraint("zone <> ''", name="zone_given"),
        CheckConstraint("region = '' or country <> ''", name="region_of_country"),
        CheckConstraint("status in ('active', 'archived')", name="status_known"),
        *list_indexes("calendar", "status"),
    )

    note: Mapped[str] = mapped_column(default="")
    zone: Mapped[str]
    country: Mapped[str] = mapped_column(default="")
    region: Mapped[str] = mapped_column(default="")
    hours: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    exceptions: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    status: Mapped[str] = mapped_column(default=ACTIVE)


SEARCH = CALENDAR.beside(Base.metadata)
