"""What the inbox keeps."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.clock import utc_now
from chassis.storage.base import Identified
from chassis.storage.states import enum_check
from sync_bridge.base import Base
from sync_bridge.states import (
    COMMON_OUTCOMES,
    EVENT_FOLLOWING,
    QUARANTINE_FOLLOWING,
    EventOutcome,
    EventState,
    QuarantineState,
    SourceState,
)

RARE_OUTCOME = f"outcome <> all (array{[str(one) for one in COMMON_OUTCOMES]})"
"""What most events come to needs no index, and costs none: the newest ones are found at once."""

__all__ = [
    "RARE_OUTCOME",
    "Backfill",
    "ErasedSubject",
    "InboxEvent",
    "Position",
    "Quarantine",
    "SourceCondition",
    "StoredCursor",
]


class InboxEvent(Base):
    """One event of one source: stored once, kept byte for byte, settled once."""

    __tablename__ = "inbox"
    __table_args__ = (
        enum_check("state", EventState, EVENT_FOLLOWING),
        enum_check("outcome", EventOutcome),
        CheckConstraint("(state = 'received') = (settled_at is null)", name="settled_when_left"),
        CheckConstraint("state <> 'received' or lane is not null", name="received_has_lane"),
        Index(
            "ix_inbox_lane",
            "lane",
            "history",
            "aggversion",
            postgresql_where=text("settled_at is null"),
        ),
        Index(
            "ix_inbox_waiting",
            "source",
            "received_at",
            "feed_seq",
            postgresql_where=text("state = 'received'"),
        ),
        Index("ix_inbox_state", "state", "received_at", "event_id"),
        Index("ix_inbox_received_at", "received_at", "event_id"),
        Index("ix_inbox_position", "history", "source", "feed_seq"),
        Index("ix_inbox_subject", "subject", "aggversion"),
        Index("ix_inbox_type", "type", "received_at", "event_id"),
        Index(
            "ix_inbox_outcome",
            "outcome",
            "received_at",
            "event_id",
            postgresql_where=text(RARE_OUTCOME),
        ),
    )

    source: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    type: Mapped[str]
    lane: Mapped[str | None]
    subject: Mapped[UUID]
    aggversion: Mapped[int] = mapped_column(BigInteger)
    occurred_at: Mapped[datetime]
    origin: Mapped[str]
    hops: Mapped[int] = mapped_column(SmallInteger)
    correlationid: Mapped[UUID]
    causationid: Mapped[UUID | None]
    traceparent: Mapped[str | None]
    feed_seq: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str]
    outcome: Mapped[str | None]
    data: Mapped[bytes] = mapped_column(LargeBinary)
    is_state: Mapped[bool] = mapped_column(server_default=text("false"))
    history: Mapped[int] = mapped_column(server_default=text("1"))
    received_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    settled_at: Mapped[datetime | None]


class ErasedSubject(Base):
    """A record that stood for a person who was erased: nothing of it is kept any more."""

    __tablename__ = "erased_subject"

    subject: Mapped[UUID] = mapped_column(primary_key=True)
    erased_at: Mapped[datetime]


class StoredCursor(Base):
    """Where the source of that name reads on."""

    __tablename__ = "cursor"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Backfill(Base):
    """How far the present states of one type's records were read from a half.

    `after`: the last subject read. `low`: the feed position before the first page.
    """

    __tablename__ = "backfill"
    __table_args__ = (CheckConstraint("half in ('crm', 'erp')", name="half_known"),)

    half: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(SmallInteger)
    reason: Mapped[str]
    after: Mapped[UUID | None]
    read: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    low: Mapped[int | None] = mapped_column(BigInteger)
    begun_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Position(Base):
    """How far a source was taken in: without a gap up to `mark`, and at most up to `head`.

    Both count in the `history` of the source's database. `in_order`: the mark is moved by whoever
    reads the feed from its beginning to its end, and by nothing else.
    """

    __tablename__ = "position"

    source: Mapped[str] = mapped_column(primary_key=True)
    service: Mapped[str]
    history: Mapped[int] = mapped_column(server_default=text("1"))
    mark: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    head: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    events: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    in_order: Mapped[bool] = mapped_column(server_default=text("false"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class SourceCondition(Base):
    """How a source was doing when its process last told."""

    __tablename__ = "source_condition"
    __table_args__ = (enum_check("state", SourceState),)

    name: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    reason: Mapped[str]
    missing: Mapped[str]
    failures: Mapped[int]
    answered_at: Mapped[datetime]
    told_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Quarantine(Identified, Base):
    """Something received that could not be read, or an event that goes in circles."""

    __tablename__ = "quarantine"
    __table_args__ = (
        Index("uq_quarantine_place", "source", "place", unique=True),
        Index("ix_quarantine_received_at", "received_at", "id"),
        Index("ix_quarantine_updated_at", text("coalesce(decided_at, received_at)"), "id"),
        Index("ix_quarantine_state", "state", "received_at", "id"),
        Index("ix_quarantine_subject", "subject", "received_at", "id"),
        enum_check("state", QuarantineState, QUARANTINE_FOLLOWING),
        CheckConstraint(
            "(state = 'open') = (decided_at is null)"
            " and (decided_at is null) = (decided_by is null)",
            name="decided_by_one",
        ),
        CheckConstraint("event_id is null or lane is not null", name="event_has_lane"),
    )

    source: Mapped[str]
    place: Mapped[str]
    reason: Mapped[str]
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    headers: Mapped[dict[str, Any]]
    received_at: Mapped[datetime] = mapped_column(default=utc_now)
    state: Mapped[str] = mapped_column(server_default=text("'open'"))
    event_id: Mapped[UUID | None]
    type: Mapped[str | None]
    lane: Mapped[str | None]
    subject: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    note: Mapped[str] = mapped_column(server_default=text("''"))
