"""Score rules, and events that happened with leads."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.states import enum_check
from crm.base import Base
from crm.score_rules.states import ScoreBasis
from crm.searched import SCORE_RULE
from records.entities import ACTIVE, NamedRecord, list_indexes

__all__ = ["RIGHTS", "SEARCH", "LeadEvent", "ScoreRule"]

RIGHTS = {"lead_event": "select, insert, update (lead_id)"}


class ScoreRule(NamedRecord, Base):
    """Points for what a lead is, or for what happened with it."""

    __tablename__ = "score_rule"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint("status in ('active', 'archived')", name="status_known"),
        enum_check("based_on", ScoreBasis),
        CheckConstraint("points between -1000 and 1000 and points <> 0", name="points_range"),
        CheckConstraint("half_life_days between 1 and 3650", name="half_life_days_range"),
        CheckConstraint("count_max between 1 and 1000", name="count_max_range"),
        CheckConstraint("count_max is null or based_on <> 'field'", name="fields_count_once"),
        CheckConstraint("jsonb_typeof(conditions) = 'array'", name="conditions_listed"),
        *list_indexes("score_rule", "status"),
    )

    note: Mapped[str] = mapped_column(default="")
    based_on: Mapped[str]
    conditions: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    points: Mapped[int] = mapped_column(SmallInteger)
    half_life_days: Mapped[int | None] = mapped_column(SmallInteger)
    count_max: Mapped[int | None] = mapped_column(SmallInteger)
    status: Mapped[str] = mapped_column(default=ACTIVE)


class LeadEvent(Base):
    """Something that a lead did, such as opening a page; the same event is there once."""

    __tablename__ = "lead_event"
    __table_args__ = (
        CheckConstraint("event_id <> ''", name="event_id_given"),
        CheckConstraint("kind ~ '^[a-z][a-z0-9_.-]{0,62}$'", name="kind_form"),
        Index("ix_lead_event_lead_id_happened_at", "lead_id", "happened_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    lead_id: Mapped[UUID] = mapped_column(ForeignKey("lead.id"))
    event_id: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    happened_at: Mapped[datetime]
    created_at: Mapped[datetime]


SEARCH = SCORE_RULE.beside(Base.metadata)
