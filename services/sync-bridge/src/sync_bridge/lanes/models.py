"""Lanes as they are stored, and how a person moves one that is stopped."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.clock import utc_now
from chassis.storage.base import Identified
from chassis.storage.states import enum_check
from sync_bridge.base import Base
from sync_bridge.lanes.errors import LaneMoving, LaneNotParked
from sync_bridge.states import LANE_FOLLOWING, LaneState

__all__ = [
    "Hole",
    "Lane",
    "LaneAct",
    "LevelledState",
    "Pause",
]


class Lane(Base):
    """The line of one record's events, and how far it has been delivered.

    `late`: its events came with a backlog, or its tries fail; what happens now goes beside it.
    """

    __tablename__ = "lane"
    __table_args__ = (
        enum_check("state", LaneState, LANE_FOLLOWING),
        CheckConstraint("pending >= 0", name="pending_not_negative"),
        CheckConstraint("state <> 'idle' or pending = 0", name="idle_is_empty"),
        CheckConstraint("(state = 'waiting') = (waits_for is not null)", name="waits_for_one"),
        CheckConstraint("state <> 'parked' or reason is not null", name="parked_says_why"),
        Index("uq_lane_id", "id", unique=True),
        Index("ix_lane_due", "kind", "late", "next_at", postgresql_where=text("state = 'ready'")),
        Index("ix_lane_waits_for", "waits_for", postgresql_where=text("waits_for is not null")),
        Index("ix_lane_left_for", "left_for", postgresql_where=text("left_for is not null")),
        Index("ix_lane_state", "state", "since", "id"),
        Index("ix_lane_kind", "kind", "since", "id"),
        Index("ix_lane_subject", "subject"),
        Index(
            "ix_lane_reason",
            "reason",
            "since",
            "id",
            postgresql_where=text("reason is not null"),
        ),
        Index(
            "ix_lane_failing",
            "failing_since",
            postgresql_where=text("failing_since is not null"),
        ),
        Index("ix_lane_number", "number_key", postgresql_where=text("number_key <> ''")),
        Index("ix_lane_name", "name_key", postgresql_where=text("name_key <> ''")),
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID]
    kind: Mapped[str]
    subject: Mapped[UUID]
    applied_version: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    applied_history: Mapped[int] = mapped_column(server_default=text("1"))
    pending: Mapped[int]
    state: Mapped[str]
    since: Mapped[datetime]
    next_at: Mapped[datetime]
    late: Mapped[bool] = mapped_column(server_default=text("false"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    refusals: Mapped[int] = mapped_column(server_default=text("0"))
    failing_since: Mapped[datetime | None]
    lease_epoch: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    lease_until: Mapped[datetime | None]
    waits_for: Mapped[str | None]
    left_for: Mapped[str | None]
    reason: Mapped[str | None]
    detail: Mapped[str | None]
    blocked_version: Mapped[int | None] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(server_default=text("0"))
    number: Mapped[str] = mapped_column(server_default=text("''"))
    name: Mapped[str] = mapped_column(server_default=text("''"))
    number_key: Mapped[str] = mapped_column(Text(collation="C"), server_default=text("''"))
    name_key: Mapped[str] = mapped_column(Text(collation="C"), server_default=text("''"))
    label_version: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    label_history: Mapped[int] = mapped_column(server_default=text("1"))

    STOPPED: ClassVar[frozenset[str]] = frozenset({LaneState.PARKED, LaneState.WAITING})

    def retry(self, at: datetime, *, paused: bool) -> None:
        """Let it be delivered again now, from where it stood, also one whose tries fail.

        `paused`: its flow is held. Raises LaneNotParked, LaneMoving.
        """
        if self.state == LaneState.READY and (paused or self.reason is not None):
            self._make_ready(at, self.since)
        else:
            self.resume(at)

    def resume(self, at: datetime) -> None:
        """Let it be delivered again, from where it stood. Raises LaneNotParked."""
        if self.state not in self.STOPPED:
            raise LaneNotParked(lane=self.key, state=self.state)
        self._make_ready(at, at)

    def _make_ready(self, at: datetime, since: datetime) -> None:
        """Raises LaneMoving."""
        if self.lease_until is not None and self.lease_until > at:
            raise LaneMoving(lane=self.key)
        self.state, self.since, self.next_at = LaneState.READY, since, at
        self.waits_for = self.reason = self.detail = None
        self.attempts = self.refusals = 0
        self.failing_since, self.late = None, False
        self.lease_epoch += 1
        self.lease_until = None
        self.version += 1

    def skip(self, at: datetime, *, skipped: int, upto: tuple[int, int]) -> None:
        """Go on behind the events up to that version (history, number) without delivering them.

        Raises LaneNotParked, LaneMoving.
        """
        self.resume(at)
        self.pending -= skipped
        applied = max((self.applied_history, self.applied_version), upto)
        self.applied_history, self.applied_version = applied
        self.blocked_version = None
        if self.pending == 0:
            self.state = LaneState.IDLE


class LevelledState(Base):
    """A state in the inbox that is put across whatever was sent before, so that both are level."""

    __tablename__ = "levelled_state"

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Pause(Base):
    """Every lane of one kind is held: the other half refuses the bridge's credentials."""

    __tablename__ = "pause"

    kind: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[int] = mapped_column(SmallInteger)
    refusals: Mapped[int]
    since: Mapped[datetime]
    until: Mapped[datetime]


class Hole(Identified, Base):
    """An event that was skipped by a person: it never took effect on the other side."""

    __tablename__ = "hole"
    __table_args__ = (Index("ix_hole_at", "at", "id"), Index("ix_hole_lane", "lane", "at", "id"))

    lane: Mapped[str]
    source: Mapped[str]
    event_id: Mapped[UUID]
    aggversion: Mapped[int] = mapped_column(BigInteger)
    actor: Mapped[str]
    note: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=utc_now)


class LaneAct(Identified, Base):
    """What a person did to a lane, and why."""

    __tablename__ = "lane_act"
    __table_args__ = (
        Index("ix_lane_act_at", "at", "id"),
        Index("ix_lane_act_lane", "lane", "at", "id"),
    )

    lane: Mapped[str]
    act: Mapped[str]
    actor: Mapped[str]
    note: Mapped[str]
    reason: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(default=utc_now)
