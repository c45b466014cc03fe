"""Assignment rules: what they are."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.states import enum_check
from crm.assignment.states import Method
from crm.base import Base
from crm.searched import ASSIGNMENT_RULE
from records.entities import ACTIVE, NamedRecord, list_indexes

__all__ = ["DECISION", "LANE", "RIGHTS", "SEARCH", "TURN", "WAITING", "AssignmentRule"]


class AssignmentRule(NamedRecord, Base):
    """Who gets what fulfils its conditions. Rules are asked by position, then by age."""

    __tablename__ = "assignment_rule"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint("status in ('active', 'archived')", name="status_known"),
        CheckConstraint("subject_type ~ '^[a-z][a-z_]{0,62}$'", name="subject_type_form"),
        CheckConstraint("position >= 0", name="position_not_negative"),
        CheckConstraint("jsonb_typeof(conditions) = 'array'", name="conditions_listed"),
        CheckConstraint(
            "(cardinality(user_ids) > 0) <> (team_id is not null)", name="users_or_team"
        ),
        enum_check("method", Method),
        Index("ix_assignment_rule_order", "subject_type", "position", "created_at", "id"),
        Index("ix_assignment_rule_team_id", "team_id"),
        *list_indexes("assignment_rule", "status"),
    )

    note: Mapped[str] = mapped_column(default="")
    subject_type: Mapped[str]
    position: Mapped[int]
    conditions: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    method: Mapped[str] = mapped_column(default=Method.ROUND_ROBIN)
    user_ids: Mapped[list[UUID]] = mapped_column(ARRAY(PG_UUID(as_uuid=True)), default=list)
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("team.id"))
    status: Mapped[str] = mapped_column(default=ACTIVE)


SEARCH = ASSIGNMENT_RULE.beside(Base.metadata)

_ID = PG_UUID(as_uuid=True)
_TIME = DateTime(timezone=True)

LANE = Table(
    "assignment_lane",
    Base.metadata,
    Column("subject_type", Text, primary_key=True),
    Column("turns", BigInteger, nullable=False),
)
"""One row for each type of subject: who assigns locks it, and counts the decisions."""

TURN = Table(
    "assignment_turn",
    Base.metadata,
    Column("rule_id", _ID, ForeignKey("assignment_rule.id"), primary_key=True),
    Column("user_id", _ID, ForeignKey("staff_member.id"), primary_key=True),
    Column("last_turn", BigInteger, nullable=False),
    Column("served", BigInteger, nullable=False),
    Index("ix_assignment_turn_user_id", "user_id"),
)
"""When a user last had a turn by a rule, as a number of the lane's count."""

WAITING = Table(
    "assignment_waiting",
    Base.metadata,
    Column("id", _ID, primary_key=True),
    Column("subject_type", Text, nullable=False),
    Column("subject_id", _ID, nullable=False),
    Column("recorded_at", _TIME, nullable=False),
    Column("reason", Text, nullable=False),
    UniqueConstraint("subject_type", "subject_id"),
    Index("ix_assignment_waiting_oldest", "subject_type", "recorded_at", "id"),
    Index("ix_assignment_waiting_recorded_at", "recorded_at", "id"),
)
"""Subjects that are not decided yet; the reason is empty before the first look."""

DECISION = Table(
    "assignment_decision",
    Base.metadata,
    Column("id", _ID, primary_key=True),
    Column("subject_type", Text, nullable=False),
    Column("subject_id", _ID, nullable=False),
    Column("rule_id", _ID, ForeignKey("assignment_rule.id"), nullable=False),
    Column("rule_version", Integer, nullable=False),
    Column("user_id", _ID, ForeignKey("staff_member.id"), nullable=False),
    Column("method", Text, nullable=False),
    Column("facts", JSONB, nullable=False),
    Column("candidates", JSONB, nullable=False),
    Column("waiting_since", _TIME, nullable=False),
    Column("recorded_at", _TIME, nullable=False),
    UniqueConstraint("subject_type", "subject_id"),
    Index("ix_assignment_decision_recorded_at", "recorded_at", "id"),
    Index("ix_assignment_decision_rule_id", "rule_id", "recorded_at", "id"),
    Index("ix_assignment_decision_user_id", "user_id", "recorded_at", "id"),
)
"""Who got what by which rule and why: written once, for each subject at most once."""

RIGHTS = {
    "assignment_lane": "select, insert, update",
    "assignment_turn": "select, insert, update",
    "assignment_waiting": "select, insert, update, delete",
    "assignment_decision": "select, insert",
}
