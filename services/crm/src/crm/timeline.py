"""What the CRM adds to the timelines of records: the activities about them."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from records.timeline import Source

__all__ = ["SOURCES", "ActivityEntry"]


class ActivityEntry(BaseModel):
    """An activity about the record, as it is now."""

    id: UUID = Field(description="Id of the activity.")
    activity_kind: str = Field(description="`call`, `meeting`, `email` or `task`.")
    state: str = Field(description="`open`, `done` or `cancelled`.")
    name: str = Field(description="What it is about in one line.")
    direction: str | None = Field(description="Of calls and e-mails: `inbound` or `outbound`.")
    record_type: str | None = Field(description="Type of the record that it is mainly about.")
    record_id: UUID | None = Field(description="The record that it is mainly about.")
    owner_id: UUID | None = Field(description="The user who is to do it.")
    starts_at: datetime | None = Field(description="When it begins, UTC.")
    ends_at: datetime | None = Field(description="When it ends, UTC.")
    due_on: date | None = Field(description="The day by whose end it is due.")
    due_at: datetime | None = Field(description="The instant at which it is due, UTC.")
    done_at: datetime | None = Field(description="When it was done, UTC.")
    outcome: str = Field(description="What came of it.")


_OWNER = "coalesce((select u.name from local_user u where u.id = activity.owner_id), '')"
_COLUMNS = ", ".join(
    f"activity.{'kind as activity_kind' if name == 'activity_kind' else name}"
    for name in ActivityEntry.model_fields
)
SOURCES = (
    Source(
        kind="activity",
        view=ActivityEntry,
        meaning="A call, meeting, e-mail or task; null: another kind of entry.",
        table="activity_record about join activity on activity.id = about.activity_id",
        columns=_COLUMNS,
        id="activity.id",
        at="activity.timeline_at",
        by=("coalesce('user:' || activity.owner_id::text, '')", _OWNER),
        of=("about.record_type", "about.record_id"),
        of_type="activity",
    ),
)
"""Activities stand where they began, else where they were done, else where they were made."""
