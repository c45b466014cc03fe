"""Rush requests: what they are, and what they refuse."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Amount, Identified
from chassis.storage.folding import search_index
from chassis.storage.states import enum_check
from crm.base import Base
from crm.rush_requests.errors import RushRequestDecided
from crm.rush_requests.states import RUSH_FOLLOWING, RushState
from crm.searched import NUMBER

__all__ = ["RushRequest"]


class RushRequest(Identified, Base):
    """Goods of an order are wanted sooner, why, and what was decided."""

    __tablename__ = "rush_request"
    __table_args__ = (
        enum_check("state", RushState, RUSH_FOLLOWING),
        CheckConstraint(
            "surcharge >= 0 and surcharge_percent >= 0 and delayed_orders >= 0",
            name="surcharge_not_negative",
        ),
        CheckConstraint("(state = 'granted') = (granted_on is not null)", name="granted_for_day"),
        CheckConstraint("(state = 'asked') = (decided_at is null)", name="decided"),
        CheckConstraint("state <> 'refused' or answer <> ''", name="refused_why"),
        CheckConstraint(
            "state = 'granted' or surcharge = 0 and surcharge_percent = 0 and delayed_orders = 0",
            name="only_granted_costs",
        ),
        Index(
            "uq_rush_request_asked",
            "order_id",
            unique=True,
            postgresql_where=text("state = 'asked'"),
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
    order_id: Mapped[UUID] = mapped_column(ForeignKey("customer_order.id"))
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
    delayed_orders: Mapped[int]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str]

    def require_open(self) -> None:
        """Raises RushRequestDecided."""
        if self.state != RushState.ASKED:
            raise RushRequestDecided(number=self.number, state=self.state)

    def says(self, decision: Mapping[str, Any]) -> bool:
        """Whether that was decided already."""
        return all(getattr(self, name) == value for name, value in decision.items())

    def decide(self, decision: Mapping[str, Any], *, by: str, at: datetime) -> list[str]:
        """Be granted, refused or withdrawn; the fields changed. Raises RushRequestDecided."""
        if decision["state"] not in RUSH_FOLLOWING[RushState(self.state)]:
            raise RushRequestDecided(number=self.number, state=self.state)
        changed = [name for name, value in decision.items() if getattr(self, name) != value]
        for name in changed:
            setattr(self, name, decision[name])
        self.decided_by, self.decided_at = by, at
        self.version += 1
        self.updated_at = at
        return [*changed, "decided_at"]
