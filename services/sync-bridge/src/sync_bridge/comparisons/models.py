"""Comparisons as they are stored."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Identified
from chassis.storage.states import enum_check
from sync_bridge.base import Base
from sync_bridge.states import (
    COMPARISON_FOLLOWING,
    DIFFERENCE_FOLLOWING,
    ComparisonState,
    DifferenceKind,
    DifferenceState,
)

__all__ = ["ComparedRecord", "Comparison", "ComparisonReading", "Difference"]


def _of_comparison() -> Mapped[UUID]:
    key = ForeignKey("comparison.id", ondelete="CASCADE")
    return mapped_column(key, primary_key=True)


class Comparison(Identified, Base):
    """What both halves have of the records of some entities, compared once; one at a time.

    `compared`: how many records of each entity were compared, and how many do not cross by rule.
    `trouble`: why it does not get on at present.
    """

    __tablename__ = "comparison"
    __table_args__ = (
        enum_check("state", ComparisonState, COMPARISON_FOLLOWING),
        CheckConstraint("(state = 'reading') = (finished_at is null)", name="done_is_finished"),
        Index(
            "uq_comparison_reading",
            "state",
            unique=True,
            postgresql_where=text("state = 'reading'"),
        ),
        Index("ix_comparison_begun_at", "begun_at", "id"),
    )

    state: Mapped[str]
    entities: Mapped[list[str]] = mapped_column(ARRAY(Text))
    asked_by: Mapped[str]
    begun_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    trouble: Mapped[str] = mapped_column(server_default=text("''"))
    compared: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))


class ComparisonReading(Base):
    """How far one list, or the states of one type, were read from a half.

    `after`: from where it goes on, as that half said.
    """

    __tablename__ = "comparison_reading"
    __table_args__ = (CheckConstraint("half in ('crm', 'erp')", name="half_known"),)

    comparison_id: Mapped[UUID] = _of_comparison()
    half: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(SmallInteger)
    after: Mapped[str] = mapped_column(server_default=text("''"))
    read: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    finished: Mapped[bool] = mapped_column(server_default=text("false"))


class ComparedRecord(Base):
    """A record as a half has it; kept until all is read and compared.

    `sent`: what its half owns of it. `held`: what it shows of the other half's part.
    """

    __tablename__ = "compared_record"
    __table_args__ = (CheckConstraint("half in ('crm', 'erp')", name="half_known"),)

    comparison_id: Mapped[UUID] = _of_comparison()
    entity: Mapped[str] = mapped_column(primary_key=True)
    half: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    sent: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    held: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    crosses: Mapped[bool]
    link: Mapped[str | None]
    number: Mapped[str]
    name: Mapped[str]


class Difference(Base):
    """Something of one record in which the halves differ.

    `half`: the one that owns the fields, lacks the record or the link, or alone has the record.
    `leads`: the one whose record, or fields, both should have. `state`: whether it was levelled,
    `outcome`: why it was left to a person.
    """

    __tablename__ = "difference"
    __table_args__ = (
        enum_check("kind", DifferenceKind),
        CheckConstraint("half in ('crm', 'erp')", name="half_known"),
        CheckConstraint("leads in ('crm', 'erp')", name="leads_known"),
        CheckConstraint("(kind = 'fields_differ') = (fields <> '[]')", name="fields_say_which"),
        CheckConstraint("crm_id is not null or erp_id is not null", name="of_a_record"),
        enum_check("state", DifferenceState, DIFFERENCE_FOLLOWING),
        CheckConstraint("(state = 'left') = (outcome <> '')", name="left_says_why"),
        Index(
            "ix_difference_asked",
            *("entity", "kind", "half", "leads", "id"),
            postgresql_where=text("state = 'asked'"),
        ),
        Index("ix_difference_comparison_id", "comparison_id", "entity", "id"),
        Index("ix_difference_kind", "comparison_id", "kind", "entity", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    comparison_id: Mapped[UUID] = mapped_column(ForeignKey("comparison.id", ondelete="CASCADE"))
    entity: Mapped[str]
    kind: Mapped[str]
    half: Mapped[str]
    leads: Mapped[str]
    crm_id: Mapped[UUID | None]
    erp_id: Mapped[UUID | None]
    number: Mapped[str]
    name: Mapped[str]
    fields: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    reason: Mapped[str] = mapped_column(server_default=text("''"))
    state: Mapped[str] = mapped_column(server_default=text("'open'"))
    outcome: Mapped[str] = mapped_column(server_default=text("''"))
