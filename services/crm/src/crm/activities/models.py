"""Activities: what they are, and what must hold of them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    literal_column,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import PartlyEdited
from chassis.storage.states import enum_check
from crm.activities.errors import ActivityStateRefused
from crm.activities.states import (
    NEXT,
    ActivityKind,
    ActivityState,
    Direction,
    Priority,
)
from crm.base import Base
from crm.searched import ACTIVITY
from records.entities import NamedRecord, Values, list_indexes

__all__ = ["ACTIVITY_RECORD", "DUE", "SEARCH", "Activity"]

_IDS = ARRAY(PG_UUID(as_uuid=True))
DUE = "coalesce(due_at, (due_on::timestamp at time zone 'UTC'), starts_at, 'infinity'::timestamptz)"
"""What lists by due date are sorted by; a day stands before the instants in it."""
_OPEN = sql("state = 'open'")


class Activity(PartlyEdited, NamedRecord, Base):
    """A call, a meeting, an e-mail or a task. Its name is the line that says what it is about."""

    __tablename__ = "activity"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name_given"),
        enum_check("kind", ActivityKind),
        enum_check("state", ActivityState, NEXT),
        enum_check("priority", Priority),
        enum_check("direction", Direction),
        CheckConstraint("(state = 'done') = (done_at is not null)", name="done_has_time"),
        CheckConstraint("(record_type is null) = (record_id is null)", name="record_whole"),
        CheckConstraint("record_type ~ '^[a-z][a-z_]{0,62}$'", name="record_type_word"),
        CheckConstraint(
            "case kind when 'meeting' then starts_at is not null and ends_at is not null"
            " when 'email' then starts_at is not null and ends_at is null"
            " when 'task' then starts_at is null and ends_at is null else true end",
            name="times_of_kind",
        ),
        CheckConstraint(
            "ends_at is null or (starts_at is not null and starts_at <= ends_at)",
            name="starts_before_it_ends",
        ),
        CheckConstraint(
            "(due_on is null and due_at is null) or kind in ('call', 'task')", name="due_of_kind"
        ),
        CheckConstraint("due_on is null or due_at is null", name="due_once"),
        CheckConstraint(
            "(direction is not null) = (kind in ('call', 'email'))", name="direction_of_kind"
        ),
        CheckConstraint("remind_at is null or kind <> 'email'", name="remind_of_kind"),
        CheckConstraint(
            "reminded_at is null or remind_at is not null", name="reminded_of_reminder"
        ),
        CheckConstraint("jsonb_typeof(related) = 'array'", name="related_list"),
        CheckConstraint(
            "erased_at is null or (name = '[erased]' and text = '' and outcome = ''"
            " and location = '')",
            name="erased_is_empty",
        ),
        *list_indexes("activity", "state", "kind", "owner_id", "team_id"),
        Index("ix_activity_due", literal_column(DUE), "id"),
        Index("ix_activity_owner_due", "owner_id", literal_column(DUE), "id"),
        Index("ix_activity_timeline_at", "timeline_at", "id"),
        Index("ix_activity_record", "record_type", "record_id", "timeline_at", "id"),
        Index("ix_activity_open_due_on", "owner_id", "due_on", "id", postgresql_where=_OPEN),
        Index("ix_activity_open_due_at", "owner_id", "due_at", "id", postgresql_where=_OPEN),
        Index("ix_activity_open_starts_at", "owner_id", "starts_at", "id", postgresql_where=_OPEN),
        Index(
            "ix_activity_open_begin",
            "starts_at",
            "id",
            postgresql_where=sql("state = 'open' and starts_at is not null"),
        ),
        Index("ix_activity_user_ids", "user_ids", postgresql_using="gin"),
        Index(
            "ix_activity_remind_at",
            "remind_at",
            "id",
            postgresql_where=sql("state = 'open' and reminded_at is null"),
        ),
    )

    kind: Mapped[str]
    state: Mapped[str] = mapped_column(default=ActivityState.OPEN)
    text: Mapped[str] = mapped_column(default="")
    record_type: Mapped[str | None]
    record_id: Mapped[UUID | None]
    related: Mapped[list[Any]] = mapped_column(default=list, server_default=sql("'[]'"))
    contact_ids: Mapped[list[UUID]] = mapped_column(_IDS, default=list, server_default=sql("'{}'"))
    user_ids: Mapped[list[UUID]] = mapped_column(_IDS, default=list, server_default=sql("'{}'"))
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff_member.id"))
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("team.id"))
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    due_on: Mapped[date | None]
    due_at: Mapped[datetime | None]
    remind_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    priority: Mapped[str] = mapped_column(default=Priority.NORMAL)
    direction: Mapped[str | None]
    done_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(default="")
    location: Mapped[str] = mapped_column(default="")
    channel: Mapped[str] = mapped_column(default="")
    system_generated: Mapped[bool] = mapped_column(default=False)
    bulk: Mapped[bool] = mapped_column(default=False)
    erased_at: Mapped[datetime | None]
    timeline_at: Mapped[datetime] = mapped_column(
        Computed("coalesce(starts_at, done_at, created_at)", persisted=True)
    )

    def apply(self, values: Values) -> dict[str, Any]:
        """Take over the values that differ; a reminder at another time is due anew."""
        before = super().apply(values)
        if "remind_at" in before:
            self.reminded_at = None
        return before

    def require_next(self, state: ActivityState) -> None:
        """See to it that the state may follow. Raises ActivityStateRefused."""
        if state not in NEXT[ActivityState(self.state)]:
            raise ActivityStateRefused(state=self.state, wanted=str(state))


SEARCH = ACTIVITY.beside(Base.metadata)
ACTIVITY_RECORD = Table(
    "activity_record",
    Base.metadata,
    Column("record_type", Text, nullable=False),
    Column("record_id", PG_UUID(as_uuid=True), nullable=False),
    Column(
        "activity_id",
        PG_UUID(as_uuid=True),
        ForeignKey("activity.id", ondelete="CASCADE"),
        nullable=False,
    ),
    PrimaryKeyConstraint("record_type", "record_id", "activity_id"),
    Index("ix_activity_record_activity_id", "activity_id"),
)
"""All records that an activity is about, and who takes part: kept by a trigger of `activity`."""
