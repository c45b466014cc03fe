"""The reports of hand-overs."""

from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Index, Table, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from crm.base import Base

__all__ = ["HAND_OVER", "RIGHTS"]

HAND_OVER = Table(
    "hand_over",
    Base.metadata,
    Column("id", PG_UUID(as_uuid=True), primary_key=True),
    Column("from_user_id", PG_UUID(as_uuid=True), ForeignKey("local_user.id"), nullable=False),
    Column("moved", JSONB, nullable=False),
    Column("takers", JSONB, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("actor", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Index("ix_hand_over_recorded_at", "recorded_at", "id"),
    Index("ix_hand_over_from_user_id", "from_user_id", "recorded_at", "id"),
)
"""What went from whom to whom: written once."""

RIGHTS = {"hand_over": "select, insert"}
