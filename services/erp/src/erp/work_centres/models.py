"""Work centres: what they are."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Numeric, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Quantity
from erp.base import Base
from erp.catalog.errors import FixedCode
from erp.searched import WORK_CENTRE
from records.entities import ACTIVE, NamedRecord, Values, list_indexes

__all__ = ["SEARCH", "WorkCentre"]

_NOTHING = Decimal(0)


class WorkCentre(NamedRecord, Base):
    """Machines or people that do the same work, side by side."""

    __tablename__ = "work_centre"
    __table_args__ = (
        CheckConstraint("code <> ''", name="code_given"),
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint("capacity between 1 and 10000", name="capacity_range"),
        CheckConstraint("cost_per_hour >= 0 and overhead_per_hour >= 0", name="rates_not_negative"),
        CheckConstraint("efficiency > 0 and efficiency <= 1000", name="efficiency_range"),
        CheckConstraint("status in ('active', 'archived')", name="status_known"),
        Index("ix_work_centre_calendar_id", "calendar_id"),
        *list_indexes("work_centre", "status"),
    )

    code: Mapped[str] = mapped_column(unique=True)
    calendar_id: Mapped[UUID | None] = mapped_column(ForeignKey("calendar.id"))
    capacity: Mapped[int] = mapped_column(Integer, default=1)
    cost_per_hour: Mapped[Quantity] = mapped_column(default=_NOTHING)
    overhead_per_hour: Mapped[Quantity] = mapped_column(default=_NOTHING)
    efficiency: Mapped[Decimal] = mapped_column(Numeric(20, 6), default=Decimal(100))
    skills: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    tools: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    note: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default=ACTIVE)

    def apply(self, values: Values) -> dict[str, Any]:
        """Take over the values that differ. Raises FixedCode."""
        code: str | None = self.code
        if code is not None and values.get("code", code) != code:
            raise FixedCode(entity="work_centre", record_code=code)
        return super().apply(values)


SEARCH = WORK_CENTRE.beside(Base.metadata)
