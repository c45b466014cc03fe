"""Addresses by which calendar programs read what users have to do: the hashes of their tokens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.base import Base

__all__ = ["RIGHTS", "CalendarFeed"]

RIGHTS = {"calendar_feed": "select, insert, update (revoked_at)"}


class CalendarFeed(Base):
    """A secret address of a user's. Whoever is disabled has none: a trigger revokes it."""

    __tablename__ = "calendar_feed"
    __table_args__ = (
        CheckConstraint("length(token_hash) = 32", name="token_hash_length"),
        Index(
            "uq_calendar_feed_active",
            "user_id",
            unique=True,
            postgresql_where=text("revoked_at is null"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("local_user.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
