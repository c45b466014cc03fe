"""Pairs, shadows and reviews as they are stored."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.clock import utc_now
from chassis.storage.base import Identified, Versioned
from chassis.storage.states import enum_check
from sync_bridge.base import Base
from sync_bridge.identity.errors import NotACandidate, ReviewClosed
from sync_bridge.states import REVIEW_FOLLOWING, LinkOrigin, ReviewState

__all__ = ["Creation", "Pair", "Review", "Shadow"]


class Pair(Identified, Base):
    """One thing, known to both halves: unique both ways."""

    __tablename__ = "pair"
    __table_args__ = (
        UniqueConstraint("entity", "crm_id"),
        UniqueConstraint("entity", "erp_id"),
        enum_check("how", LinkOrigin),
        Index("ix_pair_created_at", "created_at", "id"),
    )

    entity: Mapped[str]
    crm_id: Mapped[UUID]
    erp_id: Mapped[UUID]
    how: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Creation(Base):
    """A twin that is being made of a record of `half`: what of which version is put across.

    Kept from before the first call until the pair is recorded, so that a repeat after a crash
    puts the same, and what the record became meanwhile is found by comparing. `event_id` is the
    event that led to it: the cause of the twin's own first event.
    """

    __tablename__ = "creation"
    __table_args__ = (Index("ix_creation_event_id", "event_id"),)

    entity: Mapped[str] = mapped_column(primary_key=True)
    half: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    event_id: Mapped[UUID]
    version: Mapped[int] = mapped_column(BigInteger)
    history: Mapped[int] = mapped_column(server_default=text("1"))
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Shadow(Base):
    """Hash of what the other half holds of the fields that `half` owns of one of its records."""

    __tablename__ = "shadow"

    entity: Mapped[str] = mapped_column(primary_key=True)
    half: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    source_version: Mapped[int] = mapped_column(BigInteger)
    source_history: Mapped[int] = mapped_column(server_default=text("1"))


class Review(Identified, Versioned, Base):
    """A question to a person: which of these is the twin, if any."""

    __tablename__ = "review"
    __table_args__ = (
        enum_check("state", ReviewState, REVIEW_FOLLOWING),
        CheckConstraint("(state = 'linked') = (chosen is not null)", name="linked_has_chosen"),
        Index(
            "uq_review_open",
            "entity",
            "half",
            "subject",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_review_subject", "entity", "half", "subject"),
        Index("ix_review_state", "state", "created_at", "id"),
        Index("ix_review_created_at", "created_at", "id"),
        Index("ix_review_updated_at", "updated_at", "id"),
        Index("ix_review_subject_created_at", "subject", "created_at", "id"),
        Index(
            "ix_review_candidates",
            "candidates",
            postgresql_using="gin",
            postgresql_ops={"candidates": "jsonb_path_ops"},
        ),
    )

    entity: Mapped[str]
    half: Mapped[str]
    subject: Mapped[UUID]
    candidates: Mapped[list[Any]]
    state: Mapped[str] = mapped_column(default=ReviewState.OPEN)
    chosen: Mapped[UUID | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="", server_default="")

    def link(self, candidate: UUID, *, by: str, at: datetime, note: str = "") -> None:
        """Take that candidate for the twin. Raises ReviewClosed, NotACandidate."""
        self._answerable()
        if str(candidate) not in {one["id"] for one in self.candidates}:
            raise NotACandidate(candidate=candidate)
        self.chosen = candidate
        self._close(ReviewState.LINKED, by, at, note)

    def create(self, *, by: str, at: datetime, note: str = "") -> None:
        """Decide that none of them is the twin: a new one is made. Raises ReviewClosed."""
        self._answerable()
        self.chosen = None
        self._close(ReviewState.CREATED, by, at, note)

    def keep_apart(self, *, by: str, at: datetime, note: str = "") -> None:
        """Decide that the record has no twin, and gets none until a person says so.

        Raises ReviewClosed.
        """
        self._answerable()
        self.chosen = None
        self._close(ReviewState.APART, by, at, note)

    def _answerable(self) -> None:
        if self.state == ReviewState.WITHDRAWN:
            raise ReviewClosed(state=self.state)

    def _close(self, state: ReviewState, by: str, at: datetime, note: str) -> None:
        self.state, self.decided_by, self.decided_at, self.note = state, by, at, note
        self.touch(at)
