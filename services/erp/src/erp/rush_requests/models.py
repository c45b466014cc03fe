"""Rush requests: what they are, and what they refuse."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Numeric, text
from sqlalchemy import Sequence as Numbers
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Amount, Identified
from chassis.storage.folding import search_index
from chassis.storage.states import enum_check
from erp.base import Base
from erp.rush_requests.errors import RushRequestDecided
from erp.rush_requests.states import RUSH_FOLLOWING, RushState
from erp.searched import NUMBER

__all__ = ["RushRequest"]

RUSH_NUMBERS = Numbers("rush_request_number_seq", metadata=Base.metadata)


class RushRequest(Identified, Base):
    """A sales order is wanted sooner, why, and what was decided."""

    __tablename__ = "rush_request"
    __table_args__ = (
        enum_check("state", RushState, RUSH_FOLLOWING),
        CheckConstraint("surcharge >= 0 and surcharge_percent >= 0", name="surcharge_not_negative"),
        CheckConstraint("(state = 'granted') = (granted_on is not null)", name="granted_for_day"),
        CheckConstraint("(state = 'open') = (decided_at is null)", name="decided"),
        CheckConstraint("state <> 'refused' or answer <> ''", name="refused_why"),
        CheckConstraint(
            "state = 'granted' or delays = '[]' and surcharge = 0", name="only_granted_costs"
        ),
        Index(
            "uq_rush_request_open",
            "order_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_rush_request_order_id", "order_id"),
        Index("ix_rush_request_created_at", "created_at", "id"),
        Index("ix_rush_request_updated_at", "updated_at", "id"),
        Index("ix_rush_request_state_created_at", "state", "created_at", "id"),
        search_index("ix_rush_request_search", NUMBER),
    )

    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer)
    number: Mapped[str] = mapped_column(unique=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("sales_order.id"))
    order_number: Mapped[str]
    state: Mapped[str]
    wanted_on: Mapped[date]
    reason: Mapped[str]
    asked_by: Mapped[str]
    granted_on: Mapped[date | None]
    answer: Mapped[str]
    currency: Mapped[str]
    surcharge_percent: Mapped[Decimal] = mapped_column(Numeric(20, 4))
    surcharge: Mapped[Amount]
    delays: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str]

    def require_open(self) -> None:
        """Raises RushRequestDecided."""
        if self.state != RushState.OPEN:
            raise RushRequestDecided(number=self.number, state=self.state)

    def decide(self, state: RushState, *, answer: str, by: str, at: datetime) -> None:
        """Be granted, refused or withdrawn. Raises RushRequestDecided."""
        self.require_open()
        self.state, self.answer = state, answer
        self.decided_by, self.decided_at = by, at
